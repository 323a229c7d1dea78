"""Voxel values of an image as an array, with what is not a number set apart, and back into an image of its own."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from .errors import InputError
from .geometry import Geometry
from .progress import SILENT, Progress, execute

# Larger values are kept in float64: room is left for sums of a thousand.
FLOAT32_HOLDS = float(np.finfo(np.float32).max) / 1e3

# Padding of CT: the lowest value, below what is measured in HU, where so large a share of the voxels has it (but for
# rounding in earlier steps).
MEASURED_ABOVE_HU = -1500
PADDING_SHARE = 0.005
ROUNDING_HU = 0.1

NO_NUMBER = "The image holds no number: all its voxels are NaN or infinite."


def values_of(image: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """Voxel values and where they are finite, both in z, y, x order.

    The values are a copy in float32, or in float64 where float32 would not hold them, with NaN and infinite voxels
    replaced by the nearest finite value, so that a filter can run over them. Raises InputError when none is finite.
    """
    view = sitk.GetArrayViewFromImage(image)
    if view.dtype.kind != "f":
        valid = np.ones(view.shape, bool)
    else:
        valid = np.isfinite(view)
        if not valid.any():
            raise InputError(NO_NUMBER)
    values: np.ndarray = view.astype(float_type(view, valid))
    return (values if valid.all() else near_values(values, valid)), valid


def near_values(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The values with those not valid replaced by the nearest valid one."""
    nearest = ndimage.distance_transform_edt(~valid, return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def filtered_image(image: sitk.Image, values: np.ndarray, valid: np.ndarray) -> sitk.Image:
    """Image of new values on the grid of the image they were computed from.

    Voxels that are not valid stay as they were. Pixel type float32, or float64 where float32 would not hold the values.
    """
    view = sitk.GetArrayViewFromImage(image)
    result: np.ndarray = values.astype(float_type(values, valid))
    if not valid.all():
        result[~valid] = view[~valid]
    return Geometry.of(image).image_of(result)


def inside(mask: sitk.Image | None, valid: np.ndarray) -> np.ndarray:
    """Where the mask (everywhere when None) has valid voxels. Raises InputError when that is nowhere."""
    if mask is None:
        return valid
    chosen = (sitk.GetArrayViewFromImage(mask) != 0) & valid
    if not chosen.any():
        raise InputError("The mask selects no voxel that holds a number; draw it where the image has values.")
    return chosen


def padding_top(values: np.ndarray) -> float | None:
    """Up to which value voxels are padding around the circle that a CT was reconstructed in; None where there is none.

    values: finite, any shape.
    """
    low = float(values.min())
    if low >= MEASURED_ABOVE_HU:
        return None
    top = low + ROUNDING_HU
    return top if np.count_nonzero(values <= top) > PADDING_SHARE * values.size else None


def foreground(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Where values are above Otsu's threshold (IEEE SMC 9(1), 1979). Raises InputError for a constant image.

    Padding of CT is left out: it is so dark that air would be bright beside it.
    """
    chosen = values[valid]
    padding = padding_top(chosen)
    measured = chosen if padding is None else chosen[chosen > padding]
    if padding is not None and measured.size and np.ptp(measured) > 0:
        valid, chosen = valid & (values > padding), measured
    largest = float(np.abs(chosen).max())
    if not np.ptp(chosen) > 0:
        raise InputError("The image is constant, so nothing in it can be told from the background.")
    scaled = sitk.GetImageFromArray((chosen / largest).astype(np.float32)[np.newaxis])
    result = np.zeros(values.shape, bool)
    result[valid] = sitk.GetArrayFromImage(sitk.OtsuThreshold(scaled, 0, 1))[0] != 0
    return result


def shrink_factors(image: sitk.Image, spacing_mm: float) -> list[int]:
    """Whole factors per axis (x, y, z) that bring an image's spacing nearest to, but not above, this one."""
    return [
        int(min(max(1, spacing_mm / spacing + 1e-6), size))
        for spacing, size in zip(image.GetSpacing(), image.GetSize(), strict=True)
    ]


def gaussian(values: np.ndarray, grid: Geometry, sd_mm: Sequence[float], progress: Progress = SILENT) -> np.ndarray:
    """Values (float32, z, y, x) blurred by a Gaussian with these standard deviations in mm per axis (x, y, z).

    Recursive (Deriche, INRIA RR-1893, 1993), so a wide one costs no more. Axes of less than 4 voxels, which it cannot
    filter, and those where the Gaussian would stay inside the voxel are left as they are.
    """
    image = grid.image_of(values.astype(np.float32))
    for axis, (sd, part) in enumerate(zip(sd_mm, progress.parts(*[1] * grid.dimension), strict=True)):
        if sd >= 0.4 * grid.spacing[axis] and grid.size[axis] >= 4:
            blur = sitk.RecursiveGaussianImageFilter()
            blur.SetDirection(axis)
            blur.SetSigma(sd)
            image = execute(blur, image, progress=part, message="Blurring")
    return sitk.GetArrayFromImage(image)


def extended(image: sitk.Image, voxels: int = 1) -> sitk.Image:
    """The image with its border voxels repeated, for a grid to resample it on whose outer centers lie outside."""
    margin = [voxels] * image.GetDimension()
    return sitk.ZeroFluxNeumannPad(image, margin, margin)


def isotropic_grid(grid: Geometry, spacing_mm: float, most_voxels: int = 20_000_000) -> Geometry:
    """Grid that covers the same box with voxels of nearly this side (mm), or larger if they were too many.

    A single slice stays one.
    """
    extent = grid.extent
    spacing_mm = max(spacing_mm, float(np.prod(extent) / most_voxels) ** (1 / grid.dimension))
    size = np.maximum(1, np.round(extent / spacing_mm)).astype(int)
    size[np.equal(grid.size, 1)] = 1
    spacing = extent / size
    first = (spacing / grid.spacing - 1) / 2
    return Geometry(
        tuple(int(n) for n in size),
        tuple(float(s) for s in spacing),
        tuple(float(x) for x in grid.points(first)[0]),
        grid.direction,
    )


def float_type(values: np.ndarray, valid: np.ndarray | None = None) -> type:
    """float32, or float64 where float32 would not hold the valid (when None: the finite) values."""
    if values.dtype.kind != "f":
        return np.float64 if values.dtype.itemsize == 8 else np.float32
    return np.float32 if largest_value(values, valid) < FLOAT32_HOLDS else np.float64


def darkest_value(image: sitk.Image) -> float:
    """The least finite value, for what lies outside: 0 is none in CT. Raises InputError where none is finite."""
    least = least_finite(image)
    if least is None:
        raise InputError(NO_NUMBER)
    return least


def least_finite(image: sitk.Image) -> float | None:
    """The least finite value of an image, None where there is none."""
    view = sitk.GetArrayViewFromImage(image)
    least = float(view.min())
    if np.isfinite(least):
        return least
    finite = view[np.isfinite(view)]
    return float(finite.min()) if finite.size else None


def largest_value(values: np.ndarray, valid: np.ndarray | None = None) -> float:
    """The largest absolute value of the valid (when None: the finite) ones."""
    where = True if valid is None else valid
    low, high = (float(f(values, where=where, initial=0)) for f in (np.min, np.max))
    if valid is None and not np.isfinite(high - low):
        return largest_value(values, np.isfinite(values))
    return max(abs(low), abs(high))
