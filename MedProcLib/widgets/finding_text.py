"""A row of a list of findings as it is read: its cells, its tooltip, and why it is proposed."""

from typing import Any

from slicer.i18n import tr as _

from ..scene.decisions import ACCEPTED, EDITED, PROPOSED, REJECTED
from ..scene.findings import AREA, DIAMETER, center_of
from .results_table import shown

MARKS = {PROPOSED: "", ACCEPTED: "✓ ", EDITED: "✎ ", REJECTED: "✗ "}


def line_of(row: dict[str, Any], in_ml: bool) -> list[Any]:
    """The cells of its row: name with the mark of its decision, size, diameter, score."""
    size = size_of(row) / 1000 if in_ml else size_of(row)
    return [f"{MARKS.get(row['status'], '')}{row['name']}", size, row[DIAMETER], row["score"]]


def sort_values(row: dict[str, Any]) -> list[Any]:
    """What each column is sorted by; names as they are numbered."""
    return [row["finding"], size_of(row), row[DIAMETER], row["score"]]


def size_of(row: dict[str, Any]) -> float:
    """Volume in mm3, or area in mm2 of a picture."""
    return row[AREA] if AREA in row else row["volume_mm3"]


def tip_of(row: dict[str, Any]) -> str:
    """All that there is to say of a finding, and who decided what."""
    lines = [f"{row['name']}: {row['status']}", reason_of(row)]
    if row["reader"]:
        lines.append(f"{row['reader']}, {row['decided']}")
    return "\n".join(filter(None, [*lines, row["comment"]]))


def reason_of(row: dict[str, Any]) -> str:
    """Why it is proposed, and where it is."""
    left, back, up = center_of(row)
    reason = row["reason"]
    parts = [reason[:1].upper() + reason[1:].rstrip(".") + "."] if reason else []
    expected = row["expected_false"]
    if expected not in ("", None) and expected == expected and "by chance" not in reason:
        parts.append(_("Expected by chance with such a score: {count}.").format(count=shown(float(expected))))
    parts.append(_("At R {r:.1f}, A {a:.1f}, S {s:.1f} mm.").format(r=-left, a=-back, s=up))
    return " ".join(parts)
