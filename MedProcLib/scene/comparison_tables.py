"""The findings of a comparison and the figures of its registration as tables."""

import numpy as np

from MedProcLib.comparison.result import Finding, PairComparison
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.units import shown
from MedProcLib.scene.tables import Column, table_from_columns


def add_findings_table(pair: PairComparison, first: str, other: str, name: str, scene, like=None):
    """Add a table with one row per finding; first, other: names of the two studies."""
    findings = pair.findings
    centers = np.array([_center(finding) for finding in findings]).reshape(-1, 3)
    columns = [
        Column("finding", [finding_name(finding) for finding in findings]),
        Column("change", [str(finding.change) for finding in findings]),
        Column("volume_first", [finding.volumes_mm3[0] for finding in findings], "mm3", f"volume in {first}"),
        Column("volume_other", [finding.volumes_mm3[1] for finding in findings], "mm3", f"volume in {other}"),
        Column("difference", [finding.difference_mm3 for finding in findings], "mm3", f"{other} minus {first}"),
        Column("difference_percent", [finding.difference_percent for finding in findings], "%", "of the first volume"),
        *[
            Column(
                f"center_{axis}", centers[:, index].tolist(), "mm", f"LPS, in {first} where it is there, else {other}"
            )
            for index, axis in enumerate("LPS")
        ],
        Column("threshold", [finding.threshold for finding in findings], meaning="rule that decided the change"),
        Column("status", [finding.status for finding in findings]),
        Column("reader", [finding.reader for finding in findings]),
        Column("decided", [finding.decided for finding in findings]),
    ]
    return table_from_columns(columns, name, scene, like)


def add_figures_table(figures: tuple[Measurement, ...], name: str, scene, like=None):
    """Add a table with one row per measurement: name, value, unit and code."""
    columns = [
        Column("name", [figure.name.replace("_", " ") for figure in figures]),
        Column("value", [float(figure.value) for figure in figures]),
        Column("unit", [shown(figure.unit) for figure in figures]),
        Column("code", [f"{figure.code.scheme} {figure.code.value}" if figure.code else "" for figure in figures]),
    ]
    return table_from_columns(columns, name, scene, like)


def finding_name(finding: Finding) -> str:
    """What a finding is called everywhere in the scene: F1, F2, ..."""
    return f"F{finding.number}"


def _center(finding: Finding) -> tuple[float, float, float]:
    return finding.centers[0] or finding.centers[1] or (float("nan"),) * 3
