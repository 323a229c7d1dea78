"""Rigid registration of randomly misplaced real images: worst error in the body, verdict, time, beside SimpleITK's own.

    python3 run.py bench registration [KIND [CASES [FIRST]]]

KIND is a name such as FLAIR, its beginning with a star ('T1*'), or '*' for all (the default). CASES (3) of each are run
from number FIRST on (0): each case has a seed of its own, so that many can be run in pieces.

Each case moves an image by up to 30 degrees and 40 mm, samples it on another grid (spacing to 5 mm, tilted, some
left-handed) and adds noise: FLAIR of the head, a phantom's T1 and FLAIR, and with ../shared/data beside the repository
CT of chest and abdomen, PET of the whole body, T1 and FLAIR of one examination (their own alignment, made by others, is
the truth: SimpleITK and elastix end 0.4 to 0.5 mm from it), CT of a thigh and PET of the whole body (as the scanner
aligned them). Harder kinds follow: CT and PET nearly in place (to 10 degrees, 20 mm), turned by 35 to 70 degrees, a
half and a quarter of the field of view, a single slice, other anatomy.
An error of more than 1 mm anywhere in the body that is called good is a silent failure.
The stock recipe of SimpleITK runs on every tenth case. Times are of the processor, as others may use the machine.
"""

import sys
import time
from dataclasses import dataclass, field

import numpy as np
import SimpleITK as sitk
from _misplaced import misplaced
from _registration_kinds import Kind, kinds
from _stock_registration import stock_registration
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.alignment.points import largest_distance, moved
from MedProcLib.comparison.alignment.volume import head_points, prepare
from MedProcLib.comparison.halfway import matrix_of
from MedProcLib.comparison.register import register
from MedProcLib.comparison.result import Verdict
from MedProcLib.core.errors import InputError

SILENT_MM = 1.0
STOCK_EVERY = 10


@dataclass
class Outcome:
    """Of one kind: errors (mm), verdicts, seconds of the processor; by the stock recipe on some of the cases."""

    errors: list[float] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stock_errors: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)

    @property
    def silent(self) -> int:
        return sum(v is Verdict.GOOD and e > SILENT_MM for v, e in zip(self.verdicts, self.errors, strict=True))


def main(name: str = "*", cases: int = 3, first: int = 0) -> None:
    """One line per case, and one per kind."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    chosen = [k for k in kinds() if k.name == name or (name.endswith("*") and k.name.startswith(name[:-1]))]
    if not chosen:
        sys.exit(f"There is no kind '{name}'; there are: {', '.join(k.name for k in kinds())}.")
    summary, silent = [], 0
    for kind in chosen:
        pair = kind.read()
        if pair is None:
            print(f"{kind.name}: no ../shared/data")
            continue
        outcome = Outcome()
        for number in range(first, first + cases):
            _one(kind, *pair, number, outcome)
        summary.append(_summary(kind, outcome))
        print(summary[-1], flush=True)
        silent += outcome.silent
    print("\n" + "\n".join(summary))
    print(f"Silently wrong (more than {SILENT_MM} mm, called good): {silent}")


def _one(kind: Kind, image: sitk.Image, source: sitk.Image, number: int, outcome: Outcome) -> None:
    points = head_points(prepare(image, None, "The image", kind.metric))
    matrix, other = misplaced(source, number, kind.hard)
    used = time.process_time()
    try:
        position = "near" if kind.hard == "near" else "anywhere"
        found = register(image, other, metric=kind.metric, position=position)
        transform, verdict = matrix_of(found.transform), found.verdict
    except InputError:  # refused, as a single slice is
        transform, verdict = np.eye(4), Verdict.FAILED
    used = time.process_time() - used
    # other anatomy has no right answer
    error = np.inf if kind.hard == "other" else largest_distance(transform, matrix, points)
    outcome.errors.append(error)
    outcome.verdicts.append(verdict)
    outcome.seconds.append(used)
    angle = np.degrees(Rotation.from_matrix(matrix[:3, :3]).magnitude())
    center = points.mean(axis=0)
    shift = np.linalg.norm(moved(matrix, center[None])[0] - center)
    line = f"{kind.name:30} {number:3} {angle:5.1f} deg {shift:5.1f} mm  {error:8.3f} mm  {verdict:9} {used:5.1f} s"
    if not kind.hard and number % STOCK_EVERY == 0:
        used = time.process_time()
        stock = stock_registration(image, other)
        used = time.process_time() - used
        outcome.stock_errors.append(largest_distance(stock, matrix, points))
        outcome.speed.append(used / outcome.seconds[-1])
        line += f"  stock {outcome.stock_errors[-1]:8.3f} mm {used:5.1f} s"
    print(line, flush=True)


def _summary(kind: Kind, outcome: Outcome) -> str:
    errors = np.array(outcome.errors)
    right = errors <= kind.goal_mm
    flagged = np.array([v is not Verdict.GOOD for v in outcome.verdicts])
    parts = [
        f"{kind.name:30} {len(errors)} cases: {100 * right.mean():.0f} % within {kind.goal_mm} mm",
        f"{np.count_nonzero(~right & flagged)} of {np.count_nonzero(~right)} others flagged",
        f"{np.count_nonzero(right & flagged)} right ones flagged",
        f"{outcome.silent} silent",
        f"median {np.median(errors):.3f}, worst {errors.max():.3f} mm",
        f"{np.median(outcome.seconds):.1f} s",
    ]
    if outcome.stock_errors:
        stock = np.array(outcome.stock_errors)
        parts += [
            f"stock recipe ({len(stock)}): {100 * np.mean(stock <= kind.goal_mm):.0f} % within",
            f"best {stock.min():.3f}, median {np.median(stock):.3f} mm",
            f"{np.median(outcome.speed):.1f} times as long",
        ]
    return ", ".join(parts)


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(word) for word in sys.argv[2:4]))
