"""A volume that can be read at any point: values by linear interpolation, with their exact slopes."""

import numpy as np
import scipy.ndimage
import SimpleITK as sitk

from ...core.geometry import Geometry
from .pyramid import levels, pyramid
from .volume import Volume

INSIDE, FOREGROUND, NEAR = 1, 2, 4
NEAR_SPACINGS = 2.0  # the edge of the head is where most of the information is


class Field:
    """volume: at one level of the pyramid; spacing: of this level in mm; body_mm3: size of its foreground."""

    def __init__(self, volume: Volume, spacing: float) -> None:
        self.volume, self.spacing = volume, spacing
        grid = volume.geometry
        inside, foreground = (sitk.GetArrayViewFromImage(v) for v in (volume.inside, volume.foreground))
        # a value counts when all voxels that it is read from do
        whole = inside > 0.99
        if not whole.all():
            whole = scipy.ndimage.binary_erosion(whole, np.ones((3, 3, 3)), border_value=1)
        body = foreground > 0.5
        self.body_mm3 = float(np.count_nonzero(body) * np.prod(grid.spacing))
        sides = [2 * int(np.ceil(NEAR_SPACINGS * spacing / s)) + 1 for s in reversed(grid.spacing)]
        near = scipy.ndimage.maximum_filter(body.view(np.uint8), sides, mode="constant")
        self._flags = (INSIDE * whole + FOREGROUND * body + NEAR * near).astype(np.uint8).ravel()
        values = sitk.GetArrayFromImage(volume.image)
        # a single slice is read as a slab of constant values
        values = np.pad(values, [(0, int(n == 1)) for n in values.shape], mode="edge")
        self._values = values.ravel()
        self._size = np.array(grid.size)[:, None]
        self._shape = np.array(values.shape[::-1])[:, None]
        self._to_index = np.linalg.inv(grid.index_to_point)
        self._to_lps = (np.reshape(grid.direction, (3, 3)) / grid.spacing).astype(np.float32)

    @property
    def geometry(self) -> Geometry:
        return self.volume.geometry

    def flags(self, points: np.ndarray) -> np.ndarray:
        """Bits INSIDE, FOREGROUND and NEAR (the foreground) of points (n, 3), LPS in mm; 0 outside the image."""
        index, inside = self._index(points)
        nearest = np.clip(np.rint(index).astype(np.intp), 0, self._size - 1)
        x, y, z = nearest
        flags = self._flags.take((z * self._size[1] + y) * self._size[0] + x)
        return np.where(inside, flags, 0).astype(np.uint8)

    def read(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(values (n,), their gradients (3, n) per mm along LPS) at points (n, 3); of the border's values outside."""
        index, _ = self._index(points)
        low = np.clip(index.astype(np.intp), 0, self._shape - 2)
        x, y, z = np.clip(index - low, 0, 1).astype(np.float32)
        row, slab = self._shape[0, 0], self._shape[0, 0] * self._shape[1, 0]
        start = low[2] * slab + low[1] * row + low[0]
        at = [self._values.take(start + offset) for offset in (0, 1, row, row + 1)]
        above = [self._values.take(start + slab + offset) for offset in (0, 1, row, row + 1)]
        # along x, then y, then z; the slopes on the way are the gradient
        rises = [(b - a) for a, b in ((at[0], at[1]), (at[2], at[3]), (above[0], above[1]), (above[2], above[3]))]
        edges = [a + x * rise for a, rise in zip((at[0], at[2], above[0], above[2]), rises, strict=True)]
        up, up_above = edges[1] - edges[0], edges[3] - edges[2]
        face, face_above = edges[0] + y * up, edges[2] + y * up_above
        along_x, along_x_above = rises[0] + y * (rises[1] - rises[0]), rises[2] + y * (rises[3] - rises[2])
        along_z = face_above - face
        slopes = np.stack([along_x + z * (along_x_above - along_x), up + z * (up_above - up), along_z])
        return face + z * along_z, self._to_lps @ slopes

    def _index(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index = self._to_index[:3, :3] @ points.T + self._to_index[:3, 3:]
        margin = np.where(self._size == 1, 0.5, 1e-6)
        return index, ((index >= -margin) & (index <= self._size - 1 + margin)).all(axis=0)


def fields(first: Volume, other: Volume) -> tuple[list[Field], list[Field]]:
    """Both volumes at each level, coarse to fine."""
    spacings = levels(first, other)
    one, two = (
        [Field(v, s) for v, s in zip(pyramid(volume, spacings), spacings, strict=True)] for volume in (first, other)
    )
    return one, two
