"""Intensity-volume histogram features of IBSI (arXiv 1612.07003, 3.5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .discretization import discretized
from .feature import Definition, Feature, defined
from .statistics import are_whole, places_of

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
    """The intensities of the histogram: lowest, highest, and the step between them (0: those that occur).

    They may be those of the image but for an offset and a factor.
    """

    lowest: float
    highest: float
    step: float
    offset: float = 0.0
    factor: float = 1.0


def region_volume_histogram(
    values: np.ndarray, bounds: tuple[float | None, float | None], settings: Radiomics, unit: str
) -> list[Feature]:
    """Features of the intensities of a region (1D, at least one, ascending), discretized as the settings have it.

    bounds: of re-segmentation; unit: of the intensities. Bins of a fixed size stand for the intensities of their
    centers and lie within the range: what exceeds the last whole one counts as it, as in the consensus values of IBSI's
    validation data. A fixed number of bins stand for themselves.
    """
    if settings.ivh_discretization == "none":
        return volume_histogram_features(values, scale_of(values, *bounds), unit)
    bins = discretized(
        values, settings.ivh_discretization, settings.ivh_bin_number, settings.ivh_bin_size, bounds[0], MOST_STEPS
    )
    if settings.ivh_discretization == "fixed bin number":
        return volume_histogram_features(bins.levels, Scale(1.0, float(bins.count), 1.0), "")
    highest = float(values.max()) if bounds[1] is None else bounds[1]
    count = max(1, math.floor((highest - bins.first) / bins.width + 1e-9))
    np.minimum(bins.levels, min(count, bins.count), out=bins.levels)
    scale = Scale(1.0, float(count), 1.0, bins.first - bins.width / 2, bins.width)
    return volume_histogram_features(bins.levels, scale, unit)


def volume_histogram_features(values: np.ndarray, scale: Scale, unit: str) -> list[Feature]:
    """Features of the share of a region's volume that has at least an intensity.

    values: intensities of the region on the scale (1D, ascending); unit: theirs, a key of core.units. All that rest on
    the share of the range of intensities are NaN where the range is empty.
    """
    curve: _Steps | _Occurring = _Steps.of(values, scale) if scale.step else _Occurring(values, scale)
    width, count = scale.highest - scale.lowest, len(values)
    figures = dict.fromkeys(("v10", "v90", "auc"), math.nan)
    if width > 0:
        # a billionth, so that rounding does not move a bound past the level that lies on it
        figures["v10"], figures["v90"] = (
            1 - curve.below(scale.lowest + (x - 1e-9) * width) / count
            if (curve.highest - scale.lowest) / width >= x
            else 0.0
            for x in (0.1, 0.9)
        )
        figures["auc"] = sum(float(np.trapezoid(1 - below / count, levels)) for levels, below in curve.pieces()) / width
    figures["i10"], figures["i90"] = (
        scale.offset + scale.factor * curve.intensity_at((1 - share - 1e-12) * count) for share in (0.1, 0.9)
    )
    figures["diff_v10_v90"] = figures["v10"] - figures["v90"]
    figures["diff_i10_i90"] = figures["i10"] - figures["i90"]
    return defined(DEFINITIONS, FAMILY, {f"ivh_{name}": figure for name, figure in figures.items()}, unit)


def scale_of(values: np.ndarray, lowest: float | None, highest: float | None) -> Scale:
    """The scale of intensities as they are: whole numbers in steps of 1, others where they occur.

    lowest, highest: the bounds of re-segmentation; the region's own where there is none.
    """
    low = float(values.min()) if lowest is None else lowest
    high = float(values.max()) if highest is None else highest
    whole = high - low < MOST_STEPS and low == round(low) and are_whole(values)
    return Scale(low, high, 1.0 if whole else 0.0)


@dataclass(frozen=True)
class _Steps:
    """Ascending intensities in steps (levels), and how many values are below each (fewer); beyond: one step higher."""

    levels: np.ndarray
    fewer: np.ndarray
    beyond: float

    @classmethod
    def of(cls, values: np.ndarray, scale: Scale) -> _Steps:
        steps = math.floor((scale.highest - scale.lowest) / scale.step + 1e-9) + 1
        levels = scale.lowest + np.arange(steps) * scale.step
        return cls(levels, places_of(values, levels - scale.step / 2), float(levels[-1]) + scale.step)

    @property
    def highest(self) -> float:
        return float(self.levels[-1])

    def below(self, bound: float) -> int:
        """How many values are below the lowest intensity that is at least the bound."""
        return int(self.fewer[np.searchsorted(self.levels, bound)])

    def intensity_at(self, fewest: float) -> float:
        """The lowest intensity with at least so many values (> 0) below it; `beyond` where none has."""
        place = int(np.searchsorted(self.fewer, fewest))
        return float(self.levels[place]) if place < len(self.levels) else self.beyond

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Levels and how many values are below them, in pieces of which each begins where the last one ends."""
        for start in range(0, len(self.levels) - 1, AT_ONCE):
            yield self.levels[start : start + AT_ONCE + 1], self.fewer[start : start + AT_ONCE + 1]


class _Occurring:
    """The same of the intensities that occur, and of the ends of the scale, without arrays of them."""

    def __init__(self, values: np.ndarray, scale: Scale) -> None:
        self._values, self._scale = values, scale
        self.highest = max(float(values[-1]), scale.highest)

    def below(self, bound: float) -> int:
        return int(places_of(self._values, np.array([bound]))[0])

    def intensity_at(self, fewest: float) -> float:
        place = math.ceil(fewest)  # the first value with so many before it, or the next of another intensity
        if place < len(self._values) and self._values[place] == self._values[place - 1]:
            # of its own type, so that nothing is copied
            place = int(np.searchsorted(self._values, self._values[place], "right"))
        return float(self._values[place]) if place < len(self._values) else self.highest

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        values = self._values
        last, fewer = min(float(values[0]), self._scale.lowest), 0
        for start in range(0, len(values), AT_ONCE):
            part = values[start : start + AT_ONCE].astype(np.float64, copy=False)
            new = np.flatnonzero(np.diff(part, prepend=last))
            yield np.r_[last, part[new]], np.r_[fewer, start + new]
            if len(new):
                last, fewer = float(part[new[-1]]), start + int(new[-1])
        if self.highest > last:
            yield np.array([last, self.highest]), np.array([fewer, len(values)])
