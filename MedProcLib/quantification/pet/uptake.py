"""Uptake of a region in PET: SUVmax, SUVpeak, SUVmean, metabolic volume and total lesion glycolysis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...core.measurement import Code, Measurement
from ...core.suv import HIGHEST_MEDIAN_SUV
from ..figure import Figure, ibsi, of_values
from ..intensity_peak import RADIUS_MM, intensity_peaks
from ..region import Region, surroundings
from ..sample import Sample

_SPHERE = {"sphere_mm3": 1000, "radius_mm": round(RADIUS_MM, 4), "voxels": "whose center is inside"}
MAXIMUM = of_values("maximum_uptake", "SUVmax: largest value", 1, ibsi("84IY", "Maximum"))
PEAK = of_values(
    "peak_uptake",
    "SUVpeak: highest mean of a sphere centered on a voxel of the region",
    1,
    ibsi("0F91", "Global intensity peak"),
    _SPHERE,
)
PEAK_AT_MAXIMUM = of_values(
    "peak_at_maximum",
    "mean of the sphere centered on the hottest voxel",
    1,
    ibsi("VJGA", "Local intensity peak"),
    _SPHERE,
)
MEAN = of_values("mean_uptake", "SUVmean: mean of the metabolic volume", 1, ibsi("Q4LE", "Mean"))
SD = of_values("sd_uptake", "standard deviation in the metabolic volume", 2, None, {"divisor": "n"})
VOLUME = Figure(
    "metabolic_volume",
    "ml",
    "MTV: volume of the voxels at or above the threshold",
    1,
    Code("DCM", "126032", "Metabolic Volume"),
    dimensions=(3,),
)
GLYCOLYSIS = Figure(
    "total_lesion_glycolysis",
    "g",
    "TLG: SUVmean times metabolic volume",
    1,
    Code("DCM", "126033", "Total Lesion Glycolysis"),
    dimensions=(3,),
)
UPTAKE_FIGURES = (MAXIMUM, PEAK, PEAK_AT_MAXIMUM, MEAN, SD, VOLUME, GLYCOLYSIS)


class NotSuvError(InputError):
    """Values are too high for SUV."""


@dataclass(frozen=True)
class UptakeThreshold:
    """What of a region is its metabolic volume: all, or the voxels at or above a value.

    kind: 'whole_segment', 'suv' (value in SUV) or 'percent_of_maximum' (value in %, of each region's own maximum);
    origin: where a value in SUV comes from.
    """

    kind: str = "whole_segment"
    value: float = 0.0
    origin: str = ""

    def lowest(self, maximum: float) -> float:
        if self.kind == "percent_of_maximum":
            return self.value / 100 * maximum
        return self.value if self.kind == "suv" else -math.inf

    def as_parameters(self, maximum: float) -> dict[str, object]:
        parameters: dict[str, object] = {"threshold": self.kind}
        if self.kind != "whole_segment":
            parameters["threshold_SUV"] = self.lowest(maximum)
        if self.kind == "percent_of_maximum":
            parameters["threshold_percent"] = self.value
        return parameters | ({"threshold_from": self.origin} if self.origin else {})


def percist_threshold(values: np.ndarray, factor: float, what: str) -> UptakeThreshold:
    """The threshold of PERCIST: factor x mean + 2 SD of the values (any shape) of a reference region.

    factor: 1.5 for the liver, 2 for the blood pool. Its definition is for SUV by lean body mass.
    Raises InputError for a reference without numbers.
    Source: Wahl et al., J Nucl Med 50 Suppl. 1, 2009.
    """
    sample = Sample.of(values)
    if not sample.count:
        raise InputError(f"PERCIST needs {what} as its reference: it has no voxel with a number; segment it first.")
    mean, sd = sample.restored(sample.mean), sample.restored(sample.sd)
    return UptakeThreshold("suv", factor * mean + 2 * sd, f"PERCIST: {factor:g} x mean + 2 SD of {what}")


def uptake_measurements(
    values: np.ndarray,
    regions: Sequence[Region],
    spacing: tuple[float, ...],
    threshold: UptakeThreshold,
    unit: str = "SUV",
) -> list[Measurement]:
    """Figures of an object in a volume of SUV or SUL (z, y, x; unit), whose parts do not touch; spacing: x, y, z in mm.

    Voxels without a number are left out, and how many is said. Raises InputError for values that cannot be SUV.
    Source: Boellaard et al., EJNMMI 42, 2015 (41 %); Wahl et al., J Nucl Med 50 Suppl. 1, 2009 (peak);
    IBSI (arXiv 1612.07003).
    """
    parts = [values[region.box][region.mask] for region in regions]
    inside = parts[0] if len(parts) == 1 else np.concatenate(parts)
    sample = Sample.of(inside)
    if not sample.count:
        return [figure.measured(math.nan, 0, unit) for figure in UPTAKE_FIGURES]
    _require_suv(sample)
    left_out = {"voxels_without_number": sample.left_out} if sample.left_out else {}
    maximum = sample.restored(sample.percentile(100))
    hot = Sample.of(inside[inside >= threshold.lowest(maximum)])
    local, highest = _peaks(values, regions, spacing, maximum)
    mean = hot.restored(hot.mean) if hot.count else math.nan
    volume = hot.count * float(np.prod(spacing)) / 1000
    defined = {**threshold.as_parameters(maximum), **left_out}
    return [
        MAXIMUM.measured(maximum, sample.count, unit, **left_out),
        PEAK.measured(highest, sample.count, unit),
        PEAK_AT_MAXIMUM.measured(local, sample.count, unit),
        MEAN.measured(mean, hot.count, unit, **defined),
        SD.measured(hot.restored(hot.sd) if hot.count else math.nan, hot.count, unit, **defined),
        VOLUME.measured(volume, sample.count, unit, **defined),
        GLYCOLYSIS.measured(mean * volume if hot.count else 0.0, sample.count, unit, **defined),
    ]


def _require_suv(sample: Sample) -> None:
    median = sample.restored(sample.percentile(50))
    if median > HIGHEST_MEDIAN_SUV:
        raise NotSuvError(
            f"Half of the segment is above {median:.4g}, so the image is not in SUV but perhaps in Bq/ml: "
            "convert it to SUV first, or measure it without the figures of PET."
        )


def _peaks(
    values: np.ndarray, regions: Sequence[Region], spacing: tuple[float, ...], maximum: float
) -> tuple[float, float]:
    """Highest peak at the hottest voxels, and anywhere."""
    reach = [int(RADIUS_MM / side) for side in reversed(spacing)]
    local, highest = -math.inf, -math.inf
    for region in regions:
        part = values[region.box][region.mask]
        if not np.isfinite(part).any():
            continue
        around = surroundings(region, values.shape, reach)
        at_hottest, anywhere = intensity_peaks(values[around.box], around.mask, spacing)
        highest = max(highest, anywhere)
        if part[np.isfinite(part)].max() == maximum:
            local = max(local, at_hottest)
    return local, highest
