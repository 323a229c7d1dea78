"""Two segmentation nodes as label maps on one grid, their segments matched by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.decisions import titled
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.segmentations import (
    BINARY_LABELMAP,
    SegmentsOverlap,
    drawn_on,
    require_segmentation,
)
from MedProcLib.scene.transforms import points_to_world
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.scene.voxel_grid import geometry_of_grid, upright_grid

# A grid that holds both segmentations and would be larger than this means that they lie far apart.
MOST_VOXELS = 1_000_000_000


@dataclass(frozen=True)
class Layer:
    """Two label maps on one grid, in which the segments of one name have one value; names by value."""

    reference: sitk.Image
    test: sitk.Image
    names: dict[int, str]


@dataclass(frozen=True)
class ScoringInput:
    """What is needed to score one segmentation node against another, without nodes: for a thread of its own.

    layers: one, or more where segments of a node overlap; names: of the two nodes;
    notes: what a reader should know.
    """

    layers: tuple[Layer, ...]
    reference_name: str
    test_name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoringSource:
    """Two segmentation nodes that can be scored, and on which voxels."""

    reference: Any
    test: Any
    grid: Geometry
    pairs: Sequence["Pair"]
    notes: tuple[str, ...]
    names: tuple[str, str]

    def read(self, progress: Progress = SILENT) -> ScoringInput:
        """Copy the voxels, in any thread: progress.ask brings that to the main thread. Raises InputError, Cancelled."""
        progress(0.0, "Reading the segments")
        reader = NodeReader()

        def labels(node: Any, ids: Sequence[str]) -> sitk.Image:
            return reader.segments(node, self.grid, ids, progress).labels()

        nodes = self.reference, self.test
        try:
            layers: tuple[Layer, ...] = (_all_in_one(nodes, self.grid, self.pairs, labels),)
        except SegmentsOverlap:
            layers = _apart(nodes, self.grid, self.pairs, labels)
        return ScoringInput(layers, *self.names, self.notes)


def scoring_source(reference, test, volume=None) -> ScoringSource:
    """Look whether two segmentation nodes can be scored (main thread); copies no voxel. See scoring_input."""
    for node in (reference, test):
        require_segmentation(node)
    if reference is test:
        raise InputError("Choose two segmentations: the reference and the test are one and the same.")
    pairs, notes = _pairs(reference, test)
    volume = volume or drawn_on(reference)
    grid = _common_grid(reference, test, volume)
    if volume is None:
        notes += ("No volume is known: specificity counts the voxels of the box around both segmentations.",)
    return ScoringSource(reference, test, grid, pairs, notes, (reference.GetName(), test.GetName()))


def scoring_input(reference, test, volume=None) -> ScoringInput:
    """Read two segmentation nodes at once, under whatever transforms (main thread); they are not modified.

    Segments are matched by name (two nodes of one segment each: whatever their names), an accepted finding by that of
    what was proposed; the second of a name in one node is that in the other. They are scored on the voxels of `volume`,
    by default of the volume that the reference was drawn on, else of the reference's own label map; the grid is
    extended where segments reach beyond it.
    Raises InputError without a segment or voxel grid, when the two lie at different places or are one and the same.
    """
    return scoring_source(reference, test, volume).read()


Pair = tuple[str, str | None, str | None]  # name, segment of the reference, segment of the test
Labels = Callable[[Any, Sequence[str]], sitk.Image]  # label map of segments of a node; raises SegmentsOverlap


def _pairs(reference, test) -> tuple[list[Pair], tuple[str, ...]]:
    first, second = (_by_name(node.GetSegmentation()) for node in (reference, test))
    if len(first) == len(second) == 1 and first.keys() != second.keys():
        (name, one), (other, two) = *first.items(), *second.items()
        return [(name, one, two)], (f"'{name}' of the reference is scored against '{other}' of the test.",)
    return [(name, first.get(name), second.get(name)) for name in dict.fromkeys([*first, *second])], ()


def _by_name(segmentation) -> dict[str, str]:
    """Segment ids by the title that they are matched by."""
    ids = segmentation.GetSegmentIDs()
    return dict(zip(titled(segmentation.GetSegment(i).GetName() for i in ids), ids, strict=True))


def _all_in_one(nodes: tuple[Any, Any], grid: Geometry, pairs: Sequence[Pair], labels: Labels) -> Layer:
    """All pairs in one layer. Raises SegmentsOverlap."""
    images = []
    for node, ids in zip(nodes, ([pair[1] for pair in pairs], [pair[2] for pair in pairs]), strict=True):
        values = [value for value, segment_id in enumerate(ids, 1) if segment_id is not None]
        if not values:
            images.append(grid.empty_image())
            continue
        found = labels(node, [i for i in ids if i is not None])
        numbers = np.array([0, *values], np.uint8 if len(pairs) < 256 else np.uint16)
        images.append(grid.image_of(numbers[sitk.GetArrayViewFromImage(found)]))
    return Layer(images[0], images[1], {value: name for value, (name, _, _) in enumerate(pairs, 1)})


def _apart(nodes: tuple[Any, Any], grid: Geometry, pairs: Sequence[Pair], labels: Labels) -> tuple[Layer, ...]:
    """Each pair in the first layer in which its segments overlap no other."""
    layers: list[tuple[list[np.ndarray], dict[int, str]]] = []
    shape = tuple(reversed(grid.size))
    for value, (name, *ids) in enumerate(pairs, 1):
        masks = [
            np.zeros(shape, bool) if segment_id is None else sitk.GetArrayFromImage(labels(node, [segment_id])) != 0
            for node, segment_id in zip(nodes, ids, strict=True)
        ]
        free = (known for known in layers if not any(a[m].any() for a, m in zip(known[0], masks, strict=True)))
        layer = next(free, None)
        if layer is None:
            layer = ([np.zeros(shape, np.uint8 if len(pairs) < 256 else np.uint16) for _ in range(2)], {})
            layers.append(layer)
        for array, mask in zip(layer[0], masks, strict=True):
            array[mask] = value
        layer[1][value] = name
    return tuple(Layer(grid.image_of(a), grid.image_of(b), names) for (a, b), names in layers)


def _common_grid(reference, test, volume) -> Geometry:
    """The voxels of the volume, or of the reference's label map, continued so that they reach all of both."""
    own = list(_label_map_grids(reference))
    corners = [corner for _, corner in own]
    others = [corner for _, corner in _label_map_grids(test)]
    if volume is not None:
        base = geometry_of_volume(volume)
    elif own:
        base = own[0][0]
    else:
        raise InputError(
            f"Segmentation '{reference.GetName()}' has no label map, and no volume is known that it was drawn on: "
            "choose the volume on whose voxels to score."
        )
    low, high = _reach(base, [*corners, _edges(base)])
    if others:
        test_low, test_high = _reach(base, others)
        if (np.minimum(high, test_high) <= np.maximum(low, test_low)).any():
            raise InputError(
                f"'{reference.GetName()}' and '{test.GetName()}' lie at different places: check that they are of one "
                "study, or put one under the transform between them first."
            )
        low, high = np.minimum(low, test_low), np.maximum(high, test_high)
    first = np.floor(low + 0.5 + 1e-6).astype(int)
    size = np.ceil(high - 0.5 - 1e-6).astype(int) - first + 1
    if size.prod(dtype=float) > MOST_VOXELS:
        raise InputError(
            f"{' x '.join(map(str, size))} voxels would be needed to hold both segmentations: choose a coarser volume."
        )
    return Geometry(tuple(size.tolist()), base.spacing, tuple(base.points(first)[0].tolist()), base.direction)


