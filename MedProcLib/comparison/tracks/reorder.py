"""Time points in another order: which piece is which lesion stays, and what merged and split follows the new order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .model import Patient, TimePoint, Track
from .parting import settled
from .take_out import with_role


def in_order(patient: Patient, points: Sequence[TimePoint]) -> Patient:
    """The patient with its time points (the same ones) in this order; not recorded in the history.

    Where a finding was part of another one it still is: it has merged into it after it was seen by itself, and split
    from it before. A new lesion that is there at what is the first time point now is a non-target.
    """
    now = replace(patient, time_points=tuple(points))
    if list(now.order) == list(patient.order):
        return now
    first = {track.id: min(now.order[o.time_point] for o in track.observations) for track in patient.tracks}
    tracks = (_followed(track, patient, now.order, first) for track in patient.tracks)
    return replace(now, tracks=tuple(with_role(track, now.time_points[0].id) for track in tracks))


def by_date(points: Sequence[TimePoint], changed: str) -> list[TimePoint]:
    """These in time order after the date of one of them (its id) was changed: that one alone moves, if need be."""
    point = next(p for p in points if p.id == changed)
    place = list(points).index(point)
    rest = [p for p in points if p is not point]
    if point.date is None:
        return list(points)
    least = max((n + 1 for n, p in enumerate(rest) if p.date is not None and p.date < point.date), default=0)
    most = min((n for n, p in enumerate(rest) if p.date is not None and p.date > point.date), default=len(rest))
    rest.insert(min(max(place, least), most), point)
    return rest


def _followed(track: Track, before: Patient, order: Mapping[str, int], first: Mapping[str, int]) -> Track:
    """A track in the new order (as Patient.order); first: place at which each one is seen first now."""
    observations = tuple(sorted(track.observations, key=lambda o: order[o.time_point]))
    parts = [(whole, name) for name in order if (whole := _whole_at(track, name, before))]
    # the last one before it is seen is the one it splits from
    earlier = [whole for whole, name in parts if order[name] < first[track.id]]
    parents = [*reversed(earlier), track.parent]
    parent = next((name for name in parents if name and first[name] < first[track.id]), "")
    return settled(replace(track, observations=observations, parent=parent), parts, order)


def _whole_at(track: Track, time_point: str, patient: Patient) -> str:
    """Id of the track it is part of at a time point, be it before it splits from that; '' where it is in none."""
    if track.at(time_point) is not None:
        return ""
    begins = patient.order[track.observations[0].time_point]
    if patient.order[time_point] >= begins:
        return track.whole_at(time_point, patient.order)
    whole = patient.track(track.parent) if track.parent else None
    return whole.id if whole is not None and whole.at(time_point) is not None else ""
