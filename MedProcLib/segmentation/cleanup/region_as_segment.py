"""From a region to a segment."""

import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT


@operation(
    "segmentation.region_as_segment",
    title="Region as a segment",
    gives="labels",
    source="MedProc: connects steps of a recipe",
)
class RegionAsSegment:
    """Make the region that a step found (a body or brain mask, say) segment 1, so that it can be cleaned and shown."""

    def __call__(self, mask, progress=SILENT):
        return Geometry.of(mask).image_of(sitk.GetArrayViewFromImage(mask) != 0)
