"""A reader's corrections of which observations are one lesion; see edits for who and when, and for errors."""

from collections.abc import Mapping
from dataclasses import replace

from ...core.errors import InputError
from .history import recorded
from .marks import marks_of
from .model import Observation, Patient, Place, Point, Status, Track, track_id
from .parting import mergers_of, settled

# what a part that is split off has of the whole
ABOUT = ("organ", "site", "node", "equivocal", "in_radiation_field", "enhancing")


def merge_tracks(patient: Patient, into: str, other: str, who: str, when: str) -> Patient:
    """Two tracks are one lesion: all observations go to the first, and all marks; the other one is no more.

    Where both were observed the two outlines become one observation, which is to be measured again.
    """
    if into == other:
        raise InputError(f"Track {into} cannot be merged with itself; name two tracks.")
    first, second = patient.track(into), patient.track(other)
    order = patient.order
    joined = {o.time_point: o for o in second.observations}
    for observation in first.observations:
        both = joined.get(observation.time_point)
        joined[observation.time_point] = _together(observation, both, who, when) if both else observation
    observations = tuple(sorted(joined.values(), key=lambda o: order[o.time_point]))
    begins = min((first, second), key=lambda t: order[t.observations[0].time_point])
    merged = replace(first, observations=observations, parent=begins.parent)
    merged = settled(merged, mergers_of(first, second), order)
    merged = replace(merged, **marks_of(patient, (first, order), (second, order)))
    without = replace(patient, tracks=tuple(t for t in patient.tracks if t.id != other)).with_tracks(merged)
    return recorded(patient, _pointing(without, {other: into}), who, when, f"{other} joined to {into}")


def split_track(patient: Patient, track: str, time_point: str, who: str, when: str) -> Patient:
    """A track is two lesions, one after the other: from this time point on its observations, and what else is known of
    it then, are a new track."""
    whole, order = patient.track(track), patient.order
    start = order[patient.time_point(time_point).id]
    early = tuple(o for o in whole.observations if order[o.time_point] < start)
    late = tuple(o for o in whole.observations if order[o.time_point] >= start)
    if not early or not late:
        raise InputError(f"Track {track} has no observations on both sides of '{time_point}'; choose another one.")
    number = patient.last_number + 1
    before = [point.id for point in patient.time_points[:start]]
    after = [point.id for point in patient.time_points[start:]]
    about = {name: getattr(whole, name) for name in ABOUT}
    new = Track(track_id(number), late, parted=whole.parted, **about, **marks_of(patient, (whole, after)))
    kept = replace(whole, observations=early, **marks_of(patient, (whole, before)))
    if whole.merged_into and order[whole.merged_at] >= start:
        new = replace(new, merged_into=whole.merged_into, merged_at=whole.merged_at)
        kept = replace(kept, merged_into="", merged_at="")
    split = replace(patient.with_tracks(kept, new), last_number=number)
    split = _pointing(split, {track: new.id}, start)
    return recorded(patient, split, who, when, f"{track} from {time_point} on is {new.id}")


def relink(patient: Patient, track: str, time_point: str, to: str | None, who: str, when: str) -> Patient:
    """An observation belongs to another track, or (to None) to a new one.

    A track left without observations is no more. Raises InputError where the other track has an observation of its own
    at that time point: exchange the two, or merge the tracks.
    """
    source = patient.track(track)
    observation = source.at(patient.time_point(time_point).id)
    if observation is None:
        raise InputError(f"Track {track} has no observation at '{time_point}'.")
    number = patient.last_number + (to is None)
    target = Track(track_id(number), ()) if to is None else patient.track(to)
    if target.at(time_point) is not None:
        raise InputError(
            f"Track {to} has an observation at '{time_point}' itself: exchange the two or merge the tracks."
        )
    order = patient.order
    observations = tuple(sorted((*target.observations, observation), key=lambda o: order[o.time_point]))
    # the track a finding split from belongs to its first observation
    begins = target.observations[:1] == observations[:1]
    others = [point.id for point in patient.time_points if point.id != time_point]
    marks = marks_of(patient, (target, others), (source, [time_point]))
    target = replace(target, observations=observations, parent=target.parent if begins else "", **marks)
    kept = tuple(o for o in source.observations if o is not observation)
    left = replace(source, observations=kept, parent=source.parent if kept[:1] == source.observations[:1] else "")
    left = replace(left, **marks_of(patient, (source, others)))
    if left.observations:
        changed = _pointing(patient.with_tracks(left, target), {})
    else:
        without = replace(patient, tracks=tuple(t for t in patient.tracks if t.id != track)).with_tracks(target)
        changed = _pointing(without, {track: target.id})
    changed = replace(changed, last_number=number)
    return recorded(patient, changed, who, when, f"{time_point}: {track} is {target.id}")


