"""Separable undecimated wavelets of the standard."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import Box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from .patch import Boundary, Kernels, Patch
from .rotation import Pooling, pooled_response
from .texture_filter import TextureFilter, filtered_axes
from .wavelet_kernels import Wavelet, high_pass, low_pass, spread

Subband = Literal["LLL", "LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LL", "LH", "HL", "HH"]


def wavelet_response(
    values: np.ndarray,
    wavelet: Wavelet,
    subband: Subband,
    level: int = 1,
    rotation_invariant: bool = True,
    pooling: Pooling = "average",
    boundary: Boundary = "mirror",
) -> np.ndarray:
    """Undecimated wavelet response of an array z, y, x (IBSI 2, 25BO).

    subband: low- (L) or high-pass (H) kernel along x, y and z, or x and y: then slice by slice. Levels below the last
    are low-pass along all axes.
    """
    patch = Patch.of(values, boundary)
    return _response(patch, patch.box, wavelet, subband, level, rotation_invariant, pooling, SILENT)


@operation(
    "enhancement.texture_wavelet",
    title="Texture: wavelet",
    gives="image",
    source="IBSI 2, 25BO: Depeursinge et al., arXiv 2006.05470; Daubechies, Ten lectures on wavelets, 1992",
)
class TextureWavelet(TextureFilter):
    """A subband of the undecimated (a trous) wavelet transform, as the image biomarker standard defines it.

    Along an axis of a single voxel nothing is done.
    """

    wavelet: Annotated[Wavelet, "Haar, Daubechies (by vanishing moments) or Coiflet"] = "db3"
    subband: Annotated[Subband, "low or high pass along x, y and z; two letters: x and y, slice by slice"] = "LLH"
    level: Annotated[int, Range(1, 4), "level of decomposition: details twice as large at each"] = 1
    rotation_invariant: Annotated[bool, "pool over all right-angle rotations of the kernel"] = True
    pooling: Annotated[Pooling, "what is kept of the rotations"] = "average"
    boundary: Annotated[Boundary, "what is assumed beyond the image's border"] = "mirror"

    def radii(self, spacing):
        radius = sum(len(spread(low_pass(self.wavelet), level)) // 2 for level in range(1, self.level + 1))
        still = max(0, len(spacing) - len(self.subband))
        return (0,) * still + (radius,) * (len(spacing) - still)

    def doubt(self, spacing):
        if len(spacing) > 2 or "H" in self.subband[:2] or "H" not in self.subband:
            return ""
        return f"In a single slice {self.subband} is low-pass alone, which shows no texture: choose LH, HL or HH."

    def response(self, patch: Patch, box: Box, spacing: tuple[float, ...], progress: Progress) -> np.ndarray:
        return _response(
            patch, box, self.wavelet, self.subband, self.level, self.rotation_invariant, self.pooling, progress
        )


def _response(
    patch: Patch,
    box: Box,
    wavelet: Wavelet,
    subband: str,
    level: int,
    rotation_invariant: bool,
    pooling: Pooling,
    progress: Progress,
) -> np.ndarray:
    axes, last = filtered_axes(patch.whole, len(subband) == 2), len(box) - 1
    low, high = low_pass(wavelet), high_pass(wavelet)
    stages: list[Kernels] = []
    for number in range(1, level + 1):
        letters = subband if number == level else "LLL"
        kernels = [spread(high if letters[last - axis] == "H" else low, number) if axis in axes else None
                   for axis in range(len(box))]  # fmt: skip
        stages.append(tuple(kernels))
    return pooled_response(patch, box, stages, rotation_invariant, pooling, progress)
