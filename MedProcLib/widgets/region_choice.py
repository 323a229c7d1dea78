"""A region of interest chosen by the user: a segment of a segmentation, all its segments, a label map, or a ROI."""

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..scene.region_input import made_at
from .name_tips import fill_with_names


class SegmentBox:
    """A combo box that offers the segments of a segmentation node; disabled without one.

    The chosen segment's id is kept by the caller (in the parameter node); '' is all segments.
    """

    def __init__(self, combo_box: Any, on_chosen: Any) -> None:
        self.combo_box = combo_box
        self._on_chosen = on_chosen
        self._ids: list[str] = []
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)

    def show(self, node: Any, segment_id: str) -> None:
        """Offer the segments of this node (a segmentation, or something else, or None); a gone one is shown as none."""
        self._ids = segment_ids(node)
        self._filling = True
        try:
            segments = [node.GetSegmentation().GetSegment(each) for each in self._ids if each]
            fill_with_names(self.combo_box, [_("All segments"), *(segment.GetName() for segment in segments)])
            self.combo_box.currentIndex = self._ids.index(segment_id) if segment_id in self._ids else -1
            self.combo_box.enabled = len(self._ids) > 1
        finally:
            self._filling = False

    def _on_index(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._ids):
            self._on_chosen(self._ids[index])


def segment_ids(node: Any) -> list[str]:
    """What can be chosen of a node: '' for all, and the ids of a segmentation's segments."""
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return [""]
    return ["", *node.GetSegmentation().GetSegmentIDs()]


class RoiWatch:
    """Tells when a markups ROI node moved or changed its size. moved(): called for each change."""

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._node: Any = None
        self._tags: list[int] = []
        self._key: tuple = ()

    def watch(self, node: Any) -> None:
        """Listen to this node instead, or to none."""
        if node is self._node:
            return
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = node, []
        if node is not None:
            self._key = made_at(node)
            events = (slicer.vtkMRMLMarkupsNode.PointModifiedEvent, "ModifiedEvent")
            self._tags = [node.AddObserver(event, lambda caller, event: self._on_event()) for event in events]

    def _on_event(self) -> None:
        key = made_at(self._node)
        if key != self._key:
            self._key = key
            self._moved()
