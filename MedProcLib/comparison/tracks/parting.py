"""Findings that had grown together and fall apart again: which piece is which, and what is kept of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...core.kept import kept
from .model import Parted, Patient, Place, Track
from .pieces import Pieces

MARGIN = 2.0  # registration errors that a piece may be off by, beside what its outline is
FAR, FIRST = 1e6, 1e9  # costs in mm: of what does not lie there, and of leaving the track without a piece


def parted(patient: Patient, track: Track, time_point: str, pieces: Pieces, found: Sequence[int]) -> list[Track | None]:
    """The track that goes on in each of these pieces (numbers from 0, the largest first) of what a track has become at
    a time point (id); None for a piece that is a new one.

    One of them is the track itself. A piece that lies where a track was that has merged into it before is that one
    again; of several ways the one with the most, and then the least distance. Without such the largest piece goes on.
    """
    absorbed = _absorbed(patient, track, time_point)
    if len(found) == 1 or not absorbed:
        return [track, *[None] * (len(found) - 1)]
    order = patient.order
    since = min(order[each.merged_at] for each in absorbed)
    own = [o for o in track.observations if order[o.time_point] < since] or track.observations
    tracks = [track, *absorbed]
    places = [own[-1].place, *(each.observations[-1].place for each in absorbed)]
    margin = MARGIN * patient.settings.registration_error_mm
    cost = np.array([_costs(place, pieces, found, margin) for place in places])
    cost[0] -= FIRST
    rows, columns = linear_sum_assignment(cost)
    chosen: list[Track | None] = [None] * len(found)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if cost[row, column] < FAR:
            chosen[column] = tracks[row]
    return chosen


def mergers_of(*tracks: Track) -> list[tuple[str, str]]:
    """All mergers of tracks, over or not: ids of the track that each became part of, and of the time point."""
    apart = [(merger.into, merger.at) for track in tracks for merger in track.parted]
    return apart + [(track.merged_into, track.merged_at) for track in tracks if track.merged_into]


def settled(track: Track, mergers: Sequence[tuple[str, str]], order: Mapping[str, int]) -> Track:
    """The track with these mergers as its observations have them: each lasts until it is observed again, if it is.

    Of a merger before which it was not observed, or at which it is, nothing is kept. order: as Patient.order.
    """
    if not mergers and not mergers_of(track):
        return track
    seen = [order[o.time_point] for o in track.observations]
    apart, into, since, free = list[Parted](), "", "", 0
    for whole, at in sorted(mergers, key=lambda merger: order[merger[1]]):
        place = order[at]
        if into or place < free or place in seen or min(seen) > place:
            continue
        again = next((o.time_point for o in track.observations if order[o.time_point] > place), None)
        if again is None:
            into, since = whole, at
        else:
            apart.append(Parted(whole, at, again))
            free = order[again]
    return replace(track, parted=tuple(apart), merged_into=into, merged_at=since)


def _costs(place: Place, pieces: Pieces, found: Sequence[int], margin: float) -> np.ndarray:
    """Distance (mm) of each piece from a place; of those beside it FAR, and the more the smaller they are."""
    distance = np.linalg.norm(pieces.centers[found] - np.array(place.common_center), axis=1)
    reach = np.hypot(np.maximum(np.cbrt(place.volume_mm3 * 0.75 / np.pi), pieces.radii[found]), margin)
    return np.where(distance <= reach, distance, FAR + np.arange(len(found)))


@kept
def _merged_into(patient: Patient) -> Mapping[str, list[Track]]:
    """The tracks that are part of a track, by its id."""
    found = defaultdict(list)
    for track in patient.tracks:
        if track.merged_into:
            found[track.merged_into].append(track)
    return dict(found)


def _absorbed(patient: Patient, track: Track, time_point: str) -> list[Track]:
    """The tracks that are part of a track just before a time point, be it by way of others."""
    order, merged = patient.order, _merged_into(patient)
    found, wholes = list[Track](), [track]
    while wholes:
        parts = merged.get(wholes.pop().id, [])
        more = [each for each in parts if order[each.merged_at] < order[time_point] and each not in (track, *found)]
        found += more
        wholes += more
    return found
