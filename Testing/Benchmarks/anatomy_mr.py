"""MR anatomy against reference masks, also with the image placed otherwise. Needs ../shared/data beside the repository.

    python Testing/Benchmarks/anatomy_mr.py [brain | lesions | ventricles | tumor]

Brain masks: the references of ms_patient03 lack the frontal pole, the cortex and the lowest slices (seen in the
pictures), so its Dice is bounded by them; how much of the reference is covered says more there. BrainMask's border and
rim were chosen on the four images of ms_patient01, the limits of lesions and tumor are round numbers (those of the
comparison for lesions) tried on the one patient of each. The last column is the largest fall of Dice when the image is
turned by 37 degrees, mirrored, or in slices of 3 mm. Results are compared at the voxels that they were
found at (masks of the brain in the common space), where the reference is what is more than half in it. Ventricles have
no reference: volumes, and Dice against the result of the image as it is.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT))

from _placed import dice, placements, there  # noqa: E402

from MedProcLib.core.geometry import Geometry  # noqa: E402
from MedProcLib.segmentation.common.connectivity import connected_components  # noqa: E402
from MedProcLib.segmentation.presets.presets import preset_named  # noqa: E402

HEADS = [
    (patient, study, kind)
    for patient, kinds in (("ms_patient01", ("FLAIR", "T1W")), ("ms_patient03", ("FLAIR",)))
    for kind in kinds
    for study in (1, 2)
]
MS, BRATS = DATA / "02_mr" / "ms_cross_sectional_patient26", DATA / "02_mr" / "brats_2013_pat0005_1"


def main(wanted: list[str]) -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    for name, part in (("brain", brains), ("lesions", lesions), ("ventricles", ventricles), ("tumor", tumor)):
        if not wanted or name in wanted:
            part()


def brains() -> None:
    print("Brain mask                      Dice  covered   beyond  processor s    placed otherwise: Dice")
    for patient, study, kind in HEADS:
        folder = DATA / "03_longitudinal" / patient
        image = sitk.ReadImage(str(folder / f"study{study}_{kind}.nii.gz"))
        reference = sitk.ReadImage(str(folder / "brainmask_common_space.nii.gz"))
        there = sitk.CompositeTransform(3)
        # the transform added last is applied first: common space to FLAIR to T1
        if kind == "T1W":
            there.AddTransform(sitk.ReadTransform(str(folder / f"study{study}_T1W_intrastudy_to_FLAIR.txt")))
        there.AddTransform(sitk.ReadTransform(str(folder / f"study{study}_FLAIR_to_common_space.txt")))
        truth = sitk.GetArrayFromImage(reference) > 0

        def found(labels: sitk.Image, there: sitk.Transform = there, reference: sitk.Image = reference) -> np.ndarray:
            return sitk.GetArrayFromImage(sitk.Resample(labels, reference, there, sitk.sitkNearestNeighbor)) > 0

        first, seconds, others = _everywhere("mr_brain", image, 0.0, truth, found)
        covered, beyond = (first & truth).sum() / truth.sum(), (first & ~truth).sum() / truth.sum()
        name = f"{patient} study {study} {kind}"
        print(f"{name:30s}{dice(first, truth):6.3f}{covered:9.3f}{beyond:9.3f}{seconds:13.1f}    {others}", flush=True)


def lesions() -> None:
    image, truth = _read(MS / "FLAIR.nii.gz"), sitk.GetArrayFromImage(_read(MS / "lesions_gt.nii.gz")) > 0
    print("\nWhite-matter lesions (FLAIR)    Dice  sensitivity  precision    F1 of lesions  processor s")
    first, seconds, others = _everywhere("mr_white_matter_lesions", image, 0.0, truth)
    mine, theirs = (connected_components(Geometry.of(image).image_of(m), "corner") for m in (first, truth))
    both = first & truth
    right = len(np.unique(mine[0][both])) / max(len(mine[1]) - 1, 1)
    hit = len(np.unique(theirs[0][both])) / (len(theirs[1]) - 1)
    f1 = 2 * right * hit / max(right + hit, 1e-9)
    print(
        f"{MS.name:30s}{dice(first, truth):6.3f}{both.sum() / truth.sum():13.3f}{both.sum() / first.sum():11.3f}"
        f"{f1:9.2f} ({hit:.2f}, {right:.2f}){seconds:8.1f}    {others}"
    )
    for patient, study, _ in (head for head in HEADS if head[2] == "FLAIR"):
        flair = _read(DATA / "03_longitudinal" / patient / f"study{study}_FLAIR.nii.gz")
        labels = preset_named("mr_white_matter_lesions").recipe().run(image=flair)["labels"]
        values = sitk.GetArrayViewFromImage(labels)
        volume = np.count_nonzero(values) * Geometry.of(flair).voxel_volume / 1000
        print(f"{patient} study {study} (no reference): {values.max()} lesions, {volume:.1f} ml", flush=True)


def ventricles() -> None:
    print("\nVentricles                      volume  processor s    placed otherwise: Dice with the first")
    cases = [(f"{MS.name[-9:]} {kind}", MS / f"{kind}.nii.gz") for kind in ("FLAIR", "T1", "T2")]
    cases += [
        (f"{p} study {s} {k}", DATA / "03_longitudinal" / p / f"study{s}_{k}.nii.gz") for p, s, k in HEADS if s == 1
    ]
    for name, path in cases:
        image = _read(path)
        first, seconds, others = _everywhere("mr_ventricles", image, 0.0, None)
        volume = first.sum() * Geometry.of(image).voxel_volume / 1000
        print(f"{name:30s}{volume:6.1f} ml{seconds:11.1f}    {others}", flush=True)


def tumor() -> None:
    image, truth = (_read(BRATS / f"{n}.nii.gz") for n in ("Flair_subtrMeanDivStd", "OTMultiClass"))
    whole = sitk.GetArrayFromImage(truth) > 0
    outside = float(sitk.GetArrayViewFromImage(image).min())
    print("\nWhole tumor (FLAIR)             Dice  sensitivity  precision  processor s")
    first, seconds, others = _everywhere("mr_brain_tumor", image, outside, whole)
    both = (first & whole).sum()
    print(
        f"{BRATS.name:30s}{dice(first, whole):6.3f}{both / whole.sum():13.3f}{both / first.sum():11.3f}{seconds:13.1f}"
        f"    {others}"
    )


def _everywhere(
    preset: str,
    image: sitk.Image,
    outside: float,
    truth: np.ndarray | None,
    found: Callable[[sitk.Image], np.ndarray] | None = None,
) -> tuple[np.ndarray, float, str]:
    """What is found in the image as it is, in how many seconds of processor time, and the Dice of all placements.

    truth: None stands for what is found in the image as it is. Compared at the voxels that the labels were found at, or
    where `found` brings them.
    """
    recipe = preset_named(preset).recipe()
    first, seconds, words, worst = None, 0.0, [], 0.0
    for name, place in placements(outside).items():
        placed = place(image)
        start = time.process_time()
        labels = recipe.run(image=placed)["labels"]
        here = found(labels) if found else sitk.GetArrayFromImage(labels) > 0
        if first is None:
            first, seconds = here, time.process_time() - start
            truth = first if truth is None else truth
            continue
        score = dice(here, truth if found else there(truth, image, place))
        worst = max(worst, dice(first, truth) - score)
        words.append(f"{name} {score:.3f}")
    return first, seconds, f"{', '.join(words)}; falls by {worst:.3f} at most"


def _read(path: Path) -> sitk.Image:
    return sitk.ReadImage(str(path))


if __name__ == "__main__":
    main(sys.argv[1:])
