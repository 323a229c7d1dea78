"""Segmentation nodes as label maps in a named reference geometry, and label maps as segmentation nodes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import SAME_GRID_TOLERANCE, Geometry, resample
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.terminology import NO_CATEGORY, TerminologyEntry, set_terminology, terminology_of
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.scene.voxel_grid import geometry_of_grid, ijk_to_ras_of, image_of_vtk, vtk_of_image

BINARY_LABELMAP = "Binary labelmap"
UNTITLED_COLORS = ((0.50, 0.68, 0.50), (0.95, 0.84, 0.57), (0.69, 0.48, 0.40), (0.44, 0.72, 0.82), (0.85, 0.40, 0.31))


class SegmentsOverlap(InputError):
    """Two segments claim one voxel, and a label map cannot hold both."""


@dataclass(frozen=True)
class SegmentInfo:
    """What is known of a segment besides its voxels. color: RGB in 0..1; id: within its segmentation node."""

    name: str
    color: tuple[float, float, float] = UNTITLED_COLORS[0]
    id: str = ""
    terminology: TerminologyEntry = NO_CATEGORY


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
    segmentation = require_segmentation(node)
    grid = reference if isinstance(reference, Geometry) else geometry_of_volume(reference)
    ids = list(segment_ids) if segment_ids is not None else list(segmentation.GetSegmentIDs())
    missing = [segment_id for segment_id in ids if segmentation.GetSegment(segment_id) is None]
    if missing:
        raise InputError(f"Segmentation '{node.GetName()}' has no segment '{missing[0]}'.")
    segmentation = _with_label_maps(segmentation, grid, node)
    to_node = transform_of_node(node.GetParentTransformNode())
    labels = np.zeros(tuple(reversed(grid.size)), np.uint8 if len(ids) < 256 else np.uint16)
    values = {segment_id: value for value, segment_id in enumerate(ids, 1)}
    for image, layer in _layers(segmentation, ids):
        seen, place = _seen_on(grid, image, to_node)
        shown = _renumbered(seen, {label: values[segment_id] for segment_id, label in layer})
        below = labels[place]
        if not later_wins:
            _require_no_overlap(below, shown, segmentation, ids)
        # in the order of the segments, whichever layers they share
        np.copyto(below, shown, where=shown > below)
    return grid.image_of(labels), {values[i]: segment_info(segmentation.GetSegment(i), i) for i in ids}


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


def segment_info(segment, segment_id: str) -> SegmentInfo:
    """What a vtkSegment says of itself."""
    return SegmentInfo(segment.GetName(), tuple(segment.GetColor()), segment_id, terminology_of(segment))


def require_segmentation(node):
    """The vtkSegmentation of a segmentation node. Raises InputError when there is none or it has no segment."""
    if node is None:
        raise InputError("No segmentation is selected.")
    if not node.IsA("vtkMRMLSegmentationNode"):
        raise InputError(f"'{node.GetName()}' is not a segmentation.")
    segmentation = node.GetSegmentation()
    if segmentation is None or segmentation.GetNumberOfSegments() == 0:
        raise InputError(f"Segmentation '{node.GetName()}' has no segment: add one in the Segment Editor.")
    return segmentation


def _with_label_maps(segmentation, grid: Geometry, node):
    """The segmentation itself, or a converted copy where it has no binary label maps."""
    if segmentation.ContainsRepresentation(BINARY_LABELMAP):
        return segmentation
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    if node.GetParentTransformNode() is None:
        extent = tuple(np.ravel([(0, n - 1) for n in grid.size]).tolist())
        text = slicer.vtkSegmentationConverter.SerializeImageGeometry(matrix_of_array(ijk_to_ras_of(grid)), extent)
        copy.SetConversionParameter(slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName(), text)
    if not copy.CreateRepresentation(BINARY_LABELMAP):
        raise InputError(
            f"Segmentation '{node.GetName()}' cannot be converted to a binary label map: "
            "create that representation in the Segmentations module."
        )
    return copy


def _layers(segmentation, ids: Iterable[str]) -> Iterable[tuple[sitk.Image, list[tuple[str, int]]]]:
    """Images in the node's own space with the (segment id, label value) they hold: segments may share one image."""
    layers: dict = {}
    for segment_id in ids:
        segment = segmentation.GetSegment(segment_id)
        data = segment.GetRepresentation(BINARY_LABELMAP)
        if data is None or data.IsEmpty():
            continue
        layers.setdefault(data, []).append((segment_id, segment.GetLabelValue()))
    for data, layer in layers.items():
        matrix = vtk.vtkMatrix4x4()
        data.GetImageToWorldMatrix(matrix)
        geometry = geometry_of_grid(array_of_matrix(matrix), data.GetExtent(), "The segmentation")
        yield image_of_vtk(data, geometry), layer


def _seen_on(grid: Geometry, image: sitk.Image, to_node: sitk.Transform) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Values of an image at the part of a grid that it reaches, and that part as slices, both in z, y, x order."""
    if not to_node.IsLinear():
        return sitk.GetArrayFromImage(resample(image, grid, to_node, sitk.sitkNearestNeighbor)), (slice(None),) * 3
    edges = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in image.GetSize()])).reshape(3, -1).T
    to_world = to_node.GetInverse()
    corners = Geometry.of(image).points(edges).tolist()
    reached = grid.indices(np.array([to_world.TransformPoint(corner) for corner in corners]))
    offset = np.round((reached - edges).mean(axis=0)).astype(int)
    if np.abs(reached - edges - offset).max() <= SAME_GRID_TOLERANCE:  # voxel on voxel: nothing to resample
        first, last = np.clip((offset, offset + image.GetSize()), 0, grid.size)
        return sitk.GetArrayFromImage(image)[_slices(first - offset, last - offset)], _slices(first, last)
    first, last = np.clip((np.floor(reached.min(axis=0)), np.ceil(reached.max(axis=0)) + 1), 0, grid.size).astype(int)
    if (last <= first).any():
        return np.zeros((0, 0, 0), np.uint8), _slices(first, first)
    size, origin = tuple((last - first).tolist()), tuple(grid.points(first)[0].tolist())
    part = Geometry(size, grid.spacing, origin, grid.direction)
    return sitk.GetArrayFromImage(resample(image, part, to_node, sitk.sitkNearestNeighbor)), _slices(first, last)


def _slices(first: np.ndarray, last: np.ndarray) -> tuple[slice, ...]:
    """Slices in z, y, x order of voxel indices in x, y, z order."""
    return tuple(slice(max(low, 0), max(high, 0)) for low, high in zip(first[::-1], last[::-1], strict=True))


def _renumbered(found: np.ndarray, values: Mapping[int, int]) -> np.ndarray:
    """New values for old ones; 0 for those that have none."""
    table = np.zeros(max(*values, int(found.max(initial=0)), 1) + 1, np.uint16)
    table[list(values)] = list(values.values())
    return table[found]


def _require_no_overlap(below: np.ndarray, above: np.ndarray, segmentation, ids: Sequence[str]) -> None:
    both = np.flatnonzero((below > 0) & (above > 0))
    if both.size:
        numbers = sorted((int(below.flat[both[0]]), int(above.flat[both[0]])))
        names = " and ".join(f"'{segmentation.GetSegment(ids[number - 1]).GetName()}'" for number in numbers)
        raise SegmentsOverlap(
            f"Segments {names} overlap: choose one, or take one out of the other in the Segment Editor."
        )


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
