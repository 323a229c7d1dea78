"""Boxes around a segment: along the image's axes, along the patient's axes, and the smallest in any orientation."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from .hull import Hull

# Directions around a facet's normal that are tried before its edges are, and how many facets are then followed.
TRIED_ANGLES = 45
FOLLOWED_FACETS = 6


@dataclass(frozen=True)
class OrientedBox:
    """sides (3,): lengths in mm, longest first; axes (3, 3): a unit vector a row, along them; center (3,) in mm."""

    sides: np.ndarray
    axes: np.ndarray
    center: np.ndarray

    @property
    def volume(self) -> float:
        return math.prod(self.sides.tolist())


def aligned_box(points: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """Extent (3,) in mm of points (n, 3; mm) along the coordinate axes, or along these (3, 3; a unit vector a row)."""
    return np.ptp(points if axes is None else points @ np.asarray(axes).T, axis=0)


def smallest_box(hull: Hull) -> OrientedBox:
    """The box of least volume that has a facet of the convex hull in one of its faces.

    The smallest of all has two adjacent faces flush with edges (O'Rourke, Int J Comput Inf Sci 14(3), 1985), and holds
    hardly less: for voxel hulls with many facets the difference is below a percent. Around a facet's normal the
    smallest rectangle has a side flush with an edge (Freeman and Shapira, CACM 18(7), 1975). Of a hull of many corners
    the facets of the coarser one are tried.
    """
    normals = _distinct(hull.coarse.normals)
    angles = np.arange(TRIED_ANGLES) * (math.pi / 2 / TRIED_ANGLES)
    first, second = _planes(normals)
    least = np.full(len(normals), math.inf)
    corners = hull.coarse.points.T
    u, v = first @ corners, second @ corners
    for angle in angles:
        along, across = math.cos(angle) * u + math.sin(angle) * v, math.cos(angle) * v - math.sin(angle) * u
        least = np.minimum(least, np.ptp(along, axis=1) * np.ptp(across, axis=1))
    least *= np.ptp(normals @ corners, axis=1)
    followed = np.argsort(least, kind="stable")[:FOLLOWED_FACETS]
    boxes = [_flush(hull.points, normals[k], first[k], second[k]) for k in followed]
    return min(boxes, key=lambda box: box.volume)


def _distinct(normals: np.ndarray) -> np.ndarray:
    """Directions without those that are the same or opposite, to a ten-thousandth."""
    flip = np.where(normals[:, 2:] < 0, -1, 1)
    _, kept = np.unique(np.round(normals * flip, 4), axis=0, return_index=True)
    return normals[np.sort(kept)]


def _planes(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors at right angles to each normal and to each other."""
    axis = np.eye(3)[np.abs(normals).argmin(axis=1)]
    first = np.cross(normals, axis)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(normals, first)


def _flush(points: np.ndarray, normal: np.ndarray, first: np.ndarray, second: np.ndarray) -> OrientedBox:
    """Smallest box with a face at right angles to the normal."""
    flat = points @ np.stack([first, second], axis=1)
    polygon = flat[ConvexHull(flat).vertices]
    edges = np.roll(polygon, -1, axis=0) - polygon
    edges = edges[np.linalg.norm(edges, axis=1) > 0]
    along = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    sides = [np.ptp(polygon @ directions.T, axis=0) for directions in (along, across)]
    best = int((sides[0] * sides[1]).argmin())
    axes = np.stack([*(d[best] @ np.stack([first, second]) for d in (along, across)), normal])
    places = points @ axes.T
    lengths, middle = np.ptp(places, axis=0), (places.max(axis=0) + places.min(axis=0)) / 2
    order = np.argsort(-lengths, kind="stable")
    return OrientedBox(lengths[order], axes[order], middle @ axes)
