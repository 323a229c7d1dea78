"""Mean filter of the standard."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Kernels, Patch
from .rotation import pooled_response
from .texture_filter import TextureFilter, filtered_axes


def mean_response(
    values: np.ndarray, support: int, boundary: Boundary = "mirror", by_slices: bool = False
) -> np.ndarray:
    """Mean over `support` voxels along each axis of an array z, y, x (IBSI 2, S60F)."""
    patch = Patch.of(values, boundary)
    return _response(patch, patch.box, support, by_slices, SILENT)


@operation(
    "enhancement.texture_mean",
    title="Texture: mean filter",
    gives="image",
    source="IBSI 2, S60F: Depeursinge et al., arXiv 2006.05470; Whybra et al., Radiology 310(2), 2024",
)
class TextureMean(TextureFilter):
    """Average the voxels in a cube (by slices: a square) around each voxel, as the image biomarker standard defines it.

    An even support is extended by a voxel of weight 0, as the standard does for kernels of even length.
    """

    support_voxels: Annotated[int, Range(1, 101, "voxels"), "side of the cube"] = 5
    dimension: Annotated[Literal["3D", "2D"], "in the volume, or slice by slice"] = "3D"
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "mirror"

    def radii(self, spacing):
        return (self.support_voxels // 2,) * len(spacing)

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        return _response(patch, box, self.support_voxels, self.dimension == "2D", progress)


def _response(patch: Patch, box: Box, support: int, by_slices: bool, progress: Progress) -> np.ndarray:
    kernel = np.zeros(support + 1 - support % 2)
    kernel[:support] = 1 / support
    axes = filtered_axes(patch.whole, by_slices)
    kernels: Kernels = tuple(kernel if axis in axes else None for axis in range(len(box)))
    return pooled_response(patch, box, [kernels], False, "average", progress)
