"""What was done to a patient's findings, by whom and when; and how the last of it is undone, and done again."""

import datetime
from dataclasses import replace
from typing import Any

from ...core.errors import InputError
from .marks import MARKS
from .model import Edit, Patient, Taken, TimePoint, Track, Visit


def recorded(old: Patient, new: Patient, who: str, when: str, what: str) -> Patient:
    """The new patient with an entry in its history that can be undone.

    Raises InputError without a name or with a time that is not ISO 8601.
    """
    _require_signed(who, when)
    return replace(new, history=(*old.history, Edit(who, when, what, **_needed(old, new))))


def undo(patient: Patient, who: str, when: str) -> Patient:
    """Take the last change that still holds back; a time point that was added goes with all that was found at it.

    The entry stays in the history, marked, followed by one that says who took it back. Raises InputError when there is
    nothing to undo.
    """
    _require_signed(who, when)
    index = last_standing(patient)
    if index is None:
        raise InputError("There is nothing to undo.")
    edit = patient.history[index]
    back = _restored(patient, edit)
    # a study that was taken away is not brought back by doing this again
    needed = {} if edit.time_point else _needed(patient, back)
    return _noted(back, index, True, Edit(who, when, f"undone: {edit.what}", undoes=index, **needed))


def redo(patient: Patient, who: str, when: str) -> Patient:
    """Do again what was undone last, unless something else was done since.

    Both entries stay in the history, followed by one that says who did it again. Raises InputError when there is
    nothing to do again.
    """
    _require_signed(who, when)
    index = last_undone(patient)
    if index is None:
        raise InputError("There is nothing to redo.")
    entry = patient.history[index]
    first = entry.undoes or 0
    again = _noted(_restored(patient, entry), first, False, Edit(who, when, f"redone: {patient.history[first].what}"))
    history = list(again.history)
    history[index], history[-1] = replace(entry, undone=True), replace(history[-1], undoes=index)
    return replace(again, history=tuple(history))


def last_standing(patient: Patient) -> int | None:
    """The place in the history of the last change that still holds; None without one."""
    return next((n for n, e in reversed([*enumerate(patient.history)]) if not e.undone and e.undoes is None), None)


def last_undone(patient: Patient) -> int | None:
    """The place in the history of the entry that redo takes back: the last undo, with no change since; None without."""
    for number, entry in reversed([*enumerate(patient.history)]):
        if entry.undone:
            continue
        if entry.undoes is None:
            return None
        first = patient.history[entry.undoes]
        if first.undoes is None:  # not one that redid something
            return number if (entry.changes or not first.changes) and not first.time_point else None
    return None


def _require_signed(who: str, when: str) -> None:
    if not who.strip():
        raise InputError("A change needs the reader's name.")
    require_time(when)


def _needed(old: Patient, new: Patient) -> dict[str, Any]:
    """What an entry needs to come back from the new patient to the old one: what it changed, as it was, and ids of
    tracks and of the time point it made."""
    now, known = {track.id: track for track in new.tracks}, {track.id for track in old.tracks}
    before = tuple(track for track in old.tracks if _differs(track, now.get(track.id)))
    added = tuple(track.id for track in new.tracks if track.id not in known)
    told = {point.id: _visit(point) for point in new.time_points}
    visits = tuple(v for v in map(_visit, old.time_points) if v != told.get(v.time_point, v))
    protocol = old.protocol if old.protocol != new.protocol else None
    needed: dict[str, Any] = {"before": before, "added": added, "visits": visits, "protocol": protocol}
    made = next((point.id for point in new.time_points if point.id not in old.order), "")
    gone = next((Taken(point, n) for n, point in enumerate(old.time_points) if point.id not in new.order), None)
    stayed = [[n for n in one.order if n in other.order] for one, other in ((old, new), (new, old))]
    order = tuple(old.order) if stayed[0] != stayed[1] else ()
    return {**needed, "time_point": made, "taken": gone, "order": order}


def _restored(patient: Patient, edit: Edit) -> Patient:
    kept = tuple(track for track in patient.tracks if track.id not in edit.added)
    there = list(patient.time_points)
    if edit.time_point:
        there = [point for point in there if point.id != edit.time_point]
        kept = tuple(t for t in (without(track, edit.time_point) for track in kept) if t.observations)
    if edit.taken is not None:
        there.insert(edit.taken.place, edit.taken.time_point)
    if edit.order:
        there.sort(key=lambda point: edit.order.index(point.id))
    visits = {visit.time_point: visit for visit in edit.visits}
    points = tuple(_as_told(point, visits.get(point.id, _visit(point))) for point in there)
    protocol = edit.protocol or patient.protocol
    return replace(patient, tracks=kept, time_points=points, protocol=protocol).with_tracks(*edit.before)


def _visit(point: TimePoint) -> Visit:
    return Visit(point.id, point.date, point.context)


def _as_told(point: TimePoint, visit: Visit) -> TimePoint:
    return replace(point, date=visit.date, context=visit.context)


def _noted(patient: Patient, index: int, undone: bool, entry: Edit) -> Patient:
    """With an entry marked and a new one at the end of the history."""
    history = list(patient.history)
    history[index] = replace(history[index], undone=undone)
    return replace(patient, history=(*history, entry))


def require_time(when: str) -> None:
    """Raise InputError unless the text is a date and time in ISO 8601."""
    try:
        datetime.datetime.fromisoformat(when)
    except ValueError as error:
        raise InputError(f"'{when}' is not a time in ISO 8601, such as 2026-03-01T09:30:00.") from error


def _differs(track: Track, other: Track | None) -> bool:
    return track is not other and track != other


def without(track: Track, time_point: str) -> Track:
    """A track as it is when a time point (id) is not there; it may have no observation left."""
    marks: dict[str, Any] = {name: tuple(p for p in getattr(track, name) if p != time_point) for name in MARKS}
    return replace(track, observations=tuple(o for o in track.observations if o.time_point != time_point), **marks)
