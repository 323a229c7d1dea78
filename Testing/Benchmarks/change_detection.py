"""Change found in raw pairs of FLAIR studies, scored against the experts' change mask.

    python3 run.py bench change_detection

One setting for both patients (the default recipe). Scored in the experts' common space, into which the change found
on the first study's grid is brought by their reference transform. Needs ../shared/data beside the repository.
"""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from registration import misplaced

from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.segmentation.common.connectivity import connected_components

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "03_longitudinal"
# from the middle of the image, with their radius
LESIONS_MM = (((30, -10, 12), 5.0), ((-28, 15, 10), 4.0), ((-25, -35, 8), 3.0))
PATIENTS = ("ms_patient01", "ms_patient03")


@dataclass(frozen=True)
class Score:
    """Voxel Dice; lesion-wise sensitivity, precision and F1; findings that touch no expert lesion."""

    dice: float
    sensitivity: float
    precision: float
    f1: float
    false_findings: int
    found: int
    expected: int


def main() -> None:
    """Print one line per patient."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    print("patient        Dice  sensitivity     F1  false findings  found/expected  registration  seconds")
    for patient in PATIENTS:
        folder = DATA / patient
        studies = [Study(f"study{n}", sitk.ReadImage(str(folder / f"study{n}_FLAIR.nii.gz"))) for n in (1, 2)]
        start = time.perf_counter()
        pair = compare(studies).pairs[0]
        seconds = time.perf_counter() - start
        score = scored(pair.change, folder)
        print(
            f"{patient:13} {score.dice:5.3f} {score.sensitivity:12.2f} {score.f1:6.2f} {score.false_findings:15} "
            f"{score.found:9}/{score.expected:<5} {pair.registration.verdict.value:>13} {seconds:8.1f}",
            flush=True,
        )
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


def scored(change: sitk.Image, folder: Path) -> Score:
    """Score of a change label map on the first study's grid."""
    experts = sitk.ReadImage(str(folder / "lesion_change_gt_common_space.nii.gz"))
    reference = sitk.ReadTransform(str(folder / "study1_FLAIR_to_common_space.txt"))
    brought = resample(change, Geometry.of(experts), reference, sitk.sitkNearestNeighbor)
    found, truth = (sitk.GetArrayFromImage(v) > 0 for v in (brought, experts))
    mine, n = _pieces(found, experts)
    theirs, m = _pieces(truth, experts)
    hit = len(np.unique(theirs[found & truth]))
    right = len(np.unique(mine[found & truth]))
    sensitivity, precision = hit / max(m, 1), right / max(n, 1)
    return Score(
        2 * np.sum(found & truth) / max(found.sum() + truth.sum(), 1),
        sensitivity,
        precision,
        2 * sensitivity * precision / max(sensitivity + precision, 1e-9),
        n - right,
        n,
        m,
    )


def _pieces(mask: np.ndarray, like: sitk.Image) -> tuple[np.ndarray, int]:
    numbers, counts = connected_components(Geometry.of(like).image_of(mask), "corner")
    return numbers, len(counts) - 1


if __name__ == "__main__":
    main()