def _reach(base: Geometry, corners: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest index (continuous) of positions (LPS, mm) on a grid."""
    indices = base.indices(np.concatenate(corners))
    return indices.min(axis=0), indices.max(axis=0)


def _edges(grid: Geometry) -> np.ndarray:
    """Positions (8, 3) of the outer corners of a grid's corner voxels."""
    return grid.points(np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in grid.size])).reshape(3, -1).T)


def _label_map_grids(node) -> Iterator[tuple[Geometry, np.ndarray]]:
    """World grid and outer corners (8, 3) of each label map of a segmentation (segments may share one)."""
    segmentation, parent = node.GetSegmentation(), node.GetParentTransformNode()
    seen = set()
    for segment_id in segmentation.GetSegmentIDs():
        data = segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP)
        if data is None or data.IsEmpty() or data in seen:
            continue
        seen.add(data)
        matrix = vtk.vtkMatrix4x4()
        data.GetImageToWorldMatrix(matrix)
        own = geometry_of_grid(array_of_matrix(matrix), data.GetExtent(), "The segmentation")
        corners = points_to_world(parent, _edges(own))
        if parent is None:
            world = own
        elif parent.IsTransformToWorldLinear():
            to_world = vtk.vtkMatrix4x4()
            parent.GetMatrixTransformToWorld(to_world)
            moved = array_of_matrix(to_world) @ array_of_matrix(matrix)
            world = upright_grid(geometry_of_grid(moved, data.GetExtent(), "The segmentation"))
        else:
            size = np.ceil(np.ptp(corners, axis=0) / own.spacing).astype(int)
            start = corners.min(axis=0) + np.array(own.spacing) / 2
            axes = tuple(np.eye(3).ravel().tolist())
            world = Geometry(tuple(size.tolist()), own.spacing, tuple(start.tolist()), axes)
        yield world, corners
