"""What grows from seeds against reference masks: one click, or some strokes in the object and around it.

    python Testing/Benchmarks/seeded_regions.py

Needs the images beside the repository (../shared/data). The seeds come from the reference: the click is its deepest
point; strokes fill its core (deeper than half its depth) and run around it (5 to 8 mm outside), in the three planes
through that point.
The parameters are the defaults, but for the reach, which a user sets so that the object lies within it, and thresholds,
which a user reads off the image: the middle 90 % of the values at the strokes.

A single click is a chance: of 12 places in the lung lesion confidence connected makes Dice 0.02 to 0.90, median 0.23,
within 30 mm (0.02 with 2.5 SD and 4 iterations).

Some defaults were chosen on these six objects, so the figures of growing from seeds and of the random walker are too
good: the weight of likelihood (10, 20 and 30 tried, 20 kept), the random walker's edge (1.5, 2 and 3; 2) and step of
likelihood (0.05, 0.1, 0.15 and 0.2; 0.15), the share of the broad distribution, and, on 18 objects with these six
among them, what confidence connected begins with. The reach is read off the reference.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT))

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.segmentation.region.confidence_connected import ConfidenceConnected  # noqa: E402
from MedProcLib.segmentation.region.connected_threshold import ConnectedThreshold  # noqa: E402
from MedProcLib.segmentation.region.fast_marching import FastMarching  # noqa: E402
from MedProcLib.segmentation.region.grow_from_seeds import GrowFromSeeds  # noqa: E402
from MedProcLib.segmentation.region.marker_watershed import MarkerWatershed  # noqa: E402
from MedProcLib.segmentation.region.neighborhood_connected import NeighborhoodConnected  # noqa: E402
from MedProcLib.segmentation.region.random_walker import RandomWalker  # noqa: E402

CT, LABELS = "01_ct/totalseg_example/ct.nii.gz", "01_ct/totalseg_example/labels_total117.nii.gz"
BRATS = "02_mr/brats_2013_pat0005_1/"
# Name, image, reference, label values of the reference.
OBJECTS = (
    ("CT spleen", CT, LABELS, (1,)),
    ("CT right kidney", CT, LABELS, (2,)),
    ("CT liver", CT, LABELS, (5,)),
    ("CT lung lesion", "01_ct/pyradiomics_lung1/image.nrrd", "01_ct/pyradiomics_lung1/label.nrrd", (1,)),
    ("MR brain tumor", "02_mr/pyradiomics_brain1/image.nrrd", "02_mr/pyradiomics_brain1/label.nrrd", (1,)),
    ("MR glioma FLAIR", BRATS + "Flair_subtrMeanDivStd.nii.gz", BRATS + "OTMultiClass.nii.gz", (1, 2, 3, 4)),
)
INNER, LOOP_MM = 0.5, (5.0, 8.0)


def main() -> None:
    if not DATA.is_dir():
        print(f"{DATA} is not there; nothing to compare with")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    for name, image_file, label_file, wanted in OBJECTS:
        image = sitk.ReadImage(str(DATA / image_file))
        truth = np.isin(sitk.GetArrayFromImage(sitk.ReadImage(str(DATA / label_file))), wanted)
        print(f"\n{name}, {truth.sum() * np.prod(image.GetSpacing()) / 1000:.1f} ml")
        click, strokes = seeds_of(image, truth)
        values = sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(strokes) == 1]
        low, high = (float(x) for x in np.percentile(values, (5, 95)))
        limits = {"lower": low, "upper": high}
        far, near = reach_of(click, truth), reach_of(strokes, truth)
        for title, operation, seeds in (
            ("grow from seeds, click", GrowFromSeeds(reach_mm=far), click),
            ("grow from seeds, strokes", GrowFromSeeds(reach_mm=near, background_seed=2), strokes),
            ("random walker, click", RandomWalker(reach_mm=far), click),
            ("random walker, strokes", RandomWalker(reach_mm=near, background_seed=2), strokes),
            ("watershed, click", MarkerWatershed(reach_mm=far), click),
            ("watershed, strokes", MarkerWatershed(reach_mm=near, background_seed=2), strokes),
            ("fast marching, click", FastMarching(distance_mm=far), click),
            ("fast marching, strokes", FastMarching(distance_mm=near, background_seed=2), strokes),
            ("confidence connected, click", ConfidenceConnected(maximum_radius_mm=far), click),
            ("connected threshold, click", ConnectedThreshold(maximum_radius_mm=far, **limits), click),
            ("neighborhood connected, click", NeighborhoodConnected(maximum_radius_mm=far, **limits), click),
        ):
            _line(title, operation, image, seeds, truth)


def seeds_of(image: sitk.Image, truth: np.ndarray) -> tuple[sitk.Image, sitk.Image]:
    """Seeds of the click (1), and of strokes (1 inside, 2 around) in the three planes through it."""
    spacing = np.array(image.GetSpacing()[::-1])
    depth = ndimage.distance_transform_edt(truth, spacing)
    click = np.zeros(truth.shape, np.uint8)
    center = np.unravel_index(np.argmax(depth), depth.shape)
    click[center] = 1
    strokes = click.copy()
    for axis in range(3):
        plane = (slice(None),) * axis + (center[axis],)
        sides = np.delete(spacing, axis)
        height = ndimage.distance_transform_edt(~truth[plane], sides)
        inner = ndimage.distance_transform_edt(truth[plane], sides)
        strokes[plane][(height > LOOP_MM[0]) & (height <= LOOP_MM[1])] = 2
        strokes[plane][inner > INNER * inner.max()] = 1
    made = [sitk.GetImageFromArray(array) for array in (click, strokes)]
    for seeds in made:
        seeds.CopyInformation(image)
    return made[0], made[1]


def reach_of(seeds: sitk.Image, truth: np.ndarray) -> float:
    """Distance in mm from the object's seeds within which all of it lies, with 10 % to spare."""
    away = ndimage.distance_transform_edt(sitk.GetArrayFromImage(seeds) != 1, seeds.GetSpacing()[::-1])
    return 1.1 * float(away[truth].max())


def _line(title: str, operation, image: sitk.Image, seeds: sitk.Image, truth: np.ndarray) -> None:
    start = time.perf_counter()
    try:
        result = operation(image, seeds)
    except InputError as error:
        print(f"  {title:32s} {error}")
        return
    seconds = time.perf_counter() - start
    found = sitk.GetArrayFromImage(result[0] if isinstance(result, tuple) else result) == 1
    both = np.count_nonzero(found & truth)
    dice = 2 * both / (found.sum() + truth.sum())
    print(f"  {title:32s} Dice {dice:.3f}  sensitivity {both / truth.sum():.3f}  {seconds:5.1f} s")


if __name__ == "__main__":
    main()
