"""The 95 % intervals of size, diameters and mean as figures of an object."""

from collections.abc import Iterator

import numpy as np

from ..core.measurement import Measurement
from .figure import Figure, of_values
from .uncertainty.diameter import diameter_intervals
from .uncertainty.interval import Interval
from .uncertainty.mean import mean_intensity_interval
from .uncertainty.volume import volume_interval

_95 = {"confidence_percent": 95}


def _ends(name: str, unit: str, title: str, has_estimate: bool) -> tuple[Figure, ...]:
    ends = [("low", "low end of the 95 % interval of"), ("high", "high end of the 95 % interval of")]
    ends += [("estimate", "likeliest value, by the voxel grid, of")] if has_estimate else []
    if not unit:
        return tuple(of_values(f"{name}_{end}", f"{meaning} {title}", 1, None, _95) for end, meaning in ends)
    return tuple(Figure(f"{name}_{end}", unit, f"{meaning} {title}", 1, None, _95, (3,)) for end, meaning in ends)


VOLUME = _ends("voxel_volume", "mm3", "the volume", False)
LONG = _ends("long_diameter", "mm", "the longest in-plane diameter", True)
SHORT = _ends("short_diameter", "mm", "the diameter perpendicular to it", True)
MEAN = _ends("mean", "", "the mean, by noise and border", False)
INTERVAL_FIGURES = (*VOLUME, *LONG, *SHORT, *MEAN)


def interval_measurements(
    mask: np.ndarray,
    values: np.ndarray,
    longest: np.ndarray | None,
    spacing: tuple[float, float, float],
    unit: str,
    border_sd_mm: float = 0.0,
) -> Iterator[Measurement]:
    """Ends of the 95 % intervals of an object's volume, in-plane diameters and mean.

    mask: bool, values: of the image in `unit`, both (z, y, x), best with 4 voxels around the object; longest: mask of
    the component that the diameters are of (None: leave them out); spacing: x, y, z in mm; border_sd_mm: how sure the
    border is that a reader or threshold drew (standard deviation), for the volume.
    """
    count = int(np.count_nonzero(mask))
    volume = volume_interval(mask, spacing, border_sd_mm)
    yield from _measured(VOLUME, volume, count, border_sd_mm=border_sd_mm)
    if longest is not None:
        diameters = diameter_intervals(longest, spacing)
        yield from _measured(LONG, diameters.long, count)
        yield from _measured(SHORT, diameters.short, count)
    mean = mean_intensity_interval(mask, values, spacing)
    yield from _measured(MEAN, mean, count, unit)


def _measured(
    figures: tuple[Figure, ...], interval: Interval, count: int, unit: str = "intensity", **parameters: object
) -> Iterator[Measurement]:
    # intervals have their estimate last, where it is a figure
    for figure, value in zip(figures, interval, strict=False):
        yield figure.measured(value, count, unit, **parameters)
