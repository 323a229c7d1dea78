"""Charts of a patient over time: curves of the findings and of the sum, waterfall, spider and response."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from MedProcLib.comparison.response.charts import swimmer
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.changes import since
from MedProcLib.comparison.tracks.model import Observation, Patient, Track
from MedProcLib.core.errors import InputError
from MedProcLib.scene.measurement_charts import Chart, add_chart, chart_nodes, curves
from MedProcLib.scene.plots import Series
from MedProcLib.scene.timeline_nodes import FINDINGS_TABLE, patient_of_node
from MedProcLib.scene.timeline_tables import criterion_of, responses_of

VOLUMES, DIAMETERS, SUM, WATERFALL, SPIDER, RESPONSE = (
    "Volumes over time",
    "Diameters over time",
    "Sum over time",
    "Waterfall",
    "Spider",
    "Response over time",
)
MOST = 24  # curves that can still be told apart; the largest findings are shown
NO_CHANGE_COLOR = (0.36, 0.4, 0.46)


def add_timeline_chart(node, kind: str):
    """Add a chart of a patient, in the place of an earlier one of its kind; returns the chart node.

    Raises InputError for what has nothing to show.
    """
    chart = CHARTS[kind](patient_of_node(node), criterion_of(node))
    return add_chart(chart, node.GetNodeReference(FINDINGS_TABLE), node.GetName())


def show_charts(node) -> None:
    """Draw the charts that were made of a patient anew, in the views that show them."""
    table = node.GetNodeReference(FINDINGS_TABLE)
    for kind in CHARTS:
        if not chart_nodes(kind, table):
            continue
        # its last finding was rejected, say: the chart shows what was until there is something
        with contextlib.suppress(InputError):
            add_timeline_chart(node, kind)


def _volumes(patient: Patient, criterion: str) -> Chart:
    return _curves(VOLUMES, patient, lambda o: o.volume.value, ("volume", "mm3"))


def _diameters(patient: Patient, criterion: str) -> Chart:
    def length(observation: Observation) -> float | None:
        estimate = observation.estimate("long_diameter")
        return estimate.measurement.value if estimate is not None else None

    return _curves(DIAMETERS, patient, length, ("longest diameter", "mm"))


def _curves(kind: str, patient: Patient, size: Callable[[Observation], float | None], y: tuple[str, str]) -> Chart:
    times, x = _times(patient)
    points = {
        _name(track): [(times[o.time_point], value) for o in track.observations if o.counts and (value := size(o))]
        for track in _largest(patient)
    }
    return curves(kind, points, (x[0], y[0]), (x[1], y[1]))


def _sum(patient: Patient, criterion: str) -> Chart:
    times, x = _times(patient)
    responses, missing = responses_of(patient, criterion)
    sums = [
        (r.time, figure)
        for r in responses
        for figure in r.figures
        if figure.name.startswith("sum_of") and "nadir" not in figure.name
    ]
    if not sums:
        raise InputError(missing or "Choose a criterion that adds up targets, and give findings the role of target.")
    name, unit = sums[0][1].name, sums[0][1].unit
    points = [(times[time], float(figure.value)) for time, figure in sums if figure.name == name]
    return curves(SUM, {name.replace("_", " "): points}, (x[0], name.replace("_", " ")), (x[1], unit))


def _waterfall(patient: Patient, criterion: str) -> Chart:
    bars = []
    for track in _largest(patient):
        changes = _changes(patient, track)
        if changes:
            bars.append((_name(track), changes[-1][1]))
    if not bars:
        raise InputError("No finding was seen twice, so there is no change to show.")
    bars.sort(key=lambda bar: -bar[1])
    labels, heights = zip(*bars, strict=True)
    series = Series("volume since baseline", range(1, len(bars) + 1), heights, None, "bars", labels)
    return Chart(WATERFALL, (series,), "", "change of volume since baseline", "", "%")


def _spider(patient: Patient, criterion: str) -> Chart:
    times, x = _times(patient)
    points = {}
    for track in _largest(patient):
        changes = _changes(patient, track)
        if changes:
            first = next(o for o in track.observations if o.counts)
            points[_name(track)] = [(times[first.time_point], 0.0), *((times[p], value) for p, value in changes)]
    chart = curves(SPIDER, points, (x[0], "change of volume since baseline"), (x[1], "%"))
    ends = [when for series in chart.series for when in series.x]
    none = Series("no change", (min(ends), max(ends)), (0.0, 0.0), NO_CHANGE_COLOR, "line")
    return replace(chart, series=(none, *chart.series))


def _response(patient: Patient, criterion: str) -> Chart:
    responses, missing = responses_of(patient, criterion)
    if not responses:
        raise InputError(missing or "Choose a response criterion first.")
    phases = swimmer(criterion, {patient.id or "patient": case_of(patient)})[patient.id or "patient"]
    lanes = list(dict.fromkeys(str(phase.category) for phase in phases))
    series = []
    for lane, category in enumerate(lanes, 1):
        mine = [phase for phase in phases if str(phase.category) == category]
        x, y = [], []
        for phase in mine:
            x += [float(phase.start), float(phase.end), float("nan")]
            y += [float(lane), float(lane), float("nan")]
        series.append(Series(category, x[:-1], y[:-1]))
    return Chart(RESPONSE, tuple(series), "time after baseline", "category", "d", "")


CHARTS: dict[str, Callable[[Patient, str], Chart]] = {
    VOLUMES: _volumes,
    DIAMETERS: _diameters,
    SUM: _sum,
    WATERFALL: _waterfall,
    SPIDER: _spider,
    RESPONSE: _response,
}


def _changes(patient: Patient, track: Track) -> list[tuple[str, float]]:
    """Change of volume since the track's first observation in percent, by time point; -100 where it is gone."""
    found = []
    for point in patient.time_points:
        way = since(patient, track, point.id, "baseline")
        size = way.size(patient.settings.relative_percent) if way is not None else None
        if size is not None and size.percent is not None:
            found.append((point.id, size.percent.value))
    return found


def _times(patient: Patient) -> tuple[dict[str, float], tuple[str, str]]:
    """Place of each time point on the time axis, and the axis's title and unit; numbers where dates are missing."""
    dates = {point.id: point.date for point in patient.time_points}
    first = next(iter(dates.values()), None)
    known = {name: float((date - first).days) for name, date in dates.items() if date and first}
    if len(known) == len(dates):
        return known, ("time after baseline", "d")
    return {name: float(number) for number, name in enumerate(dates, 1)}, ("time point", "")


def _largest(patient: Patient) -> list[Track]:
    counted = [track for track in patient.tracks if any(o.counts for o in track.observations)]
    size = {track.id: max(o.volume.value for o in track.observations if o.counts) for track in counted}
    marked = [track for track in counted if track.kind is not None]
    kept = sorted(marked or counted, key=lambda track: -size[track.id])[:MOST]
    return [track for track in counted if track in kept]


def _name(track: Track) -> str:
    return f"{track.id} {track.name}" if track.name else track.id
