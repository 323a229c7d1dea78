"""Corners: where the gradient has every direction."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from ...enhancement.structure.derivatives import derivatives

Measure = Literal["harris", "shi_tomasi"]
# Harris' weight of the trace; the largest value of det / trace ** dimension is 1/4 in 2D and 1/27 in 3D
TRACE_WEIGHT = {2: 0.05, 3: 0.005}


@dataclass(frozen=True)
class Corners:
    """points: (n, dimension) LPS mm, strongest first; strengths: share of the strongest response (n,)."""

    points: np.ndarray
    strengths: np.ndarray


def detect_corners(
    image: sitk.Image,
    mask: sitk.Image | None = None,
    measure: Measure = "harris",
    sd_mm: float = 1.0,
    window_mm: float = 2.0,
    least_strength: float = 0.01,
    most: int = 2000,
    progress: Progress = SILENT,
) -> Corners:
    """Local maxima of a corner measure of the structure tensor.

    measure: det - k trace ** dimension (Harris and Stephens, Alvey Vision Conference 1988; k 0.05 in 2D and 0.005 in
    3D) or the smallest eigenvalue (Shi and Tomasi, CVPR 1994; Rohr, IVC 15, 1997 for 3D); sd_mm, window_mm: SD of the
    Gaussians of the derivatives and of the window; least_strength: share of the strongest. Raises InputError for a
    single slice of a volume and for a constant image.
    """
    grid = Geometry.of(image)
    if min(grid.size) < 3:
        raise InputError(f"Corners need at least 3 voxels along each axis, this image is {grid.size}.")
    values, valid = values_of(image)
    region = inside(mask, valid)
    spread = float(np.ptp(values[region]))
    if not spread > 0:
        raise InputError("The image is constant where corners are looked for: it has none.")
    progress(0.1, "Looking for corners")
    tensor = structure_tensor(values / spread, tuple(reversed(grid.spacing)), sd_mm, window_mm)
    progress(0.7, "Looking for corners")
    response = corner_measure(tensor, measure)
    top = (response >= ndimage.maximum_filter(response, 3, mode="nearest")) & region & (response > 0)
    if not top.any():
        return Corners(np.zeros((0, grid.dimension)), np.zeros(0))
    strongest = float(response[top].max())
    top &= response >= least_strength * strongest
    places, strengths = np.argwhere(top), response[top] / strongest
    best = np.argsort(-strengths, kind="stable")[:most]
    return Corners(grid.points(_refined(response, places[best])[:, ::-1]), strengths[best])


def structure_tensor(values: np.ndarray, spacing: tuple[float, ...], sd_mm: float, window_mm: float) -> np.ndarray:
    """(…, d, d) products of the derivatives, averaged by a Gaussian window; axes and spacing in the array's order."""
    dimension = values.ndim
    whole = tuple(slice(0, n) for n in values.shape)
    orders = [tuple(int(axis == other) for other in range(dimension)) for axis in range(dimension)]
    slopes = derivatives(values, orders, sd_mm, spacing, whole)
    window = [window_mm / s for s in spacing]
    tensor = np.empty((*values.shape, dimension, dimension), values.dtype)
    for i in range(dimension):
        for j in range(i + 1):
            product = ndimage.gaussian_filter(slopes[i] * slopes[j], window, mode="nearest")
            tensor[..., i, j] = tensor[..., j, i] = product
    return tensor


def corner_measure(tensor: np.ndarray, measure: Measure) -> np.ndarray:
    """Harris' or Shi and Tomasi's measure of tensors (…, d, d)."""
    if measure == "shi_tomasi":
        return np.linalg.eigvalsh(tensor)[..., 0]
    dimension = tensor.shape[-1]
    trace = np.trace(tensor, axis1=-2, axis2=-1)
    return np.linalg.det(tensor) - TRACE_WEIGHT[dimension] * trace**dimension


def _refined(response: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places to a part of a voxel: tops of the parabolas along the axes."""
    made = places.astype(float)
    for axis, count in enumerate(response.shape):
        at = np.clip(places[:, axis], 1, count - 2)
        index = [places[:, k] for k in range(response.ndim)]
        before, here, after = (
            response[tuple(at + step if k == axis else index[k] for k in range(response.ndim))] for step in (-1, 0, 1)
        )
        bend = before - 2 * here + after
        shift = np.divide(before - after, 2 * bend, out=np.zeros(len(at), response.dtype), where=bend < 0)
        made[:, axis] += np.where(at == places[:, axis], np.clip(shift, -0.5, 0.5), 0)
    return made
