"""Time of rigid registration beside SimpleITK's at equal accuracy.

    python3 run.py bench registration_speed [KIND [CASES]]

Images are misplaced by up to 10 degrees and 20 mm, from where the stock recipe (see _stock_registration) finds its way.
It is given more and more of the voxels until its error is as small as ours or it takes all; its time at that share is
what is compared. KIND is FLAIR, CT (the default) or PET; CASES (5). Times are of the
processor.
"""

import sys
import time

import numpy as np
import SimpleITK as sitk
from _misplaced import misplaced
from _registration_kinds import kinds
from _stock_registration import stock_registration

from MedProcLib.comparison.alignment.points import largest_distance
from MedProcLib.comparison.alignment.volume import head_points, prepare
from MedProcLib.comparison.halfway import matrix_of
from MedProcLib.comparison.register import register

SHARES = (0.01, 0.05, 0.2, 1.0)


def main(name: str = "CT", cases: int = 5) -> None:
    """One line per case, then the ratio of times where both are as accurate."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    kind = next((k for k in kinds() if k.name == name), None)
    pair = kind.read() if kind else None
    if kind is None or pair is None:
        sys.exit(f"There is no kind '{name}' here.")
    image, source = pair
    points = head_points(prepare(image, None, "The image", kind.metric))
    ratios, reached = [], 0
    for number in range(cases):
        matrix, other = misplaced(source, number, "near")
        start = time.process_time()
        found = register(image, other, metric=kind.metric)
        ours = time.process_time() - start
        error = largest_distance(matrix_of(found.transform), matrix, points)
        line = f"{name} {number}: ours {error:.3f} mm in {ours:.1f} s; SimpleITK"
        for share in SHARES:
            start = time.process_time()
            stock = stock_registration(image, other, share)
            used = time.process_time() - start
            stock_error = largest_distance(stock, matrix, points)
            line += f"  {100 * share:g} %: {stock_error:.3f} mm in {used:.1f} s"
            if stock_error <= error:
                break
        reached += stock_error <= error
        ratios.append(used / ours)
        print(line, flush=True)
    print(
        f"{name}: SimpleITK was as accurate in {reached} of {cases} cases; at that share of the voxels (all, where it "
        f"was not) it took {np.median(ratios):.1f} times as long (median; {min(ratios):.1f} to {max(ratios):.1f})"
    )


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(word) for word in sys.argv[2:3]))
