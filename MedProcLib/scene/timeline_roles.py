"""A proposal of the part that each finding plays in response criteria; the reader decides."""

from dataclasses import replace

from MedProcLib.comparison.response.eligibility import propose_targets
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.case import case_of, usual_kind
from MedProcLib.comparison.tracks.history import recorded
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.core.errors import InputError


def with_proposed_roles(patient: Patient, who: str, when: str) -> Patient:
    """The patient with targets as RECIST 1.1 would take them (the largest measurable ones, see
    response.eligibility), the other findings of the first time point as non-targets, and later ones as new lesions.

    Rejected findings get no role, nor do pieces that split off and so count with what they come from; one history
    entry. Raises InputError for time points without a date.
    """
    if not patient.time_points:
        raise InputError("There is no time point yet.")
    roles = [replace(track, kind=usual_kind(patient, track)) for track in patient.tracks]
    targets = propose_targets(case_of(patient.with_tracks(*roles))).targets
    roles = [replace(track, kind=Kind.TARGET) if track.id in targets else track for track in roles]
    what = f"roles proposed, targets: {', '.join(targets) or 'none'}"
    return recorded(patient, patient.with_tracks(*roles), who, when, what)
