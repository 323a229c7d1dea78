"""The segments of a segmentation node as they are now, as plain images: label maps are made of them in any thread."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import SAME_GRID_TOLERANCE, Geometry, resample
from MedProcLib.core.structure import UNNAMED_COLORS
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.nodes import require_nodes
from MedProcLib.scene.terminology import NO_CATEGORY, TerminologyEntry, terminology_of
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.voxel_grid import geometry_of_grid, ijk_to_ras_of

BINARY_LABELMAP = "Binary labelmap"


class SegmentsOverlap(InputError):
    """Two segments claim one voxel, and a label map cannot hold both. names: of the two, the earlier first."""

    def __init__(self, names: str) -> None:
        super().__init__(f"Segments {names} overlap: choose one, or take one out of the other in the Segment Editor.")
        self.names = names


@dataclass(frozen=True)
class SegmentInfo:
    """What is known of a segment besides its voxels. color: RGB in 0..1; id: within its segmentation node."""

    name: str
    color: tuple[float, float, float] = UNNAMED_COLORS[0]
    id: str = ""
    terminology: TerminologyEntry = NO_CATEGORY


@dataclass(frozen=True)
class Layer:
    """Voxels (z, y, x) that segments share, on a grid of the node's own space; values: of the segments, by label."""

    voxels: np.ndarray
    grid: Geometry
    values: Mapping[int, int]


@dataclass(frozen=True)
class SegmentSnapshot:
    """Voxels of segments in their node's space, and what is known of each; a thread of its own may read it.

    segments: by value, 1, 2, ... in the order asked for; to_node: maps points of the world to points of the node's
    space.
    """

    grid: Geometry
    segments: Mapping[int, SegmentInfo]
    layers: Sequence[Layer]
    to_node: sitk.Transform

    def labels(self, later_wins: bool = False) -> sitk.Image:
        """One label map of all segments on the grid. Raises SegmentsOverlap, unless the later segment wins."""
        labels = self._empty()
        for number, (shown, place) in enumerate(self._shown()):
            below = labels[place]
            if number == 0:  # on empty ground
                below[...] = shown
                continue
            if not later_wins:
                _require_no_overlap(below, shown, self.segments)
            # in the order of the segments, whichever layers they share
            np.copyto(below, shown, where=shown > below)
        return self.grid.image_of(labels)

    def label_maps(self) -> list[sitk.Image]:
        """Label maps that hold all segments whole: as many as overlap in one place, each layer in the first with room.

        Contours from DICOM come with a layer for each.
        """
        maps: list[np.ndarray] = []
        for shown, place in self._shown():
            inside = shown > 0
            labels = next((each for each in maps if not (inside & (each[place] > 0)).any()), None)
            if labels is None:
                labels = self._empty()
                maps.append(labels)
            np.copyto(labels[place], shown, where=inside)
        return [self.grid.image_of(labels) for labels in maps or [self._empty()]]

    def _empty(self) -> np.ndarray:
        return np.zeros(tuple(reversed(self.grid.size)), np.uint8 if len(self.segments) < 256 else np.uint16)

    def _shown(self) -> Iterator[tuple[np.ndarray, tuple[slice, ...]]]:
        """By layer: the segments' values on a part of the grid, and which part."""
        for layer in self.layers:
            seen, place = _seen_on(self.grid, layer, self.to_node)
            yield _renumbered(seen, layer.values), place


def snapshot_of(node, grid: Geometry, segment_ids: Sequence[str] | None = None) -> SegmentSnapshot:
    """The segments of a node, all by default, to be seen on a grid (LPS, mm) in world space. Copies the voxels once.

    A segmentation that has closed surfaces only is converted on a copy. Main thread; the node is not modified.
    Raises InputError without a segment, and for one that is not there.
    """
    ids = chosen_ids(node, segment_ids)
    segmentation = with_label_maps(node, grid)
    copies = {data: voxels_of(data).copy() for data in label_maps_of(segmentation, ids)}
    return snapshot_from(node, segmentation, grid, ids, copies)


def chosen_ids(node, segment_ids: Sequence[str] | None) -> list[str]:
    """Ids of the segments, all by default. Raises InputError without a segment, and for one that is not there."""
    segmentation = require_segmentation(node)
    ids = list(segment_ids) if segment_ids is not None else list(segmentation.GetSegmentIDs())
    missing = [segment_id for segment_id in ids if segmentation.GetSegment(segment_id) is None]
    if missing:
        raise InputError(f"Segmentation '{node.GetName()}' has no segment '{missing[0]}'.")
    return ids


def label_maps_of(segmentation, ids: Iterable[str]) -> dict[Any, dict[str, int]]:
    """The VTK images that hold segments of a vtkSegmentation, each with the labels by id of those it holds.

    Segments may share one; those without voxels are in none. Raises InputError for a segment that is not there anymore.
    """
    found: dict[Any, dict[str, int]] = {}
    for segment_id in ids:
        segment = segmentation.GetSegment(segment_id)
        if segment is None:  # while a worker was reading
            raise InputError(f"Segment '{segment_id}' was removed while the segments were read: run it again.")
        data = segment.GetRepresentation(BINARY_LABELMAP)
        if data is not None and not data.IsEmpty():
            found.setdefault(data, {})[segment_id] = segment.GetLabelValue()
    return found


