"""A proposal of the part that each finding plays in response criteria; the reader decides."""

from dataclasses import replace

from MedProcLib.comparison.response.eligibility import propose_targets
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.history import recorded
from MedProcLib.comparison.tracks.model import Patient, Track
from MedProcLib.core.errors import InputError


def with_proposed_roles(patient: Patient, who: str, when: str) -> Patient:
    """The patient with targets as RECIST 1.1 would take them (the largest measurable ones, see
    response.eligibility), the other findings of the first time point as non-targets, and later ones as new lesions.

    Rejected findings get no role; one history entry. Raises InputError for time points without a date.
    """
    if not patient.time_points:
        raise InputError("There is no time point yet.")
    first = patient.time_points[0].id
    roles = [replace(track, kind=_usual(track, first)) for track in patient.tracks]
    targets = propose_targets(case_of(patient.with_tracks(*roles))).targets
    roles = [replace(track, kind=Kind.TARGET) if track.id in targets else track for track in roles]
    what = f"roles proposed, targets: {', '.join(targets) or 'none'}"
    return recorded(patient, patient.with_tracks(*roles), who, when, what)


def _usual(track: Track, first: str) -> Kind | None:
    counted = [o for o in track.observations if o.counts]
    if not counted:
        return None
    if counted[0].time_point == first:
        return Kind.NON_TARGET
    return None if track.parent else Kind.NEW  # a piece that split off is part of what was there
