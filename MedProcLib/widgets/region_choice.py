"""A region of interest chosen by the user: a segment of a segmentation, or all its segments."""

from typing import Any

from slicer.i18n import tr as _

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
