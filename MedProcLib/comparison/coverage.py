"""Findings that a later study could not show, since they lie outside of what it shares with the first one."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .inverse import inverted
from .result import PairComparison, Verdict
from .study import Study
from .tracks.follow import Followed


def notes_on_coverage(
    studies: Sequence[Study], pairs: Sequence[PairComparison], followed: Followed | None
) -> tuple[str, ...]:
    """A note for each later study in which findings of the first one are missing because it was not searched there."""
    if followed is None:
        return ()
    points = followed.patient.time_points
    good = [pair for pair in pairs if pair.registration.verdict is not Verdict.FAILED]
    notes = []
    for pair, point in zip(good, points[1:], strict=True):
        missing = [
            (track.id, before.place.common_center)
            for track in followed.patient.tracks
            if (before := track.at(points[0].id)) and track.at(point.id) is None and track.merged_at != point.id
        ]
        outside = [name for name, center in missing if not _searched(pair, center)]
        if outside:
            notes.append(
                f"Outside of what '{studies[pair.moving].name}' shares with '{studies[pair.fixed].name}', so not seen "
                f"there rather than gone: {', '.join(outside)}."
            )
    return tuple(notes)


def _searched(pair: PairComparison, point: tuple[float, float, float]) -> bool:
    """Whether a point of the first study (LPS) was searched for change."""
    to_half = inverted(pair.registration.to_first, pair.grid)
    index = Geometry.of(pair.region).indices(np.array([to_half.TransformPoint(point)]))[0]
    place = np.round(index).astype(int)
    if np.any(place < 0) or np.any(place >= pair.grid.size):
        return False
    return bool(sitk.GetArrayViewFromImage(pair.region)[tuple(place[::-1])])
