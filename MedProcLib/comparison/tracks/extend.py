"""A time point added to a patient: its pieces join the tracks that are there, or begin new ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...core.errors import InputError
from .candidates import Shares
from .hypotheses import Before
from .link import Link, link
from .model import Edit, Observation, Patient, Place, TimePoint, Track, track_id
from .parting import mergers_of, parted, settled
from .pieces import Pieces

# Overlap of findings of another time point (its id, the labels of each finding) with the new pieces.
Overlap = Callable[[str, list[tuple[int, ...]]], Shares]


def extend(
    patient: Patient,
    time_point: TimePoint,
    pieces: Pieces,
    overlap: Overlap | None = None,
    who: str = "MedProc",
    when: str = "",
) -> Patient:
    """The patient with one more time point, after the others or, by its date, between them.

    The tracks keep their ids and observations; the new pieces become observations of them, or new tracks, numbered
    after all that ever were, the largest first. A merged track goes on in the one that was largest, the others are
    recorded as merged into it; of a split the largest piece goes on, the others are tracks with that parent, except
    where tracks that had merged lie there again, see parting.parted.
    overlap: see Overlap; None: the pieces overlap as balls of their volumes do.
    Raises InputError for a time point whose id is there already.
    """
    if any(point.id == time_point.id for point in patient.time_points):
        raise InputError(f"There is a time point '{time_point.id}' already; give the new one another id.")
    position = _position(patient, time_point)
    points = (*patient.time_points[:position], time_point, *patient.time_points[position:])
    heads, before, sources = _heads(patient, position)
    shares = _shares(patient, sources, overlap, pieces) if overlap is not None else None
    links = link(before, pieces, shares, patient.settings)
    patient = replace(patient, time_points=points)
    return _joined(patient, time_point.id, heads, before, links, pieces, who, when)


def _position(patient: Patient, time_point: TimePoint) -> int:
    """Before the first time point that is later; last without a date."""
    if time_point.date is not None:
        for place, other in enumerate(patient.time_points):
            if other.date is not None and other.date > time_point.date:
                return place
    return len(patient.time_points)


def _heads(patient: Patient, position: int) -> tuple[list[Track], Before, list[tuple[Observation, ...]]]:
    """Tracks that may go on at a position in time, what matching needs of them, and the observations that is from.

    Those on both sides of the position are taken half-way between. Rejected observations are followed like others, so
    that what is rejected once is not new the next time.
    """
    order = patient.order
    heads, missed, sources = [], [], []
    for track in patient.tracks:
        gap, nearest = [], []
        for side, last in ((-1, True), (1, False)):
            seen = [o for o in track.observations if (order[o.time_point] < position) == last]
            if seen and not (last and track.whole_at(patient.time_points[position - 1].id, order)):
                observation = seen[-1 if last else 0]
                steps = order[observation.time_point] - position + (1 if last else 0)
                gap.append(steps * side)
                nearest.append(observation)
        if nearest and min(gap) <= patient.settings.missed:
            heads.append(track)
            missed.append(min(gap))
            sources.append(tuple(nearest))
    return heads, Before(_pieces_of(sources), np.array(missed, int), _goes_on(heads, order, position)), sources


def _goes_on(heads: list[Track], order, position: int) -> np.ndarray:
    """Whether a track is seen later too: it cannot merge into another one before."""
    return np.array([any(order[o.time_point] >= position for o in head.observations) for head in heads], bool)


def _pieces_of(sources: list[tuple[Observation, ...]]) -> Pieces:
    sides = [[near[end].place for near in sources] for end in (0, -1)]

    def mean(name: str) -> np.ndarray:
        first, last = (np.array([getattr(place, name) for place in side], float) for side in sides)
        return (first + last) / 2

    def points(name: str) -> np.ndarray:
        return mean(name).reshape(-1, 3)

    first, last = (np.array([place.volume_mm3 for place in side], float) for side in sides)
    volumes, labels = np.sqrt(first * last), np.arange(len(sources))
    return Pieces(
        labels, points("common_center"), points("low"), points("high"), volumes, mean("surface_mm2"), points("center")
    )


def _shares(patient: Patient, sources: list[tuple[Observation, ...]], overlap: Overlap, pieces: Pieces) -> Shares:
    """Overlap of the heads with the new pieces, by the time points that each head was last and is next seen at."""
    best: dict[tuple[int, int], float] = {}
    for point in patient.time_points:
        index = [n for n, near in enumerate(sources) if any(o.time_point == point.id for o in near)]
        if not index or not len(pieces):
            continue
        labels = [next(o.labels for o in sources[n] if o.time_point == point.id) for n in index]
        table = overlap(point.id, labels)
        for i, j, share in zip(table.before.tolist(), table.after.tolist(), table.share.tolist(), strict=True):
            key = index[i], j
            best[key] = max(share, best.get(key, 0.0))
    keys = np.array(sorted(best), int).reshape(-1, 2)
    return Shares(keys[:, 0], keys[:, 1], np.array([best[i, j] for i, j in keys.tolist()], float))


def place_of(pieces: Pieces, n: int) -> Place:
    """Where piece n (from 0) is, and how large."""

    def point(values: np.ndarray) -> tuple[float, float, float]:
        x, y, z = values[n].tolist()
        return x, y, z

    return Place(
        point(pieces.own_centers),
        point(pieces.centers),
        point(pieces.low),
        point(pieces.high),
        float(pieces.volumes[n]),
        float(pieces.surfaces[n]),
    )


def _observation(time_point: str, pieces: Pieces, n: int) -> Observation:
    return Observation(time_point, (int(pieces.labels[n]),), place_of(pieces, n))


def _joined(
    patient: Patient,
    time_point: str,
    heads: list[Track],
    before: Before,
    links: list[Link],
    pieces: Pieces,
    who: str,
    when: str,
) -> Patient:
    order = patient.order
    observations = [_observation(time_point, pieces, n) for n in range(len(pieces))]
    changed: dict[str, Track] = {}
    merged: list[Track] = []  # and what came apart, as they were
    beginning = dict.fromkeys(range(len(observations)), "")  # piece: the track it split from
    for found in links:
        leading = max(found.before, key=lambda n: (before.pieces.volumes[n], -n))
        track = heads[leading]
        ranked = sorted(found.after, key=lambda n: _rank(observations[n]), reverse=True)
        for n, part in zip(ranked, parted(patient, track, time_point, pieces, ranked), strict=True):
            if part is None:
                beginning[n] = track.id
                continue
            del beginning[n]
            longer = _with(part, observations[n], order)
            changed[part.id] = longer
            if (longer.parted, longer.merged_into) != (part.parted, part.merged_into):
                merged.append(part)
        for n in found.before:
            if n != leading:
                merged.append(heads[n])
                changed[heads[n].id] = replace(heads[n], merged_into=track.id, merged_at=time_point)
    new = []
    number = patient.last_number
    for n in sorted(beginning, key=lambda n: _rank(observations[n]), reverse=True):
        number += 1
        new.append(Track(track_id(number), (observations[n],), parent=beginning[n]))
    # undoing takes observations of the time point away; only tracks that merged or came apart are changed otherwise
    edit = Edit(who, when, f"time point {time_point} added", tuple(merged), (), time_point)
    patient = patient.with_tracks(*changed.values(), *new)
    return replace(patient, last_number=number, history=(*patient.history, edit))


def _with(track: Track, observation: Observation, order) -> Track:
    """With one more observation, at which it is by itself again where it was part of another track before."""
    together = sorted((*track.observations, observation), key=lambda o: order[o.time_point])
    return settled(replace(track, observations=tuple(together)), mergers_of(track), order)


def _rank(observation: Observation) -> tuple[float, ...]:
    """By size; equal ones by place, so that the order of labels does not matter."""
    return observation.place.volume_mm3, *observation.place.common_center
