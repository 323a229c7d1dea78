"""The tracks of a patient as a tidy table: a line for each track and time point."""

from collections.abc import Sequence
from functools import partial

from ..result import Change
from .changes import Interval, intervals, since
from .model import Observation, Patient, TimePoint, Track
from .recall import recalled

Table = tuple[list[str], list[list[object]]]

_REFERENCES = ("previous", "baseline", "nadir")
COLUMNS = [
    *("track", "name", "organ", "site", "kind", "parent", "merged_into", "time_point", "date", "labels"),
    *("class", "rule", "class_from_baseline", "volume_mm3", "volume_low_mm3", "volume_high_mm3"),
    *("volume_repeat_low_mm3", "volume_repeat_high_mm3", "at_image_border"),
    *("long_diameter_mm", "short_diameter_mm", "mean", "mean_unit", "center_l_mm", "center_p_mm", "center_s_mm"),
    *(
        f"{figure}_from_{reference}_{unit}"
        for reference in _REFERENCES
        for figure, unit in (
            ("change", "mm3"),
            ("change", "percent"),
            ("change_low", "percent"),
            ("change_high", "percent"),
            ("change_unbiased", "percent"),
            ("changed", "beyond_error"),
        )
    ),
    *("status", "reader", "decided", "note"),
]


def findings_table(patient: Patient) -> Table:
    """Columns and lines, by track and then time; write them with core.csv_text.

    A track has a line at each time point where it was observed, and one where it was first missing or had merged into
    another one, with a volume of 0 or none. volume_low and _high: the 95 % interval of the true volume;
    volume_repeat_low and _high: of what another study of the same lesion would give, by which changes are judged.
    at_image_border: yes where the study may show a part of it only. Changes are of the volume, with the 95 % interval
    of the relative ones; unbiased: less what an uncertain volume before adds to a ratio in the mean; 'changed beyond
    error' is yes, no or cannot say (growth.size_change with the settings' share as relevant), cannot say while the
    alignment is in doubt (see doubt.doubt_of).
    At a merge or split the change from the previous time point is of all parts together.
    """
    ways = intervals(patient)
    lines = []
    for track in patient.tracks:
        found = recalled(patient, track, "lines", partial(_lines, patient, track, ways[track.id]))
        named = [track.id, track.name, track.organ, track.site, track.kind.value if track.kind else ""]
        lines += [[*named, *line] for line in found]
    return list(COLUMNS), lines


def _lines(patient: Patient, track: Track, ways: Sequence[Interval]) -> list[list[object]]:
    """The lines of a track from the parent on."""
    by_end, lines = {interval.end: interval for interval in ways}, []
    for point in patient.time_points:
        observation, interval = track.at(point.id), by_end.get(point.id)
        if observation is not None or interval is not None:
            merged = track.merged_first_at(point.id)
            date = point.date.isoformat() if point.date else None
            lines.append([track.parent, merged, point.id, date, *_found(patient, track, point, observation, interval)])
    return lines


def _found(
    patient: Patient, track: Track, point: TimePoint, observation: Observation | None, interval: Interval | None
) -> list[object]:
    """The line from the labels on."""
    first = patient.time_points[0] is point
    baseline, nadir = (since(patient, track, point.id, reference) for reference in ("baseline", "nadir"))
    changes = {"previous": interval, "baseline": baseline, "nadir": nadir}
    relevant = patient.settings.relative_percent
    labels = " ".join(map(str, observation.labels)) if observation else None
    since_baseline = baseline.class_name if baseline else interval.class_name if interval else None
    return [
        labels,
        *(interval.class_name if interval else "baseline" if first else None, interval.rule if interval else None),
        since_baseline,
        *_volume(observation, interval),
        *_figures(observation),
        *(value for reference in _REFERENCES for value in _change(changes[reference], relevant)),
        *_decision(observation),
    ]


def _volume(observation: Observation | None, interval: Interval | None) -> list[object]:
    if observation is not None:
        true, repeated = observation.true_volume, observation.volume
        return [true.value, true.low, true.high, repeated.low, repeated.high, "yes" if observation.cut else "no"]
    gone = interval is not None and interval.change is Change.GONE and interval.after is not None
    return [0.0 if gone else None, *[None] * 5]


def _figures(observation: Observation | None) -> list[object]:
    if observation is None:
        return [None] * 7
    long, short, mean = (observation.estimate(name) for name in ("long_diameter", "short_diameter", "mean"))
    return [
        *(e.measurement.value if e else None for e in (long, short, mean)),
        mean.measurement.unit if mean else None,
        *observation.place.center,
    ]


def _change(interval: Interval | None, relevant_percent: float) -> list[object]:
    size = interval.size(relevant_percent) if interval is not None else None
    if size is None:
        return [None] * 6
    percent = [size.percent.value, size.percent.low, size.percent.high] if size.percent else [None] * 3
    return [size.difference.value, *percent, size.unbiased_percent, size.changed.value]


def _decision(observation: Observation | None) -> list[object]:
    if observation is None:
        return [None] * 4
    return [observation.status.value, observation.reader, observation.decided, observation.note]