def voxels_of(data) -> np.ndarray:
    """The voxels (z, y, x) of a scalar VTK image as they lie in its memory, not copied."""
    shape = tuple(reversed(data.GetDimensions()))
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(shape)


def snapshot_from(
    node, segmentation, grid: Geometry, ids: Sequence[str], copies: Mapping[Any, np.ndarray]
) -> SegmentSnapshot:
    """Segments of a node whose voxels are copied already, by VTK image; segmentation: see with_label_maps."""
    values = {segment_id: value for value, segment_id in enumerate(ids, 1)}
    layers = []
    for data, labels in label_maps_of(segmentation, ids).items():
        matrix = vtk.vtkMatrix4x4()
        data.GetImageToWorldMatrix(matrix)
        own = geometry_of_grid(array_of_matrix(matrix), data.GetExtent(), "The segmentation")
        layers.append(Layer(copies[data], own, {label: values[segment_id] for segment_id, label in labels.items()}))
    segments = {values[i]: segment_info(segmentation.GetSegment(i), i) for i in ids}
    return SegmentSnapshot(grid, segments, layers, transform_of_node(node.GetParentTransformNode()))


def segment_info(segment, segment_id: str) -> SegmentInfo:
    """What a vtkSegment says of itself."""
    return SegmentInfo(segment.GetName(), tuple(segment.GetColor()), segment_id, terminology_of(segment))


def require_segmentation(node):
    """The vtkSegmentation of a segmentation node. Raises InputError when there is none or it has no segment."""
    if node is None:
        raise InputError("No segmentation is selected.")
    require_nodes(node)
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError(f"'{node.GetName()}' is a label map: convert it to a segmentation node in the Data module.")
    if not node.IsA("vtkMRMLSegmentationNode"):
        raise InputError(f"'{node.GetName()}' is not a segmentation.")
    segmentation = node.GetSegmentation()
    if segmentation is None or segmentation.GetNumberOfSegments() == 0:
        raise InputError(f"Segmentation '{node.GetName()}' has no segment: add one in the Segment Editor.")
    return segmentation


def with_label_maps(node, grid: Geometry):
    """The vtkSegmentation of a node, or where it has no binary label maps a copy converted to them."""
    segmentation = node.GetSegmentation()
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


def _seen_on(grid: Geometry, layer: Layer, to_node: sitk.Transform) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Labels of a layer at the part of a grid that it reaches, and that part as slices, both in z, y, x order."""
    if not to_node.IsLinear():
        return _resampled(layer, grid, to_node), (slice(None),) * 3
    edges = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in layer.grid.size])).reshape(3, -1).T
    to_world = to_node.GetInverse()
    corners = layer.grid.points(edges).tolist()
    reached = grid.indices(np.array([to_world.TransformPoint(corner) for corner in corners]))
    offset = np.round((reached - edges).mean(axis=0)).astype(int)
    if np.abs(reached - edges - offset).max() <= SAME_GRID_TOLERANCE:  # voxel on voxel: nothing to resample
        first, last = np.clip((offset, offset + layer.grid.size), 0, grid.size)
        return layer.voxels[_slices(first - offset, last - offset)], _slices(first, last)
    first, last = np.clip((np.floor(reached.min(axis=0)), np.ceil(reached.max(axis=0)) + 1), 0, grid.size).astype(int)
    if (last <= first).any():
        return np.zeros((0, 0, 0), np.uint8), _slices(first, first)
    size, origin = tuple((last - first).tolist()), tuple(grid.points(first)[0].tolist())
    return _resampled(layer, Geometry(size, grid.spacing, origin, grid.direction), to_node), _slices(first, last)


def _resampled(layer: Layer, grid: Geometry, to_node: sitk.Transform) -> np.ndarray:
    image = layer.grid.image_of(layer.voxels)
    return sitk.GetArrayFromImage(resample(image, grid, to_node, sitk.sitkNearestNeighbor))


def _slices(first: np.ndarray, last: np.ndarray) -> tuple[slice, ...]:
    """Slices in z, y, x order of voxel indices in x, y, z order."""
    return tuple(slice(max(low, 0), max(high, 0)) for low, high in zip(first[::-1], last[::-1], strict=True))


def _renumbered(found: np.ndarray, values: Mapping[int, int]) -> np.ndarray:
    """New values for old ones; 0 for those that have none."""
    kind = np.uint8 if max(values.values()) < 256 else np.uint16
    largest = int(found.max(initial=0))
    if all(values.get(number) == number for number in range(1, largest + 1)):
        return found.astype(kind, copy=False)
    table = np.zeros(max(*values, largest, 1) + 1, kind)
    table[list(values)] = list(values.values())
    return table[found]


def _require_no_overlap(below: np.ndarray, above: np.ndarray, segments: Mapping[int, SegmentInfo]) -> None:
    both = np.flatnonzero((below > 0) & (above > 0))
    if both.size:
        numbers = sorted((int(below.flat[both[0]]), int(above.flat[both[0]])))
        names = " and ".join(f"'{segments[number].name}'" for number in numbers)
        raise SegmentsOverlap(names)
