"""Layers along the surface of segments."""

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from .claims import ROUNDING_MM, Claims
from .label_boxes import chosen
from .morphology import distance_to


def layers(
    labels: sitk.Image,
    from_mm: float,
    to_mm: float,
    segments: str = "",
    mask: sitk.Image | None = None,
    progress: Progress = SILENT,
) -> sitk.Image:
    """The label map with each segment replaced by what lies between two distances from its surface; negative is inside.

    What lies outside takes only background, that of several segments going to the nearest. Segments not named stay.
    Layers are as thick as the voxels they consist of: those at the surface reach from 0 to their side. Where the
    image's border cuts a segment there is no surface. Raises InputError when no voxel lies between the distances.
    """
    grid, before = Geometry.of(labels), sitk.GetArrayViewFromImage(labels)
    reach = max(to_mm, 0.0)
    boxes = {value: grown(box, grid, reach) for value, box in chosen(boxes_of(before), segments).items()}
    claims = Claims(labels, boxes, mask=mask)
    for (value, box), part in zip(boxes.items(), progress.parts(*[1.0] * len(boxes)), strict=True):
        region, local = before[box] == value, grid_of_box(grid, box)
        first, second = part.parts(1, 1)
        if to_mm > 0:
            away = distance_to(region, local, first)
            claims.offer(value, box, away, ~region & (away <= to_mm + ROUNDING_MM) & (away > from_mm + ROUNDING_MM))
        depth = distance_to(~region, local, second)
        gone = region & ((depth > ROUNDING_MM - from_mm) | (depth <= ROUNDING_MM - to_mm))
        claims.values[box][gone] = 0
    if boxes and not np.any(claims.values):
        raise InputError(
            f"No voxel lies between {from_mm:g} and {to_mm:g} mm from the surface: make the layer thicker than a voxel "
            "or move it nearer to the surface."
        )
    return claims.image()
