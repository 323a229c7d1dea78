"""Cross-sections of a tube along its center line, by rays from the line to the border of the region."""

import numpy as np
from scipy import ndimage

# Rays across a tube in 3D, and samples of a ray in the shortest voxel side.
RAYS, SAMPLES = 24, 3
# A ray runs into a branch when it is this many times as long as the median one.
OPEN_RAY = 1.5
# Points whose rays are followed at a time.
CHUNK = 200
# Rays end at this many times the distance to the border.
LONGEST = 3.0


class Region:
    """A region (bool; z, y, x) whose border runs half way between the centers of the voxels inside and outside.

    Positions are in mm along the array's axes (z, y, x) from the center of its first voxel; axes of one voxel are held.
    """

    def __init__(self, region: np.ndarray, spacing: np.ndarray, depth: np.ndarray) -> None:
        self.values = region.astype(np.float32)
        self.depth = depth
        self.spacing = spacing
        self.axes = [axis for axis, n in enumerate(region.shape) if n > 1] or [2]
        self.step = float(min(spacing[self.axes])) / SAMPLES

    def sampled(self, points: np.ndarray) -> np.ndarray:
        """How much inside each position (..., 3) is, 0 to 1, linear between voxel centers."""
        index = np.moveaxis(points / self.spacing, -1, 0)
        return ndimage.map_coordinates(self.values, index, order=1, mode="constant")

    def depth_at(self, points: np.ndarray) -> np.ndarray:
        """mm to the border, about."""
        index = np.moveaxis(points / self.spacing, -1, 0)
        return ndimage.map_coordinates(self.depth, index, order=1, mode="nearest")

    def rays(self, starts: np.ndarray, directions: np.ndarray, longest: np.ndarray) -> np.ndarray:
        """Length (mm) of each ray (n) to the border: where the sampled region falls below one half."""
        count = max(2, int(np.ceil(longest.max() / self.step)) + 1)
        along = np.linspace(0, 1, count)
        samples = starts[:, None] + directions[:, None] * (longest[:, None] * along)[..., None]
        inside = self.sampled(samples)
        outside = inside < 0.5
        outside[:, -1] = True
        first = np.maximum(outside.argmax(axis=1), 1)
        rows = np.arange(len(starts))
        before, after = inside[rows, first - 1], inside[rows, first]
        share = np.clip((before - 0.5) / np.maximum(before - after, 1e-6), 0, 1)
        return longest * (along[first - 1] + share * (along[first] - along[first - 1]))

    def sections(self, points: np.ndarray, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Radius (n,) in mm of the cross-section at each point of a line, and its middle (n, 3)."""
        parts = [slice(i, i + CHUNK) for i in range(0, len(points), CHUNK)]
        found = [self._sections(points[part], tangents[part]) for part in parts]
        return np.concatenate([radius for radius, _ in found]), np.concatenate([middle for _, middle in found])

    def _sections(self, points: np.ndarray, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        across = self._across(tangents)
        count = across.shape[1]
        reach = LONGEST * self.depth_at(points) + 2 * max(self.spacing[self.axes])
        starts = np.repeat(points, count, axis=0)
        lengths = self.rays(starts, across.reshape(-1, 3), np.repeat(reach, count)).reshape(-1, count)
        lengths = np.minimum(lengths, OPEN_RAY * np.median(lengths, axis=1, keepdims=True))
        if count == 2:
            return lengths.mean(axis=1), points + (lengths[..., None] * across).mean(axis=1)
        weight = np.maximum(lengths**2, 1e-12)
        # centroid of the sectors, each two thirds of its radius away
        middle = points + (2 / 3 * (lengths**3)[..., None] * across).sum(axis=1) / weight.sum(axis=1)[:, None]
        return np.sqrt(weight.mean(axis=1)), middle

    def _across(self, tangents: np.ndarray) -> np.ndarray:
        """Unit vectors (n, rays, 3) at right angles to the tangents, within the axes that the region has."""
        if len(self.axes) < 3:
            normal = np.zeros_like(tangents)
            if len(self.axes) == 2:
                normal[:, self.axes[0]], normal[:, self.axes[1]] = -tangents[:, self.axes[1]], tangents[:, self.axes[0]]
            else:
                normal[:, self.axes[0]] = 1
            return np.stack([normal, -normal], axis=1)
        least = np.eye(3)[np.abs(tangents).argmin(axis=1)]
        first = np.cross(tangents, least)
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(tangents, first)
        angle = np.arange(RAYS) * 2 * np.pi / RAYS
        return np.cos(angle)[:, None] * first[:, None] + np.sin(angle)[:, None] * second[:, None]


def tangents_of(points: np.ndarray, closed: bool = False) -> np.ndarray:
    """Unit tangents (n, 3) of a line of at least two points."""
    difference = np.gradient(points, axis=0)
    if closed:  # the last point is the first again
        difference[[0, -1]] = points[1] - points[-2]
    return difference / np.maximum(np.linalg.norm(difference, axis=1, keepdims=True), 1e-9)
