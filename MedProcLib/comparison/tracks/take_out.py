"""A time point taken out of a patient: the findings go on without it, under their names."""

from collections.abc import Mapping
from dataclasses import replace

from ...core.errors import InputError
from ..response.model import Kind
from .history import recorded, without
from .model import Patient, Track
from .parting import mergers_of, settled

FEWEST = 2  # time points that a comparison is made of


def take_out(patient: Patient, time_point: str, who: str, when: str) -> Patient:
    """The patient without a time point (id), any of them; the others, ids and decisions stay, and it can be undone.

    Findings that were seen there alone go with it; their numbers are not given again. What merged there has merged at
    the next time point that shows the one it merged into, what came apart there comes apart where it is seen next; what
    split from a finding that is not seen before it any more is a finding of its own, what is not seen any more before
    it merged has split from that one; a new lesion that is there at what is the first time point now is a non-target.
    Raises InputError where fewer than two time points would be left.
    """
    point = patient.time_point(time_point)
    if len(patient.time_points) <= FEWEST:
        raise InputError(f"A comparison needs two time points, so '{point.id}' cannot be taken out.")
    rest = replace(patient, time_points=tuple(p for p in patient.time_points if p.id != point.id))
    tracks = {t.id: t for t in (without(track, point.id) for track in patient.tracks) if t.observations}
    later = [p.id for p in patient.time_points[patient.order[point.id] + 1 :]]
    related = tuple(_related(track, tracks, rest.order, point.id, later) for track in tracks.values())
    told = tuple(with_role(track, rest.time_points[0].id) for track in related)
    return recorded(patient, replace(rest, tracks=told), who, when, f"time point {point.id} taken out")


def with_role(track: Track, first: str) -> Track:
    """With a role it may have where this time point (its id) is the first one."""
    seen = track.at(first) if track.kind is Kind.NEW else None
    return replace(track, kind=Kind.NON_TARGET) if seen is not None and seen.counts else track


def _related(track: Track, tracks: dict[str, Track], order: Mapping[str, int], gone: str, later: list[str]) -> Track:
    """With those relations to other tracks that still hold."""
    first = order[track.observations[0].time_point]
    told = ((name, _held_at(tracks.get(name), at, gone, later)) for name, at in mergers_of(track))
    held = [(name, at) for name, at in told if at]
    # where it was before it merged is not known any more
    parents = [track.parent, *(name for name, at in held if order[at] < first)]
    parent = next((n for n in parents if n in tracks and order[tracks[n].observations[0].time_point] < first), "")
    return settled(replace(track, parent=parent), held, order)


def _held_at(into: Track | None, at: str, gone: str, later: list[str]) -> str:
    """The time point at which a merger into a track shows; '' for none."""
    if into is None or at != gone:
        return at if into is not None else ""
    return next((name for name in later if into.at(name) is not None), "")
