"""How wide a convex polyhedron is: at most, at least, and on average over all directions."""

import math

import numpy as np
from scipy.spatial.distance import cdist

from .hull import Hull

# Rows compared at once, so that memory stays small.
BLOCK = 512


def maximum_diameter(hull: Hull) -> tuple[float, np.ndarray]:
    """Largest distance (mm) of two corners, and their places (2, 3). Source: IBSI L0JK (arXiv 1612.07003)."""
    best, ends = -1.0, hull.points[:2]
    for start in range(0, len(hull.points), BLOCK):
        distances = cdist(hull.points[start : start + BLOCK], hull.points)
        first, second = np.unravel_index(int(distances.argmax()), distances.shape)
        if distances[first, second] > best:
            best, ends = float(distances[first, second]), hull.points[[start + int(first), int(second)]]
    return best, ends


def minimum_width(hull: Hull) -> tuple[float, np.ndarray]:
    """Smallest distance (mm) of two parallel planes around it, and their unit normal (3,).

    One of the planes holds a facet, or each holds an edge (Houle and Toussaint, IEEE TPAMI 10(5), 1988). Two edges can
    do so where the arcs of their normals on the unit sphere, one of them mirrored, cross. Of a hull of many corners
    the directions of the coarser one are taken: too wide by less than 0.1 %.
    """
    candidates = np.concatenate([hull.coarse.normals, _normals_of_edge_pairs(hull.coarse)])
    best, normal = math.inf, candidates[0]
    for start in range(0, len(candidates), BLOCK):
        widths = np.ptp(candidates[start : start + BLOCK] @ hull.points.T, axis=1)
        least = int(widths.argmin())
        if widths[least] < best:
            best, normal = float(widths[least]), candidates[start + least]
    return best, normal


def mean_width(hull: Hull) -> float:
    """Mean over all directions of the distance (mm) of two parallel planes around it.

    The integral of its mean curvature divided by 2 pi, which for a polyhedron is a sum over its edges of length times
    outer angle (Santalo, Integral Geometry and Geometric Probability, 1976, ch. 13).
    """
    first, second = hull.normals[hull.sides].transpose(1, 0, 2)
    angles = np.arctan2(np.linalg.norm(np.cross(first, second), axis=1), np.einsum("ij,ij->i", first, second))
    lengths = np.linalg.norm(np.diff(hull.points[hull.edges], axis=1)[:, 0], axis=1)
    return float(lengths @ angles) / (4 * math.pi)


def _normals_of_edge_pairs(hull: Hull) -> np.ndarray:
    arcs = hull.normals[hull.sides]
    poles = np.cross(arcs[:, 0], arcs[:, 1])
    bent = np.linalg.norm(poles, axis=1) > 1e-9
    arcs, poles = arcs[bent], poles[bent]
    across = np.diff(hull.points[hull.edges[bent]], axis=1)[:, 0]
    found = [np.empty((0, 3))]
    for start in range(0, len(arcs), BLOCK):
        rows = slice(start, start + BLOCK)
        own = [poles[rows] @ -arcs[:, end].T for end in range(2)]
        other = [arcs[rows, end] @ poles.T for end in range(2)]
        near = arcs[rows].sum(axis=1) @ -arcs.sum(axis=1).T > 0
        first, second = np.nonzero((own[0] * own[1] < 0) & (other[0] * other[1] < 0) & near)
        normals = np.cross(across[rows][first], across[second])
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        apart = lengths[:, 0] > 1e-12
        found.append(normals[apart] / lengths[apart])
    return np.concatenate(found)
