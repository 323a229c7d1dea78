"""Findings that a later study could not show, since they lie outside of what it shares with the first one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .inverse import inverted
from .result import PairComparison, Verdict
from .study import Study
from .tracks.follow import Followed


def with_coverage(
    studies: Sequence[Study], pairs: Sequence[PairComparison], followed: Followed | None
) -> tuple[Followed | None, tuple[str, ...]]:
    """(the tracks with the time points that could not show them, a note for each such study).

    These are findings of earlier studies that are missing in a later one because it was not searched there. What a
    later study shows beyond the first one is new to it all the same (as RECIST 1.1, 4.3.5, has it), which a note says.
    """
    if followed is None:
        return None, ()
    points = followed.patient.time_points
    good = [pair for pair in pairs if pair.registration.verdict is not Verdict.FAILED]
    notes, unseen = [], {track.id: track.outside for track in followed.patient.tracks}
    for place, (pair, point) in enumerate(zip(good, points[1:], strict=True), 1):
        earlier = {p.id for p in points[:place]}
        missing = [
            (track.id, before[-1].place.common_center)
            for track in followed.patient.tracks
            if (before := [o for o in track.observations if o.time_point in earlier])
            and track.at(point.id) is None
            and track.merged_at not in {*earlier, point.id}
        ]
        outside = [name for name, center in missing if not _searched(pair, center)]
        for name in outside:
            unseen[name] = (*unseen[name], point.id)
        if outside:
            notes.append(
                f"Outside of what '{studies[pair.moving].name}' shares with '{studies[pair.fixed].name}', so not seen "
                f"there rather than gone: {', '.join(outside)}."
            )
        first_seen = [t for t in followed.patient.tracks if t.observations[0].time_point == point.id]
        beyond = [t.id for t in first_seen if not _searched(pair, t.observations[0].place.common_center)]
        if beyond:
            notes.append(
                f"Outside of what '{studies[pair.fixed].name}' shares with '{studies[pair.moving].name}', so called "
                f"new though they may have been there before: {', '.join(beyond)}."
            )
    tracks = (replace(track, outside=unseen[track.id]) for track in followed.patient.tracks)
    return replace(followed, patient=followed.patient.with_tracks(*tracks)), tuple(notes)


def _searched(pair: PairComparison, point: tuple[float, float, float]) -> bool:
    """Whether a point of the first study (LPS) was searched for change."""
    to_half = inverted(pair.registration.to_first, pair.grid)
    index = Geometry.of(pair.region).indices(np.array([to_half.TransformPoint(point)]))[0]
    place = np.round(index).astype(int)
    if np.any(place < 0) or np.any(place >= pair.grid.size):
        return False
    return bool(sitk.GetArrayViewFromImage(pair.region)[tuple(place[::-1])])
