"""A region of interest chosen by the user: a segment or label of a segmentation or label map, or all of them."""

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.label_map_names import labels_in
from ..scene.slice_preview import content_key
from .name_tips import fill_with_names
from .task_runner import Outcome, TaskRunner

# A label map of more labels holds numbered pieces, not structures to choose from.
MOST_LABELS = 500


class SegmentBox:
    """A combo box that offers the segments of a segmentation node, or the labels of a label map; disabled without one.

    The chosen segment's id is kept by the caller (in the parameter node); '' is all segments, and '3' a label's.
    listed(): called when the labels of a label map, which a worker looks for, are known.
    """

    def __init__(self, combo_box: Any, on_chosen: Callable[[str], None], listed: Callable[[], None]) -> None:
        self.combo_box = combo_box
        self._on_chosen, self._listed = on_chosen, listed
        self._ids: list[str] = []
        self._filling = False
        self._looked_at: tuple = ()
        self._runner = TaskRunner(on_end=self._on_end)
        combo_box.connect("currentIndexChanged(int)", self._on_index)

    def show(self, node: Any, segment_id: str) -> None:
        """Offer the segments of this node (a segmentation, a label map, or None); a gone one is shown as none."""
        self._look_at(node)
        names = names_of(node)
        self._ids = ["", *names]
        self._filling = True
        try:
            everything = _("All labels") if is_label_map(node) else _("All segments")
            fill_with_names(self.combo_box, [everything, *names.values()])
            self.combo_box.currentIndex = self._ids.index(segment_id) if segment_id in self._ids else -1
            self.combo_box.enabled = len(self._ids) > 1
        finally:
            self._filling = False

    def forget(self) -> None:
        """The scene closes."""
        self._runner.discard()
        self._looked_at = ()
        _labels.clear()

    def close(self) -> None:
        """The module goes."""
        self._runner.close()

    def _look_at(self, node: Any) -> None:
        """Have the labels of a label map listed, where they are not known."""
        key = _key_of(node)
        if key == self._looked_at or not key or key in _labels:
            return
        self._runner.discard()
        self._looked_at = key
        self._runner.start(lambda progress: (key, labels_in(node, progress)))

    def _on_end(self, outcome: Outcome) -> None:
        if outcome.value is not None:
            key, labels = outcome.value
            for other in [each for each in _labels if each[0] == key[0]]:  # as the node was before
                del _labels[other]
            _labels[key] = labels if len(labels) <= MOST_LABELS else {}
            self._listed()

    def _on_index(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._ids):
            self._on_chosen(self._ids[index])


_labels: dict[tuple, dict[int, str]] = {}  # by content of the label maps that were looked at


def is_label_map(node: Any) -> bool:
    return node is not None and bool(node.IsA("vtkMRMLLabelMapVolumeNode"))


def names_of(node: Any) -> dict[str, str]:
    """What can be chosen of a node, besides all of it: names by id of segments, or of labels once they are known."""
    if is_label_map(node):
        labels = _labels.get(_key_of(node), {})
        return {str(value): name or _("Label {value}").format(value=value) for value, name in labels.items()}
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return {}
    content = node.GetSegmentation()
    return {each: content.GetSegment(each).GetName() for each in content.GetSegmentIDs()}


def is_there(node: Any, segment_id: str) -> bool:
    """Whether this can be chosen of a node: '' is all of it. Labels that are not known yet may be there."""
    if is_label_map(node) and segment_id.isdecimal() and _key_of(node) not in _labels:
        return True
    return segment_id in ("", *names_of(node))


def _key_of(node: Any) -> tuple:
    """Equal as long as a label map is the same; () for other nodes, and for one without voxels."""
    try:
        return content_key(node) if is_label_map(node) else ()
    except InputError:
        return ()
