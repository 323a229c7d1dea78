"""From segments to surfaces."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, union_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.label_boxes import chosen
from ..common.surface_nets import surface_net, triangles_of
from ..common.triangles import Surface


@operation(
    "segmentation.surface",
    title="Surfaces",
    gives="surface",
    source="Gibson, Constrained elastic surface nets, MICCAI 1998; several segments: Frisken, SurfaceNets for "
    "multi-label segmentations with preservation of sharp boundaries, J. Comput. Graph. Tech. 11(1), 2022",
    dimensions=(3,),
)
class MakeSurface:
    """Make closed surfaces of triangles of all segments, without gaps where they touch.

    The steps of the voxels are smoothed, but the surface stays within half a voxel of where the label map has it, so
    that thin and small parts do not go. At the border of the image a surface is closed.
    """

    smoothing: Annotated[int, Range(0, 200, "iterations"), "rounds of smoothing; 0 shows the voxels' steps"] = 40
    segments: Annotated[str, "segments that get a surface, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        values = sitk.GetArrayViewFromImage(labels)
        boxes = chosen(boxes_of(values), self.segments)
        if not boxes:
            raise InputError("The label map is empty, so there is no surface to make.")
        frame = union_of(boxes)
        part = np.ascontiguousarray(values[frame])
        if self.segments.strip():
            part = np.where(np.isin(part, list(boxes)), part, 0)
        net = surface_net(part, self.smoothing, progress.part(0, 0.9))
        grid = grid_of_box(Geometry.of(labels), frame)
        points = grid.points(net.points)
        progress(0.95, "Making triangles")
        triangles, segments = triangles_of(net, points)
        if np.linalg.det(np.reshape(grid.direction, (3, 3))) < 0:
            triangles = triangles[:, ::-1]
        return Surface(points, np.ascontiguousarray(triangles), segments)
