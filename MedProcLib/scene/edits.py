"""Which segments of a segmentation a reader changed, told from their voxels."""

import numpy as np
import slicer
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.segmentations import BINARY_LABELMAP


class EditWatch:
    """Compares a segmentation's voxels with how they were; listen to `event` of its vtkSegmentation to know when.

    Segments may share one image, so an event does not tell whose voxels changed; a display or a name is no edit.
    """

    event = slicer.vtkSegmentation.SourceRepresentationModified

    def __init__(self, node) -> None:
        self.node = node
        self._base: np.ndarray | None = None
        self._seen = self._prints()

    def changed(self) -> list[str]:
        """Ids of the segments whose voxels are others than at the last call; new segments count."""
        now = self._prints()
        changed = [segment_id for segment_id, print_ in now.items() if self._seen.get(segment_id) != print_]
        self._seen = now
        return changed

    def _prints(self) -> dict[str, tuple[int, float]]:
        """Number of voxels and a checksum of their places, by segment."""
        segmentation = self.node.GetSegmentation()
        layers: dict = {}
        prints: dict[str, tuple[int, float]] = {}
        for segment_id in segmentation.GetSegmentIDs():
            segment = segmentation.GetSegment(segment_id)
            data = segment.GetRepresentation(BINARY_LABELMAP)
            prints[segment_id] = (0, 0.0)
            if data is not None and not data.IsEmpty():
                layers.setdefault(data, {})[segment.GetLabelValue()] = segment_id
        for data, owners in layers.items():
            counts, sums = self._sums(data)
            for value, segment_id in owners.items():
                if value < len(counts) and counts[value]:
                    prints[segment_id] = (int(counts[value]), float(sums[value]))
        return prints

    def _sums(self, data) -> tuple[np.ndarray, np.ndarray]:
        """By label value: how many voxels, and the sum of a number that belongs to each place."""
        extent = data.GetExtent()
        shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
        values = vtk_to_numpy(data.GetPointData().GetScalars()).reshape(shape)
        place = np.nonzero(values)
        matrix = vtkMatrix4x4()
        data.GetImageToWorldMatrix(matrix)
        to_world = array_of_matrix(matrix)
        if self._base is None:
            self._base = np.linalg.inv(to_world)
        # the image may be cut or grown meanwhile: places are counted from the first image's corner
        step = self._base @ to_world
        index = [axis + extent[4 - 2 * n] for n, axis in enumerate(place)][::-1]
        index = [
            np.rint(sum(step[row, axis] * index[axis] for axis in range(3)) + step[row, 3]).astype(np.int64)
            for row in range(3)
        ]
        number = (index[0] * 73856093 ^ index[1] * 19349663 ^ index[2] * 83492791) % 1000003
        chosen = values[place]
        return np.bincount(chosen), np.bincount(chosen, weights=number)
