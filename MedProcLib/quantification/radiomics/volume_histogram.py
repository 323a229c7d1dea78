"""Intensity-volume histogram features of IBSI (arXiv 1612.07003, 3.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .discretization import discretized
from .feature import Definition, Feature, defined

if TYPE_CHECKING:
    from .settings import Radiomics

FAMILY = "intensity-volume histogram"
DEFINITIONS = (
    Definition("ivh_v10", "Volume fraction at 10% intensity", "NK6P"),
    Definition("ivh_v90", "Volume fraction at 90% intensity", "4279"),
    Definition("ivh_i10", "Intensity at 10% volume", "PWN1", "intensity"),
    Definition("ivh_i90", "Intensity at 90% volume", "BOHI", "intensity"),
    Definition("ivh_diff_v10_v90", "Volume fraction difference between 10% and 90% intensity", "WITY"),
    Definition("ivh_diff_i10_i90", "Intensity difference between 10% and 90% volume", "JXJA", "intensity"),
    Definition("ivh_auc", "Area under the IVH curve", "9CMM"),
)
# Steps of intensity that a histogram may have; finer ones are taken for continuous.
MOST_STEPS = 1_000_000
# Steps that are summed at a time: no copies of all are held.
AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Scale:
    """The intensities of the histogram: lowest, highest, and the step between them (0: those that occur)."""

    lowest: float
    highest: float
    step: float


def region_volume_histogram(
    values: np.ndarray, bounds: tuple[float | None, float | None], settings: Radiomics, unit: str
) -> list[Feature]:
    """Features of the intensities of a region (1D, at least one), discretized as the settings have it.

    bounds: of re-segmentation; unit: of the intensities. Bins of a fixed size stand for the intensities of their
    centers and lie within the range: what exceeds the last whole one counts as it, as in the consensus values of IBSI's
    validation data. A fixed number of bins stand for themselves.
    """
    if settings.ivh_discretization == "none":
        return volume_histogram_features(values, scale_of(values, *bounds), unit)
    bins = discretized(
        values, settings.ivh_discretization, settings.ivh_bin_number, settings.ivh_bin_size, bounds[0], MOST_STEPS
    )
    levels = bins.levels.astype(np.float64)
    if settings.ivh_discretization == "fixed bin number":
        return volume_histogram_features(levels, Scale(1.0, float(bins.count), 1.0), "")
    highest = float(values.max()) if bounds[1] is None else bounds[1]
    count = max(1, math.floor((highest - bins.first) / bins.width + 1e-9))
    center = bins.first - bins.width / 2
    scale = Scale(center + bins.width, center + count * bins.width, bins.width)
    return volume_histogram_features(center + np.minimum(levels, count) * bins.width, scale, unit)


def volume_histogram_features(values: np.ndarray, scale: Scale, unit: str) -> list[Feature]:
    """Features of the share of a region's volume that has at least an intensity.

    values: intensities of the region on the scale (1D); unit: theirs, a key of core.units. All that rest on the share
    of the range of intensities are NaN where the range is empty.
    """
    levels, below = _curve(values, scale)
    width, count = scale.highest - scale.lowest, len(values)
    figures = dict.fromkeys(("v10", "v90", "auc"), math.nan)
    if width > 0:
        # a billionth, so that rounding does not move a bound past the level that lies on it
        figures["v10"], figures["v90"] = (
            1 - float(below[np.searchsorted(levels, scale.lowest + (x - 1e-9) * width)]) / count
            if (levels[-1] - scale.lowest) / width >= x
            else 0.0
            for x in (0.1, 0.9)
        )
        pieces = (slice(start, start + AT_ONCE + 1) for start in range(0, len(levels) - 1, AT_ONCE))
        area = sum(float(np.trapezoid(1 - below[piece] / count, levels[piece])) for piece in pieces)
        figures["auc"] = area / width
    figures["i10"], figures["i90"] = (_intensity_at(share, levels, below, count, scale) for share in (0.1, 0.9))
    figures["diff_v10_v90"] = figures["v10"] - figures["v90"]
    figures["diff_i10_i90"] = figures["i10"] - figures["i90"]
    return defined(DEFINITIONS, FAMILY, {f"ivh_{name}": figure for name, figure in figures.items()}, unit)


def scale_of(values: np.ndarray, lowest: float | None, highest: float | None) -> Scale:
    """The scale of intensities as they are: whole numbers in steps of 1, others where they occur.

    lowest, highest: the bounds of re-segmentation; the region's own where there is none.
    """
    low = float(values.min()) if lowest is None else lowest
    high = float(values.max()) if highest is None else highest
    whole = high - low < MOST_STEPS and bool((values == np.rint(values)).all()) and low == round(low)
    return Scale(low, high, 1.0 if whole else 0.0)


def _curve(values: np.ndarray, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """Ascending intensities, and how many values are below each."""
    ordered = np.sort(values)
    if scale.step:
        steps = math.floor((scale.highest - scale.lowest) / scale.step + 1e-9) + 1
        levels = scale.lowest + np.arange(steps) * scale.step
        return levels, np.searchsorted(ordered, levels - scale.step / 2)
    first = np.ones(ordered.shape, bool)  # of those that are alike
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    below = np.flatnonzero(first).astype(np.int32 if ordered.size < 1 << 31 else np.int64)
    levels = ordered if len(below) == len(ordered) else ordered[below]
    if scale.lowest < levels[0]:
        levels, below = np.r_[scale.lowest, levels], np.r_[below.dtype.type(0), below]
    if scale.highest > levels[-1]:
        levels, below = np.r_[levels, scale.highest], np.r_[below, below.dtype.type(len(ordered))]
    return levels, below


def _intensity_at(share: float, levels: np.ndarray, below: np.ndarray, count: int, scale: Scale) -> float:
    """The lowest intensity that at most this share of the volume has; beyond the highest where none is."""
    place = int(np.searchsorted(below, (1 - share - 1e-12) * count))
    return float(levels[place]) if place < len(levels) else float(levels[-1]) + scale.step
