"""Which state each voxel is in, given its intensity and the states around it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress

# Beliefs are kept in 8 bits: a byte for each state and voxel.
WHOLE = 255


@dataclass(frozen=True)
class Field:
    """A hidden Markov random field on the voxels of a box (z, y, x).

    bins: of each voxel's intensity; region: where it is; likeness: of two states as neighbors (states, states);
    weights: of a neighbor along each axis.
    """

    bins: np.ndarray
    region: np.ndarray
    likeness: np.ndarray
    weights: tuple[float, float, float]

    def unknown(self) -> np.ndarray:
        """Beliefs (z, state, y, x) that say nothing."""
        depth, *plane = self.bins.shape
        return np.zeros((depth, len(self.likeness), *plane), np.uint8)


def sweep(
    field: Field,
    beliefs: np.ndarray,
    table: np.ndarray,
    see: Callable[[int, np.ndarray], None] | None = None,
    progress: Progress = SILENT,
) -> None:
    """Update the beliefs in place, slice by slice.

    Mean field: a state's belief is its likelihood times the exponential of its likeness with what is believed of the
    neighbors (Zhang, Qi & Li, Pattern Recognit. 26, 1993). table: logarithm of the likelihoods (states, bins);
    see: called with each slice's number and its beliefs (state, y, x) before they are rounded.
    """
    for z in range(len(beliefs)):
        progress(z / len(beliefs), "Weighing the neighbors")
        inside = field.region[z]
        if not inside.any():
            continue
        around = _around(beliefs, z, field.weights)
        score = table[:, field.bins[z][inside]] + field.likeness @ around[:, inside]
        score -= score.max(axis=0)
        np.exp(score, out=score)
        score /= score.sum(axis=0)
        plane = np.zeros((len(table), *inside.shape), np.float32)
        plane[:, inside] = score
        beliefs[z] = np.rint(plane * WHOLE)
        if see is not None:
            see(z, plane)


def _around(beliefs: np.ndarray, z: int, weights: tuple[float, float, float]) -> np.ndarray:
    """Sum of the neighbors' beliefs (state, y, x), each times the weight of its axis."""
    plane = beliefs[z]
    across = np.zeros(plane.shape, np.uint16)
    if z > 0:
        across += beliefs[z - 1]
    if z + 1 < len(beliefs):
        across += beliefs[z + 1]
    total = across * np.float32(weights[0] / WHOLE)
    for axis in (1, 2):
        near = np.zeros(plane.shape, np.uint16)
        lower, upper = [slice(None)] * 3, [slice(None)] * 3
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        near[tuple(lower)] += plane[tuple(upper)]
        near[tuple(upper)] += plane[tuple(lower)]
        total += near * np.float32(weights[axis] / WHOLE)
    return total
