"""Change found in raw pairs of FLAIR studies, scored against the experts' change mask.

    python3 run.py bench change_detection

One setting for both patients (the default recipe). Scored in the experts' common space, into which the change found
on the first study's grid is brought by their reference transform. Needs ../shared/data beside the repository.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.segmentation.components import connected_components

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "03_longitudinal"
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
