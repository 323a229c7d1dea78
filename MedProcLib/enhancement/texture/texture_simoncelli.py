"""Nonseparable Simoncelli wavelet of the standard."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from scipy import fft

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter, Place
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Patch
from .spectrum import multiplied, spread_frequencies


def simoncelli_response(
    values: np.ndarray,
    level: int = 1,
    boundary: Boundary = "periodic",
    by_slices: bool = False,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Response of an array z, y, x to the band of a level of the Simoncelli wavelet (IBSI 2, PRT7); 1 is the finest."""
    return _response(Patch.of(np.array(values), boundary), level, by_slices, progress)


@operation(
    "enhancement.texture_simoncelli",
    title="Texture: Simoncelli wavelet",
    gives="image",
    source="IBSI 2, PRT7: Depeursinge et al., arXiv 2006.05470; Portilla & Simoncelli, IJCV 40(1), 2000",
)
class TextureSimoncelli(ImageFilter):
    """Detail of a band of sizes, alike in all directions, as the image biomarker standard defines it.

    Frequencies count per voxel: resample to voxels of equal sides first. Mirrored, they are those of the cosine
    transform; else they are spread over the spectrum as in the reference maps of the standard, ends included.
    """

    level: Annotated[int, Range(1, 6), "band: 1 is the finest detail, details twice as large at each"] = 1
    dimension: Annotated[Literal["3D", "2D"], "in the volume, or slice by slice"] = "3D"
    boundary: Annotated[Boundary, "what is assumed beyond the image's border; zero and nearest need more memory"] = (
        "mirror"
    )

    mask_limits = False

    @property
    def why_global(self) -> str:  # type: ignore[override]
        """A line, of a filter that has no preview."""
        return "Fourier transform of the whole image" if self.dimension == "3D" else ""

    def margin(self, grid: Geometry) -> tuple[int, ...] | None:
        if self.dimension == "3D":
            return None
        return (0,) * (grid.dimension - 2) + (grid.size[1], grid.size[0])

    def apply(
        self, values: np.ndarray, region: np.ndarray, place: Place, learned: Any, progress: Progress = SILENT
    ) -> np.ndarray:
        return _response(Patch.of(values, self.boundary), self.level, self.dimension == "2D", progress)


def simoncelli_band(radius: np.ndarray, level: int) -> np.ndarray:
    """Amplitude at a distance from the origin of the spectrum, in units of the Nyquist frequency."""
    top = 2.0 ** (1 - level)
    within = (radius > top / 4) & (radius < top)
    return np.where(within, np.cos(np.pi / 2 * np.log2(np.where(within, 2 * radius / top, 1.0))), 0.0)


def reach(level: int) -> int:
    """Voxels beyond which the wavelet of a level may be neglected."""
    return 32 * 2 ** (level - 1)


def padded_values(patch: Patch, reach: int, by_slices: bool) -> tuple[np.ndarray, tuple[slice, ...]]:
    """The values with half the image, or the reach if less, beyond its border, and where they lie in it.

    With a periodic boundary, which a discrete Fourier transform has anyway, the patch's own values.
    """
    if patch.boundary == "periodic":
        return patch.values, tuple(slice(None) for _ in patch.whole)
    pads = [0 if n == 1 else min(n // 2, reach) for n in patch.whole]
    if by_slices and len(pads) == 3:
        pads[0] = 0
    box = tuple(slice(-pad, n + pad) for pad, n in zip(pads, patch.whole, strict=True))
    inner = tuple(slice(pad, pad + n) for pad, n in zip(pads, patch.whole, strict=True))
    return patch.extended(box).copy(), inner


def _response(patch: Patch, level: int, by_slices: bool, progress: Progress) -> np.ndarray:
    # overwrites the values, of which there may be no room for a copy
    if patch.boundary == "mirror":
        return _mirrored(patch.values, level, by_slices, progress)
    padded, inner = padded_values(patch, reach(level), by_slices)
    grids = [spread_frequencies(n) for n in padded.shape[padded.ndim - _axes(padded, by_slices) :]]

    def amplitude(places: Sequence[np.ndarray]) -> np.ndarray:
        squares = sum(grid[place] ** 2 for grid, place in zip(grids, places, strict=True))
        band = simoncelli_band(np.sqrt(squares), level)
        band[tuple(0 if p.flat[0] == 0 else slice(0, 0) for p in places)] = 0.0  # nothing of the mean
        return band

    return multiplied(padded, amplitude, 0, by_slices, progress)[inner]


def _axes(values: np.ndarray, by_slices: bool) -> int:
    return 2 if by_slices else values.ndim


def _mirrored(values: np.ndarray, level: int, by_slices: bool, progress: Progress) -> np.ndarray:
    # The cosine transform is the Fourier transform of the mirrored image, and the wavelet is even.
    axes = range(values.ndim - _axes(values, by_slices), values.ndim)
    spectrum = fft.dctn(values, axes=axes, overwrite_x=True)
    squares = [(np.arange(values.shape[axis]) / values.shape[axis]) ** 2 for axis in axes]
    grids = np.meshgrid(*squares[-2:], indexing="ij", sparse=True)
    plane = grids[0] + grids[1]
    if spectrum.ndim == 2:
        spectrum *= simoncelli_band(np.sqrt(plane), level).astype(values.dtype)
    else:
        for number in range(len(spectrum)):
            progress(number / len(spectrum))
            depth = 0.0 if by_slices else squares[0][number]
            spectrum[number] *= simoncelli_band(np.sqrt(plane + depth), level).astype(values.dtype)
    return fft.idctn(spectrum, axes=axes, overwrite_x=True)
