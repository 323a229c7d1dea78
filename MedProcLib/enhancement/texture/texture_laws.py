"""Laws kernels and texture energy of the standard."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Kernels, Patch
from .rotation import Pooling, pooled_response
from .texture_filter import TextureFilter, filtered_axes

Kernel = Literal["L5", "E5", "S5", "W5", "R5", "L3", "E3", "S3"]

# level, edge, spot, wave and ripple
_WEIGHTS = {
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
}


def laws_kernel(name: str) -> np.ndarray:
    """A Laws kernel, normalized to a sum of squares of one, as the standard has it."""
    weights = np.array(_WEIGHTS[name], float)
    return weights / np.sqrt((weights**2).sum())


def laws_response(
    values: np.ndarray,
    kernels: Sequence[str],
    rotation_invariant: bool = True,
    pooling: Pooling = "max",
    energy_distance: int = 0,
    boundary: Boundary = "mirror",
) -> np.ndarray:
    """Response of an array z, y, x to Laws kernels along x, y and z, or x and y: then slice by slice (IBSI 2, JTXT).

    energy_distance: when not 0, the mean of the absolute response within this Chebyshev distance (voxels).
    """
    patch = Patch.of(values, boundary)
    return _response(patch, patch.box, kernels, rotation_invariant, pooling, energy_distance, SILENT)


@operation(
    "enhancement.texture_laws",
    title="Texture: Laws kernels",
    gives="image",
    source="IBSI 2, JTXT: Depeursinge et al., arXiv 2006.05470; Laws, Textured image segmentation, USC 1980",
)
class TextureLaws(TextureFilter):
    """Level, edge, spot, wave and ripple texture, as the image biomarker standard defines it.

    Without a kernel along z it works slice by slice. Along an axis of a single voxel nothing is done.
    """

    kernel_x: Annotated[Kernel, "kernel along x: level, edge, spot, wave or ripple of 3 or 5 voxels"] = "L5"
    kernel_y: Annotated[Kernel, "kernel along y"] = "E5"
    kernel_z: Annotated[Literal["none", "L5", "E5", "S5", "W5", "R5", "L3", "E3", "S3"], "kernel along z"] = "E5"
    rotation_invariant: Annotated[bool, "pool over all right-angle rotations of the kernel"] = True
    pooling: Annotated[Pooling, "what is kept of the rotations"] = "max"
    energy_distance_voxels: Annotated[
        int, Range(0, 25, "voxels"), "texture energy: mean absolute response within this distance; 0: the response"
    ] = 0
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "mirror"

    @property
    def kernels(self) -> list[str]:
        """Along x, y and, in 3D, z."""
        return [name for name in (self.kernel_x, self.kernel_y, self.kernel_z) if name != "none"]

    def radii(self, spacing):
        radius = max(len(_WEIGHTS[name]) // 2 for name in self.kernels) + self.energy_distance_voxels
        still = len(spacing) - len(self.kernels)
        return (0,) * still + (radius,) * (len(spacing) - still) if still > 0 else (radius,) * len(spacing)

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        return _response(
            patch,
            box,
            self.kernels,
            self.rotation_invariant,
            self.pooling,
            self.energy_distance_voxels,
            progress,
        )


def _response(
    patch: Patch,
    box: Box,
    names: Sequence[str],
    rotation_invariant: bool,
    pooling: Pooling,
    distance: int,
    progress: Progress,
) -> np.ndarray:
    axes = filtered_axes(patch.whole, len(names) == 2)
    last = len(box) - 1
    kernels: Kernels = tuple(laws_kernel(names[last - axis]) if axis in axes else None for axis in range(len(box)))
    if not distance:
        return pooled_response(patch, box, [kernels], rotation_invariant, pooling, progress)
    reach = [distance if axis in axes else 0 for axis in range(len(box))]
    around = tuple(
        slice(max(0, b.start - r), min(n, b.stop + r)) for b, r, n in zip(box, reach, patch.whole, strict=True)
    )
    size = np.abs(pooled_response(patch, around, [kernels], rotation_invariant, pooling, progress))
    energy = Patch(size, tuple(s.start for s in around), patch.whole, patch.boundary)
    mean = np.full(2 * distance + 1, 1 / (2 * distance + 1))
    means: Kernels = tuple(mean if axis in axes else None for axis in range(len(box)))
    return pooled_response(energy, box, [means], False, "average", progress)
