"""Figures of a track that were found before: a correction of one finding leaves those of hundreds of others alone."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from ...core.kept import kept
from .model import Patient, Track

Found = TypeVar("Found")
_PLACE = f"{__name__}.known"


def recalled(patient: Patient, track: Track, what: Hashable, find: Callable[[], Found]) -> Found:
    """What find() gives of a track of a patient; as it was found before while all that it may depend on is the same.

    It may depend on the track's observations, parent, mergers and time points that do not show it, on the tracks that
    merged into it or split from it, on when those were there that it split from, on the patient's settings and on ids,
    names, dates and verdicts of the alignment of the time points: not on the track's roles, names and other marks. It
    is kept with the track's first observation, which all versions of the track share until that one is changed, and
    goes with it. It must not be changed by those who get it.
    """
    if not track.observations:
        return find()
    place = track.observations[0].__dict__
    given = (
        *(track.id, track.observations, track.parent, track.merged_into, track.merged_at, track.parted, track.outside),
        *(_related(patient).get(track.id), _points(patient), patient.settings),
        tuple((each.id, each.observations) for each in patient.ancestors(track)),
    )
    kept_of, known = place.get(_PLACE, (None, {}))
    if kept_of != given:
        known = {}
        place[_PLACE] = given, known
    if what not in known:
        known[what] = find()
    return known[what]


@kept
def _points(patient: Patient) -> tuple[Any, ...]:
    return tuple((p.id, p.name, p.date, p.alignment.verdict if p.alignment else None) for p in patient.time_points)


@kept
def _related(patient: Patient) -> Mapping[str, list[Track]]:
    """The tracks that merged into a track or split from it, by its id."""
    found = defaultdict(list)
    for track in patient.tracks:
        for other in {track.merged_into, track.parent, *(merger.into for merger in track.parted)}:
            if other:
                found[other].append(track)
    return dict(found)
