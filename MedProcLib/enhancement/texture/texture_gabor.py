"""Gabor filter of the standard."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from scipy import fft

from ...core.errors import InputError
from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Patch
from .rotation import Pooling
from .texture_filter import TextureFilter
from .texture_log import kernel_radius


def gabor_response(
    values: np.ndarray,
    spacing: Sequence[float],
    sigma_mm: float,
    wavelength_mm: float,
    aspect_ratio: float,
    angles: Sequence[float],
    three_planes: bool = False,
    pooling: Pooling = "average",
    cutoff: float = 4.0,
    boundary: Boundary = "mirror",
) -> np.ndarray:
    """Modulus of the response of an array z, y, x to a 2D Gabor filter in x, y slices (IBSI 2, Q88H).

    spacing: mm, z, y, x; angles (radians, clockwise from x): of the wave, whose responses are pooled, and averaged
    over the three orthogonal planes.
    """
    patch = Patch.of(values, boundary)
    gabor = _Gabor(sigma_mm, wavelength_mm, aspect_ratio, tuple(angles), cutoff)
    return _response(patch, patch.box, tuple(spacing), gabor, three_planes, pooling, SILENT)


@operation(
    "enhancement.texture_gabor",
    title="Texture: Gabor",
    gives="image",
    source="IBSI 2, Q88H: Depeursinge et al., arXiv 2006.05470; Whybra et al., Radiology 310(2), 2024",
)
class TextureGabor(TextureFilter):
    """Stripes of a width and direction, as the image biomarker standard defines it.

    The modulus of the response to a wave under a Gaussian, slice by slice, pooled over directions of the wave.
    """

    sigma_mm: Annotated[float, Range(0.2, 20, "mm"), "standard deviation of the Gaussian across the stripes"] = 3.0
    wavelength_mm: Annotated[float, Range(0.2, 100, "mm"), "distance from stripe to stripe"] = 4.0
    aspect_ratio: Annotated[float, Range(0.25, 4), "width across the stripes by length along them"] = 1.0
    angle_deg: Annotated[float, Range(0, 360, "deg"), "first direction of the wave, clockwise from x"] = 0.0
    directions: Annotated[int, Range(1, 36), "pool over this many directions, evenly spread over half a turn"] = 4
    pooling: Annotated[Pooling, "what is kept of the directions"] = "average"
    planes: Annotated[Literal["xy", "all"], "in x, y slices, or averaged over the three orthogonal planes"] = "xy"
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "mirror"

    @property
    def kernel(self) -> "_Gabor":
        """The kernel in all its directions."""
        angles = wave_angles(self.angle_deg, self.directions)
        return _Gabor(self.sigma_mm, self.wavelength_mm, self.aspect_ratio, angles, CUTOFF)

    def radii(self, spacing):
        radii = [self.kernel.radius(s) for s in spacing]
        if len(spacing) == 3 and self.planes == "xy":
            radii[0] = 0
        return tuple(radii)

    def doubt(self, spacing):
        widest = max(spacing if self.planes == "all" else spacing[-2:], default=0.0)
        if self.wavelength_mm >= 2 * widest:
            return ""
        return (
            f"Voxels of {widest:.3g} mm cannot show stripes {self.wavelength_mm:g} mm apart: take at least two voxels."
        )

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        return _response(patch, box, spacing, self.kernel, self.planes == "all", self.pooling, progress)


# the Gaussian is cut off where it has fallen to exp(-8) of its peak
CUTOFF = 4.0
# Of a slice with what the kernel reaches around it: its spectra take about 60 bytes each.
MOST_PIXELS = 60_000_000


def wave_angles(first_deg: float, count: int) -> tuple[float, ...]:
    """Angles (radians) from the first, evenly over half a turn: the other half gives the same moduli.

    The step of the standard (XTGK) is 180 degrees / count.
    """
    return tuple(math.radians(first_deg + 180 / count * number) for number in range(count))


class _Gabor:
    """A 2D Gabor kernel in several directions; lengths in mm."""

    def __init__(
        self, sigma: float, wavelength: float, aspect: float, angles: tuple[float, ...], cutoff: float
    ) -> None:
        self.sigma, self.wavelength, self.aspect = sigma, wavelength, aspect
        self.angles, self.cutoff = angles, cutoff

    def radius(self, spacing: float) -> int:
        """Voxels of this spacing to where the longer axis of the Gaussian is cut off."""
        return kernel_radius(self.sigma * max(1, 1 / self.aspect) / spacing, self.cutoff)

    def spectrum(self, angle: float, spacing: tuple[float, float], shape: tuple[int, int]) -> np.ndarray:
        """Discrete Fourier transform of the kernel centered at the origin; real, as the kernel is Hermitian."""
        radii = [self.radius(s) for s in spacing]
        v, u = (np.arange(-r, r + 1.0) * s for r, s in zip(radii, spacing, strict=True))
        across = u * math.cos(angle) + v[:, np.newaxis] * math.sin(angle)
        along = u * math.sin(angle) - v[:, np.newaxis] * math.cos(angle)
        envelope = np.exp(-(across**2 + (self.aspect * along) ** 2) / (2 * self.sigma**2))
        kernel = (envelope * np.exp(2j * math.pi * across / self.wavelength)).astype(np.complex64)
        # First along the columns, of which most are 0; rolled so that the kernel's center comes to the origin.
        columns = fft.fft(_centered(kernel, radii[0], shape[0], 0), axis=0)
        return fft.fft(_centered(columns, radii[1], shape[1], 1), axis=1, overwrite_x=True).real


def _centered(kernel: np.ndarray, radius: int, size: int, axis: int) -> np.ndarray:
    """Padded along an axis by zeros to a size, with what is before the center at the end."""
    before, after = np.split(kernel, [radius], axis)
    shape = list(kernel.shape)
    shape[axis] = size - before.shape[axis] - after.shape[axis]
    return np.concatenate([after, np.zeros(shape, kernel.dtype), before], axis)


def _response(
    patch: Patch,
    box: Box,
    spacing: tuple[float, ...],
    gabor: _Gabor,
    three_planes: bool,
    pooling: Pooling,
    progress: Progress,
) -> np.ndarray:
    if len(box) == 2:
        flat = Patch(patch.values[np.newaxis], (0, *patch.start), (1, *patch.whole), patch.boundary)
        return _in_slices(flat, (slice(0, 1), *box), 0, (1.0, *spacing), gabor, pooling, progress)[0]
    # a plane across an axis of a single voxel holds no texture
    thin = [axis for axis, size in enumerate(patch.whole) if size == 1]
    normals = [axis for axis in range(3) if not set(thin) - {axis}] if three_planes else [0]
    shares = progress.parts(*[1.0] * len(normals or [0]))
    maps = [
        _in_slices(patch, box, normal, spacing, gabor, pooling, share)
        for normal, share in zip(normals or [0], shares, strict=True)
    ]
    return maps[0] if len(maps) == 1 else sum(maps[1:], maps[0]) / np.array(len(maps), patch.values.dtype)


def _in_slices(
    patch: Patch,
    box: Box,
    normal: int,
    spacing: tuple[float, ...],
    gabor: _Gabor,
    pooling: Pooling,
    progress: Progress,
) -> np.ndarray:
    """Pooled modulus in the slices of a box across an axis."""
    plane = [axis for axis in range(3) if axis != normal]
    in_plane = (spacing[plane[0]], spacing[plane[1]])
    radii = [gabor.radius(s) for s in in_plane]
    around = list(box)
    if math.prod(box[a].stop - box[a].start + 2 * r for a, r in zip(plane, radii, strict=True)) > MOST_PIXELS:
        raise InputError(
            f"The Gaussian reaches {max(radii)} voxels far, too many for the memory: "
            "choose a smaller one, or resample the image to larger voxels first."
        )
    for axis, radius in zip(plane, radii, strict=True):
        around[axis] = slice(box[axis].start - radius, box[axis].stop + radius)
    slices = np.moveaxis(patch.extended(tuple(around)), normal, 0)
    shape = (fft.next_fast_len(slices.shape[1]), fft.next_fast_len(slices.shape[2]))
    spectra = [gabor.spectrum(angle, in_plane, shape).astype(slices.dtype) for angle in gabor.angles]
    size = tuple(box[axis].stop - box[axis].start for axis in plane)
    kept = tuple(slice(r, r + n) for r, n in zip(radii, size, strict=True))
    result = np.empty((len(slices), *size), slices.dtype)
    for number, values in enumerate(slices):
        progress(number / len(slices))
        image = fft.fft2(values, shape)
        moduli = (np.abs(fft.ifft2(image * spectrum, overwrite_x=True)[kept]) for spectrum in spectra)
        result[number] = _pooled(moduli, pooling, len(spectra))
    return np.moveaxis(result, 0, normal)


def _pooled(maps, pooling: Pooling, count: int) -> np.ndarray:
    result = next(maps)
    for values in maps:
        if pooling == "average":
            result += values
        else:
            (np.maximum if pooling == "max" else np.minimum)(result, values, out=result)
    return result / np.array(count, result.dtype) if pooling == "average" else result
