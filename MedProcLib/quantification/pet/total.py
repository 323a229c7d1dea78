"""Uptake of all segments together: total metabolic volume and glycolysis."""

import math
from collections.abc import Sequence
from dataclasses import replace

from ...core.errors import InputError
from ..row import Row
from .uptake import GLYCOLYSIS, MAXIMUM, PEAK, VOLUME

ALL = "All segments"


def total_uptake(rows: Sequence[Row]) -> Row:
    """A row (segment 0) of total metabolic volume, total lesion glycolysis, and the highest maximum and peak.

    rows: of `measure` with the figures of PET; those of whole segments count, of one image. Segments must not overlap,
    as those of a label map do not. A segment without a number counts as nothing. Raises InputError when no row has such
    figures, when thresholds differ in kind, or for a series.
    Source: Boellaard et al., EJNMMI 42, 2015.
    """
    wholes = [row for row in rows if row.is_whole]
    by_name = [{m.name: m for m in row.measurements} for row in wholes]
    if not wholes or any(VOLUME.name not in figures for figures in by_name):
        raise InputError("There are no figures of PET to add up: measure the segments with the group 'pet' first.")
    if len({row.time_point for row in wholes}) > 1:
        raise InputError("Uptake is added up over the segments of one image, not over a time series.")
    kinds = {figures[VOLUME.name].parameters.get("threshold") for figures in by_name} - {None}
    if len(kinds) > 1:
        raise InputError(
            f"Metabolic volumes by different thresholds ({', '.join(sorted(map(str, kinds)))}) do not add up."
        )
    totals = []
    for figure in (MAXIMUM, PEAK, VOLUME, GLYCOLYSIS):
        values = [figures[figure.name].value for figures in by_name]
        known = [value for value in values if not math.isnan(value)]
        combined = (max if figure in (MAXIMUM, PEAK) else math.fsum)(known) if known else math.nan
        first = by_name[0][figure.name]
        # what holds for one segment only, such as its threshold in SUV, is left out
        shared = {
            key: value
            for key, value in first.parameters.items()
            if all(figures[figure.name].parameters.get(key) == value for figures in by_name)
        }
        totals.append(replace(first, value=combined, parameters={**shared, "segments": len(wholes)}))
    return Row(0, ALL, None, tuple(totals), time_point=wholes[0].time_point, time_s=wholes[0].time_s)
