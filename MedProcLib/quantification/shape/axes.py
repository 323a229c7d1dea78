"""Center and principal axes of a segment, and angles between axes."""

import math
from dataclasses import dataclass

import numpy as np

from ...core.geometry import Geometry


@dataclass(frozen=True)
class PrincipalAxes:
    """centroid (3,): LPS in mm; lengths (3,): mm, longest first; directions (3, 3): unit vectors a row, LPS."""

    centroid: np.ndarray
    lengths: np.ndarray
    directions: np.ndarray

    @property
    def elongation(self) -> float:
        """Length of the second axis as a share of the first (IBSI Q3CK); NaN for a single voxel."""
        return _share(self.lengths[1], self.lengths[0])

    @property
    def flatness(self) -> float:
        """Length of the third axis as a share of the first (IBSI N17B); NaN for a single voxel."""
        return _share(self.lengths[2], self.lengths[0])


def principal_axes(mask: np.ndarray, geometry: Geometry) -> PrincipalAxes:
    """Axes of the ellipsoid that has the covariance of the voxel centers: 4 sqrt(eigenvalue) long, as IBSI has it.

    mask: bool (z, y, x), not empty, on the 3D geometry. A direction's largest component is positive, so that mirrored
    grids give the same. Source: IBSI (arXiv 1612.07003), 3.1.
    """
    index = np.argwhere(mask)[:, ::-1]
    middle = index.mean(axis=0)
    offsets = (index - middle) * geometry.spacing
    values, vectors = np.linalg.eigh(offsets.T @ offsets / len(offsets))
    directions = (np.reshape(geometry.direction, (3, 3)) @ vectors[:, ::-1]).T
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    lengths = 4 * np.sqrt(np.maximum(values[::-1], 0))
    return PrincipalAxes(geometry.points(middle)[0], lengths, directions * np.sign(largest))


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """Angle in degrees, 0 to 90, between two lines along these vectors (3,), whichever way these point.

    NaN when one has no length.
    """
    across, along = float(np.linalg.norm(np.cross(first, second))), abs(float(np.dot(first, second)))
    if not (np.any(first) and np.any(second)):
        return math.nan
    return math.degrees(math.atan2(across, along))


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else math.nan
