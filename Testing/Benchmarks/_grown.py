"""Real lesions as smooth bodies of known volume that grow or shrink by a known factor, and drawn on any grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, special

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import Box
from MedProcLib.segmentation.common.connectivity import connected_components

FINE_MM, MARGIN_MM, SMOOTHING_MM, PARTS = 0.4, 5.5, 0.5, 3
# over which a voxel is averaged
PART_MM, MOST_PARTS = 0.6, 8


@dataclass(frozen=True)
class Body:
    """A lesion as the smooth signed distance (mm, negative inside) to its border, sampled finely and axis by axis."""

    distance: np.ndarray
    origin: np.ndarray
    axes: np.ndarray

    @cached_property
    def _depths(self) -> np.ndarray:
        """The distances, in order, at places PARTS times as near to each other, between which they are linear."""
        sizes = [PARTS * (n - 1) + 1 for n in self.distance.shape]
        places = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) / PARTS for n in sizes), indexing="ij"))
        fine = ndimage.map_coordinates(self.distance, places, order=1)
        return np.sort(fine[fine < MARGIN_MM - 1])

    def level(self, factor: float) -> float:
        """How far (mm) the border moves outward (inward: negative) for this ratio of the volume to what it was."""
        wanted = round(factor * np.searchsorted(self._depths, 0.0))
        return float(self._depths[min(max(wanted, 1), len(self._depths) - 1)])

    def volume(self, level: float) -> float:
        """mm3 within a level."""
        return float(np.searchsorted(self._depths, level)) * (FINE_MM / PARTS) ** 3

    def on(self, grid: Geometry, level: float) -> np.ndarray:
        """Which voxel centers (z, y, x) of a grid lie within a level."""
        x, y, z = np.meshgrid(*(np.arange(n) for n in grid.size), indexing="ij")
        indices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)
        return (self._outside(grid.points(indices)) < level).reshape(grid.size).transpose(2, 1, 0)

    def shares(self, grid: Geometry, level: float, soft_mm: float, to_own: np.ndarray) -> tuple[Box, np.ndarray]:
        """Box of a grid and the share (z, y, x; 0..1) of its voxels that a body with a soft border fills.

        Half of the height is reached at the level, its sides fall as a step smoothed by a Gaussian of SD soft_mm; each
        voxel has the mean over what it covers. to_own: 4 x 4 matrix from the grid's points to the body's.
        """
        middle = np.linalg.inv(to_own) @ [*self.center, 1]
        index = np.round(grid.indices(middle[None, :3])[0]).astype(int)
        reach = np.ceil((self.reach(level) + 3 * soft_mm) / np.array(grid.spacing)).astype(int) + 1
        low, high = np.maximum(index - reach, 0), np.minimum(index + reach + 1, grid.size)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))
        z, y, x = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
        indices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)
        parts = np.clip(np.ceil(np.array(grid.spacing) / PART_MM), 1, MOST_PARTS).astype(int)
        total = np.zeros(len(indices))
        for part in np.ndindex(*parts):
            points = grid.points(indices + (np.array(part) + 0.5) / parts - 0.5)
            total += special.ndtr((level - self._outside(points @ to_own[:3, :3].T + to_own[:3, 3])) / soft_mm)
        return box, (total / np.prod(parts)).reshape(z.shape)

    def _outside(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (mm) of points (n, 3) to the border, at most MARGIN_MM."""
        places = (points - self.origin) @ self.axes / FINE_MM
        return ndimage.map_coordinates(self.distance, places.T[::-1], order=1, mode="constant", cval=MARGIN_MM)

    @property
    def center(self) -> np.ndarray:
        return self.origin + self.axes @ (self._middle * FINE_MM)

    def reach(self, level: float) -> float:
        """Largest distance (mm) of a point within a level from the center."""
        within = np.argwhere(self.distance < level)[:, ::-1]
        return FINE_MM * float(np.linalg.norm(within - self._middle, axis=1).max())

    @property
    def _middle(self) -> np.ndarray:
        return np.argwhere(self.distance < 0).mean(axis=0)[::-1]


def bodies(mask: sitk.Image, smallest_mm3: float) -> list[Body]:
    """The connected pieces of a mask that have at least this volume, the largest first."""
    grid = Geometry.of(mask)
    numbers, counts = connected_components(mask, "corner")
    kept = [n for n in np.argsort(-counts) if n and counts[n] * grid.voxel_volume >= smallest_mm3]
    boxes = ndimage.find_objects(numbers)
    found = [_body(numbers[boxes[n - 1]] == n, [s.start for s in boxes[n - 1]], grid) for n in kept]
    # of a piece one voxel thin nothing is left by smoothing
    return [body for body in found if body.volume(0.0) >= smallest_mm3 / 2]


def _body(mask: np.ndarray, start: list[int], grid: Geometry) -> Body:
    spacing = np.array(grid.spacing[::-1])
    margin = np.ceil((MARGIN_MM + 2) / spacing).astype(int)
    padded = np.pad(mask, [(m, m) for m in margin])
    # to the nearest voxel center on the other side: 0 half-way between two of them
    out, within = (ndimage.distance_transform_edt(v, sampling=spacing) for v in (~padded, padded))
    rough = out - within
    size = np.floor((np.array(padded.shape) - 1) * spacing / FINE_MM).astype(int) + 1
    along = [np.arange(n) * FINE_MM / s for n, s in zip(size, spacing, strict=True)]
    fine = ndimage.map_coordinates(rough, np.stack(np.meshgrid(*along, indexing="ij")), order=1)
    smooth = ndimage.gaussian_filter(fine, SMOOTHING_MM / FINE_MM, mode="nearest")
    # a distance again, from the smoothed border
    out, within = (ndimage.distance_transform_edt(v, sampling=FINE_MM) for v in (smooth >= 0, smooth < 0))
    distance = ndimage.gaussian_filter((out - within).astype(np.float32), 1.0)
    direction = np.reshape(grid.direction, (3, 3))
    index = (np.array(start) - margin)[::-1].astype(float)
    return Body(distance, grid.points(index[None])[0], direction)


def random_grid(center: np.ndarray, spacing: tuple[float, ...], turn: np.ndarray, half_mm: float, random) -> Geometry:
    """Voxels around a point, turned, with the point anywhere within a voxel."""
    size = np.ceil(2 * half_mm / np.array(spacing)).astype(int) + 1
    offset = random.uniform(-0.5, 0.5, 3)
    origin = center - turn @ (((size - 1) / 2 + offset) * spacing)
    return Geometry(tuple(int(n) for n in size), tuple(spacing), tuple(origin.tolist()), tuple(turn.ravel().tolist()))
