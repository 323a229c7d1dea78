"""The convex hull of a mask: corners, facets and edges in mm."""

import functools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

# A hull with more corners is searched for its smallest width and box in the directions of a coarser one.
MANY_CORNERS = 500


@dataclass(frozen=True)
class Hull:
    """Convex polyhedron of a mask's border points, in mm along the image axes x, y, z from the center of voxel 0.

    points: its corners (n, 3); triangles (m, 3): their numbers; normals (m, 3): outward unit vectors; edges (k, 2):
    numbers of the corners that an edge joins; sides (k, 2): numbers of the triangles that meet there.
    """

    points: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    edges: np.ndarray
    sides: np.ndarray

    @functools.cached_property
    def volume(self) -> float:
        return abs(float(np.einsum("ij,ij->", self._first - self.points.mean(axis=0), self._cross))) / 6

    @functools.cached_property
    def area(self) -> float:
        return float(np.linalg.norm(self._cross, axis=1).sum()) / 2

    @functools.cached_property
    def coarse(self) -> "Hull":
        """The hull of those of its corners that are outermost in many directions; itself when it has few."""
        if len(self.points) <= MANY_CORNERS:
            return self
        return _hull_of(self.points[np.unique((_even_directions(MANY_CORNERS) @ self.points.T).argmax(axis=1))])

    @property
    def _first(self) -> np.ndarray:
        return self.points[self.triangles[:, 0]]

    @property
    def _cross(self) -> np.ndarray:
        second, third = self.points[self.triangles[:, 1]], self.points[self.triangles[:, 2]]
        length = np.linalg.norm(cross := np.cross(second - self._first, third - self._first), axis=1)
        return self.normals * length[:, None] if len(cross) else cross


def convex_hull(mask: np.ndarray, spacing: tuple[float, float, float]) -> Hull:
    """Hull of the middles of the outer faces of a mask's voxels: a row of n voxels is n voxels long.

    mask: bool (z, y, x), not empty; spacing: x, y, z in mm. The corners are those of the marching cubes mesh at half
    height, as IBSI's diameters and hull have it (arXiv 1612.07003). Computed by Qhull (Barber et al., ACM TOMS 22(4),
    1996).
    """
    # in voxels, where the points are of like size, and the hull's corners are the same as in mm
    points = border_points(mask)
    return _hull_of(points[ConvexHull(points).vertices] * spacing)


def border_points(mask: np.ndarray) -> np.ndarray:
    """Outermost points (n, 3), index x, y, z, of each row of voxels along each axis: half a voxel beyond its ends."""
    points = []
    for axis in range(3):
        rows = np.moveaxis(mask, axis, -1)
        occupied = np.argwhere(rows.any(axis=-1))
        lines = rows[tuple(occupied.T)]
        for place in (lines.argmax(axis=1) - 0.5, lines.shape[1] - lines[:, ::-1].argmax(axis=1) - 0.5):
            points.append(np.insert(occupied.astype(float), axis, place, axis=1))
    return np.concatenate(points)[:, ::-1]


def _hull_of(points: np.ndarray) -> Hull:
    """Hull of points (n, 3) in mm that do not lie in a plane."""
    found = ConvexHull(points)
    numbers = np.full(len(points), -1)
    numbers[found.vertices] = np.arange(len(found.vertices))
    corners, triangles = points[found.vertices], numbers[found.simplices]
    first, second, third = corners[triangles].transpose(1, 0, 2)
    normals = np.cross(second - first, third - first)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    normals *= np.sign(np.einsum("ij,ij->i", normals, first - corners.mean(axis=0)))[:, None]
    edges, sides = _edges(triangles, found.neighbors)
    return Hull(corners, triangles, normals, edges, sides)


def _even_directions(count: int) -> np.ndarray:
    """Unit vectors (count, 3) spread evenly over the sphere by the golden angle (Gonzalez, Math Geosci 42, 2010)."""
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.arange(count) * np.pi * (3 - 5**0.5)
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def _edges(triangles: np.ndarray, neighbors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each edge once: its two corners and the two triangles that share it."""
    own = np.repeat(np.arange(len(triangles)), 3)
    other = neighbors.ravel()
    opposite = np.tile(np.arange(3), len(triangles))
    corners = np.stack([triangles[own, (opposite + 1) % 3], triangles[own, (opposite + 2) % 3]], axis=1)
    once = own < other
    return corners[once], np.stack([own, other], axis=1)[once]
