"""Pieces of a label map that the image or a mask cuts off."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import require_same_grid
from ...core.operation import operation
from ...core.progress import SILENT
from ..common.connectivity import JOINED, steps
from ..common.pieces import only, pieces_of


@operation(
    "segmentation.remove_border",
    title="Remove pieces at the border",
    gives="labels",
    source="Soille, Morphological Image Analysis, 2nd ed., 2003 (section 8.3, particles that meet the image border)",
)
class RemoveBorder:
    """Remove the connected pieces that touch the border of the image, or of the mask when there is one.

    For counting and measuring objects of which only whole ones count, and to tell air around the body from air in it.
    An empty result means that all touched it. Across a single slice the image has no border.
    """

    border: Annotated[
        Literal["all sides", "in the slices", "first and last slice"], "sides of the image (its third axis is slices)"
    ] = "all sides"
    segments: Annotated[str, "segments that are cleaned, such as '1, 4-6'; empty for all"] = ""
    connectivity: JOINED = "face"

    def __call__(self, labels, mask=None, progress=SILENT):
        pieces = pieces_of(labels, self.connectivity, self.segments, progress)
        at_border = np.zeros(pieces.counts.size, bool)
        for axis in _axes(self.border, pieces.numbers.shape):
            ends = np.take(pieces.numbers, (0, -1), axis)
            at_border[ends.ravel()] = True
        if mask is not None:
            require_same_grid(labels, mask, "the label map and the mask")
            outside = sitk.GetArrayViewFromImage(mask) == 0
            at_border |= pieces.touched(ndimage.binary_dilation(outside, steps(self.connectivity, outside.ndim)))
        at_border[0] = False
        return only(labels, pieces, ~at_border)


def _axes(border: str, shape: tuple[int, ...]) -> list[int]:
    """Array axes (z, y, x) whose ends count as border."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    if len(shape) == 2 or border == "all sides":
        return axes
    return [axis for axis in axes if (axis == 0) == (border == "first and last slice")]
