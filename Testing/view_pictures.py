"""Slice and 3D views of results, for the pictures of README.md (see make_pictures.py)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.offscreen import OffscreenSliceView, OffscreenThreeDView

SIDE, MARGIN = 420, 90  # pixels; what a 3D view leaves around its things is cut off
FILL, GLASS = 0.3, 0.15  # opacity of segments in slices, and of what surrounds the others in 3D
NEAR_MM = 110.0  # field of view around a finding


def segments(volume: Any, segmentation: Any, around: str, place: Sequence[float]) -> np.ndarray:
    """An axial and a coronal slice through a place (LPS, mm), and 3D, where the segment called `around` is see-through.

    Returns (height, width, 3) uint8.
    """
    content, display = segmentation.GetSegmentation(), segmentation.GetDisplayNode()
    for segment_id in content.GetSegmentIDs():
        outer = content.GetSegment(segment_id).GetName() == around
        display.SetSegmentOpacity2DFill(segment_id, 0.0 if outer else FILL)
        display.SetSegmentOpacity3D(segment_id, GLASS if outer else 1.0)
    pictures = []
    with OffscreenSliceView((SIDE, SIDE)) as view:
        for orientation, axis in (("Axial", 2), ("Coronal", 1)):
            view.show(volume, orientation=orientation, offset=ras_of(place)[axis])
            pictures.append(view.array())
    with OffscreenThreeDView((SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)) as view:
        for set_color in (view.node.SetBackgroundColor, view.node.SetBackgroundColor2):
            set_color(0, 0, 0)
        view.reset(box_visible=False, azimuth=30, elevation=20)
        pictures.append(view.array()[MARGIN:-MARGIN, MARGIN:-MARGIN])
    return np.hstack(pictures)


def side_by_side(studies: Sequence[tuple[Any, Any]], place: Sequence[float]) -> np.ndarray:
    """Each study (volume node, segmentation node) in a view of its own around a place of the common space (LPS, mm)."""
    return np.hstack(list(_each(studies, place)))


def _each(studies: Sequence[tuple[Any, Any]], place: Sequence[float]) -> Iterator[np.ndarray]:
    for volume, segmentation in studies:
        with OffscreenSliceView((SIDE, SIDE)) as view:
            display = segmentation.GetDisplayNode()
            display.RemoveAllViewNodeIDs()
            display.AddViewNodeID(view.node.GetID())
            display.SetVisibility(True)
            view.show(volume, offset=ras_of(place)[2])
            view.node.SetFieldOfView(NEAR_MM, NEAR_MM, 1.0)
            view.node.JumpSliceByCentering(*ras_of(place))
            yield view.array()
            display.RemoveAllViewNodeIDs()
            display.SetVisibility(False)
