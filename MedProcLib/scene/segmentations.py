"""Segmentation nodes as label maps in a named reference geometry, and label maps as segmentation nodes."""

from collections.abc import Mapping, Sequence

import SimpleITK as sitk
import slicer

from MedProcLib.core.boxes import boxes_of
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.ready_segments import ReadySegments, put_segments, ready_segments, world_to_node
from MedProcLib.scene.segment_snapshot import (
    BINARY_LABELMAP,
    SegmentInfo,
    SegmentsOverlap,
    require_segmentation,
    segment_info,
    snapshot_of,
)
from MedProcLib.scene.volumes import geometry_of_volume

__all__ = [
    "BINARY_LABELMAP",
    "SegmentInfo",
    "SegmentsOverlap",
    "add_segments",
    "drawn_on",
    "label_values",
    "labels_of_segmentation",
    "require_segmentation",
    "segment_info",
    "segmentation_from_labels",
]


def labels_of_segmentation(
    node, reference, segment_ids: Sequence[str] | None = None, later_wins: bool = False
) -> tuple[sitk.Image, dict[int, SegmentInfo]]:
    """Label map of segments on the reference's voxels, and who has which value: 1, 2, ... in the segments' order.

    reference: volume node, or Geometry (LPS, mm) in world space; segment_ids: all segments by default.
    Transforms of the node are applied, linear or not. Voxels are taken by nearest neighbor; what lies outside the
    reference is cut off; a segment without voxels there keeps its value. A segmentation that has closed surfaces only
    is converted on a copy. The node is not modified.
    Raises InputError without a segment, and where two segments claim one voxel, unless later_wins (as Slicer's own
    export does): a label map cannot hold both, so take them one by one with segment_ids.
    """
    require_segmentation(node)
    grid = reference if isinstance(reference, Geometry) else geometry_of_volume(reference)
    snapshot = snapshot_of(node, grid, segment_ids)
    return snapshot.labels(later_wins), dict(snapshot.segments)


def segmentation_from_labels(
    labels: sitk.Image | ReadySegments,
    segments: Mapping[int, SegmentInfo] | None,
    name: str,
    reference=None,
    scene=None,
):
    """Add a segmentation node, in world space, with a segment for each value of a 3D label map (0 is background).

    labels: or segments made ready of one, by ready_segments; segments: by value; values of the label map without an
    entry are named 'Segment N', entries without voxels become empty segments; None names them all. Copies the voxels
    once.
    reference: volume node it was made on, beside which it is put in the subject hierarchy and whose geometry the
    Segment Editor then edits in. scene: slicer.mrmlScene by default.
    """
    scene = scene or slicer.mrmlScene
    node = new_node("vtkMRMLSegmentationNode", name, scene)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    node.GetSegmentation().SetSourceRepresentationName(BINARY_LABELMAP)
    if reference is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
        place_beside(node, reference)
    if isinstance(labels, ReadySegments):
        put_segments(node, labels)
    else:
        add_segments(node, labels, segments)
    return node


def label_values(labels: sitk.Image) -> list[int]:
    """The values of a label map, background left out, in order."""
    return sorted(boxes_of(sitk.GetArrayViewFromImage(labels)))


def drawn_on(node):
    """The volume that a segmentation was drawn on, None where it is not known or has no voxels."""
    volume = node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())
    return volume if volume is not None and volume.GetImageData() is not None else None


def add_segments(node, labels: sitk.Image, segments: Mapping[int, SegmentInfo] | None = None) -> list[str]:
    """Add the values of a 3D label map (world space, LPS) to a segmentation node as new segments; returns their ids.

    What the node holds already stays as it is, also where the new segments overlap it. See segmentation_from_labels.
    Raises InputError when the node is under a transform that a voxel grid cannot follow (non-linear or shearing).
    """
    return put_segments(node, ready_segments(labels, segments, world_to_node(node)))
