"""A closed surface of triangles that begins as a sphere: evenly spread vertices, normals, the voxels it encloses."""

import functools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Samples along the side of a triangle for each voxel that it is long, so that its voxels leave no gap.
SAMPLES_PER_VOXEL = 1.5


@dataclass(frozen=True)
class SphereMesh:
    """How the vertices of a subdivided icosahedron are joined; the same for every shape that the sphere is given.

    points: unit vectors (n, 3); triangles: vertex numbers (m, 3), turning outward alike; neighbors: those of each
    vertex (n, 6), of which twelve vertices have five only: share holds 1/5 or 1/6, and 0 for the missing one.
    """

    points: np.ndarray
    triangles: np.ndarray
    neighbors: np.ndarray
    share: np.ndarray

    @classmethod
    @functools.cache
    def of_level(cls, level: int) -> "SphereMesh":
        """After so many subdivisions: 10 * 4**level + 2 vertices, the first of which are those of the level below."""
        points, triangles = _icosahedron()
        for _ in range(level):
            points, triangles = _subdivided(points, triangles)
            points /= np.linalg.norm(points, axis=1, keepdims=True)
        neighbors, share = _neighbors(triangles, len(points))
        return cls(points, triangles, neighbors, share)

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """Outward unit vectors (n, 3) at the vertices (n, 3) of a shape: means of the triangles' by their areas."""
        first = vertices[self.triangles[:, 0]]
        faces = np.cross(vertices[self.triangles[:, 1]] - first, vertices[self.triangles[:, 2]] - first)
        corners, count = self.triangles.ravel(), len(vertices)
        sums = np.stack([np.bincount(corners, np.repeat(faces[:, k], 3), count) for k in range(3)], axis=1)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)

    def refined(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices of the same shape for the mesh of the next level."""
        return _subdivided(vertices, self.triangles)[0]

    def enclosed(self, vertices: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        """Voxels (z, y, x) of an array of this shape whose centers lie inside the surface.

        vertices: in voxels, z, y, x order, all at least a voxel away from the border of the array.
        """
        corners = vertices[self.triangles]
        outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
        count = int(np.ceil(max(float(np.ptp(corners, axis=1).max()), 1.0) * SAMPLES_PER_VOXEL))
        i, j = np.meshgrid(*[np.arange(count + 1)] * 2, indexing="ij")
        inner = i + j <= count
        # of each voxel that the surface runs through: how far its center is outside, summed over the samples in it
        wall, beyond = np.zeros(shape, bool), np.zeros(shape)
        for weight in np.stack([count - i[inner] - j[inner], i[inner], j[inner]], axis=1) / count:
            samples = np.einsum("k,mkd->md", weight, corners)
            voxels = np.rint(samples).astype(int)
            wall[tuple(voxels.T)] = True
            np.add.at(beyond, tuple(voxels.T), np.einsum("md,md->m", voxels - samples, outward))
        return ndimage.binary_fill_holes(wall) & ~(wall & (beyond > 0))


def _icosahedron() -> tuple[np.ndarray, np.ndarray]:
    """Vertices (12, 3) and triangles (20, 3), turned so that mirroring in the axes gives the same ones."""
    golden = (1 + 5**0.5) / 2
    pairs = [(a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    points = np.array([np.roll((0.0, a, b), turn) for turn in range(3) for a, b in pairs])
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.isclose(distance, 2)
    triangles = [
        (a, b, c)
        for a in range(12)
        for b in range(a + 1, 12)
        for c in range(b + 1, 12)
        if near[a, b] and near[b, c] and near[a, c]
    ]
    outward = [
        t if np.linalg.det(points[list(t)]) > 0 else (t[0], t[2], t[1])  # the corner of three vectors is right-handed
        for t in triangles
    ]
    return points / np.linalg.norm(points[0]), np.array(outward)


def _subdivided(points: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each triangle cut into four at the middles of its sides."""
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, number = np.unique(sides, axis=0, return_inverse=True)
    ab, bc, ca = number.reshape(3, -1) + len(points)
    a, b, c = triangles.T
    cut = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return np.concatenate([points, points[unique].mean(axis=1)]), np.concatenate([np.stack(t, axis=1) for t in cut])


def _neighbors(triangles: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    sides = sides[np.argsort(sides[:, 0], kind="stable")]
    degree = np.bincount(sides[:, 0], minlength=count)
    place = np.arange(len(sides)) - np.repeat(np.cumsum(degree) - degree, degree)
    neighbors = np.zeros((count, 6), int)
    share = np.zeros((count, 6))
    neighbors[sides[:, 0], place] = sides[:, 1]
    share[sides[:, 0], place] = 1 / degree[sides[:, 0]]
    return neighbors, share
