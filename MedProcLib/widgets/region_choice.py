"""A region of interest chosen by the user: a segment of a segmentation, all its segments, a label map, or a ROI."""

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.geometry import Geometry, resample
from ..scene.rois import mask_of_roi
from ..scene.segmentations import labels_of_segmentation
from ..scene.slice_preview import content_key
from ..scene.volumes import geometry_of_volume, image_of_volume


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
            self.combo_box.clear()
            for each in self._ids:
                segment = node.GetSegmentation().GetSegment(each) if each else None
                self.combo_box.addItem(segment.GetName() if segment is not None else _("All segments"))
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


def region_image(node: Any, segment_id: str, reference: Any) -> sitk.Image | None:
    """Mask (0 or 1) on the reference volume's voxels; None without a node.

    node: a segmentation, a label map or a markups ROI; segment_id: a segment of a segmentation; '' is all of its
    segments. Raises InputError, also when the node selects no voxel of the reference.
    """
    if node is None:
        return None
    grid = geometry_of_volume(reference)
    if node.IsA("vtkMRMLMarkupsROINode"):
        return mask_of_roi(node, grid)
    if node.IsA("vtkMRMLSegmentationNode"):
        ids = [segment_id] if segment_id else None
        mask = labels_of_segmentation(node, grid, ids, later_wins=True)[0] != 0
    else:
        mask = image_of_volume(node) != 0
        if not Geometry.of(mask).same_grid(grid):
            mask = resample(mask, grid, interpolator=sitk.sitkNearestNeighbor)
    if not np.any(sitk.GetArrayViewFromImage(mask)):
        raise InputError(
            f"'{node.GetName()}' selects no voxel of '{reference.GetName()}': it is empty, or lies somewhere else."
        )
    return mask


def is_resampled(node: Any, reference: Any) -> bool:
    """Whether a mask's voxels are not those of the reference volume, so that region_image resamples it."""
    if node is None or not node.IsA("vtkMRMLVolumeNode"):
        return False
    return not geometry_of_volume(node).same_grid(geometry_of_volume(reference))


class Region:
    """The mask that region_image makes, made anew only when what it is made of changed."""

    def __init__(self) -> None:
        self._key: tuple = ()
        self._mask: sitk.Image | None = None

    def image(self, node: Any, segment_id: str, reference: Any) -> sitk.Image | None:
        """See region_image."""
        if node is None:
            return None
        key = (node.GetID(), segment_id, _made_at(node), content_key(reference))
        if key != self._key:
            self._mask, self._key = region_image(node, segment_id, reference), key
        return self._mask


def _made_at(node: Any) -> tuple:
    """Modification times of a mask's voxels and of what says where they lie."""
    if node.IsA("vtkMRMLMarkupsROINode"):
        place = node.GetObjectToWorldMatrix()
        return (*node.GetSize(), *(place.GetElement(row, column) for row in range(3) for column in range(4)))
    if not node.IsA("vtkMRMLSegmentationNode"):
        return content_key(node)
    segmentation = node.GetSegmentation()
    name = segmentation.GetSourceRepresentationName()
    data = [segmentation.GetSegment(each).GetRepresentation(name) for each in segmentation.GetSegmentIDs()]
    parent = node.GetParentTransformNode()
    return (
        tuple(each.GetMTime() for each in data if each is not None),
        None if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime()),
    )


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
            self._key = _made_at(node)
            events = (slicer.vtkMRMLMarkupsNode.PointModifiedEvent, "ModifiedEvent")
            self._tags = [node.AddObserver(event, lambda caller, event: self._on_event()) for event in events]

    def _on_event(self) -> None:
        key = _made_at(self._node)
        if key != self._key:
            self._key = key
            self._moved()
