"""Real lesions that grow or shrink by a known factor: is the change recovered, and do its 95 % intervals hold it?

    python3 run.py bench simulated_growth [CASES]

Given outlines: lesions of the experts' masks become smooth bodies, whose border moves outward or inward until the
volume is the wanted multiple (-60 % to +200 %). Before and after are drawn on voxels of their own, as if after a random
rigid move (turned, shifted by any part of a voxel), by a reader whose border is off by as much as the default
uncertainty of outlines says, each time anew; then the default steps for given outlines follow and measure them. Errors
are of the unbiased percentage, as shares of the true volume afterward. A mean comes with its standard
error: of small lesions it takes many cases.
Needs ../shared/data beside the repository.
"""

import itertools
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from _grown import Body, bodies, random_grid
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.defaults import OUTLINE_MM
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.growth.change import size_change
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.uncertainty.interval import TWO_SIDED_95
from MedProcLib.report.timeline import Timeline

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
MASKS = (
    "02_mr/ms_cross_sectional_patient26/lesions_gt.nii.gz",
    "03_longitudinal/ms_patient01/lesion_change_gt_common_space.nii.gz",
    "03_longitudinal/ms_patient03/lesion_change_gt_common_space.nii.gz",
)
SMALLEST_MM3, LEAST, MOST = 30.0, -60.0, 200.0
SPACINGS = ((1.0, 1.0, 1.0), (0.72, 0.72, 3.0), (0.9, 0.9, 3.0), (1.2, 1.0, 1.2), (0.72, 0.72, 4.0))
BORDER_SD_MM = OUTLINE_MM / (TWO_SIDED_95 * np.sqrt(2))
SIZES_MM3 = (30, 100, 300, 1000, 1e9)


def main(cases: int = 400) -> None:
    """Print bias and coverage by size of the lesion and by change."""
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    lesions = [body for name in MASKS for body in bodies(sitk.ReadImage(str(DATA / name)), SMALLEST_MM3)]
    random = np.random.default_rng(5)
    rows, classes = [], Counter[str]()
    for case in range(cases):
        body = lesions[case % len(lesions)]
        factor = np.exp(random.uniform(np.log(1 + LEAST / 100), np.log(1 + MOST / 100)))
        found = followed(body, factor, random)
        if found is None:
            classes["not seen"] += 1
            continue
        change, size = found
        classes[change] += 1
        limits = size.percent.limits
        truth = 100 * (factor - 1)
        rows.append((body.volume(0), truth, size.unbiased_percent, *limits, size.changed == "yes"))
    print(f"{len(lesions)} real lesions of at least {SMALLEST_MM3:g} mm3, {cases} cases; called: {dict(classes)}")
    table(np.array(rows, float))


def followed(body: Body, factor: float, random: np.random.Generator):
    """(class, change of size) of all that the comparison makes of it; None where a study shows nothing of it."""
    turns = (
        Rotation.random(random_state=int(random.integers(2**31))).as_matrix(),
        Rotation.from_rotvec(np.deg2rad(random.uniform(0, 30)) * _direction(random)).as_matrix(),
    )
    studies = []
    for name, level, turn in (("before", 0.0, turns[0]), ("after", body.level(factor), turns[1] @ turns[0])):
        spacing = SPACINGS[random.integers(len(SPACINGS))]
        drawn = level + random.normal(0, BORDER_SD_MM)
        grid = random_grid(body.center, spacing, turn, body.reach(drawn) + max(spacing), random)
        mask = body.on(grid, drawn)
        image = grid.image_of((100 + 50 * mask + random.normal(0, 5, mask.shape)).astype(np.float32))
        everywhere = grid.image_of(np.ones(mask.shape, np.uint8))
        studies.append(Study(name, image, None, grid.image_of(mask.astype(np.uint8)), everywhere, "MR"))
    result = compare(studies, Recipe.of(MatchFindings(outline_mm=OUTLINE_MM)))
    timeline = Timeline.of(result)
    before, after = (timeline.total(n) for n in (0, 1))
    if min(before.value, after.value) == 0:
        return None
    classes = {finding.change.value for finding in result.pairs[0].findings}
    return (classes.pop() if len(classes) == 1 else "several findings"), size_change(before, after)


def table(rows: np.ndarray) -> None:
    """Bias (mean error as a share of the volume there is then) and coverage, in all and by size and change."""
    print("lesion before, mm3    cases     mean error     median         SD  interval holds truth  half-width (median)")
    for low, high in [(0, 1e9), (SIZES_MM3[1], 1e9), (0, SIZES_MM3[0]), *itertools.pairwise(SIZES_MM3)]:
        name = f"{low:g} to {high:g}" if high < 1e9 else f"from {low:g}" if low else "all"
        _line(name, rows[(rows[:, 0] >= low) & (rows[:, 0] < high)])
    print("true change")
    for low, high in ((-60, -30), (-30, 0), (0, 50), (50, 200)):
        _line(f"{low} to {high} %", rows[(rows[:, 1] >= low) & (rows[:, 1] < high)])


def _line(name: str, rows: np.ndarray) -> None:
    if len(rows) == 0:
        return
    truth, measured, low, high = rows[:, 1:5].T
    # of the volume afterward: an error of 3 % of it is the same for a shrunk and for a grown lesion
    error = 100 * (measured - truth) / (100 + truth)
    holds = (low <= truth) & (truth <= high)
    width = 100 * (high - low) / 2 / (100 + truth)
    of_mean = error.std() / np.sqrt(len(rows))
    print(
        f"{name:20} {len(rows):6d} {error.mean():+6.1f} ± {of_mean:3.1f} % {np.median(error):+8.2f} % "
        f"{error.std():8.1f} % "
        f"{100 * holds.mean():18.1f} % {np.median(width):18.1f} %",
        flush=True,
    )


def _direction(random: np.random.Generator) -> np.ndarray:
    axis = random.normal(size=3)
    return axis / np.linalg.norm(axis)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
