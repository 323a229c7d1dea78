"""Rows of measurements as text: CSV, and JSON with all that defines each figure."""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..core.csv_text import csv_text
from ..core.measurement import Code, Measurement
from .ct.body_composition import BODY_FIGURES
from .ct.calcium import CALCIUM_FIGURES
from .ct.lung_density import LUNG_FIGURES
from .figures import FIGURES
from .interval_figures import INTERVAL_FIGURES
from .pet.uptake import UPTAKE_FIGURES
from .row import Row
from .segment_distances import PAIR_FIGURES
from .shape.figures import SHAPE_FIGURES
from .table import OPTIONAL, wide_table

KNOWN_FIGURES = (
    *FIGURES,
    *(shape.figure for shape in SHAPE_FIGURES),
    *INTERVAL_FIGURES,
    *LUNG_FIGURES,
    *UPTAKE_FIGURES,
    *CALCIUM_FIGURES,
    *BODY_FIGURES,
    *PAIR_FIGURES,
)
MEANINGS = {figure.name: figure.meaning for figure in KNOWN_FIGURES}


def measurements_csv(rows: Sequence[Row]) -> str:
    """The wide table as CSV text."""
    return csv_text(*wide_table(rows))


def measurements_json(rows: Sequence[Row], provenance: Mapping[str, object] | None = None) -> str:
    """The full record: provenance, the meaning, unit and code of each figure, and each value with its parameters.

    A value that is not defined is null. Points are LPS in mm.
    """
    figures: dict[str, object] = {}
    for row in rows:
        for measurement in row.measurements:
            if measurement.name not in figures:
                figures[measurement.name] = _definition(measurement)
    record = {**(provenance or {}), "figures": figures, "rows": [_record(row) for row in rows]}
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _definition(measurement: Measurement) -> dict[str, object]:
    code = measurement.code
    meaning = MEANINGS.get(measurement.name, code.meaning if code else measurement.name.replace("_", " "))
    return {"meaning": meaning, "unit": measurement.ucum, "code": _code(code)}


def _code(code: Code | None) -> dict[str, str] | None:
    return None if code is None else {"scheme": code.scheme, "value": code.value, "meaning": code.meaning}


def _record(row: Row) -> dict[str, object]:
    place: dict[str, object] = {"segment": row.segment, "name": row.name, "component": row.component}
    place |= {key: getattr(row, key) for key in OPTIONAL if getattr(row, key) is not None}
    if row.at_border:
        place |= {"at_border": True}
    if row.long_axis is not None:
        place |= {"diameter_slice": row.slice_index, "long_axis_mm": row.long_axis, "short_axis_mm": row.short_axis}
    return {**place, "measurements": {m.name: _value(m) for m in row.measurements}}


def _value(measurement: Measurement) -> dict[str, object]:
    told: dict[str, object] = {"value": _plain(measurement.value)}
    return {**told, "parameters": _plain(dict(measurement.parameters))} if measurement.parameters else told


def _plain(value: object) -> object:
    """Numbers that JSON does not know become null."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
