"""Change found in raw pairs of FLAIR studies, scored against the experts' change mask.

    python3 run.py bench change_detection

One setting for both patients (the default recipe). Scored in the experts' common space, into which the change found
on the first study's grid is brought by their reference transform. Pieces are counted as `medproc evaluate` does with
lesions matched by overlap: one of the experts is found where any voxel is, one of ours is right where it meets one of
theirs. Not all that the experts drew can be seen: the last column says in how many of their pieces the median of the
difference is beyond 2 of its expected SD. Needs ../shared/data beside the repository.
"""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from registration import misplaced
from scipy import ndimage

from MedProcLib.comparison.inverse import inverted
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import PairComparison
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.segmentation.common.connectivity import connected_components
from MedProcLib.segmentation.scoring.score import Score, score

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "03_longitudinal"
# from the middle of the image, with their radius
LESIONS_MM = (((30, -10, 12), 5.0), ((-28, 15, 10), 4.0), ((-25, -35, 8), 3.0))
PATIENTS = ("ms_patient01", "ms_patient03")
DIFFERS_SD = 2.0
PUBLISHED = (
    "Published for the 20 patients of this data set, aligned and masked by its authors (youzi-forge/ms-lam, 2026):",
    "lesions segmented by deep learning (LST-AI) at each visit and compared: Dice 0.15 (median), 0.53 (best patient).",
)


@dataclass(frozen=True)
class Figures:
    """Voxel Dice; lesion-wise sensitivity, precision and F1; pieces of ours and of the experts; those that differ."""

    dice: float
    sensitivity: float
    precision: float
    f1: float
    found: int
    expected: int
    differing: int


def main() -> None:
    """Print one line per patient."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    print("patient        Dice  sensitivity  precision     F1  found/expected  differing  registration  seconds")
    for patient in PATIENTS:
        folder = DATA / patient
        studies = [Study(f"study{n}", sitk.ReadImage(str(folder / f"study{n}_FLAIR.nii.gz"))) for n in (1, 2)]
        start = time.perf_counter()
        pair = compare(studies).pairs[0]
        seconds = time.perf_counter() - start
        found = figures(pair, folder)
        print(
            f"{patient:13} {found.dice:5.3f} {found.sensitivity:12.2f} {found.precision:10.2f} {found.f1:6.2f} "
            f"{found.found:9}/{found.expected:<5} {found.differing:9} {pair.registration.verdict.value:>13} "
            f"{seconds:8.1f}",
            flush=True,
        )
    for line in PUBLISHED:
        print(line)
    made_up()


def made_up() -> None:
    """A study against itself moved, resampled and noisy (nothing may change), with lesions put in, and swapped."""
    print("\nSelf-made pairs (ms_patient01 study1 against itself, moved at random, other voxels, 3 % noise)")
    image = sitk.ReadImage(str(DATA / "ms_patient01" / "study1_FLAIR.nii.gz"), sitk.sitkFloat32)
    for seed in (0, 1):
        _, moved = misplaced(image, seed)
        print(f"  nothing changed, case {seed}: {_classes(image, moved)}", flush=True)
    _, moved = misplaced(with_lesions(image), 2)
    print(f"  {len(LESIONS_MM)} lesions put in: {_classes(image, moved)}", flush=True)
    print(f"  the same, swapped: {_classes(moved, image)}", flush=True)


def with_lesions(image: sitk.Image) -> sitk.Image:
    """The image with soft balls half as bright again as the tissue, in white matter."""
    grid = Geometry.of(image)
    values = sitk.GetArrayFromImage(image)
    points = grid.points(np.indices(values.shape).reshape(3, -1)[::-1].T.astype(float))
    typical = float(np.median(values[values > np.percentile(values, 60)]))
    for place, radius in LESIONS_MM:
        distance = np.linalg.norm(points - grid.center - place, axis=1).reshape(values.shape)
        values += 0.5 * typical * np.clip((radius - distance) / 2 + 0.5, 0, 1)
    return grid.image_of(values)


def _classes(first: sitk.Image, other: sitk.Image) -> str:
    pair = compare([Study("first", first), Study("other", other)]).pairs[0]
    counts = Counter(finding.change.value for finding in pair.findings)
    return f"registration {pair.registration.verdict.value}; " + ", ".join(
        f"{n} {c}" for c, n in sorted(counts.items())
    )


def figures(pair: PairComparison, folder: Path) -> Figures:
    """Figures of the change found, against the experts' mask."""
    experts = sitk.ReadImage(str(folder / "lesion_change_gt_common_space.nii.gz"))
    reference = sitk.ReadTransform(str(folder / "study1_FLAIR_to_common_space.txt"))
    grid = Geometry.of(experts)
    found, truth = resample(pair.change, grid, reference, sitk.sitkNearestNeighbor) != 0, experts != 0
    values = score(truth, found, Score(match="overlap"), labels=[1]).rows[0].measurements
    named = {m.name: float(m.value) for m in values}
    to_half = sitk.CompositeTransform([inverted(pair.registration.to_first, pair.grid), reference])
    difference = sitk.GetArrayFromImage(resample(pair.difference, grid, to_half))
    numbers, counts = connected_components(truth, "corner")
    medians = ndimage.median(difference, numbers, range(1, len(counts)))
    return Figures(
        named["dice"],
        *(named[f"lesion_{name}"] for name in ("sensitivity", "precision", "f1")),
        int(named["test_lesions"]),
        int(named["reference_lesions"]),
        int(np.sum(np.abs(medians) > DIFFERS_SD)),
    )


if __name__ == "__main__":
    main()
