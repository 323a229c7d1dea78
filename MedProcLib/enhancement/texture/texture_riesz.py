"""Riesz transforms of the Laplacian of Gaussian and of the Simoncelli wavelet."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter, Place
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Patch
from .spectrum import multiplied, spread_frequencies
from .texture_log import log_kernels
from .texture_simoncelli import padded_values, reach, simoncelli_band

# where the Laplacian of Gaussian is cut off, in standard deviations
CUTOFF = 4.0
# voxels beyond the border of the image that the transform of the Laplacian of Gaussian takes into account
LOG_REACH = 32


def riesz_log_response(
    values: np.ndarray,
    spacing: Sequence[float],
    sigma_mm: float,
    orders: Sequence[int],
    cutoff: float = CUTOFF,
    boundary: Boundary = "periodic",
    progress: Progress = SILENT,
) -> np.ndarray:
    """Riesz transform (IBSI 2, AYRS) of orders along z, y, x of the Laplacian of Gaussian of an array z, y, x."""
    return _log_response(Patch.of(np.array(values), boundary), spacing, sigma_mm, orders, cutoff, progress)


def riesz_simoncelli_response(
    values: np.ndarray,
    level: int,
    orders: Sequence[int],
    boundary: Boundary = "periodic",
    progress: Progress = SILENT,
) -> np.ndarray:
    """Riesz transform (IBSI 2, AYRS) of orders along z, y, x of a Simoncelli band of an array z, y, x."""
    return _simoncelli_response(Patch.of(np.array(values), boundary), level, orders, progress)


@operation(
    "enhancement.texture_riesz",
    title="Texture: Riesz transform",
    gives="image",
    source="IBSI 2, AYRS: Depeursinge et al., arXiv 2006.05470; Unser & Van De Ville, IEEE TIP 19(3), 2010",
)
class TextureRiesz(ImageFilter):
    """Derivatives of a filtered image without their preference for fine detail, as the image biomarker standard has it.

    The orders along x, y and z say which derivative: 1 finds edges, 2 ridges across the axis. Frequencies count per
    voxel: resample to voxels of equal sides first. Boundary conditions other than periodic need more memory.
    """

    filter: Annotated[Literal["log", "simoncelli"], "Laplacian of Gaussian or Simoncelli wavelet"] = "simoncelli"
    order_x: Annotated[int, Range(0, 4), "order of the derivative along x"] = 0
    order_y: Annotated[int, Range(0, 4), "order of the derivative along y"] = 1
    order_z: Annotated[int, Range(0, 4), "order of the derivative along z"] = 0
    sigma_mm: Annotated[float, Range(0.1, 20, "mm"), "log: standard deviation of the Gaussian"] = 1.5
    level: Annotated[int, Range(1, 6), "simoncelli: band, 1 is the finest detail"] = 1
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "periodic"

    mask_limits = False
    why_global = "Fourier transform of the whole image"

    def margin(self, grid: Geometry) -> None:
        return None

    def apply(
        self, values: np.ndarray, region: np.ndarray, place: Place, learned: Any, progress: Progress = SILENT
    ) -> np.ndarray:
        orders = [self.order_z, self.order_y, self.order_x][3 - values.ndim :]
        if values.ndim == 2 and self.order_z:
            raise InputError("A 2D image has no derivative along z: set that order to 0.")
        patch = Patch.of(values, self.boundary)
        if self.filter == "log":
            return _log_response(patch, place.spacing, self.sigma_mm, orders, CUTOFF, progress)
        return _simoncelli_response(patch, self.level, orders, progress)


def _log_response(
    patch: Patch, spacing: Sequence[float], sigma_mm: float, orders: Sequence[int], cutoff: float, progress: Progress
) -> np.ndarray:
    padded, inner = padded_values(patch, LOG_REACH, False)
    axes = [axis for axis, size in enumerate(patch.whole) if size > 1]
    smooth, second = log_kernels(axes, spacing, sigma_mm, cutoff)
    smooth_spectra = {axis: _spectrum(smooth[axis], padded.shape[axis]) for axis in axes}
    second_spectra = {axis: _spectrum(second[axis], padded.shape[axis]) for axis in axes}

    def log_amplitude(places: Sequence[np.ndarray], radius: np.ndarray) -> np.ndarray:
        total = np.zeros(radius.shape)
        for derived in axes:
            product: Any = 1.0
            for axis in axes:
                product = product * (second_spectra if axis == derived else smooth_spectra)[axis][places[axis]]
            total += product
        return total

    return _transformed(padded, orders, log_amplitude, progress)[inner]


def _simoncelli_response(patch: Patch, level: int, orders: Sequence[int], progress: Progress) -> np.ndarray:
    padded, inner = padded_values(patch, reach(level), False)

    def band(places: Sequence[np.ndarray], radius: np.ndarray) -> np.ndarray:
        return simoncelli_band(radius, level)

    return _transformed(padded, orders, band, progress)[inner]


def _transformed(values: np.ndarray, orders: Sequence[int], amplitude: Any, progress: Progress) -> np.ndarray:
    """Periodic values (overwritten) filtered by an amplitude and the Riesz transform."""
    total = sum(orders)
    if not total:
        raise InputError("The Riesz transform needs an order of at least 1 along some axis.")
    factor = math.sqrt(math.factorial(total) / math.prod(math.factorial(order) for order in orders))
    grids = [spread_frequencies(size) for size in values.shape]

    def riesz(places: Sequence[np.ndarray]) -> np.ndarray:
        along = [grid[place] for grid, place in zip(grids, places, strict=True)]
        radius = np.sqrt(sum(a**2 for a in along))
        product = amplitude(places, radius) * (factor / np.maximum(radius, 1e-12) ** total)
        for a, order in zip(along, orders, strict=True):
            product = product * a**order
        product[tuple(0 if p.flat[0] == 0 else slice(0, 0) for p in places)] = 0.0  # the mean has no direction
        return product

    return multiplied(values, riesz, total, progress=progress)


def _spectrum(kernel: np.ndarray, size: int) -> np.ndarray:
    """Of a symmetric kernel centered at the origin and wrapped around: real."""
    wrapped = np.zeros(size)
    np.add.at(wrapped, np.arange(-(len(kernel) // 2), len(kernel) // 2 + 1) % size, kernel)
    return np.fft.fft(wrapped).real
