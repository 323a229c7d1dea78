"""Check that a CT is in Hounsfield units, and mend what can be mended safely."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import sample

AIR = -1000.0
# Nothing attenuates less than air; what is darker than noise explains was put there: outside the field of view.
LOWEST = -1200.0
# It is one of a few values then, but for this share of streaks and interpolation.
PADDING_VALUES, MOST_NOISE = 3, 0.02
# HU within which the peak of air and that of soft tissue (fat to muscle and organs) are looked for.
AIR_RANGE, SOFT_RANGE = (-1040.0, -960.0), (-150.0, 150.0)
LEAST_AIR, LEAST_SOFT = 0.005, 0.03
# Between lung and fat there is hardly anything, and most of what is no lung is soft tissue. On CTs of head, chest and
# pelvis the density in the gap was below 0.03 of that at the peak, and soft tissue 0.83 or more; on MR above 0.17, or
# below 0.5, where an MR image shifted by 1024 has a peak of air too.
GAP, MOST_IN_GAP = (-700.0, -250.0), 0.1
NO_LUNG, LEAST_OF_BODY = -300.0, 0.65
# Scanners store HU + 1024; some converters HU + 1000. The air tells which, if it is this near to its HU.
OFFSETS, AIR_TOLERANCE = (1024.0, 1000.0), 11.0
# Fat, and noise in water, make a thousandth of a body darker than this in HU; stored values are not.
NEGATIVE = -20.0
# HU between the darkest and the brightest thousandth of a CT, however small the part of the body.
NARROWEST, WIDEST = 50.0, 20000.0
BIN = 4.0


@dataclass(frozen=True)
class _Peaks:
    """Share of voxels in the ranges of air and soft tissue (HU), whether these are a body, and the peak of air."""

    air: float
    soft: float
    is_body: bool
    air_hu: float


@operation(
    "enhancement.ct_to_hu",
    title="CT in Hounsfield units",
    gives="image",
    source="DICOM PS3.3 2024, C.11.1.1.2 (modality LUT); Hounsfield, Br. J. Radiol. 46, 1973 (air -1000, water 0)",
)
class CtToHu(ImageFilter):
    """Check by air and soft tissue that a CT is in Hounsfield units, and convert what can be converted safely.

    Stored values that are larger by 1024 or 1000, as the air in them shows, are shifted; values that no tissue has
    (-2000, -3024: outside the field of view) become -1000. An image that fits none of this is refused with the reason;
    slope and intercept of its DICOM header (Rescale Slope, Rescale Intercept) can be given then: they are believed.
    """

    slope: Annotated[float, Range(1e-6, 1e6), "HU for each stored unit; 1 leaves the values"] = 1.0
    intercept: Annotated[float, Range(-1e5, 1e5, "HU"), "added after; 0 leaves the values"] = 0.0

    mask_limits = False
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """What is to be added to get HU. Raises InputError when this cannot be told."""
        progress(0.0, "Looking for air and soft tissue")
        chosen = sample(values, region).astype(np.float64) * self.slope + self.intercept
        _require_padding(chosen[chosen < LOWEST], chosen.size)
        given = self.slope != 1 or self.intercept != 0
        return 0.0 if given else _offset(chosen)

    def apply(self, values, region, place, learned, progress=SILENT):
        hu = values * self.slope + (self.intercept + learned)
        return np.where(hu < LOWEST, values.dtype.type(AIR), hu)


def _offset(values: np.ndarray) -> float:
    """0 for HU, -1024 or -1000 for values larger by that. Raises InputError with the reason."""
    known = values[values >= LOWEST]
    low, high = np.percentile(known, (0.1, 99.9))
    if not NARROWEST <= high - low <= WIDEST:
        raise InputError(
            f"The values run from {low:g} to {high:g}: a CT spans {NARROWEST:g} to {WIDEST:g} HU. It is no CT, or was "
            "rescaled: use the original, or give slope and intercept."
        )
    as_is = _peaks(known)
    if as_is.air >= LEAST_AIR and as_is.soft >= LEAST_SOFT:
        return 0.0
    if low > NEGATIVE:
        return _stored_offset(known)
    if as_is.is_body:
        return 0.0
    raise InputError(
        f"This does not look like a CT in HU: {100 * as_is.air:.1f} % of the voxels are like air "
        f"({AIR_RANGE[0]:g} to {AIR_RANGE[1]:g}) and {100 * as_is.soft:.1f} % like soft tissue "
        f"({SOFT_RANGE[0]:g} to {SOFT_RANGE[1]:g}). Give slope and intercept of its DICOM header."
    )


def _require_padding(low: np.ndarray, count: int) -> None:
    """Raise InputError for many values below air that are not a few ones, put there where nothing was measured."""
    if low.size > MOST_NOISE * count:
        padded = np.sort(np.unique(low, return_counts=True)[1])[-PADDING_VALUES:].sum()
        if low.size == count or padded < (1 - MOST_NOISE) * low.size:
            raise InputError(
                f"{100 * low.size / count:.0f} % of the values are below {LOWEST:g}, which no tissue is: this is no CT "
                "in HU. Give slope and intercept of its DICOM header."
            )


def _stored_offset(values: np.ndarray) -> float:
    """Of values that are hardly below 0. Raises InputError."""
    # zeros may be padding, or air that was cut off: they say nothing of where air is
    seen = values[values > 0]
    for offset in OFFSETS:
        peaks = _peaks(seen - offset)
        fits = peaks.air >= LEAST_AIR and peaks.soft >= LEAST_SOFT and peaks.is_body
        if fits and abs(peaks.air_hu - AIR) <= AIR_TOLERANCE:
            return -offset
    raise InputError(
        "No value is negative, so these are not HU, and there is no peak of air 1000 below one of soft tissue to show "
        "by how much they were shifted: give slope and intercept of the DICOM header (often 1 and -1024)."
    )


def _peaks(hu: np.ndarray) -> _Peaks:
    edges = np.arange(-1200.0, 801.0, BIN)
    counts = np.histogram(hu, edges)[0].astype(float)
    smooth = ndimage.gaussian_filter1d(counts, 2.0)
    centers = (edges[:-1] + edges[1:]) / 2

    def within(limits: tuple[float, float]) -> np.ndarray:
        return (centers >= limits[0]) & (centers <= limits[1])

    air, soft = within(AIR_RANGE), within(SOFT_RANGE)
    top = float(np.max(smooth[soft]))
    no_lung = max(1, int(np.count_nonzero(hu > NO_LUNG)))
    return _Peaks(
        air=float(counts[air].sum() / hu.size),
        soft=float(counts[soft].sum() / hu.size),
        is_body=bool(
            not np.isnan(_highest_peak(centers[soft], smooth[soft]))
            and float(smooth[within(GAP)].mean()) <= MOST_IN_GAP * top
            and float(counts[soft].sum()) >= LEAST_OF_BODY * no_lung
        ),
        air_hu=_highest_peak(centers[air], smooth[air]),
    )


def _highest_peak(places: np.ndarray, heights: np.ndarray) -> float:
    """NaN when there is none but at the ends, to which a neighboring tissue reaches."""
    inner = heights[1:-1]
    peaks = 1 + np.flatnonzero((inner > heights[:-2]) & (inner >= heights[2:]))
    return float(places[peaks[np.argmax(heights[peaks])]]) if peaks.size else float("nan")
