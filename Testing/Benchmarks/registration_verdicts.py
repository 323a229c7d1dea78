"""Calibration of the registration's verdict: transforms that are wrong by known amounts, and what they are called.

    python3 run.py bench registration_verdicts [misplaced cases of each kind, 2 by default [wrong starts of each, 5]]

The known transform of misplaced images (see `registration`) is shifted or turned about the body's center by a known
amount along random directions and judged as it is, as if registration had ended there. Then the registration itself is
started far off (10 to 70 degrees and 30 to 200 mm), also where the field of view is cut, and where it ends wrong it is
judged: none may be good.
"""

import sys

import numpy as np
import SimpleITK as sitk
from _misplaced import misplaced
from _registration_kinds import kinds
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.alignment.descend import descend
from MedProcLib.comparison.alignment.field import fields
from MedProcLib.comparison.alignment.points import largest_distance
from MedProcLib.comparison.alignment.volume import head_points, prepare
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.verdict import judge, measure

CUT_KINDS = ("CT", "FLAIR, half the field", "FLAIR, a quarter", "CT, a quarter")
WRONG_MM = 3.0
KINDS = ("FLAIR", "CT", "PET", "T1 FLAIR, phantom, information")
AMOUNTS = (0.0, 0.3, 1.0, 2.0, 4.0, 7.0, 12.0, 20.0)
# upper ends of the classes of largest error in the body, mm
CLASSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, np.inf)


def main(cases: int = 2, starts: int = 5) -> None:
    """A line per judged transform, then the share of each verdict by the largest error in the body."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    counts: dict[tuple[float, Verdict], int] = {}
    for kind in kinds():
        pair = kind.read() if kind.name in KINDS else None
        if pair is None:
            continue
        for number in range(cases):
            matrix, other = misplaced(pair[1], number)
            first, second = prepare(pair[0], None, "", kind.metric), prepare(other, None, "", kind.metric)
            one, two = fields(first, second)
            points = head_points(first)
            random = np.random.default_rng(number)
            for amount in AMOUNTS:
                for turned in (False, True)[: 1 + (amount > 0)]:
                    wrong = matrix @ _displacement(points.mean(axis=0), amount, turned, random)
                    error = largest_distance(wrong, matrix, points)
                    verdict, reasons = judge(measure(one, two, wrong, False, kind.metric))
                    column = next(c for c in CLASSES if error <= c)
                    counts[column, verdict] = counts.get((column, verdict), 0) + 1
                    unit = "deg" if turned else "mm"
                    print(
                        f"{kind.name:30} {number} {amount:4} {unit:3} {error:6.2f} mm  {verdict:9} {reasons[0]}",
                        flush=True,
                    )
    print(f"{'largest error':16}" + "".join(f"{verdict:>10}" for verdict in Verdict) + "    judged")
    for low, high in zip((0.0, *CLASSES), CLASSES, strict=False):
        total = sum(counts.get((high, verdict), 0) for verdict in Verdict)
        shares = (f"{100 * counts.get((high, v), 0) / total:8.0f} %" if total else f"{'':10}" for v in Verdict)
        print(f"{low:4} to {high:4} mm  " + "".join(shares) + f"{total:10}")
    _wrong_ends(cases, starts)


def _wrong_ends(cases: int, starts: int) -> None:
    """Registrations that start far off and end wrong: how often they are called what."""
    counts = dict.fromkeys(Verdict, 0)
    for kind in kinds():
        pair = kind.read() if kind.name in CUT_KINDS else None
        for number in range(cases if pair else 0):
            matrix, other = misplaced(pair[1], number, kind.hard)
            first, second = prepare(pair[0], None, "", kind.metric), prepare(other, None, "", kind.metric)
            one, two = fields(first, second)
            points, random = head_points(first), np.random.default_rng(number)
            for _ in range(starts):
                turn = _displacement(points.mean(axis=0), random.uniform(10, 70), True, random)
                start = matrix @ turn @ _displacement(points.mean(axis=0), random.uniform(30, 200), False, random)
                end = descend(one, two, [start], False, kind.metric)
                if end is None or (error := largest_distance(end, matrix, points)) <= WRONG_MM:
                    continue
                figures = measure(one, two, end, False, kind.metric)
                verdict, _ = judge(figures)
                counts[verdict] += 1
                shares = f"overlap {100 * figures.overlap:.0f} %, shared {100 * figures.shared:.0f} %"
                print(f"{kind.name:24} {number} ends {error:6.1f} mm off  {verdict:9} {shares}", flush=True)
    print("Ended wrong: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def _displacement(center: np.ndarray, amount: float, turned: bool, random: np.random.Generator) -> np.ndarray:
    """A shift of so many mm, or a turn of so many degrees about the center, along a random direction."""
    axis = random.normal(size=3)
    axis /= np.linalg.norm(axis)
    matrix = np.eye(4)
    if turned:
        matrix[:3, :3] = Rotation.from_rotvec(np.radians(amount) * axis).as_matrix()
        matrix[:3, 3] = center - matrix[:3, :3] @ center
    else:
        matrix[:3, 3] = amount * axis
    return matrix


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
