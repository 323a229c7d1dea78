"""Directions that cover a circle or a sphere evenly, and which are neighbors."""

import itertools

import numpy as np
from scipy.spatial import ConvexHull


def circle_rays(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (count, 2) around a circle and the pairs (count, 2) of neighbors."""
    angles = 2 * np.pi * np.arange(count) / count
    numbers = np.arange(count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1), np.stack([numbers, (numbers + 1) % count], axis=1)


def sphere_rays(subdivisions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors (n, 3) of an icosahedron subdivided so often, pairs of neighbors, and its triangles.

    n is 12, 42, 162, 642, 2562 for 0 to 4 subdivisions.
    """
    golden = (1 + 5**0.5) / 2
    corners = [np.roll((0, a, b * golden), shift) for a in (-1, 1) for b in (-1, 1) for shift in range(3)]
    points = np.array(corners, float)
    triangles = ConvexHull(points).simplices
    for _ in range(subdivisions):
        edges = np.unique(np.sort(np.concatenate([triangles[:, pair] for pair in ((0, 1), (1, 2), (0, 2))])), axis=0)
        points = np.concatenate([points, points[edges].mean(axis=1)])
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        triangles = ConvexHull(points).simplices
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    pairs = {tuple(sorted(map(int, pair))) for t in triangles for pair in itertools.combinations(t, 2)}
    return points, np.array(sorted(pairs)), triangles
