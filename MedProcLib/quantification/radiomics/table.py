"""Radiomic features as a table and as the full record."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence

from ...core.csv_text import csv_text
from ...core.units import ucum
from .diagnostics import diagnostic_features
from .feature import Feature
from .outcome import RegionFeatures
from .robustness import Robustness
from .settings import Radiomics

COLUMNS = ["tag", "name", "value", "unit", "family", "aggregation"]


LABEL_COLUMNS = ["label", "label_name"]


def features_csv(regions: Sequence[RegionFeatures], settings: Radiomics, names: Mapping[int, str] | None = None) -> str:
    """CSV text, a line per feature, then per diagnostic figure. What is not defined is an empty cell.

    names: by label, where the first columns are to say of which label a line is.
    """
    lines: list[list[object]] = []
    for region in regions:
        for f in (*region.features, *diagnostic_features(region.diagnostics, settings.intensity_unit)):
            line: list[object] = [f.tag, f.name, f.value, ucum(f.unit), f.family, f.aggregation]
            lines.append([*_of_label(region.label, names), *line])
    return csv_text([*LABEL_COLUMNS[: 0 if names is None else None], *COLUMNS], lines)


def features_json(
    regions: Sequence[RegionFeatures],
    settings: Radiomics,
    provenance: Mapping[str, object],
    names: Mapping[int, str],
) -> str:
    """The full record: provenance and settings, and of each region features (null: not defined), steps and notes.

    names: by label, as far as they are known.
    """
    record = {
        **provenance,
        "settings": dataclasses.asdict(settings),
        "regions": [
            {
                "label": region.label,
                "name": names.get(region.label),
                "notes": list(region.notes),
                "diagnostics": dict(region.diagnostics),
                "features": [_entry(feature) for feature in region.features],
            }
            for region in regions
        ],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def robustness_csv(robustness: Robustness, names: Mapping[int, str] | None = None) -> str:
    """CSV text, a line per feature of each region: its value, interval under perturbation, variation, and ICC.

    names: as of features_csv.
    """
    columns = ["tag", "value", "low", "high", "cov", "icc", "icc_low", "icc_high", "perturbations"]
    lines: list[list[object]] = []
    for row in robustness.rows:
        line = [row.tag, row.value, row.low, row.high, row.cov, row.icc, row.icc_low, row.icc_high, row.count]
        lines.append([*_of_label(row.label, names), *line])
    return csv_text([*LABEL_COLUMNS[: 0 if names is None else None], *columns], lines)


def _of_label(label: int, names: Mapping[int, str] | None) -> list[object]:
    return [] if names is None else [label, names.get(label, f"Segment {label}")]


def _entry(feature: Feature) -> dict[str, object]:
    return {
        "tag": feature.tag,
        "name": feature.name,
        "value": feature.value if math.isfinite(feature.value) else None,
        "unit": ucum(feature.unit),
        "family": feature.family,
        "aggregation": feature.aggregation,
        "code": f"IBSI:{feature.code}" if feature.code else None,
    }
