"""The smallest box, of any orientation, around a convex body."""

import itertools
import math

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.transform import Rotation

# Orientations tried first, how many of them are turned, and how many of these are improved.
ORIENTATIONS = 600
TURNED = 8
IMPROVED = 3
# Degrees by which these are turned to smaller boxes nearby: from the distance of the first ones down.
RADII = (6.0, 3.0, 1.5, 0.75, 0.4, 0.2)
MOST_ROUNDS = 50
# Coordinates that are turned at a time: they bound the memory, and fit the cache.
AT_ONCE = 1 << 17


def smallest_box(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Side lengths, descending, of the smallest box found around points (n, 3).

    normals: of the faces of their hull (m, 3). The orientations tried are those of the axes, the principal axes, the
    faces, and evenly spread ones. The best are turned to smaller ones nearby. Then, with one side of the box fixed, the
    smallest rectangle around the points as seen along it gives the other two, for each side in turn until nothing is
    gained. The result is flush with the hull in each of its projections, as the smallest box is; it is exact for a box,
    and within 0.3 % of the smallest one for a tetrahedron and for clouds of points.
    Source: Chan and Tan, Computers in Industry 45(2), 2001; O'Rourke, IJCIS 14(3), 1985 (what the smallest one is
    flush with); Chang et al., ACM Trans Graphics 30(5), 2011 (search over rotations, then improvement).
    """
    center = points.mean(axis=0)
    scale = float(np.abs(points - center).max())
    points = (points - center) / scale
    frames = np.concatenate([np.eye(3)[None], _principal(points)[None], _spread_frames(), _frames_of(normals)])
    frames = _best(points, frames)
    for radius in RADII:
        # rows of a frame are the box's axes: turning it is a product from the right
        frames = _best(points, np.concatenate([frames @ turn for turn in _turns(radius)]))
    best = math.inf
    sides = np.zeros(3)
    for start in frames[:IMPROVED]:
        frame = _improved(points, start)
        found = np.ptp(points @ frame.T, axis=0)
        if np.prod(found) < best:
            best, sides = float(np.prod(found)), found
    return scale * np.sort(sides)[::-1]


def _best(points: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The frames of the smallest boxes."""
    at_once = max(1, AT_ONCE // points.size)
    parts = (frames[start : start + at_once] for start in range(0, len(frames), at_once))
    volumes = np.concatenate([np.prod(np.ptp(part @ points.T, axis=2), axis=1) for part in parts])
    return frames[np.argsort(volumes, kind="stable")[:TURNED]]


def _turns(radius: float) -> np.ndarray:
    """No turn, and turns by a radius (degrees) about the axes, the diagonals and those of the faces of a cube."""
    axes = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)))
    lengths = np.linalg.norm(axes, axis=1)
    return Rotation.from_rotvec(axes / np.where(lengths > 0, lengths, 1)[:, None] * radius, degrees=True).as_matrix()


def _improved(points: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The frame (rows are unit vectors) turned about its axes in turn to ever smaller boxes."""
    volume = float(np.prod(np.ptp(points @ frame.T, axis=0)))
    for _ in range(MOST_ROUNDS):
        before = volume
        for axis in range(3):
            turned = _turned(points, frame, axis)
            smaller = float(np.prod(np.ptp(points @ turned.T, axis=0)))
            if smaller < volume:
                frame, volume = turned, smaller
        if volume > before * (1 - 1e-9):
            break
    return frame


def _turned(points: np.ndarray, frame: np.ndarray, axis: int) -> np.ndarray:
    """The frame turned about one of its axes to the smallest rectangle around the points as seen along it.

    A side of that rectangle lies on one of the hull (Freeman and Shapira, CACM 18(7), 1975).
    """
    first, second = frame[(axis + 1) % 3], frame[(axis + 2) % 3]
    flat = np.column_stack([points @ first, points @ second])
    try:
        corners = flat[ConvexHull(flat).vertices]
    except QhullError:
        return frame
    edges = np.roll(corners, -1, axis=0) - corners
    edges /= np.linalg.norm(edges, axis=1)[:, None]
    across = np.column_stack([-edges[:, 1], edges[:, 0]])
    areas = np.ptp(edges @ corners.T, axis=1) * np.ptp(across @ corners.T, axis=1)
    u, v = edges[int(np.argmin(areas))]
    turned = frame.copy()
    turned[(axis + 1) % 3] = u * first + v * second
    turned[(axis + 2) % 3] = u * second - v * first
    return turned


def _principal(points: np.ndarray) -> np.ndarray:
    return np.linalg.eigh(np.cov(points.T))[1].T


def _spread_frames() -> np.ndarray:
    """Frames evenly spread over all orientations of a box (super-Fibonacci spirals: Alexa, CVPR 2022)."""
    index = np.arange(ORIENTATIONS) + 0.5
    t = index / ORIENTATIONS
    phi, psi = math.sqrt(2.0), 1.533751168755204288118041
    alpha, beta = 2 * math.pi * index / phi, 2 * math.pi * index / psi
    r, s = np.sqrt(t), np.sqrt(1 - t)
    quaternions = np.column_stack([r * np.sin(alpha), r * np.cos(alpha), s * np.sin(beta), s * np.cos(beta)])
    return Rotation.from_quat(quaternions).as_matrix()


def _frames_of(normals: np.ndarray) -> np.ndarray:
    """A frame with each of the normals, of at most as many as there are spread orientations."""
    normals = normals[:: max(1, len(normals) // ORIENTATIONS)]
    helper = np.eye(3)[np.abs(normals).argmin(axis=1)]
    second = np.cross(normals, helper)
    second /= np.linalg.norm(second, axis=1)[:, None]
    return np.stack([normals, second, np.cross(normals, second)], axis=1)
