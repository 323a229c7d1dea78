"""A markups region of interest as a mask on a voxel grid."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import FLIP, array_of_matrix, matrix_of_array


@dataclass(frozen=True)
class RoiBox:
    """A box in the world: from_world: (4, 4) from RAS mm to the box's own axes; size: its sides in mm."""

    name: str
    from_world: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, node) -> "RoiBox":
        """The box of a markups ROI node, its transforms applied (main thread). Raises InputError without a size."""
        size = np.array(node.GetSize())
        if not (size > 0).all():
            raise InputError(f"Region '{node.GetName()}' has no size: place it in a slice view first.")
        return cls(node.GetName(), np.linalg.inv(array_of_matrix(node.GetObjectToWorldMatrix())), size)

    def mask(self, grid: Geometry) -> sitk.Image:
        """Mask (0 or 1) of the voxels whose centers lie in the box. Raises InputError when it holds none."""
        to_box = self.from_world @ FLIP @ grid.index_to_point
        to_box[:3] /= self.size[:, None] / 2  # in half sides
        rows = [_sum_of_axes(to_box[row], grid.size) for row in range(3)]
        mask = np.zeros(tuple(reversed(grid.size)), np.uint8)
        edge = 1 + 1e-9
        for k in range(grid.size[2]):
            u, v, w = (np.abs(along[k] + plane) for along, plane in rows)
            mask[k] = np.maximum(np.maximum(u, v), w) <= edge
        if not mask.any():
            raise InputError(f"Region '{self.name}' lies outside the volume: move it over what is looked for.")
        return grid.image_of(mask)


def place_roi(node, grid: Geometry, share: float = 0.5) -> None:
    """Put a markups ROI in the middle of a grid, along its axes, with this share of its sides."""
    directions = np.eye(4)
    directions[:3, :3] = np.reshape(grid.direction, (3, 3))
    if np.linalg.det(directions) < 0:
        directions[:3, 2] *= -1  # a box is the same seen in a mirror, and its node cannot be left-handed
    directions[:3, 3] = grid.center
    node.SetSize(*(share * grid.extent))
    node.SetAndObserveObjectToNodeMatrix(matrix_of_array(FLIP @ directions))


def _sum_of_axes(row: np.ndarray, size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """An affine function of the index as a part along z and a part in the plane (y, x)."""
    x, y, z = (row[axis] * np.arange(size[axis]) for axis in range(3))
    return z + row[3], y[:, None] + x[None, :]
