"""Which voxels changed beyond noise and misregistration, with control of the false discovery rate."""

import math
from typing import Annotated, Literal

import numpy as np
from scipy import special

from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd
from ...quantification.row import Row
from ...segmentation.common.morphology import eroded
from ..change import GAINED, LOST, expected_sd
from ..intensity import blurred, shared
from .false_discovery import Discoveries, discoveries
from .regions import WHOLE, require_one_grid, require_region, scale_of

# Scores within so many SD of the center are those of what did not change, or nearly, and the variance that a normal
# distribution cut off there has.
MIDDLE_SD = 1.5
MIDDLE_VARIANCE = 1 - 2 * MIDDLE_SD * math.exp(-(MIDDLE_SD**2) / 2) / (2 * math.pi) ** 0.5 / math.erf(
    MIDDLE_SD / 2**0.5
)
ROUNDS = 30


@operation(
    "comparison.significant_change",
    title="Significant change (false discovery rate)",
    gives=("difference", "change", "table"),
    dimensions=(3,),
    source="Genovese, Lazar & Nichols, NeuroImage 15, 2002; Benjamini & Hochberg, J R Stat Soc B 57, 1995; Benjamini & "
    "Yekutieli, Annals of Statistics 29, 2001; empirical null: Efron, J Am Stat Assoc 99, 2004",
)
class SignificantChange:
    """Voxels that gained or lost brightness between two aligned, intensity-matched studies, voxel by voxel.

    The difference, other minus first, is divided by the SD expected of it (noise, misregistration and unequal
    resolution, all found in the images). Of the voxels named, two-sided, at most the wanted share is expected to be
    false. With the empirical null, center and spread of what did not change are those of the scores' own middle.
    """

    rate_percent: Annotated[float, Range(0.01, 50, "%"), "share of the voxels named that may be false"] = 5.0
    dependence: Annotated[
        Literal["positive", "any"], "positive: Benjamini-Hochberg, for smooth noise; any: Benjamini-Yekutieli, stricter"
    ] = "positive"
    null: Annotated[Literal["empirical", "theoretical"], "scores without change: as they are, or mean 0 and SD 1"] = (
        "empirical"
    )
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the smoothing of both images"] = 1.0
    margin_mm: Annotated[
        float, Range(0, 50, "mm"), "leave out what is this near to the region's edge, where skull and air mix in"
    ] = 2.0

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        require_one_grid(fixed, moving)
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid, unit = Geometry.of(fixed), scale_of(first, other)
        first, other = (blurred(v / unit, grid, self.smoothing_mm) for v in (first, other))
        progress(0.3, "Comparing")
        tested = eroded(region, grid, self.margin_mm) if self.margin_mm else region
        tested = _smoothed_evenly(tested, grid, self.smoothing_mm)
        require_region(tested, "The margin")
        # an offset would count as noise in the expected SD
        offset = float(np.median((other - first)[tested])) if self.null == "empirical" else 0.0
        other = other - offset
        # by the mean, whose noise has nothing to do with the difference's; the lesser gradient and detail of both are
        # small where noise happens to be in one image only
        raw = (other - first) / expected_sd(first, other, region, grid, shown=[(first + other) / 2])
        center, spread = _null_of(raw[tested]) if self.null == "empirical" else (0.0, 1.0)
        score = np.where(tested, (raw - center) / (spread or 1.0), 0)
        progress(0.7, "Testing")
        p = 2 * special.ndtr(-np.abs(score[tested].astype(np.float64)))
        found = discoveries(p, self.rate_percent / 100, self.dependence == "any")
        change = np.zeros(score.shape, np.uint8)
        change[tested] = np.where(p <= found.p_threshold, np.where(score[tested] > 0, GAINED, LOST), 0)
        if not found.count:
            change[:] = 0
        null = offset * unit, center, spread
        row = Row(0, WHOLE, None, self._figures(found, change, p.size, null, grid.voxel_volume))
        return grid.image_of(score.astype(np.float32)), grid.image_of(change), [row]

    def _figures(
        self, found: Discoveries, change: np.ndarray, tests: int, null: tuple[float, float, float], voxel: float
    ) -> tuple[Measurement, ...]:
        how = {**self.parameters, "test": "two-sided"}  # type: ignore[attr-defined]
        threshold = -special.ndtri(found.p_threshold / 2) if found.count else np.inf
        gained, lost = (np.count_nonzero(change == label) for label in (GAINED, LOST))
        figures = (
            ("tested_voxels", tests, "voxels"),
            ("score_threshold", threshold, "SD"),
            ("significant_voxels", found.count, "voxels"),
            ("expected_false_voxels", found.expected_false, "voxels"),
            ("unchanged_share", 100 * found.null_share, "%"),
            ("gained_volume", gained * voxel, "mm3"),
            ("lost_volume", lost * voxel, "mm3"),
            ("removed_offset", null[0], "intensity"),
            ("null_center", null[1], "SD"),
            ("null_spread", null[2], "SD"),
        )
        return tuple(Measurement(name, float(value), unit, None, how) for name, value, unit in figures)


def _smoothed_evenly(tested: np.ndarray, grid: Geometry, smoothing_mm: float) -> np.ndarray:
    """Without the layers at the image's border, whose noise was averaged with that of fewer neighbors."""
    inner = np.zeros(tested.shape, bool)
    layers = [min(int(2 * smoothing_mm / s), n // 4) for s, n in zip(reversed(grid.spacing), tested.shape, strict=True)]
    inner[tuple(slice(layer, n - layer) for layer, n in zip(layers, tested.shape, strict=True))] = True
    return tested & inner


def _null_of(scores: np.ndarray) -> tuple[float, float]:
    """Center and SD of the normal distribution whose middle is that of the scores; the tails do not count."""
    center, sd = median_and_sd(scores)
    for _ in range(ROUNDS):
        middle = scores[np.abs(scores - center) <= MIDDLE_SD * sd].astype(np.float64)
        before = sd
        center, sd = float(middle.mean()), float(middle.std()) / MIDDLE_VARIANCE**0.5
        if abs(sd - before) <= 1e-4 * sd:
            break
    return center, sd
