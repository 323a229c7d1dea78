"""Brain masks and lesions against reference masks. Needs the images beside the repository (../shared/data).

    python Testing/Benchmarks/segmentation.py

The reference brain masks of ms_patient03 lack the frontal pole and the lowest slices (seen in the pictures), so its
Dice is bounded by them; how much of the reference is covered says more there.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT))

from MedProcLib.segmentation.anatomy.brain_mask import BrainMask  # noqa: E402
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers  # noqa: E402

HEADS = [
    (patient, study, kind)
    for patient, kinds in (("ms_patient01", ("FLAIR", "T1W")), ("ms_patient03", ("FLAIR",)))
    for kind in kinds
    for study in (1, 2)
]


def main() -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    print("Brain mask                      Dice   covered   beyond       s")
    for patient, study, kind in HEADS:
        _brain(DATA / "03_longitudinal" / patient, study, kind)
    print("\nBright outliers (FLAIR lesions)  Dice   sensitivity   precision   regions       s")
    _lesions(DATA / "02_mr" / "ms_cross_sectional_patient26")


def _brain(folder: Path, study: int, kind: str) -> None:
    image = sitk.ReadImage(str(folder / f"study{study}_{kind}.nii.gz"))
    start = time.perf_counter()
    mask = BrainMask()(image)
    seconds = time.perf_counter() - start
    reference = sitk.ReadImage(str(folder / "brainmask_common_space.nii.gz"))
    there = sitk.CompositeTransform(reference.GetDimension())
    # the transform added last is applied first: common space to FLAIR to T1
    if kind == "T1W":
        there.AddTransform(sitk.ReadTransform(str(folder / f"study{study}_T1W_intrastudy_to_FLAIR.txt")))
    there.AddTransform(sitk.ReadTransform(str(folder / f"study{study}_FLAIR_to_common_space.txt")))
    found = sitk.GetArrayFromImage(sitk.Resample(mask, reference, there, sitk.sitkNearestNeighbor)) > 0
    truth = sitk.GetArrayFromImage(reference) > 0
    both = np.count_nonzero(found & truth)
    dice = 2 * both / (found.sum() + truth.sum())
    covered, beyond = both / truth.sum(), np.count_nonzero(found & ~truth) / truth.sum()
    name = f"{folder.name} study {study} {kind}"
    print(f"{name:30s}{dice:6.3f}{covered:10.3f}{beyond:9.3f}{seconds:8.1f}")


def _lesions(folder: Path) -> None:
    image = sitk.ReadImage(str(folder / "FLAIR.nii.gz"))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "lesions_gt.nii.gz"))) > 0
    start = time.perf_counter()
    labels = sitk.GetArrayFromImage(BrightOutliers()(image, image > 0))
    seconds = time.perf_counter() - start
    both = np.count_nonzero((labels > 0) & truth)
    found = np.count_nonzero(labels)
    dice, sensitivity, precision = 2 * both / (found + truth.sum()), both / truth.sum(), both / max(found, 1)
    print(f"{folder.name:30s}{dice:7.3f}{sensitivity:14.3f}{precision:12.3f}{labels.max():10d}{seconds:8.1f}")


if __name__ == "__main__":
    main()
