"""The findings of a comparison and the figures of its registration as tables."""

from collections.abc import Sequence

import numpy as np

from MedProcLib.comparison.result import Finding
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.units import shown
from MedProcLib.scene.tables import Column, table_from_columns


def add_findings_table(findings: Sequence[Finding], places: np.ndarray, first: str, other: str, name: str, scene):
    """Add a table with one row per finding.

    places: LPS positions (n, 3) in the first study's space, NaN where unknown; first, other: names of the studies.
    """
    columns = [
        Column("finding", [finding_name(finding) for finding in findings]),
        Column("change", [str(finding.change) for finding in findings]),
        Column("volume_first", [finding.volumes_mm3[0] for finding in findings], "mm3", f"volume in {first}"),
        Column("volume_other", [finding.volumes_mm3[1] for finding in findings], "mm3", f"volume in {other}"),
        Column("difference", [finding.difference_mm3 for finding in findings], "mm3", f"{other} minus {first}"),
        Column("difference_percent", [finding.difference_percent for finding in findings], "%", "of the first volume"),
        *[
            Column(f"center_{axis}", places[:, index].tolist(), "mm", f"LPS, in the space of {first}")
            for index, axis in enumerate("LPS")
        ],
        Column("threshold", [finding.threshold for finding in findings], meaning="rule that decided the change"),
        Column("status", [finding.status for finding in findings]),
        Column("reader", [finding.reader for finding in findings]),
        Column("decided", [finding.decided for finding in findings]),
    ]
    return table_from_columns(columns, name, scene)


def add_figures_table(figures: Sequence[Measurement], name: str, scene):
    """Add a table with one row per measurement: name, value, unit and code."""
    columns = [
        Column("name", [figure.name.replace("_", " ") for figure in figures]),
        Column("value", [float(figure.value) for figure in figures]),
        Column("unit", [shown(figure.unit) for figure in figures]),
        Column("code", [f"{figure.code.scheme} {figure.code.value}" if figure.code else "" for figure in figures]),
    ]
    return table_from_columns(columns, name, scene)


def finding_name(finding: Finding) -> str:
    """What a finding is called everywhere in the scene: F1, F2, ..."""
    return f"F{finding.number}"
