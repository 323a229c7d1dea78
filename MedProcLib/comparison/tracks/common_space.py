"""Points of a time point brought into the common space, against the transform that resampling takes."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ..halfway import matrix_of

MOST_ITERATIONS = 30
TOLERANCE_MM = 0.01


def to_common(points: np.ndarray, from_common: sitk.Transform | None) -> np.ndarray:
    """Points (n, 3) of the common space that a transform takes to these points (n, 3; LPS, mm).

    A transform that is not linear is inverted point by point (fixed-point iteration on what it adds to the affine
    transform nearest to it, as Christensen and Johnson, IEEE TMI 20, 2001). Raises InputError where it folds.
    """
    points = np.asarray(points, float).reshape(-1, 3)
    if from_common is None or len(points) == 0:
        return points.copy()
    if from_common.IsLinear():
        return _moved(points, np.linalg.inv(matrix_of(from_common)))
    nearest = _nearest_affine(points, from_common)
    back = np.linalg.inv(nearest)
    found = _moved(points, back)
    for _ in range(MOST_ITERATIONS):
        off = _moved(np.array([from_common.TransformPoint(p.tolist()) for p in found]), back) - _moved(points, back)
        found -= off
        if np.abs(off).max() < TOLERANCE_MM:
            return found
    raise InputError("The transform of a time point folds space and has no inverse; register it more smoothly.")


def _moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _nearest_affine(points: np.ndarray, transform: sitk.Transform) -> np.ndarray:
    """4 x 4 matrix that a transform resembles around the place that it takes to the middle of the points."""
    middle, span = points.mean(axis=0), max(float(np.ptp(points, axis=0).max()), 50.0)
    start = middle
    for _ in range(MOST_ITERATIONS):  # only its translation, until the middle is met
        start = start - (np.array(transform.TransformPoint(start.tolist())) - middle)
        if not np.all(np.isfinite(start)):
            break
    start = start if np.all(np.isfinite(start)) and np.abs(start - middle).max() < 10 * span else middle
    offsets = np.array(np.meshgrid(*[(-0.5, 0, 0.5)] * 3)).reshape(3, -1).T * span
    targets = np.array([transform.TransformPoint((start + offset).tolist()) for offset in offsets])
    fit = np.linalg.lstsq(np.c_[start + offsets, np.ones(len(offsets))], targets, rcond=None)[0]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = fit[:3].T, fit[3]
    return matrix
