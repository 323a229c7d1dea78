"""A reader's decisions on findings: each gives a new patient, with an entry in its history that can be undone.

who is the reader's name, when the time in ISO 8601. All raise InputError for an unknown track or time point, and
without a reader's name.
"""

from collections.abc import Sequence
from dataclasses import replace

from ...core.errors import InputError
from ...core.listing import listed
from ...core.measurement import Measurement
from ..growth.measured import Measured
from ..response.model import Kind
from .history import recorded
from .model import Estimate, Observation, Patient, Status, Track

NONE_CHOSEN = "Choose the findings that are decided."


def accept(
    patient: Patient, track_id: str, who: str, when: str, time_point: str | None = None, note: str | None = None
) -> Patient:
    """Accept a track's observation at a time point, or all of them; edited ones stay edited. note: None keeps it."""
    return _decided(patient, track_id, Status.ACCEPTED, who, when, time_point, note)


def reject(
    patient: Patient, track_id: str, who: str, when: str, time_point: str | None = None, note: str | None = None
) -> Patient:
    """Reject a track's observation at a time point, or all of them: they stay, and count nowhere."""
    return _decided(patient, track_id, Status.REJECTED, who, when, time_point, note)


def decide_together(
    patient: Patient,
    track_ids: Sequence[str],
    status: Status,
    who: str,
    when: str,
    time_point: str | None = None,
    note: str | None = None,
) -> Patient:
    """Accept or reject several tracks as one correction, which is undone as one; see accept and reject.

    The history says that they were decided together. Of a time point, tracks without an observation there stay as they
    are. Raises InputError where that leaves none.
    """
    tracks = [patient.track(name) for name in dict.fromkeys(track_ids)]
    if time_point is not None:
        there = patient.time_point(time_point).id
        tracks = [track for track in tracks if track.at(there) is not None]
    if not tracks:
        raise InputError(f"None of these findings has an observation at '{time_point}'." if time_point else NONE_CHOSEN)
    changed = [_with_decision(track, status, who, when, time_point, note) for track in tracks]
    names = listed([track.id for track in tracks])
    where = f" at {time_point}" if time_point else ""
    what = f"{names}{where}: {status.value}" + (f" together ({len(tracks)} findings)" if len(tracks) > 1 else "")
    return recorded(patient, patient.with_tracks(*changed), who, when, what)


def edit_measurement(
    patient: Patient,
    track_id: str,
    time_point: str,
    measurement: Measurement,
    who: str,
    when: str,
    low: float | None = None,
    high: float | None = None,
) -> Patient:
    """Put a reader's own value in place of a computed one of that name, or add it; low, high: its 95 % interval.

    Raises InputError for a value that is not finite, a volume that is not positive (reject the finding instead) and an
    interval that does not enclose the value.
    """
    track, observation = _observed(patient, track_id, time_point)
    Measured(float(measurement.value), low, high)
    if measurement.name == "voxel_volume" and not measurement.value > 0:
        raise InputError("A volume must be above 0 mm³; reject the finding if it is not there.")
    estimate = Estimate(measurement, low, high, who)
    names = [e.measurement.name for e in observation.estimates]
    estimates = list(observation.estimates)
    if measurement.name in names:
        estimates[names.index(measurement.name)] = estimate
    else:
        estimates.append(estimate)
    edited = replace(observation, estimates=tuple(estimates), status=Status.EDITED, reader=who, decided=when)
    what = f"{track_id} at {time_point}: {measurement.name} = {measurement.value:g} {measurement.unit}".rstrip()
    return recorded(patient, patient.with_tracks(_with_observation(track, edited)), who, when, what)


def describe(
    patient: Patient,
    track_id: str,
    who: str,
    when: str,
    name: str | None = None,
    organ: str | None = None,
    site: str | None = None,
    node: bool | None = None,
) -> Patient:
    """Set what a track is called, the organ it is in, the site within it, and whether it is a lymph node."""
    track = patient.track(track_id)
    changed = replace(
        track,
        name=track.name if name is None else name,
        organ=track.organ if organ is None else organ,
        site=track.site if site is None else site,
        node=track.node if node is None else node,
    )
    given = {"name": name, "organ": organ, "site": site, "node": node}
    what = ", ".join(f"{key} = {value}" for key, value in given.items() if value is not None)
    return recorded(patient, patient.with_tracks(changed), who, when, f"{track_id}: {what}")


def mark(patient: Patient, track_id: str, kind: Kind | None, who: str, when: str) -> Patient:
    """Mark a track as target, non-target or new lesion of response criteria; None takes the mark away."""
    track = replace(patient.track(track_id), kind=kind)
    return recorded(patient, patient.with_tracks(track), who, when, f"{track_id}: {kind.value if kind else 'no mark'}")


def _decided(
    patient: Patient, track_id: str, status: Status, who: str, when: str, time_point: str | None, note: str | None
) -> Patient:
    track = patient.track(track_id)
    if time_point is not None:
        _observed(patient, track_id, time_point)
    changed = _with_decision(track, status, who, when, time_point, note)
    where = f" at {time_point}" if time_point else ""
    return recorded(patient, patient.with_tracks(changed), who, when, f"{track_id}{where}: {status.value}")


def _with_decision(
    track: Track, status: Status, who: str, when: str, time_point: str | None, note: str | None
) -> Track:
    decided = []
    for observation in track.observations:
        if time_point in (None, observation.time_point):
            keeps = status is Status.ACCEPTED and observation.status is Status.EDITED
            text = observation.note if note is None else note
            new = Status.EDITED if keeps else status
            observation = replace(observation, status=new, reader=who, decided=when, note=text)
        decided.append(observation)
    return replace(track, observations=tuple(decided))


def _observed(patient: Patient, track_id: str, time_point: str) -> tuple[Track, Observation]:
    track = patient.track(track_id)
    observation = track.at(patient.time_point(time_point).id)
    if observation is None:
        raise InputError(f"Track {track_id} has no observation at '{time_point}'.")
    return track, observation


def _with_observation(track: Track, observation: Observation) -> Track:
    same = observation.time_point
    return replace(track, observations=tuple(observation if o.time_point == same else o for o in track.observations))
