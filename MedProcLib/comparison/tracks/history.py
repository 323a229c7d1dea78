"""What was done to a patient's findings, by whom and when; and how the last of it is undone."""

import datetime
from dataclasses import replace

from ...core.errors import InputError
from .model import Edit, Patient, Track


def recorded(old: Patient, new: Patient, who: str, when: str, what: str) -> Patient:
    """The new patient with an entry in its history that can be undone.

    Raises InputError without a name or with a time that is not ISO 8601.
    """
    if not who.strip():
        raise InputError("A change needs the reader's name.")
    require_time(when)
    now = {track.id: track for track in new.tracks}
    before = tuple(track for track in old.tracks if _differs(track, now.get(track.id)))
    known = {track.id for track in old.tracks}
    added = tuple(track.id for track in new.tracks if track.id not in known)
    return replace(new, history=(*old.history, Edit(who, when, what, before, added)))


def undo(patient: Patient, who: str, when: str) -> Patient:
    """Take the last change that still holds back; a time point that was added goes with all that was found at it.

    The entry stays in the history, marked, followed by one that says who took it back. Raises InputError when there is
    nothing to undo.
    """
    if not who.strip():
        raise InputError("A change needs the reader's name.")
    require_time(when)
    standing = [n for n, edit in enumerate(patient.history) if not edit.undone and edit.undoes is None]
    if not standing:
        raise InputError("There is nothing to undo.")
    index = standing[-1]
    edit = patient.history[index]
    tracks = patient.tracks
    if edit.time_point:
        patient = replace(patient, time_points=tuple(p for p in patient.time_points if p.id != edit.time_point))
        tracks = tuple(t for t in (_without(track, edit.time_point) for track in tracks) if t.observations)
    patient = replace(patient, tracks=tuple(t for t in tracks if t.id not in edit.added)).with_tracks(*edit.before)
    history = list(patient.history)
    history[index] = replace(edit, undone=True)
    return replace(patient, history=(*history, Edit(who, when, f"undone: {edit.what}", undoes=index)))


def require_time(when: str) -> None:
    """Raise InputError unless the text is a date and time in ISO 8601."""
    try:
        datetime.datetime.fromisoformat(when)
    except ValueError as error:
        raise InputError(f"'{when}' is not a time in ISO 8601, such as 2026-03-01T09:30:00.") from error


def _differs(track: Track, other: Track | None) -> bool:
    return track is not other and track != other


def _without(track: Track, time_point: str) -> Track:
    return replace(track, observations=tuple(o for o in track.observations if o.time_point != time_point))
