"""One segment as a mask no larger than it needs to be, which is quick however large its volume is."""

import numpy as np
import SimpleITK as sitk
import vtk

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import Box, grid_of_box
from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.segment_snapshot import (
    Layer,
    SegmentSnapshot,
    chosen_ids,
    label_maps_of,
    segment_info,
    voxels_of,
    with_label_maps,
)
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.voxel_grid import geometry_of_grid


def segment_part(node, segment_id: str, grid: Geometry) -> sitk.Image:
    """Mask (0 or 1) of a segment on the part of a grid (LPS, mm; world space) that it reaches; main thread.

    A voxel of the grid where it reaches none, and all of the grid under a non-linear transform. Raises InputError for
    a segment that is not there.
    """
    chosen_ids(node, [segment_id])
    segmentation = with_label_maps(node, grid)
    to_node = transform_of_node(node.GetParentTransformNode())
    layers, part = [], grid_of_box(grid, (slice(0, 1),) * 3)
    for data, labels in label_maps_of(segmentation, [segment_id]).items():
        voxels, label = voxels_of(data), labels[segment_id]
        box = _box_of(voxels, label)
        if box is None:
            continue
        matrix = vtk.vtkMatrix4x4()
        data.GetImageToWorldMatrix(matrix)
        own = grid_of_box(geometry_of_grid(array_of_matrix(matrix), data.GetExtent(), "The segmentation"), box)
        layers.append(Layer(voxels[box].copy(), own, {label: 1}))
        part = _reached(grid, own, to_node)
    info = segment_info(segmentation.GetSegment(segment_id), segment_id)
    return SegmentSnapshot(part, {1: info}, layers, to_node).labels()


def _box_of(voxels: np.ndarray, label: int) -> Box | None:
    """The smallest box (z, y, x) of a label; its first axis is looked through by slices, so that little is made."""
    there = np.flatnonzero([bool((plane == label).any()) for plane in voxels])
    if there.size == 0:
        return None
    first, last = int(there[0]), int(there[-1]) + 1
    rows, columns = np.zeros(voxels.shape[1], bool), np.zeros(voxels.shape[2], bool)
    for plane in voxels[first:last]:
        mine = plane == label
        rows |= mine.any(axis=1)
        columns |= mine.any(axis=0)
    (y, x) = (np.flatnonzero(axis) for axis in (rows, columns))
    return slice(first, last), slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)


def _reached(grid: Geometry, own: Geometry, to_node: sitk.Transform) -> Geometry:
    """The part of a grid that the voxels of another one, in a node's space, reach."""
    if not to_node.IsLinear():
        return grid
    edges = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in own.size])).reshape(3, -1).T
    to_world = to_node.GetInverse()
    corners = [to_world.TransformPoint(corner) for corner in own.points(edges).tolist()]
    index = grid.indices(np.array(corners))
    first = np.clip(np.floor(index.min(axis=0)), 0, np.array(grid.size) - 1).astype(int)
    last = np.clip(np.ceil(index.max(axis=0)) + 1, first + 1, grid.size).astype(int)
    return grid_of_box(grid, tuple(slice(int(f), int(n)) for f, n in zip(first[::-1], last[::-1], strict=True)))
