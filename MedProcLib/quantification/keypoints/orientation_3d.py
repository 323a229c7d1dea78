"""The directions of a key point in space: the strongest gradient direction, and the strongest one across it."""

import numpy as np

from .orientation_2d import histogram_peaks
from .patches import gradients, patch_offsets

COUNT = 11
WEIGHT_SD = 1.5
STEP = 2 * 3.0 / (COUNT - 1)
PEAK_SHARE = 0.8
MOST_FIRST, MOST_SECOND = 2, 2
DIRECTIONS = 400
# votes fall to half at about 20 degrees
CONCENTRATION = 12.0


def frames_3d(patches: np.ndarray) -> list[np.ndarray]:
    """Of each patch (n, z, y, x), sampled along LPS axes, the right-handed frames (k, 3, 3) of its directions.

    Source: Toews and Wells, Med Image Anal 17(3), 2013, section 3.2 (first direction, then the one across it); the
    directions are voted for on a sphere without bins.
    """
    slopes = gradients(patches)
    weight = np.exp(-((patch_offsets(COUNT, 3) * STEP) ** 2).sum(axis=1) / (2 * WEIGHT_SD**2))
    return [_frames(each, weight) for each in slopes]


def _frames(slopes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(slopes, axis=1)
    voting = (weight > 0.01) & (size > 0)
    if not voting.any():
        return np.zeros((0, 3, 3))
    slopes, votes = slopes[voting], (size * weight)[voting]
    unit = slopes / size[voting][:, np.newaxis]
    found = []
    for first in _first_directions(unit, votes):
        across, other = _across(first)
        angle = np.arctan2(slopes @ other, slopes @ across)
        strength = np.hypot(slopes @ other, slopes @ across) * weight[voting]
        for turn in histogram_peaks(angle, strength)[:MOST_SECOND]:
            second = np.cos(turn) * across + np.sin(turn) * other
            found.append(np.stack([first, second, np.cross(first, second)], axis=1))
    return np.array(found).reshape(-1, 3, 3)


def _first_directions(unit: np.ndarray, votes: np.ndarray) -> list[np.ndarray]:
    density = np.exp(CONCENTRATION * (_SPHERE @ unit.T - 1)) @ votes
    top = density >= np.where(_NEAR, density, -np.inf).max(axis=1)
    top &= density >= PEAK_SHARE * density.max()
    peaks = np.flatnonzero(top)
    peaks = peaks[np.argsort(-density[peaks], kind="stable")][:MOST_FIRST]
    directions = []
    for peak in peaks:
        direction = _SPHERE[peak]
        for _ in range(10):  # mean shift on the sphere: to the top of the density itself
            moved = (votes * np.exp(CONCENTRATION * (unit @ direction - 1))) @ unit
            direction = moved / np.linalg.norm(moved)
        directions.append(direction)
    return directions


def _across(first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors that make a right-handed frame with the first."""
    axis = np.eye(3)[np.argmin(np.abs(first))]
    across = np.cross(first, axis)
    across /= np.linalg.norm(across)
    return across, np.cross(first, across)


def _sphere(count: int) -> np.ndarray:
    """Nearly even directions: Gonzalez, Math Geosci 42, 2010 (Fibonacci lattice)."""
    number = np.arange(count)
    z = 1 - (2 * number + 1) / count
    angle = number * np.pi * (3 - 5**0.5)
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


_SPHERE = _sphere(DIRECTIONS)
_NEAR = np.cos(np.radians(20)) < _SPHERE @ _SPHERE.T
