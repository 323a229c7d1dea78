"""A patient's tracks as the case that response criteria read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ...core.errors import InputError
from ...core.kept import kept
from ...core.listing import listed
from ..growth.measured import Measured, combination, total
from ..response import model as response
from ..response.context import Context
from ..result import Verdict
from .doubt import doubt_of, named
from .model import Observation, Patient, TimePoint, Track

_CONTEXT = tuple(field.name for field in fields(Context))


@kept
def case_of(patient: Patient) -> response.Case:
    """The case of the tracks that are marked as target, non-target or new; their status at each time point.

    A time point without an observation is 'absent' once the track was seen before, 'not evaluable' where the study does
    not show its place or that of a piece of it, 'merged' from the time point on at which it became part of another one;
    rejected observations count as absent, and what a reader has rejected at all of them is no lesion. What split from a
    lesion, and has no mark of its own, is a piece of it and adds to its size. Diameters, volume, mean (in HU), peak and
    total glycolysis (of SUV by lean body mass) are those measured; what else is known was given, see clinical.
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
    whole = {t.id: t.id for t in tracks}  # the lesion that a track is, or is a piece of
    pieces = defaultdict[str, list[Track]](list)
    for track in patient.tracks:
        if track.kind is None and (of := next((t.id for t in patient.ancestors(track) if t.id in whole), "")):
            pieces[of].append(track)
    whole |= {track.id: of for of, parts in pieces.items() for track in parts}
    lesions = tuple(_lesion(patient, track, pieces[track.id], whole) for track in tracks)
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
    return (
        f"the alignment of {named(point)} is doubtful, so what became of {listed(names)} is not certain until accepted"
    )


def usual_kind(patient: Patient, track: Track) -> response.Kind | None:
    """What a track is until a reader says more: a non-target of the first time point, or new.

    None where nothing of it counts, and of a piece that split off: it is part of what was there.
    """
    counted = [o for o in track.observations if o.counts]
    if not counted:
        return None
    if counted[0].time_point == patient.time_points[0].id:
        return response.Kind.NON_TARGET
    part = any(o.counts for t in patient.ancestors(track) for o in t.observations)
    return None if part else response.Kind.NEW


def _lesion(patient: Patient, track: Track, pieces: Sequence[Track], whole: Mapping[str, str]) -> response.Lesion:
    """pieces: that split from it; whole: of the tracks that are lesions of the case or pieces of them the lesion's id,
    into which others may have merged."""
    order = patient.order
    assessments, seen, parts = [], False, (track, *pieces)
    for point in patient.time_points:
        here = [(t.id, o) for t in parts if (o := t.at(point.id)) is not None and o.counts]
        unseen = any(_is_out_of_sight(patient, t, point, whole) for t in parts)
        seen = seen or bool(here)
        if seen and unseen:  # what is shown of it would be too small a sum
            assessments.append(response.Assessment(point.id, response.Status.NOT_EVALUABLE))
        elif here:
            assessments.append(_present(track, here))
        elif seen and (into := whole.get(track.whole_at(point.id, order), track.id)) != track.id:  # not its own piece
            assessments.append(response.Assessment(point.id, response.Status.MERGED, merged_into=into))
        elif seen:
            assessments.append(response.Assessment(point.id, response.Status.ABSENT))
    assert track.kind is not None
    return response.Lesion(
        *(track.id, track.organ, track.kind, track.node, tuple(assessments)),
        in_radiation_field=track.in_radiation_field,
        enhancing=track.enhancing,
    )


def _is_out_of_sight(patient: Patient, track: Track, point: TimePoint, whole: Mapping[str, str]) -> bool:
    """Whether a study does not show the place of what was there before, in its own right. whole: see _lesion."""
    order = patient.order
    if point.id not in track.outside or track.at(point.id) is not None:
        return False
    if track.whole_at(point.id, order) in whole:
        return False
    return any(o.counts and order[o.time_point] < order[point.id] for o in track.observations)


def _present(track: Track, here: Sequence[tuple[str, Observation]]) -> response.Assessment:
    """here: the observations of its pieces at a time point with the ids of their tracks; one where it did not split."""
    time_point = here[0][1].time_point
    marks: dict[str, Any] = {
        "unequivocal": time_point in track.unequivocal,
        "increased": time_point in track.increased,
        "equivocal": track.equivocal,
    }
    measured = _measured(here[0][1]) if len(here) == 1 else _together([(name, _measured(o)) for name, o in here])
    return replace(measured, **marks) if any(marks.values()) else measured


def _together(pieces: Sequence[tuple[str, response.Assessment]]) -> response.Assessment:
    """All pieces of a lesion: diameters are those of the largest, volumes add up, of uptake the peak is the highest."""
    every = [(piece, piece.volume_mm3) for _, piece in pieces if piece.volume_mm3]
    volume = total(v for _, v in every)
    means = [(v.value / volume.value, piece.mean_hu) for piece, v in every if piece.mean_hu]
    glycolysis = [piece.tlg_ml for piece, _ in every if piece.tlg_ml]
    peaks = [piece.sul_peak for piece, _ in every if piece.sul_peak]
    return replace(
        max(every, key=lambda one: one[1].value)[0],
        volume_mm3=volume,
        mean_hu=combination(means) if len(means) == len(pieces) else None,
        sul_peak=max(peaks, key=lambda peak: peak.value, default=None),
        tlg_ml=total(glycolysis) if len(glycolysis) == len(pieces) else None,
        pieces=tuple(pieces),
    )


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
