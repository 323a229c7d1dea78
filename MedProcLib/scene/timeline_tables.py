"""The table nodes of a patient: findings over time, and the response at each time point with its arithmetic."""

from collections.abc import Sequence
from typing import Any

from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.outcome import Response
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.comparison.tracks.table import findings_table
from MedProcLib.core.errors import InputError
from MedProcLib.core.kept import kept
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.tables import Column, refill_table, table_from_columns
from MedProcLib.scene.timeline_nodes import FINDINGS_TABLE, RESPONSE_TABLE

CRITERION = "MedProc.Criterion"  # attribute of the patient's node: name of a response criterion, or none
UNITS = (("_mm3", "mm3"), ("_mm", "mm"), ("_percent", "%"))


def show_tables(node, patient: Patient) -> None:
    """Fill the patient's tables anew; makes those that are not there."""
    _show(node, FINDINGS_TABLE, findings_columns(patient), "over time")
    name = criterion_of(node)
    if name or node.GetNodeReference(RESPONSE_TABLE) is not None:
        _show(node, RESPONSE_TABLE, response_columns(responses_of(patient, name)[0]), "response")


def criterion_of(node) -> str:
    """Name of the response criterion that was chosen for a patient; '' for none."""
    return node.GetAttribute(CRITERION) or ""


def responses_of(patient: Patient, criterion: str) -> tuple[list[Response], str]:
    """The response at each time point, and what is missing for one; none without a criterion."""
    if not criterion:
        return [], ""
    known = _responses(patient)
    if criterion not in known:
        known[criterion] = _assessed(patient, criterion)
    return known[criterion]


@kept
def _responses(patient: Patient) -> dict[str, tuple[list[Response], str]]:
    """Those found already, by criterion: tables, panel and charts all ask for them."""
    return {}


def _assessed(patient: Patient, criterion: str) -> tuple[list[Response], str]:
    if not any(track.kind is not None for track in patient.tracks):
        return [], "Give findings a role first: target, non-target or new."
    try:
        return assess(criterion, case_of(patient)), ""
    except InputError as error:
        return [], str(error)


def findings_columns(patient: Patient) -> list[Column]:
    """A row for each finding and time point; see comparison.tracks.table."""
    names, lines = findings_table(patient)
    cells = zip(*lines, strict=True) if lines else [()] * len(names)
    return [Column(name, values, _unit(name)) for name, values in zip(names, cells, strict=True)]


def response_columns(responses: Sequence[Response]) -> list[Column]:
    """A row for each time point."""

    def joined(texts: Sequence[str]) -> str:
        return "; ".join(texts)

    rows: dict[str, list[Any]] = {
        "time_point": [r.time for r in responses],
        "date": [r.date.isoformat() for r in responses],
        "criterion": [r.criterion for r in responses],
        "category": [str(r.category) for r in responses],
        "parts": [joined([f"{part}: {category}" for part, category in r.parts.items()]) for r in responses],
        "arithmetic": [joined(r.steps) for r in responses],
        "missing": [joined(r.missing) for r in responses],
        "notes": [joined((*r.notes, *r.doubts)) for r in responses],
    }
    return [Column(name, values) for name, values in rows.items()]


def _show(node, role: str, columns: Sequence[Column], what: str) -> None:
    table = node.GetNodeReference(role)
    if table is not None:
        refill_table(table, columns)
        return
    table = table_from_columns(columns, f"{node.GetName()} {what}", node.GetScene())
    place_beside(table, node)
    node.SetNodeReferenceID(role, table.GetID())


def _unit(name: str) -> str:
    return next((unit for ending, unit in UNITS if name.endswith(ending)), "")
