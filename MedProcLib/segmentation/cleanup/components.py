"""Connected components of a label map."""

import numpy as np

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT
from ..common.connectivity import JOINED, connected_components


@operation(
    "segmentation.components",
    title="Connected components",
    gives="labels",
    source="Rosenfeld & Pfaltz, Sequential operations in digital picture processing, J. ACM 13(4), 1966",
)
class Components:
    """Give each connected piece of each label a number of its own, 1 for the largest.

    Pieces of different labels stay apart where they touch.
    """

    connectivity: JOINED = "corner"
    renumbers = True

    def __call__(self, labels, progress=SILENT):
        numbers, counts = connected_components(labels, self.connectivity, progress)
        return Geometry.of(labels).image_of(numbers.astype(np.min_scalar_type(counts.size - 1)))
