"""A patient's tracks as the case that response criteria read."""

from dataclasses import fields, replace
from typing import Any

from ...core.errors import InputError
from ...core.kept import kept
from ..growth.measured import Measured
from ..response import model as response
from ..response.context import Context
from ..result import Verdict
from .doubt import doubt_of, named
from .model import Observation, Patient, TimePoint, Track

MOST_NAMED = 10  # lesions that one line lists
_CONTEXT = tuple(field.name for field in fields(Context))


@kept
def case_of(patient: Patient) -> response.Case:
    """The case of the tracks that are marked as target, non-target or new; their status at each time point.

    A time point without an observation is 'absent' once the track was seen before, 'not evaluable' where the study does
    not show its place, 'merged' from the time point on at which it became part of another one; rejected observations
    count as absent, and what a reader has rejected at all of them is no lesion. Diameters, volume, mean (in HU), peak
    and total glycolysis (of SUV by lean body mass) are those measured; what else is known was given, see clinical.
    Raises InputError for time points without a date.
    """
    for point in patient.time_points:
        if point.date is None:
            raise InputError(f"Time point '{point.id}' has no date; response criteria need one.")
    tracks = [t for t in patient.tracks if t.kind is not None and any(o.counts for o in t.observations)]
    times = tuple(
        response.TimePoint(
            *(p.id, p.date),
            **{name: getattr(p.context, name) for name in _CONTEXT},
            in_doubt=_in_doubt(patient, p, tracks),
        )
        for p in patient.time_points
        if p.date is not None
    )
    ids = {t.id for t in tracks}
    lesions = tuple(_lesion(patient, track, ids) for track in tracks)
    return response.Case(times, lesions, patient.protocol)


def _in_doubt(patient: Patient, point: TimePoint, tracks: list[Track]) -> str:
    """Why it is not certain what became of lesions up to a time point that is aligned doubtfully, and of which."""
    if point.alignment is None or point.alignment.verdict is not Verdict.DOUBTFUL:
        return ""
    names = []
    for track in tracks:
        until = [o for o in track.observations if o.counts and patient.order[o.time_point] <= patient.order[point.id]]
        if until and doubt_of([point], until[-1:]):
            names.append(track.id)
    if not names:
        return ""
    listed = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if (more := len(names) - MOST_NAMED) > 0 else "")
    return f"the alignment of {named(point)} is doubtful, so what became of {listed} is not certain until accepted"


def _lesion(patient: Patient, track: Track, lesions: set[str]) -> response.Lesion:
    """lesions: tracks that are lesions of the case, into which others may have merged."""
    order = patient.order
    assessments, seen = [], False
    for point in patient.time_points:
        observation = track.at(point.id)
        if observation is not None and observation.counts:
            assessments.append(_present(track, observation))
            seen = True
        elif seen and track.merged_into in lesions and order[point.id] >= order[track.merged_at]:
            status = response.Status.MERGED
            assessments.append(response.Assessment(point.id, status, merged_into=track.merged_into))
        elif seen:
            unseen = observation is None and point.id in track.outside
            status = response.Status.NOT_EVALUABLE if unseen else response.Status.ABSENT
            assessments.append(response.Assessment(point.id, status))
    assert track.kind is not None
    return response.Lesion(
        *(track.id, track.organ, track.kind, track.node, tuple(assessments)),
        in_radiation_field=track.in_radiation_field,
        enhancing=track.enhancing,
    )


def _present(track: Track, observation: Observation) -> response.Assessment:
    marks: dict[str, Any] = {
        "unequivocal": observation.time_point in track.unequivocal,
        "increased": observation.time_point in track.increased,
        "equivocal": track.equivocal,
    }
    return replace(_measured(observation), **marks) if any(marks.values()) else _measured(observation)


@kept
def _measured(observation: Observation) -> response.Assessment:
    """What it is without marks."""

    def of(name: str, unit: str) -> Measured | None:
        estimate = observation.estimate(name)
        return estimate.measured if estimate is not None and estimate.measurement.unit == unit else None

    return response.Assessment(
        observation.time_point,
        long_mm=of("long_diameter", "mm"),
        short_mm=of("short_diameter", "mm"),
        volume_mm3=observation.volume,
        mean_hu=of("mean", "HU"),
        sul_peak=(peak := of("peak_uptake", "SUL")),
        tlg_ml=of("total_lesion_glycolysis", "g") if peak else None,
    )
