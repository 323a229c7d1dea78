"""Laplacian-of-Gaussian filter of the standard."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Patch, Path, passes, walk
from .texture_filter import TextureFilter, filtered_axes


def log_response(
    values: np.ndarray,
    spacing: Sequence[float],
    sigma_mm: float,
    cutoff: float = 4.0,
    boundary: Boundary = "mirror",
    by_slices: bool = False,
) -> np.ndarray:
    """Laplacian of Gaussian of an array z, y, x with voxels of this spacing (mm, z, y, x) (IBSI 2, L6PA).

    In intensity per squared voxel, as the standard has it; where the spacing differs between axes, the Laplacian is
    that of physical space, per square of the geometric mean spacing.
    """
    patch = Patch.of(values, boundary)
    return _response(patch, patch.box, spacing, sigma_mm, cutoff, by_slices, SILENT)


@operation(
    "enhancement.texture_log",
    title="Texture: Laplacian of Gaussian",
    gives="image",
    source="IBSI 2, L6PA: Depeursinge et al., arXiv 2006.05470; Whybra et al., Radiology 310(2), 2024",
)
class TextureLog(TextureFilter):
    """Blobs and edges of a size, as the image biomarker standard defines it: negative in bright blobs.

    The kernel is cut off to 1 + 2 [cutoff x sigma + 0.5] voxels a side and sums to zero.
    """

    sigma_mm: Annotated[float, Range(0.1, 20, "mm"), "standard deviation of the Gaussian"] = 1.5
    cutoff: Annotated[float, Range(1, 8, "SD"), "where the kernel is cut off"] = 4.0
    dimension: Annotated[Literal["3D", "2D"], "in the volume, or slice by slice"] = "3D"
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "mirror"

    def radii(self, spacing):
        return tuple(kernel_radius(self.sigma_mm / s, self.cutoff) for s in spacing)

    def doubt(self, spacing):
        widest = max(spacing[-2:] if self.dimension == "2D" else spacing, default=0.0)
        if self.sigma_mm >= widest / 2:
            return ""
        return f"Voxels of {widest:.3g} mm cannot show a Gaussian of {self.sigma_mm:g} mm: take at least half a voxel."

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        return _response(patch, box, spacing, self.sigma_mm, self.cutoff, self.dimension == "2D", progress)


def kernel_radius(sigma_voxels: float, cutoff: float) -> int:
    """Half the standard's kernel size, 1 + 2 [cutoff x sigma + 0.5]."""
    return math.floor(cutoff * sigma_voxels + 0.5)


def log_kernels(
    axes: Sequence[int], spacing: Sequence[float], sigma_mm: float, cutoff: float
) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Per axis the Gaussian, with sum 1, and its second derivative, with sum 0."""
    mean_spacing = math.prod(spacing[axis] for axis in axes) ** (1 / max(1, len(axes)))
    smooth, second = {}, {}
    for axis in axes:
        sigma = sigma_mm / spacing[axis]
        k = np.arange(-kernel_radius(sigma, cutoff), kernel_radius(sigma, cutoff) + 1.0)
        weights = np.exp(-(k**2) / (2 * sigma**2))
        smooth[axis] = weights / weights.sum()
        curve = (k**2 / sigma**4 - 1 / sigma**2) * smooth[axis]
        second[axis] = (curve - curve.sum() * smooth[axis]) * (mean_spacing / spacing[axis]) ** 2
    return smooth, second


def _response(
    patch: Patch,
    box: Box,
    spacing: Sequence[float],
    sigma_mm: float,
    cutoff: float,
    by_slices: bool,
    progress: Progress,
) -> np.ndarray:
    # The kernel is a sum of separable ones: the second derivative along one axis, the Gaussian along the others.
    axes = filtered_axes(patch.whole, by_slices)
    if not axes:
        return np.zeros_like(patch.values)[tuple(slice(0, b.stop - b.start) for b in box)]
    smooth, second = log_kernels(axes, spacing, sigma_mm, cutoff)
    paths: list[Path] = [
        tuple(None if a not in axes else second[a] if a == derived else smooth[a] for a in range(len(box)))
        for derived in reversed(axes)
    ]
    radii = [len(smooth[a]) // 2 if a in axes else 0 for a in range(len(box))]
    result: np.ndarray | None = None
    for _, values in walk(patch, passes(box, patch.whole, [radii]), paths, progress):
        result = values if result is None else np.add(result, values, out=result)
    assert result is not None
    return result
