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


def features_csv(regions: Sequence[RegionFeatures], settings: Radiomics, with_label: bool = False) -> str:
    """CSV text, a line per feature, then per diagnostic figure; `label` is the first column when asked for.

    What is not defined is an empty cell.
    """
    lines: list[list[object]] = []
    for region in regions:
        for f in (*region.features, *diagnostic_features(region.diagnostics, settings.intensity_unit)):
            line: list[object] = [f.tag, f.name, f.value, ucum(f.unit), f.family, f.aggregation]
            lines.append([region.label, *line] if with_label else line)
    return csv_text(["label", *COLUMNS] if with_label else COLUMNS, lines)


def features_json(regions: Sequence[RegionFeatures], settings: Radiomics, provenance: Mapping[str, object]) -> str:
    """The full record: provenance and settings, and of each region features (null: not defined), steps and notes."""
    record = {
        **provenance,
        "settings": dataclasses.asdict(settings),
        "regions": [
            {
                "label": region.label,
                "notes": list(region.notes),
                "diagnostics": dict(region.diagnostics),
                "features": [_entry(feature) for feature in region.features],
            }
            for region in regions
        ],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def robustness_csv(robustness: Robustness, with_label: bool = False) -> str:
    """CSV text, a line per feature of each region: its value, interval under perturbation, variation, and ICC."""
    columns = ["tag", "value", "low", "high", "cov", "icc", "icc_low", "icc_high", "perturbations"]
    lines: list[list[object]] = []
    for row in robustness.rows:
        line = [row.tag, row.value, row.low, row.high, row.cov, row.icc, row.icc_low, row.icc_high, row.count]
        lines.append([row.label, *line] if with_label else line)
    return csv_text(["label", *columns] if with_label else columns, lines)


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
