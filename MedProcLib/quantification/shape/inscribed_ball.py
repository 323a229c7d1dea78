"""Largest balls inside a segment, with their centers between voxels and a surface without steps."""

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from .even_grid import EvenMask
from .smooth_surface import crossings

# A center moves by steps down to so small a share of a voxel, and a voxel at most.
FINEST = 0.05
STEPS = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3), axis=-1).reshape(-1, 3)
# The surface touches the ball where it is no more voxels farther away than where it is nearest, or this share of the
# radius: its steps are smaller.
TOUCHING, OF_RADIUS = 1.0, 0.3
# Of what is a voxel or two thin the blurred normals may point anywhere: planes nearer than this share of the surface's
# distance are none of its.
LEAST_SHARE = 0.8
# Standard deviation in voxels of the blur that takes the steps off the normals.
BLUR = 1.5


def ball_radii(even: EvenMask, centers: np.ndarray) -> np.ndarray:
    """Radii (n,) in voxels of the even grid of the largest balls with their centers within a voxel of `centers`.

    centers: (n, 3) z, y, x in voxels of the even grid, inside. Each moves to where the surface is farthest away. The
    steps of the surface reach into a ball that touches it all around, more than into one between two plates: the
    radius is not the least distance of the surface, but the mean one of the planes that touch it near the ball.
    """
    places, normals = _surface(even.signed)
    surface = cKDTree(places)
    found = []
    for start in centers:
        center, least = _climbed(surface, start)
        touching = surface.query_ball_point(center, least + min(TOUCHING, OF_RADIUS * least))
        planes = np.einsum("ij,ij->i", places[touching] - center, normals[touching])
        radius = float(planes.mean())
        found.append(radius if radius > LEAST_SHARE * least else least)
    return np.array(found)


def _surface(signed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 3; z, y, x) where grid lines cross the surface, and its unit normals there, outward."""
    gradient = np.stack(np.gradient(ndimage.gaussian_filter(signed, BLUR)), axis=-1)
    points = crossings(signed)
    slopes = gradient[tuple(np.rint(points).astype(int).T)]
    return points, -slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-12)


def _climbed(surface: cKDTree, start: np.ndarray) -> tuple[np.ndarray, float]:
    """The place near `start` where the surface is farthest away, and how far."""
    center, radius, step = start, float(surface.query(start)[0]), 0.5
    while step > FINEST:
        places = np.clip(center + STEPS * step, start - 1, start + 1)
        distances, _ = surface.query(places)
        best = int(np.argmax(distances))
        if distances[best] > radius * (1 + 1e-9):
            center, radius = places[best], float(distances[best])
        else:
            step /= 2
    return center, radius
