"""The segments of a segmentation node as they are now, as plain images: label maps are made of them in any thread."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import SAME_GRID_TOLERANCE, Geometry, resample
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.terminology import NO_CATEGORY, TerminologyEntry, terminology_of
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.voxel_grid import geometry_of_grid, ijk_to_ras_of, image_of_vtk

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


@dataclass(frozen=True)
class SegmentSnapshot:
    """Voxels of segments in their node's space, and what is known of each; a thread of its own may read it.

    segments: by value, 1, 2, ... in the order asked for; layers: images with the values of the segments that each
    holds, by label; to_node: maps points of the world to points of the node's space.
    """

    grid: Geometry
    segments: Mapping[int, SegmentInfo]
    layers: Sequence[tuple[sitk.Image, Mapping[int, int]]]
    to_node: sitk.Transform

    def labels(self, later_wins: bool = False) -> sitk.Image:
        """One label map of all segments on the grid. Raises SegmentsOverlap, unless the later segment wins."""
        labels = self._empty()
        for shown, place in self._shown():
            below = labels[place]
            if not later_wins:
                _require_no_overlap(below, shown, self.segments)
            # in the order of the segments, whichever layers they share
            np.copyto(below, shown, where=shown > below)
        return self.grid.image_of(labels)

    def label_maps(self) -> list[sitk.Image]:
        """Label maps that hold all segments whole: one, or one for each layer where segments overlap."""
        try:
            return [self.labels()]
        except SegmentsOverlap:
            pass
        maps = []
        for shown, place in self._shown():
            labels = self._empty()
            labels[place] = shown
            maps.append(self.grid.image_of(labels))
        return maps

    def _empty(self) -> np.ndarray:
        return np.zeros(tuple(reversed(self.grid.size)), np.uint8 if len(self.segments) < 256 else np.uint16)

    def _shown(self) -> Iterator[tuple[np.ndarray, tuple[slice, ...]]]:
        """By layer: the segments' values on a part of the grid, and which part."""
        for image, values in self.layers:
            seen, place = _seen_on(self.grid, image, self.to_node)
            yield _renumbered(seen, values), place


def snapshot_of(node, grid: Geometry, segment_ids: Sequence[str] | None = None) -> SegmentSnapshot:
    """The segments of a node, all by default, to be seen on a grid (LPS, mm) in world space. Copies the voxels once.

    A segmentation that has closed surfaces only is converted on a copy. Main thread; the node is not modified.
    Raises InputError without a segment, and for one that is not there.
    """
    segmentation = require_segmentation(node)
    ids = list(segment_ids) if segment_ids is not None else list(segmentation.GetSegmentIDs())
    missing = [segment_id for segment_id in ids if segmentation.GetSegment(segment_id) is None]
    if missing:
        raise InputError(f"Segmentation '{node.GetName()}' has no segment '{missing[0]}'.")
    segmentation = _with_label_maps(segmentation, grid, node)
    values = {segment_id: value for value, segment_id in enumerate(ids, 1)}
    layers = [
        (image, {label: values[segment_id] for segment_id, label in layer})
        for image, layer in _layers(segmentation, ids)
    ]
    segments = {values[i]: segment_info(segmentation.GetSegment(i), i) for i in ids}
    return SegmentSnapshot(grid, segments, layers, transform_of_node(node.GetParentTransformNode()))


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


def _require_no_overlap(below: np.ndarray, above: np.ndarray, segments: Mapping[int, SegmentInfo]) -> None:
    both = np.flatnonzero((below > 0) & (above > 0))
    if both.size:
        numbers = sorted((int(below.flat[both[0]]), int(above.flat[both[0]])))
        names = " and ".join(f"'{segments[number].name}'" for number in numbers)
        raise SegmentsOverlap(
            f"Segments {names} overlap: choose one, or take one out of the other in the Segment Editor."
        )
