"""What a reader knows beside the images, given to a patient: the trial's choices, drugs, state, PET reference."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...core.json_file import read_json
from ..response.context import Context, Protocol
from .history import recorded
from .json_codec import decoded
from .model import Patient, TimePoint, Track, require_track_id
from .reorder import by_date, in_order


@dataclass(frozen=True)
class OfLesion:
    """Of one track, see model.Track; what is None stays as it is. unequivocal, increased: time points by id, name or
    date."""

    organ: str | None = None
    node: bool | None = None
    equivocal: bool | None = None
    in_radiation_field: bool | None = None
    enhancing: bool | None = None
    unequivocal: tuple[str, ...] | None = None
    increased: tuple[str, ...] | None = None

    @property
    def marks(self) -> dict[str, tuple[str, ...]]:
        """What is said of time points."""
        said = {"unequivocal": self.unequivocal, "increased": self.increased}
        return {name: times for name, times in said.items() if times is not None}


@dataclass(frozen=True)
class Clinical:
    """What criteria need beside the findings, of the trial, examinations (by id, name or date) and lesions (by id)."""

    protocol: Protocol | None = None
    time_points: Mapping[str, Context] = field(default_factory=dict)
    lesions: Mapping[str, OfLesion] = field(default_factory=dict)


def clinical_from_dict(data: Any) -> Clinical:
    """From JSON data {"protocol": {...}, "time_points": {"2024-03-01": {"neuro": {...}}}, "lesions": {"F001": {...}}}.

    Raises InputError that names the entry that is unknown or of the wrong kind.
    """
    found = decoded(Clinical, data, "clinical data")
    return replace(
        found,
        time_points={n: decoded(Context, d, f"time_points.{n}") for n, d in found.time_points.items()},
        lesions={n: decoded(OfLesion, d, f"lesions.{n}") for n, d in found.lesions.items()},
    )


def read_clinical(path: str | Path) -> Clinical:
    """That of a JSON file. Raises InputError that names the file."""
    data = read_json(path, "Clinical data")
    try:
        return clinical_from_dict(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def require_names(clinical: Clinical, points: Sequence[TimePoint]) -> None:
    """Raise InputError for the name of a time point that is none of these or is named twice, or of a lesion that can be
    none."""
    _contexts(points, clinical)
    for name in (name for said in clinical.lesions.values() for times in said.marks.values() for name in times):
        _point(points, name)
    for name in clinical.lesions:
        require_track_id(name)


def with_clinical(patient: Patient, clinical: Clinical, who: str, when: str, what: str = "clinical data") -> Patient:
    """The patient with this in place of what it had, as one entry of the history that says what was given.

    Raises InputError for a time point or lesion that the patient does not have, and for a time point named twice.
    """
    contexts = _contexts(patient.time_points, clinical)
    points = tuple(replace(p, context=contexts.get(p.id, p.context)) for p in patient.time_points)
    tracks = [_told(patient, patient.track(name), said) for name, said in clinical.lesions.items()]
    told = replace(patient, protocol=clinical.protocol or patient.protocol, time_points=points).with_tracks(*tracks)
    return recorded(patient, told, who, when, what) if told != patient else patient


def dated(patient: Patient, time_point: str, date: datetime.date | None, who: str, when: str) -> Patient:
    """The patient with the date of a time point (its id), which takes the place that it has by that among the others.

    Raises InputError where another one is of that date.
    """
    point = patient.time_point(time_point)
    for other in patient.time_points:
        if date is not None and other is not point and other.date == date:
            raise InputError(f"Time points are of days of their own: '{other.id}' is of {date} too.")
    points = by_date([replace(p, date=date) if p is point else p for p in patient.time_points], point.id)
    place = next(n for n, p in enumerate(points) if p.id == point.id)
    moved = "" if place == patient.order[point.id] else f", now time point {place + 1}"
    return recorded(patient, in_order(patient, points), who, when, f"{point.id}: date = {date or 'none'}{moved}")


def _contexts(points: Sequence[TimePoint], clinical: Clinical) -> dict[str, Context]:
    """What is said of each time point, by its id."""
    found: dict[str, Context] = {}
    for name, context in clinical.time_points.items():
        point = _point(points, name).id
        if point in found:
            raise InputError(f"Clinical data: '{name}' is time point {point}, of which an earlier entry speaks too.")
        found[point] = context
    return found


def _told(patient: Patient, track: Track, said: OfLesion) -> Track:
    given = {name: value for name, value in vars(said).items() if value is not None}
    for mark, times in said.marks.items():
        given[mark] = tuple(_point(patient.time_points, name).id for name in times)
    return replace(track, **given)


def _point(points: Sequence[TimePoint], name: str) -> TimePoint:
    """The time point of this id, name or date. Raises InputError for none, or several."""
    found = [p for p in points if name == p.id]
    found = found or [p for p in points if name in (p.name, p.date.isoformat() if p.date else None)]
    if len(found) != 1:
        known = ", ".join(p.id + (f" ({p.date})" if p.date else "") for p in points)
        raise InputError(f"Clinical data: '{name}' is {'no' if not found else 'more than one'} time point of {known}.")
    return found[0]
