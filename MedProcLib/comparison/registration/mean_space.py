"""The mean space of several studies: the place between them all that favors none."""

from collections.abc import Sequence

import numpy as np
import scipy.linalg
import SimpleITK as sitk

from ...core.errors import InputError
from ..halfway import matrix_of, transform_of

MOST_ITERATIONS = 100
# a rotation that differs from a half turn by less has no certain direction
LARGEST_TURN_DEG = 175.0


def mean_space(from_first: Sequence[sitk.Transform]) -> list[sitk.AffineTransform]:
    """Transforms from the mean space to each study, of linear transforms first study -> study (LPS, mm).

    from_first: one per study, the first study's own identity included. The result is the same whichever study is
    called the first and in whatever order they come; of rigid transforms it is rigid, and of two studies it is their
    half-way space. Raises InputError for non-linear or mirroring transforms and where studies are turned too far.
    """
    return [transform_of(matrix) for matrix in mean_space_matrices([matrix_of(t) for t in from_first])]


def mean_space_matrices(from_first: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As mean_space, of 4 x 4 matrices.

    The mean is where the logarithms of the results add up to zero; it is found by fixed-point iteration.
    Source: Pennec and Arsigny, Exponential barycenters, in Matrix Information Geometry, 2013 (existence, invariance);
    Alexa, ACM TOG 21(3), 2002 (logarithms of transforms); Reuter et al., NeuroImage 61(4), 2012 (unbiased template).
    """
    if not from_first:
        raise InputError("No transforms are given: a mean space needs one per study.")
    for number, matrix in enumerate(from_first, 1):
        if not np.isfinite(matrix).all() or np.linalg.det(matrix[:3, :3]) <= 0:
            raise InputError(f"The transform of study {number} mirrors the patient or is not invertible.")
    matrices = [np.asarray(matrix, float) for matrix in from_first]
    mean_to_first = np.eye(4)
    for _ in range(MOST_ITERATIONS):
        step = np.mean([_logarithm(matrix @ mean_to_first) for matrix in matrices], axis=0)
        mean_to_first = mean_to_first @ scipy.linalg.expm(-step)
        if np.abs(step[:3, :3]).max() < 1e-13 and np.abs(step[:3, 3]).max() < 1e-10:
            break
    else:
        raise InputError("The studies have no mean space: they are turned or scaled too far from each other.")
    return [matrix @ mean_to_first for matrix in matrices]


def _logarithm(matrix: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    turn = np.degrees(np.arccos(np.clip((np.trace(u @ vt) - 1) / 2, -1, 1)))
    if turn > LARGEST_TURN_DEG:
        raise InputError(f"The studies are turned by {turn:.0f} degrees to each other: there is no mean space.")
    return np.real(scipy.linalg.logm(matrix))
