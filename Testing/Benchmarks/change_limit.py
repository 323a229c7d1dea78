"""How well the experts' pieces of change could be told at best from the difference of the studies alone.

    python3 run.py bench change_limit

For each piece the difference of the matched studies, in units of its expected SD, is averaged over the piece's own
shape at every place of the brain (matched filter: Turin, IRE Trans. Inf. Theory 6, 1960): a detector that knows shape,
size and sign of what it looks for. Its price is in how many separate places elsewhere that mean is as large, away from
all pieces; once anywhere, once only where both studies are as bright as at the piece (within 1 SD of tissue), which no
detector can know. The F1 is of all pieces up to a price found, and of no false place. What knows more than the
difference (tissue, form) or meets small pieces with large ones may do better.
Needs ../shared/data beside the repository.
"""

from collections.abc import Callable, Iterator

import numpy as np
import SimpleITK as sitk
from change_detection import DATA, PATIENTS
from scipy import ndimage, signal

from MedProcLib.comparison.intensity import blurred
from MedProcLib.comparison.inverse import inverted
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import PairComparison
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.statistics import mode_and_sd
from MedProcLib.segmentation.common.connectivity import connected_components
from MedProcLib.segmentation.common.morphology import distance_to

DEEP_MM, SMOOTHING_MM, ALIKE_SD, INSIDE = 3.0, 0.7, 1.0, 0.98
PRICES = (0, 1, 5, 20)
# from here on a kernel is faster by Fourier transform
LARGE = 400


def main() -> None:
    """For each patient the sorted prices, and how many pieces there are up to each and the best F1 they allow."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    for patient in PATIENTS:
        folder = DATA / patient
        studies = [Study(f"study{n}", sitk.ReadImage(str(folder / f"study{n}_FLAIR.nii.gz"))) for n in (1, 2)]
        pair = compare(studies).pairs[0]
        experts = sitk.ReadImage(str(folder / "lesion_change_gt_common_space.nii.gz"))
        reference = sitk.ReadTransform(str(folder / "study1_FLAIR_to_common_space.txt"))
        numbers, counts = connected_components(experts != 0, "corner")
        to_common = sitk.CompositeTransform([inverted(reference, Geometry.of(experts)), pair.registration.to_first])
        drawn = Geometry.of(experts).image_of(numbers.astype(np.int32))
        pieces = sitk.GetArrayFromImage(resample(drawn, pair.grid, to_common, sitk.sitkNearestNeighbor))
        for name, each in zip(("anywhere", "as bright"), zip(*prices(pair, pieces), strict=True), strict=True):
            few = [sum(price <= most for price in each) for most in PRICES]
            best = ", ".join(
                f"{k} up to {most} (F1 {2 * k / (len(counts) - 1 + k):.2f})"
                for k, most in zip(few, PRICES, strict=True)
            )
            print(f"{patient}  {name:9}  of {len(counts) - 1} pieces {best}; prices {sorted(each)}", flush=True)


def prices(pair: PairComparison, pieces: np.ndarray) -> Iterator[tuple[int, int]]:
    """Of each piece (numbers, z, y, x on the compared grid) how many other places, anywhere and as bright, have as
    large a difference under its shape."""
    grid, near = pair.grid, ndimage.binary_dilation(pieces > 0)
    region = sitk.GetArrayViewFromImage(pair.region) != 0
    deep = (region & (distance_to(~region, grid) > DEEP_MM)).astype(np.float32)
    difference = np.where(region, sitk.GetArrayViewFromImage(pair.difference), 0)
    one, two = (blurred(sitk.GetArrayFromImage(v), grid, SMOOTHING_MM) for v in (pair.fixed_image, pair.moving_image))
    _, sd = mode_and_sd(np.concatenate([one[region], two[region]]))
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        if box is None:  # too small for the grid
            continue
        own = pieces == number
        mean, here = _mean_under(own[box]), difference[own].mean()
        beyond = (mean(deep) > INSIDE) & (np.sign(here) * mean(difference) >= abs(here))
        alike = beyond.copy()
        for values in (np.minimum(one, two), np.maximum(one, two)):
            alike &= np.abs(mean(values) - values[own].mean()) < ALIKE_SD * sd
        yield _places(beyond, near, grid), _places(alike, near, grid)


def _mean_under(shape: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Function to the mean of values (z, y, x) under a shape around each voxel."""
    kernel = shape.astype(np.float32) / np.count_nonzero(shape)
    if kernel.size < LARGE:
        return lambda values: ndimage.correlate(values.astype(np.float32), kernel)
    turned = kernel[::-1, ::-1, ::-1]
    return lambda values: signal.fftconvolve(values.astype(np.float32), turned, mode="same")


def _places(beyond: np.ndarray, near: np.ndarray, grid: Geometry) -> int:
    """Connected places that meet nothing near a piece."""
    numbers, counts = connected_components(grid.image_of(beyond), "corner")
    return len(counts) - 1 - len(set(np.unique(numbers[near]).tolist()) - {0})


if __name__ == "__main__":
    main()