def exchange(patient: Patient, first: str, second: str, time_point: str, who: str, when: str) -> Patient:
    """Two tracks were taken for each other from a time point on: what is observed and known from there on changes
    sides."""
    one, two, order = patient.track(first), patient.track(second), patient.order
    if one is two:
        raise InputError(f"Track {first} cannot be exchanged with itself; name two tracks.")
    start = order[patient.time_point(time_point).id]

    def parts(track: Track) -> tuple[tuple[Observation, ...], tuple[Observation, ...]]:
        early = tuple(o for o in track.observations if order[o.time_point] < start)
        return early, track.observations[len(early) :]

    (early, late), (other_early, other_late) = parts(one), parts(two)
    if not late and not other_late:
        raise InputError(f"Neither {first} nor {second} has an observation from '{time_point}' on.")
    if not (early or other_late) or not (other_early or late):
        raise InputError("After the exchange a track would have no observations: relink the observations instead.")
    before = [point.id for point in patient.time_points[:start]]
    after = [point.id for point in patient.time_points[start:]]
    changed = (
        replace(
            _continued(one, early, two, other_early, other_late, start, order),
            **marks_of(patient, (one, before), (two, after)),
        ),
        replace(
            _continued(two, other_early, one, early, late, start, order),
            **marks_of(patient, (two, before), (one, after)),
        ),
    )
    exchanged = _pointing(patient.with_tracks(*changed), {first: second, second: first}, start)
    return recorded(patient, exchanged, who, when, f"{first} and {second} exchanged from {time_point} on")


def _continued(
    track: Track,
    early: tuple[Observation, ...],
    other: Track,
    other_early: tuple[Observation, ...],
    other_late: tuple[Observation, ...],
    start: int,
    order: Mapping[str, int],
) -> Track:
    """A track that goes on as another one does from a place in time, with the beginning and mergers that come with
    it."""
    begins = track if early else other if not other_early else None
    mergers = [(into, at) for into, at in mergers_of(track) if order[at] < start]
    mergers += [(into, at) for into, at in mergers_of(other) if order[at] >= start]
    parent = begins.parent if begins else ""
    return settled(replace(track, observations=early + other_late, parent=parent), mergers, order)


def _together(one: Observation, two: Observation, who: str, when: str) -> Observation:
    a, b = one.place, two.place
    volume = a.volume_mm3 + b.volume_mm3

    def mean(p: Point, q: Point) -> Point:
        x, y, z = ((u * a.volume_mm3 + v * b.volume_mm3) / volume for u, v in zip(p, q, strict=True))
        return x, y, z

    (left, front, bottom), (right, back, top) = map(min, a.low, b.low), map(max, a.high, b.high)
    place = Place(
        mean(a.center, b.center),
        mean(a.common_center, b.common_center),
        (left, front, bottom),
        (right, back, top),
        volume,
        a.surface_mm2 + b.surface_mm2,
    )
    note = "; ".join(filter(None, dict.fromkeys((one.note, two.note))))
    labels = tuple(sorted({*one.labels, *two.labels}))
    borders = [o.border_mm for o in (one, two)]
    border = None if None in borders else max(b for b in borders if b is not None)
    return Observation(one.time_point, labels, place, (), Status.EDITED, who, when, note, one.cut or two.cut, border)


def _pointing(patient: Patient, renamed: Mapping[str, str], start: int = 0) -> Patient:
    """References from a place in time on lead to the tracks that took others' places; none to a track itself, and
    mergers last until a track is observed again."""
    order = patient.order
    changed = []
    for track in patient.tracks:
        parent, mergers = track.parent, mergers_of(track)
        if order[track.observations[0].time_point] >= start:
            parent = renamed.get(parent, parent)
        mergers = [(renamed.get(into, into) if order[at] >= start else into, at) for into, at in mergers]
        now = replace(track, parent="" if parent == track.id else parent)
        now = settled(now, [merger for merger in mergers if merger[0] != track.id], order)
        if now != track:
            changed.append(now)
    return patient.with_tracks(*changed)
