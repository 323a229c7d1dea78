"""Segments made ready before they come into the scene: label maps and closed surfaces, as plain VTK data.

ready = ready_segments(labels, infos, to_node, surfaces=True, progress=progress)    # any thread
ids = put_segments(node, ready)                                                     # main thread
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.boxes import boxes_of, union_of
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import Box
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.structure import UNNAMED_COLORS
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.segment_snapshot import BINARY_LABELMAP, SegmentInfo
from MedProcLib.scene.terminology import set_terminology
from MedProcLib.scene.voxel_grid import ijk_to_ras_of, vtk_of_image

CLOSED_SURFACE = "Closed surface"


@dataclass(frozen=True)
class ReadySegments:
    """segments: by value, the id that each wants (it gets another where that is taken) and its vtkSegment."""

    segments: Mapping[int, tuple[str, Any]]


def ready_segments(
    labels: sitk.Image,
    segments: Mapping[int, SegmentInfo] | None = None,
    to_node: np.ndarray | None = None,
    surfaces: bool = False,
    progress: Progress = SILENT,
) -> ReadySegments:
    """The values of a 3D label map (world space, LPS), and what else is named, as segments; in any thread.

    segments: by value, see segmentation_from_labels; to_node: see world_to_node; surfaces: with closed surfaces, as
    Slicer makes them. Raises InputError for values that cannot be segments and a shearing transform, Cancelled.
    """
    boxes = boxes_of(sitk.GetArrayViewFromImage(labels))
    found = sorted(boxes)
    if found and (found[0] < 0 or found[-1] > np.iinfo(np.int16).max):
        raise InputError(f"Label values {found[0]} to {found[-1]} cannot be segments: use 1 to 32767.")
    wanted = dict(segments or {})
    for value in found:
        wanted.setdefault(value, SegmentInfo(f"Segment {value}", UNNAMED_COLORS[value % len(UNNAMED_COLORS)]))
    part = labels[_index(union_of(boxes))] if boxes else labels[0:1, 0:1, 0:1]
    to_node = np.eye(4) if to_node is None else to_node
    kind = sitk.sitkUInt8 if not found or found[-1] < 256 else sitk.sitkInt16
    layer = _oriented_image(sitk.Cast(part, kind), to_node)
    ready = {}
    for number, value in enumerate(sorted(wanted)):
        progress(number / len(wanted), "Making surfaces" if surfaces else "")
        segment = _segment(layer, value, wanted[value])
        if surfaces and value in boxes:
            alone = _oriented_image(sitk.Cast(labels[_index(boxes[value])] == value, sitk.sitkUInt8), to_node)
            segment.AddRepresentation(CLOSED_SURFACE, _closed_surface(alone))
        ready[value] = (wanted[value].id or f"Segment_{value}", segment)
    return ReadySegments(ready)


def put_segments(node, ready: ReadySegments) -> list[str]:
    """Add segments that were made ready to a segmentation node (main thread); returns their ids, by value in order.

    What the node holds already stays as it is, also where the new segments overlap it.
    """
    segmentation = node.GetSegmentation()
    ids = []
    for wish, segment in ready.segments.values():
        surface = segment.GetRepresentation(CLOSED_SURFACE)
        segment_id = segmentation.GenerateUniqueSegmentID(wish)
        segmentation.AddSegment(segment, segment_id)
        if surface is not None and segment.GetRepresentation(CLOSED_SURFACE) is None:
            segment.AddRepresentation(CLOSED_SURFACE, surface)  # the others have none, so Slicer took it away
        ids.append(segment_id)
    return ids


def world_to_node(node) -> np.ndarray:
    """(4, 4) matrix from the world to a segmentation node's own space, RAS mm (main thread).

    Raises InputError when the node is under a non-linear transform.
    """
    parent = node.GetParentTransformNode() if node is not None else None
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        raise InputError(f"Segmentation '{node.GetName()}' is under a non-linear transform: harden it first.")
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformFromWorld(matrix)
    return array_of_matrix(matrix)


def _segment(layer, value: int, info: SegmentInfo):
    segment = slicer.vtkSegment()
    segment.SetName(info.name)
    segment.SetColor(info.color)
    segment.SetLabelValue(value)
    segment.AddRepresentation(BINARY_LABELMAP, layer)
    set_terminology(segment, info.terminology)
    return segment


def _closed_surface(alone):
    """Triangles around the voxels of 1 of a label map, by Slicer's own rule and its settings."""
    segmentation = slicer.vtkSegmentation()
    segmentation.SetSourceRepresentationName(BINARY_LABELMAP)
    segment = slicer.vtkSegment()
    segment.AddRepresentation(BINARY_LABELMAP, alone)
    segmentation.AddSegment(segment, "alone")
    segmentation.CreateRepresentation(CLOSED_SURFACE)
    return segment.GetRepresentation(CLOSED_SURFACE)


def _oriented_image(labels: sitk.Image, to_node: np.ndarray):
    """VTK image of a label map in a node's own space."""
    ijk_to_node = to_node @ ijk_to_ras_of(Geometry.of(labels))
    axes = ijk_to_node[:3, :3] / np.linalg.norm(ijk_to_node[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-6:
        raise InputError("The segmentation that segments are added to is under a shearing transform: harden it first.")
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(vtk_of_image(labels))
    image.SetGeometryFromImageToWorldMatrix(matrix_of_array(ijk_to_node))
    return image


def _index(box: Box) -> tuple[slice, ...]:
    """A box (z, y, x) as SimpleITK takes it."""
    return tuple(reversed(box))
