"""Change found in raw pairs of FLAIR studies, scored against the experts' change mask.

    python3 run.py bench change_detection

One setting for both patients (the default recipe). Scored in the experts' common space, into which the change found
on the first study's grid is brought by their reference transform. Pieces are counted as `medproc evaluate` does with
lesions matched by overlap: one of the experts is found where any voxel is, one of ours is right where it meets one of
theirs. Not all that the experts drew can be seen: the last column says in how many of their pieces the median of the
difference is beyond 2 of its expected SD. Needs ../shared/data beside the repository.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
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
