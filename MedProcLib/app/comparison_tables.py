"""The tables that `compare` writes: one row per finding and pair, and one row per measured object."""

from collections.abc import Sequence

from ..comparison.result import Comparison
from ..comparison.study import Study
from ..quantification.row import Row
from ..quantification.table import Table, wide_table
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
NOWHERE = (None, None, None)

__all__ = ["Table", "findings_table", "measurement_units", "measurements_table"]


def findings_table(comparison: Comparison) -> Table:
    """One line per finding and pair of studies. Centers are LPS in mm in the study's own space."""
    lines: list[list[object]] = []
    for pair in comparison.pairs:
        first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
        for finding in pair.findings:
            lines.append(
                [
                    finding.number,
                    str(finding.change),
                    *_name_and_date(first),
                    *_name_and_date(other),
                    *finding.volumes_mm3,
                    finding.difference_mm3,
                    finding.difference_percent,
                    *(finding.centers[0] or NOWHERE),
                    *(finding.centers[1] or NOWHERE),
                    finding.threshold,
                    finding.status,
                    finding.reader,
                    finding.decided,
                    str(pair.registration.verdict),
                ]
            )
    return FINDING_COLUMNS, lines


def measurements_table(comparison: Comparison, rows: Sequence[PairRows]) -> Table:
    """One line per finding, study and component; `compared_with` says which pair the finding is of."""
    places: list[tuple[Study, Study]] = []
    objects: list[Row] = []
    for pair, (fixed_rows, moving_rows) in zip(comparison.pairs, rows, strict=True):
        first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
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
