"""Segmentation nodes as label maps in a named reference geometry, and label maps as segmentation nodes."""

from collections.abc import Mapping, Sequence

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.segment_snapshot import (
    BINARY_LABELMAP,
    UNTITLED_COLORS,
    SegmentInfo,
    SegmentsOverlap,
    require_segmentation,
    segment_info,
    snapshot_of,
)
from MedProcLib.scene.terminology import set_terminology
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.scene.voxel_grid import ijk_to_ras_of, vtk_of_image

__all__ = [
    "BINARY_LABELMAP",
    "SegmentInfo",
    "SegmentsOverlap",
    "add_segments",
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
    labels: sitk.Image,
    segments: Mapping[int, SegmentInfo] | None,
    name: str,
    reference=None,
    scene=None,
):
    """Add a segmentation node, in world space, with a segment for each value of a 3D label map (0 is background).

    segments: by value; values of the label map without an entry are named 'Segment N', entries without voxels become
    empty segments; None names them all. Copies the voxels once.
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
    add_segments(node, labels, segments)
    return node


def label_values(labels: sitk.Image) -> list[int]:
    """The values of a label map, background left out, in order."""
    values = sitk.GetArrayViewFromImage(labels)
    return [int(value) for value in np.unique(values[values != 0])]


def add_segments(node, labels: sitk.Image, segments: Mapping[int, SegmentInfo] | None = None) -> list[str]:
    """Add the values of a 3D label map (world space, LPS) to a segmentation node as new segments; returns their ids.

    What the node holds already stays as it is, also where the new segments overlap it. See segmentation_from_labels.
    Raises InputError when the node is under a transform that a voxel grid cannot follow (non-linear or shearing).
    """
    segmentation = node.GetSegmentation()
    labels = _cropped(labels)
    found = label_values(labels)
    if found and (found[0] < 0 or found[-1] > np.iinfo(np.int16).max):
        raise InputError(f"Label values {found[0]} to {found[-1]} cannot be segments: use 1 to 32767.")
    wanted = dict(segments or {})
    for value in found:
        wanted.setdefault(value, SegmentInfo(f"Segment {value}", UNTITLED_COLORS[value % len(UNTITLED_COLORS)]))
    layer = _oriented_image(labels, node)
    return [_add_segment(segmentation, layer, value, wanted[value]) for value in sorted(wanted)]


def _cropped(labels: sitk.Image) -> sitk.Image:
    """The smallest part of a label map that holds all its labels; one voxel when it holds none."""
    inside = sitk.GetArrayViewFromImage(labels) != 0
    slices = np.flatnonzero(inside.any(axis=(1, 2)))
    if not slices.size:
        return labels[0:1, 0:1, 0:1]
    rows, columns = (np.flatnonzero(inside.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    x, y, z = (slice(int(where[0]), int(where[-1]) + 1) for where in (columns, rows, slices))
    return labels[x, y, z]


def _oriented_image(labels: sitk.Image, node):
    """VTK image of a label map in the node's own space."""
    ijk_to_node = ijk_to_ras_of(Geometry.of(labels))
    parent = node.GetParentTransformNode()
    if parent is not None:
        matrix = vtk.vtkMatrix4x4()
        if not parent.IsTransformToWorldLinear():
            raise InputError(f"Segmentation '{node.GetName()}' is under a non-linear transform: harden it first.")
        parent.GetMatrixTransformFromWorld(matrix)
        ijk_to_node = array_of_matrix(matrix) @ ijk_to_node
        axes = ijk_to_node[:3, :3] / np.linalg.norm(ijk_to_node[:3, :3], axis=0)
        if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-6:
            raise InputError(f"Segmentation '{node.GetName()}' is under a shearing transform: harden it first.")
    image = slicer.vtkOrientedImageData()
    kind = sitk.sitkUInt8 if _largest(labels) < 256 else sitk.sitkInt16
    image.ShallowCopy(vtk_of_image(sitk.Cast(labels, kind)))
    image.SetGeometryFromImageToWorldMatrix(matrix_of_array(ijk_to_node))
    return image


def _largest(labels: sitk.Image) -> int:
    return int(sitk.GetArrayViewFromImage(labels).max())


def _add_segment(segmentation, layer, value: int, info: SegmentInfo) -> str:
    segment = slicer.vtkSegment()
    segment.SetName(info.name)
    segment.SetColor(info.color)
    segment.SetLabelValue(value)
    segment.AddRepresentation(BINARY_LABELMAP, layer)
    set_terminology(segment, info.terminology)
    segment_id = segmentation.GenerateUniqueSegmentID(info.id or f"Segment_{value}")
    segmentation.AddSegment(segment, segment_id)
    return segment_id
