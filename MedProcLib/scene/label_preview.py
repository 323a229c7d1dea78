"""Segments that are not a result yet: outline and fill over the slices in the colors they would have, small ones in 3D.

They are segmentation nodes of their own, which are not saved, not listed, and gone with clear(). Nothing that the
views show is replaced for them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.boxes import boxes_of
from MedProcLib.core.structure import Structure
from MedProcLib.scene.ready_segments import ReadySegments, put_segments, ready_segments
from MedProcLib.scene.segmentation_scene import infos_of
from MedProcLib.scene.segmentations import SegmentInfo, label_values
from MedProcLib.scene.views import slice_composites, slice_nodes
from MedProcLib.scene.volumes import ReadyImage, volume_from_image

EVERY_VIEW = ""
# Segments of a color of their own; more are shown in one color.
MOST_COLORS = 60
SURFACE_VOXELS = 2_000_000  # in the boxes around the segments; the surfaces of more take longer than 0.2 s
FILL = 0.35
LINE_PIXELS = 2


class LabelPreview:
    """Label maps over the slice views, one for each view or one for all. Main thread only.

    The views are told once of all that is new; of each segment nobody is: Slicer would look for its place in the
    subject hierarchy, where hidden nodes have none, and write an error to its log.
    """

    def __init__(self, scene=None) -> None:
        self._scene = scene or slicer.mrmlScene
        self._nodes: dict[str, Any] = {}

    def show(self, segments: "PreviewSegments", view: str = EVERY_VIEW) -> int:
        """Show segments in a view, by its layout name, or in all. Returns how many are seen in it.

        Repeated calls replace them; those for all views replace those of single ones, and the other way round.
        """
        for other in [key for key in self._nodes if (key == EVERY_VIEW) != (view == EVERY_VIEW)]:
            self.remove(other)
        node = self._nodes.get(view)
        if node is None or not self._scene.IsNodePresent(node):
            node = self._nodes[view] = self._add_node(view)
        segmentation = node.GetSegmentation()
        for segment_id in segmentation.GetSegmentIDs():
            segmentation.GetSegment(segment_id).RemoveAllRepresentations()  # else each is wiped out of shared voxels
        segmentation.RemoveAllSegments()
        if segments.count:
            put_segments(node, segments.ready)
        node.InvokeEvent(vtk.vtkCommand.ModifiedEvent)
        return segments.count

    def remove(self, view: str) -> None:
        """Show nothing of it in a view anymore."""
        node = self._nodes.pop(view, None)
        if node is not None and self._scene.IsNodePresent(node):
            self._scene.RemoveNode(node)

    def clear(self) -> None:
        """Show nothing anymore."""
        for view in list(self._nodes):
            self.remove(view)

    def _add_node(self, view: str):
        node = slicer.vtkMRMLSegmentationNode()
        node.SetName(f"Segmentation preview {view}".rstrip())
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        display = self._scene.AddNewNodeByClass("vtkMRMLSegmentationDisplayNode")
        display.SetSaveWithScene(False)
        node.SetScene(self._scene)  # so that it knows its display before anybody listens
        node.SetAndObserveDisplayNodeID(display.GetID())
        self._scene.AddNode(node)
        node.DisableModifiedEventOn()  # see LabelPreview
        display.SetOpacity2DFill(FILL)
        display.SetSliceIntersectionThickness(LINE_PIXELS)
        if view != EVERY_VIEW:
            for plane in slice_nodes(self._scene):
                if plane.GetLayoutName() == view:
                    display.AddViewNodeID(plane.GetID())
        node.GetSegmentation().SetSourceRepresentationName("Binary labelmap")
        return node


@dataclass(frozen=True)
class PreviewSegments:
    """Segments to show; count: how many there are, which may be shown as one."""

    ready: ReadySegments
    count: int


def preview_segments(
    labels: sitk.Image,
    structures: Mapping[int, Structure] | None = None,
    seeds: Mapping[int, SegmentInfo] | None = None,
    in_3d: bool = False,
) -> PreviewSegments:
    """Segments of a label map (world space, LPS; a slab or a whole image) made ready to be shown; in any thread.

    They have the names and colors that they would have as a result. structures: what its values stand for, 0 for all
    others; seeds: what the objects are called that the seeds mark; in_3d: with surfaces, where that is soon done.
    """
    values = label_values(labels)
    count = len(values)
    if count > MOST_COLORS:
        labels, values, structures, seeds = labels != 0, [1], {}, {}
    infos = infos_of(values, structures or {}, seeds or {})
    surfaces = in_3d and min(labels.GetSize()) > 1 and _surface_voxels(labels) <= SURFACE_VOXELS
    return PreviewSegments(ready_segments(labels, infos, surfaces=surfaces), count)


def _surface_voxels(labels: sitk.Image) -> int:
    boxes = boxes_of(sitk.GetArrayViewFromImage(labels)).values()
    return sum(math.prod(part.stop - part.start for part in box) for box in boxes)


class ImagePreview:
    """An image over the slices, as the foreground of all views; clear() gives back what was there."""

    def __init__(self, scene=None) -> None:
        self._scene = scene or slicer.mrmlScene
        self._node: Any = None
        self._before: dict[str, tuple] = {}

    def show(self, image: sitk.Image | ReadyImage, name: str = "Preview") -> None:
        """Show an image (world space, LPS) in all slice views."""
        self.clear()
        self._node = node = volume_from_image(image, name, self._scene, hidden=True)
        for composite in slice_composites(self._scene):
            self._before[composite.GetID()] = (
                composite.GetForegroundVolumeID(),
                composite.GetForegroundOpacity(),
            )
            composite.SetForegroundVolumeID(node.GetID())
            composite.SetForegroundOpacity(1.0)

    def clear(self) -> None:
        """Show nothing anymore."""
        node, self._node = self._node, None
        if node is None:
            return
        for composite in slice_composites(self._scene):
            if composite.GetForegroundVolumeID() == node.GetID() and composite.GetID() in self._before:
                foreground, opacity = self._before[composite.GetID()]
                composite.SetForegroundVolumeID(foreground)
                composite.SetForegroundOpacity(opacity)
        self._before = {}
        if self._scene.IsNodePresent(node):
            self._scene.RemoveNode(node)
