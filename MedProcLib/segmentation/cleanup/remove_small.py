"""Clean up a label map by the size of its connected components."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.connectivity import JOINED
from ..common.pieces import only, pieces_of


@operation(
    "segmentation.remove_small",
    title="Keep components by size",
    gives="labels",
    source="Area opening: Vincent, Morphological area openings and closings for grayscale images, NATO Shape in "
    "Picture, 1992",
)
class RemoveSmall:
    """Remove the connected pieces of each label that are smaller (or larger) than wanted.

    What stays keeps its label value. In 2D images sizes are areas in mm².
    """

    minimum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "remove pieces smaller than this"] = 10.0
    maximum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "remove pieces larger than this; 0 is no limit"] = 0.0
    connectivity: JOINED = "corner"
    segments: Annotated[str, "segments that are cleaned, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        if 0 < self.maximum_volume_mm3 < self.minimum_volume_mm3:
            raise InputError("The maximum volume is below the minimum volume, so nothing would be kept: swap them.")
        pieces = pieces_of(labels, self.connectivity, self.segments, progress)
        voxel = Geometry.of(labels).voxel_volume
        return only(
            labels, pieces, sizes_within(pieces.counts, voxel, self.minimum_volume_mm3, self.maximum_volume_mm3)
        )


def sizes_within(counts: np.ndarray, voxel_volume: float, minimum: float, maximum: float = 0.0) -> np.ndarray:
    """Which voxel counts make a volume within minimum..maximum (mm3, both included; maximum 0 is no limit)."""
    volumes = counts * voxel_volume
    # a count times a volume is not exact: a piece of just the minimum stays
    keep = volumes >= minimum * (1 - 1e-9)
    if maximum:
        keep &= volumes <= maximum * (1 + 1e-9)
    return keep
