"""A list of findings over time: a row for each track, with its sizes, its change and what the reader said of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from MedProcLib.comparison.growth.change import Changed, SizeChange
from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.result import Change
from MedProcLib.comparison.tracks.changes import NOT_SHOWN, Interval, intervals, since
from MedProcLib.comparison.tracks.model import Observation, Patient, Status, TimePoint, Track
from MedProcLib.comparison.tracks.recall import recalled
from MedProcLib.core.units import shown as shown_unit

REFERENCES = ("previous", "baseline", "nadir")
MEASURES = {"voxel_volume": "mm3", "long_diameter": "mm", "short_diameter": "mm", "mean": ""}


@dataclass(frozen=True)
class TrackRow:
    """A track in a list. change: its class at its last time point since the reference, None for one that was seen once,
    at the first, or whose place a study does not show; past: since the previous one there was nothing of it any more,
    and the class is from before; overall: that since baseline, None of what others merged into;
    size: change of its volume since the reference, None where there is nothing to compare with; values: of the chosen
    measure at each time point, None where not observed or not measured; absent: why it was not observed, the id of the
    finding that it is part of or NOT_SHOWN, '' where it was or is not there; lines: all that is known, in words;
    latest: those of the last change, with what it comes to since baseline and nadir where these are other time points,
    which is all where two time points are."""

    track: Track
    status: Status
    change: Change | None
    past: bool
    overall: Change | None
    size: SizeChange | None
    values: tuple[Measured | None, ...]
    absent: tuple[str, ...]
    lines: tuple[str, ...]
    latest: tuple[str, ...]


def track_rows(patient: Patient, reference: str = "previous", measure: str = "voxel_volume") -> list[TrackRow]:
    """A row for each track, in the order of their numbers. reference: one of REFERENCES; measure: of MEASURES."""
    ways = intervals(patient)
    return [_row(patient, track, ways[track.id], reference, measure) for track in patient.tracks]


def status_of(track: Track) -> Status:
    """Rejected when no observation counts, edited when one was, accepted when all were; else proposed."""
    counted = [o.status for o in track.observations if o.counts]
    if not counted:
        return Status.REJECTED
    if Status.PROPOSED in counted:
        return Status.PROPOSED
    return Status.EDITED if Status.EDITED in counted else Status.ACCEPTED


def titles_of(patient: Patient) -> dict[str, str]:
    """What each time point (id) is called where there is little room: its date, or its name; both where several are of
    one date."""
    dates = Counter(point.date for point in patient.time_points)
    return {point.id: _title(point, dates[point.date] == 1) for point in patient.time_points}


def _title(point: TimePoint, alone: bool) -> str:
    name = point.name or point.id
    if point.date is None:
        return name
    return point.date.isoformat() if alone else f"{point.date.isoformat()} {name}"


def _row(patient: Patient, track: Track, ways: Sequence[Interval], reference: str, measure: str) -> TrackRow:
    what = "row", reference, measure
    found = recalled(patient, track, what, lambda: _found(patient, track, ways, reference, measure))
    return TrackRow(track, status_of(track), *found)


def _found(patient: Patient, track: Track, ways: Sequence[Interval], reference: str, measure: str) -> tuple[Any, ...]:
    """The row from the change on."""
    last = ways[-1] if ways else None
    since_each = {name: _since_reference(patient, track, last, name) for name in REFERENCES}
    way = since_each[reference]
    past = reference == "previous" and last is not None and last.end != patient.time_points[-1].id
    size = way.size(patient.settings.relative_percent) if way is not None and not past else None
    values = tuple(_value(track.at(point.id), measure) for point in patient.time_points)
    observed, rules, sure = _observed(patient, track), _rules(patient, ways), _sure(way, size)
    change, overall = (w.change if w is not None and not w.unseen else None for w in (way, since_each["baseline"]))
    before = _earlier(patient, track, since_each)
    joined = any(other.merged_into == track.id for other in patient.tracks)  # then more is there than was at baseline
    overall = None if joined else overall
    return (
        change,
        past,
        overall,
        size,
        values,
        tuple(_absent(patient, track, point.id) for point in patient.time_points),
        (*observed, *rules, *sure, *before),
        (*observed[-2:], *rules[-1:], *sure, *before),
    )


def _earlier(patient: Patient, track: Track, ways: Mapping[str, Interval | None]) -> list[str]:
    """What became of it since baseline and nadir, as far as that is another time point than the previous one: what
    grows slowly may be stable from each study to the next."""
    lines, titles, previous = [], titles_of(patient), ways["previous"]
    told = {previous.start} if previous is not None else set()
    joined = ", ".join(other.id for other in patient.tracks if other.merged_into == track.id)
    with_ = f"; now with {joined}" if joined else ""
    for name in ("baseline", "nadir"):
        way = ways[name]
        if way is None or way.after is None or way.change is Change.GONE:
            continue
        if (
            name == "baseline"
            and way.change is Change.NEW
            and previous is not None
            and previous.change is not Change.NEW
        ):
            lines.append(f"Since baseline: {way.rule.partition(';')[0]}")
            told.add(way.start)
        if way.start in told:
            continue
        told.add(way.start)
        size = way.size(patient.settings.relative_percent)
        sure = f" (beyond error: {size.changed})" if size is not None else ""
        rule = way.rule.partition(";")[0]  # the border and the alignment are told of above
        lines.append(f"Since {name}, {titles[way.start]}: {rule}{with_}{sure}")
    return lines


def _rules(patient: Patient, ways: Sequence[Interval]) -> list[str]:
    """What each interval says of the track; of which time point, is said where there are more than two."""
    if len(patient.time_points) < 3:
        return [way.rule for way in ways]
    titles = titles_of(patient)
    return [f"{titles[way.end]}: {way.rule}" for way in ways]


def _since_reference(patient: Patient, track: Track, last: Interval | None, reference: str) -> Interval | None:
    """The last interval, with the volume at baseline or nadir in the place of the previous one."""
    if last is None or last.unseen or reference == "previous":
        return last
    return since(patient, track, last.end, reference) or last


def _sure(way: Interval | None, size: SizeChange | None) -> list[str]:
    """Why it is a change for certain or not. Of what is new there is no doubt, and of what reaches the border of the
    image or is aligned doubtfully the rule tells why nothing can be said."""
    if way is None or size is None or size.percent is None:
        return []
    return [] if any(way.cut) and size.changed is Changed.CANNOT_SAY else [size.reason.removeprefix(f"{way.doubt}; ")]


def _value(observation: Observation | None, measure: str) -> Measured | None:
    if observation is None or not observation.counts:
        return None
    if measure == "voxel_volume":
        return observation.volume
    estimate = observation.estimate(measure)
    return estimate.measured if estimate is not None else None


def _absent(patient: Patient, track: Track, time_point: str) -> str:
    if track.at(time_point) is not None:
        return ""
    return track.whole_at(time_point, patient.order) or (NOT_SHOWN if time_point in track.outside else "")


def _observed(patient: Patient, track: Track) -> list[str]:
    """A line for each time point: true volume and longest diameter with their intervals, and who decided."""
    lines, titles = [], titles_of(patient)
    for observation in track.observations:
        parts = [_with_interval(observation.true_volume, "mm3")]
        long = observation.estimate("long_diameter")
        if long is not None:
            parts.append(_with_interval(long.measured, "mm"))
        if observation.cut:
            parts.append("at the border of the image")
        said = f" ({observation.status}{f' by {observation.reader}' if observation.reader else ''})"
        note = f": {observation.note}" if observation.note else ""
        lines.append(f"{titles[observation.time_point]}: {', '.join(parts)}{said}{note}")
    return lines


def _with_interval(measured: Measured, unit: str) -> str:
    text = f"{_short(measured.value)} {shown_unit(unit)}"
    return f"{text} [{_short(measured.low)} to {_short(measured.high)}]" if measured.limits else text


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"
