"""An image made ready for alignment: finite, clipped float values, and where it is worth looking."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid, require_scalar
from .metrics import CORRELATION_RATIO, MUTUAL_INFORMATION

RANKS = 257
MOST_COUNTED = 2_000_000  # voxels that percentiles are taken from


@dataclass(frozen=True)
class Volume:
    """image: values 0..1; inside: 1 where a voxel counts; foreground: 1 in the body (all float, on one grid)."""

    image: sitk.Image
    inside: sitk.Image
    foreground: sitk.Image

    @property
    def geometry(self) -> Geometry:
        return Geometry.of(self.image)


def prepare(image: sitk.Image, mask: sitk.Image | None, what: str, metric: str = CORRELATION_RATIO) -> Volume:
    """Volume of an image; NaN and infinite voxels count as outside. Raises InputError when there is nothing in it.

    mask: on the image's grid, where the body is; found by its brightness when None.
    """
    require_scalar(image, what)
    geometry = Geometry.of(image)
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise InputError(f"{what} has no finite voxel (all NaN): choose another image.")
    some = _some(values[finite])
    low, high = np.percentile(some, (0.5, 99.5))
    if high <= low:
        low, high = float(values[finite].min()), float(values[finite].max())
    if high <= low:
        raise InputError(f"{what} is constant ({low:g} everywhere): there is nothing to register or compare.")
    values = np.clip(np.where(finite, values, low), low, high)
    if mask is not None:
        require_same_grid(image, mask, f"{what[0].lower()}{what[1:]} and its mask")
        foreground = (sitk.GetArrayViewFromImage(mask) != 0) & finite
        if not foreground.any():
            raise InputError(f"The mask of {what[0].lower()}{what[1:]} selects no finite voxel.")
    else:
        # other modalities must show the same body, not each its own brightest organs (PET)
        seen = np.sqrt(values - low) if metric == MUTUAL_INFORMATION else values
        foreground = (seen > _otsu(_some(seen[finite]))) & finite
    values = (values - low) / (high - low)
    if metric == MUTUAL_INFORMATION:
        values = _equalized(values, foreground)
    return Volume(
        geometry.image_of(values.astype(np.float32)),
        geometry.image_of(finite.astype(np.float32)),
        geometry.image_of(foreground.astype(np.float32)),
    )


def head_points(volume: Volume, count: int = 4000) -> np.ndarray:
    """LPS positions (n, 3) in mm spread over the foreground of a volume."""
    indices = np.argwhere(sitk.GetArrayViewFromImage(volume.foreground) > 0.5)[:, ::-1]
    if len(indices) == 0:
        return volume.geometry.corners()
    return volume.geometry.points(indices[:: max(1, len(indices) // count)].astype(float))


def _some(values: np.ndarray) -> np.ndarray:
    return values[:: max(1, len(values) // MOST_COUNTED)]


def _equalized(values: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    """Mean of the values, 0..1, and their rank in the foreground: gray levels that are crowded (PET) get bins too."""
    levels = np.quantile(_some(values[foreground]), np.linspace(0, 1, RANKS))
    levels[0] = 0.0
    levels, first = np.unique(levels, return_index=True)
    return (values + np.interp(values, levels, first / (RANKS - 1))) / 2


def _otsu(values: np.ndarray) -> float:
    histogram, edges = np.histogram(values, 128)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(histogram)
    total = np.cumsum(histogram * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total[-1] / below[-1] * below - total) ** 2 / (below * (below[-1] - below))
    return float(centers[int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])
