"""From rough starts to the best place: all of them on the coarsest level, then the best ones on finer levels."""

import numpy as np

from ...core.progress import SILENT, Progress
from .field import Field
from .points import largest_distance
from .refine import refine
from .samples import MOST_POINTS
from .volume import head_points

FEW_POINTS, KEPT_STARTS = 8_000, 3  # tell which of several starts is best; go on from the coarsest level


def descend(
    first: list[Field],
    other: list[Field],
    starts: list[np.ndarray],
    affine: bool,
    metric: str,
    progress: Progress = SILENT,
) -> np.ndarray | None:
    """From starts at the first of the levels to the best result at the last; None when the images lie apart."""
    shares = progress.parts(*[1.0] * len(first))
    for number, (one, two, share) in enumerate(zip(first, other, shares, strict=True)):
        points, single = head_points(one.volume), len(starts) == 1
        fits = [
            # size and shear only once the position is roughly known
            refine(
                one,
                two,
                start,
                affine=affine and (single or number > 0),
                metric=metric,
                iterations=30 if single or number > 0 else 12,
                most=MOST_POINTS if single else FEW_POINTS,
                progress=part,
            )
            for start, part in zip(starts, share.parts(*[1.0] * len(starts)), strict=True)
        ]
        fits = sorted((f for f in fits if f.overlap > 0), key=lambda f: -f.similarity * min(1.0, f.overlap + 0.3))
        if not fits:
            return None
        starts = []
        for fit in fits:
            if all(largest_distance(fit.matrix, kept, points) > one.spacing / 2 for kept in starts):
                starts.append(fit.matrix)
        starts = starts[: KEPT_STARTS if number == 0 else 1]
    return starts[0]
