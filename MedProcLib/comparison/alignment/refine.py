"""Symmetric Gauss-Newton refinement of a linear alignment.

Source: Reuter, Rosas, Fischl, NeuroImage 2010 (half-way space, robust weights).
"""

from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress
from ..halfway import half
from ..registration.step_length import StepLength
from .field import Field
from .metrics import CORRELATION_RATIO, MUTUAL_INFORMATION
from .points import exponential
from .samples import MOST_POINTS, Samples, choose
from .state import State

PATIENCE = 4
DAMPING = 1e-3
LONGEST_MOVE = 2.0  # per step of the mutual information, in spacings of the level
CONVERGED = 0.004  # a move shorter than this, in spacings
CHOSEN_ANEW = 4.0  # samples are, after moves of so many spacings


@dataclass(frozen=True)
class Fit:
    """A 4 x 4 matrix first -> other, with the similarity and the shared part of the foreground, both 0..1."""

    matrix: np.ndarray
    similarity: float
    overlap: float


def refine(
    first: Field,
    other: Field,
    start: np.ndarray,
    *,
    affine: bool = False,
    metric: str = CORRELATION_RATIO,
    iterations: int = 30,
    most: int = MOST_POINTS,
    progress: Progress = SILENT,
) -> Fit:
    """Improve a 4 x 4 matrix first -> other at one level of both pyramids.

    Minimizes both studies' residuals from the other one's best intensity mapping (correlation ratio) with Tukey's
    weights, or maximizes the mutual information, which asks for no mapping. Swapping the studies inverts the result.
    most: so many samples at most.
    """
    spacing = min(first.spacing, other.spacing)
    matrix = np.array(start, float)
    best: Fit | None = None
    stalled, since_chosen = 0, 0.0
    # the outer product of gains falls short of the curvature of the mutual information
    length = StepLength(0.5) if metric == MUTUAL_INFORMATION else None
    corners = first.geometry.corners()
    samples: Samples | None = None
    for number in range(iterations + 1):
        progress(number / (iterations + 1), "Refining the position")
        if samples is None or since_chosen > CHOSEN_ANEW * spacing:
            samples, since_chosen = choose(first, other, matrix, most), 0.0
        state = State.at(first, other, matrix, samples) if samples is not None else None
        if samples is None or state is None:
            return best or Fit(matrix, 0.0, 0.0)
        step, similarity = state.step(affine, metric, DAMPING)
        here = Fit(matrix, similarity, samples.overlap)
        if best is None or similarity > best.similarity + 1e-5:
            best, stalled = here, 0
        else:
            stalled += 1
        if length is not None:
            step = step * length(corners @ step[:3, :3].T + step[:3, 3])
            step = step * min(1.0, LONGEST_MOVE * spacing / max(state.largest_move(step), 1e-12))
        move = state.largest_move(step)
        if move < CONVERGED * spacing or stalled >= PATIENCE or number == iterations:
            # the converged place wins over a flicker of the similarity on the way
            return best if similarity < best.similarity - 0.005 else here
        root = half(matrix)
        matrix = root @ exponential(step) @ root
        since_chosen += move
    raise AssertionError("the last iteration returns")
