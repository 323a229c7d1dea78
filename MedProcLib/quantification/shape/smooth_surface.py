"""The surface of a mask between its voxels, without their steps."""

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

# Standard deviation, in the smallest voxel side, of the blur of the signed distance that takes the steps off, its reach
# in standard deviations, and the share of the Laplacian that is taken off again, as the blur draws curved surfaces
# inward: between balls and corners, of which one loses what the other gains.
SMOOTHING, REACH, SHARPENING = 0.7, 3.0, 0.3
# Voxels without one beside them that keeps this share of its depth are too thin to be smoothed: single ones and rods of
# them keep 0 to 0.4, plates of one voxel 0.7, rods of two by two 0.8.
LEAST_LEFT = 0.5
# Voxels around a place, besides the largest side of one, on which its surface depends.
MARGIN = 4


def margin_of(spacing: tuple[float, ...]) -> np.ndarray:
    """Voxels (3,) x, y, z around a place on which its surface depends; spacing x, y, z in mm."""
    sides = np.array(spacing, float)
    return np.ceil(sides.max() / sides).astype(int) + MARGIN


def smooth_surface(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Places (n, 3), index x, y, z, where the surface of a mask (z, y, x) crosses the lines between voxel centers.

    The signed distance to the border is interpolated (Raya and Udupa, IEEE TMI 9(1), 1990), so that thick slices leave
    no steps, and blurred by less than a voxel. What is too thin for that has its voxels' faces. spacing: x, y, z in
    mm. There is no surface at the array's border: pad what ends there.
    """
    if mask.all() or not mask.any():
        return np.zeros((0, 3))
    sides = np.array(spacing[::-1], float)
    depth = ndimage.distance_transform_edt(mask, sampling=sides)
    signed = _without_steps(depth - ndimage.distance_transform_edt(~mask, sampling=sides), sides)
    solid = mask & (signed >= LEAST_LEFT * depth)
    thin = mask & ~ndimage.binary_dilation(solid, np.ones((3, 3, 3)))
    places = [crossings(signed)[:, ::-1]]
    if thin.any():
        faces = face_middles(mask)
        apart, _ = cKDTree(np.argwhere(thin)[:, ::-1]).query(faces, distance_upper_bound=1.0)
        places.append(faces[np.isclose(apart, 0.5)])
    return np.concatenate(places)


def face_middles(mask: np.ndarray) -> np.ndarray:
    """Middles (n, 3), index x, y, z, of the voxel faces between inside and outside of a mask (z, y, x)."""
    points = []
    for axis in range(3):
        places = np.argwhere(np.diff(mask.view(np.int8), axis=axis)).astype(float)
        places[:, axis] += 0.5
        points.append(places)
    return np.concatenate(points)[:, ::-1]


def crossings(signed: np.ndarray) -> np.ndarray:
    """Places (n, 3; z, y, x) where the lines between voxel centers cross the height 0 of an array (z, y, x)."""
    places = []
    for axis in range(3):
        first, second = (np.moveaxis(signed, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        crossed = (first > 0) != (second > 0)
        place = np.argwhere(crossed).astype(float)
        place[:, 0] += first[crossed] / (first[crossed] - second[crossed])
        places.append(np.insert(place[:, 1:], axis, place[:, 0], axis=1))
    return np.concatenate(places)


def _without_steps(signed: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The signed distance (z, y, x) without steps; sides: of a voxel, z, y, x."""
    share = sides.min() / sides
    smooth = ndimage.gaussian_filter(signed, SMOOTHING * share, truncate=REACH)
    curved = sum(ndimage.correlate1d(smooth, [1, -2, 1], axis) * s**2 for axis, s in enumerate(share.tolist()))
    return smooth - SHARPENING * curved
