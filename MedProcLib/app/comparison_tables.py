"""The tables that `compare` writes: one row per finding and later study, and one row per measured object."""

from collections.abc import Sequence

from ..comparison.following import unique_names
from ..comparison.result import Comparison, Finding
from ..comparison.study import Study
from ..comparison.tracks import table as tracks_table
from ..comparison.tracks.changes import NOT_SHOWN
from ..comparison.tracks.model import Observation
from ..comparison.tracks.volumes import true_total
from ..quantification.row import Row
from ..quantification.table import Table, wide_table, without_repeats
from ..report.finding_measurements import PairRows

FINDING_COLUMNS = [
    "finding",
    "class",
    "first_study",
    "first_date",
    "other_study",
    "other_date",
    "volume_first_mm3",
    "volume_other_mm3",
    "difference_mm3",
    "difference_percent",
    "center_first_l_mm",
    "center_first_p_mm",
    "center_first_s_mm",
    "center_other_l_mm",
    "center_other_p_mm",
    "center_other_s_mm",
    "threshold",
    "status",
    "reader",
    "decided",
    "registration",
]
NOWHERE, NOTHING = (None, None, None), (None, None)
# what a track's table says otherwise than the columns above
RENAMED = {"class": "class_from_previous", "rule": "rule_from_previous"}
TRACK_COLUMNS = [
    column
    for column in tracks_table.COLUMNS
    if column not in ("status", "reader", "decided") and not column.startswith("center_")
]
# figures whose 95 % interval a track's table leaves out
WITH_INTERVAL = ("long_diameter", "short_diameter")
COLUMNS = [
    *FINDING_COLUMNS,
    *(RENAMED.get(column, column) for column in TRACK_COLUMNS),
    "tracks",
    "volume_first_low_mm3",
    "volume_first_high_mm3",
    "first_at_image_border",
    *(f"{name}_{end}_mm" for name in WITH_INTERVAL for end in ("low", "high")),
]

__all__ = ["Table", "findings_table", "measurement_units", "measurements_table"]


def findings_table(comparison: Comparison) -> Table:
    """One line per finding and later study. Centers are LPS in mm in the study's own space.

    The columns up to `registration` compare with the first study; those after are of the finding's leading track at
    the later study, with its changes from the time points before (see comparison.tracks.table); volume_first_low and
    _high: the 95 % interval of the true volume in the first study; first_at_image_border: yes where that may show a
    part of the finding only.
    """
    lines: list[list[object]] = []
    ids = unique_names(comparison.studies)
    followed = _track_lines(comparison)
    for pair in comparison.pairs:
        first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
        for finding in pair.findings:
            lines.append(
                [
                    finding.number,
                    NOT_SHOWN if finding.unseen else str(finding.change),
                    *_name_and_date(first),
                    *_name_and_date(other),
                    finding.volumes_mm3[0],
                    *((None,) * 3 if finding.unseen else _changed(finding)),
                    *(finding.centers[0] or NOWHERE),
                    *(finding.centers[1] or NOWHERE),
                    finding.threshold,
                    finding.status,
                    finding.reader,
                    finding.decided,
                    str(pair.registration.verdict),
                    *_of_track(comparison, finding, ids[pair.moving], followed),
                ]
            )
    return COLUMNS, lines


def _track_lines(comparison: Comparison) -> dict[tuple[str, str], dict[str, object]]:
    """The lines of the tracks' table by track and time point."""
    if comparison.followed is None:
        return {}
    columns, lines = tracks_table.findings_table(comparison.followed.patient)
    found = [dict(zip(columns, line, strict=True)) for line in lines]
    return {(str(line["track"]), str(line["time_point"])): line for line in found}


def _changed(finding: Finding) -> tuple[object, ...]:
    return finding.volumes_mm3[1], finding.difference_mm3, finding.difference_percent


def _of_track(
    comparison: Comparison, finding: Finding, time_point: str, lines: dict[tuple[str, str], dict[str, object]]
) -> list[object]:
    if not finding.tracks or comparison.followed is None:
        return [None] * (len(COLUMNS) - len(FINDING_COLUMNS))
    leading = finding.tracks[0]
    line = lines.get((leading, time_point), {"track": leading, "time_point": time_point})
    patient = comparison.followed.patient
    tracks = [patient.track(name) for name in finding.tracks]
    before = [o for track in tracks if (o := track.at(patient.time_points[0].id)) is not None and o.counts]
    true = true_total(before) if before else None
    return [
        *(line.get(column) for column in TRACK_COLUMNS),
        " ".join(finding.tracks),
        *((true.low, true.high) if true else NOTHING),
        ("yes" if any(o.cut for o in before) else "no") if before else None,
        *_intervals(tracks[0].at(time_point)),
    ]


def _intervals(observation: Observation | None) -> list[object]:
    estimates = [observation.estimate(name) if observation else None for name in WITH_INTERVAL]
    return [end for estimate in estimates for end in ((estimate.low, estimate.high) if estimate else (None, None))]


def measurements_table(comparison: Comparison, rows: Sequence[PairRows]) -> Table:
    """One line per finding, study and, where it has several, component; `compared_with` says which pair it is of."""
    places: list[tuple[Study, Study]] = []
    objects: list[Row] = []
    for pair, (fixed_rows, moving_rows) in zip(comparison.pairs, rows, strict=True):
        first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
        fixed_rows, moving_rows = without_repeats(fixed_rows), without_repeats(moving_rows)
        places += [(first, other)] * len(fixed_rows) + [(other, first)] * len(moving_rows)
        objects += [*fixed_rows, *moving_rows]
    columns, lines = wide_table(objects)
    return ["study", "date", "compared_with", *columns], [
        [*_name_and_date(study), other.name, *line] for (study, other), line in zip(places, lines, strict=True)
    ]


def measurement_units(rows: Sequence[PairRows]) -> dict[str, str]:
    """Unit of each measured column."""
    every = (row for pair in rows for side in pair for row in side)
    return {measurement.column: measurement.unit for row in every for measurement in row.measurements}


def _name_and_date(study: Study) -> tuple[str, str | None]:
    return study.name, study.date.isoformat() if study.date else None
