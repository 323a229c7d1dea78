"""Shares of voxels whose value rose or fell by more than a repeated scan would explain."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.units import ValueUnit
from ...quantification.row import Row
from ..change import GAINED, LOST
from ..intensity import shared
from .regions import regions_of, require_one_grid

# Repeatability coefficient: 95 % of the differences of two scans without change are within so many within-subject SD.
REPEATABILITY = 1.96 * 2**0.5
FEWEST_NORMAL = 100
# Moffat's threshold, in the units of ADC.
MOFFAT = {"um2/s": 550.0, "10-6 mm2/s": 550.0, "mm2/s": 0.55e-3}


@operation(
    "comparison.functional_change",
    title="Functional change (fDM)",
    gives=("change", "table"),
    dimensions=(3,),
    source="Moffat et al., PNAS 102(15), 2005 (functional diffusion map, 0.55e-3 mm2/s); Bland & Altman, Stat Methods "
    "Med Res 8, 1999, and RSNA QIBA Profile: Diffusion-Weighted MRI, 2022 (repeatability coefficient)",
)
class FunctionalChange:
    """Share of the voxels of each segment whose quantitative value (ADC, say) rose, fell or stayed.

    The threshold is a given difference, or the repeatability coefficient 1.96 sqrt(2) wSD of the within-subject SD, or
    of the within-subject coefficient of variation (times the voxel's mean of both studies), or the 95 % limits of the
    differences in normal tissue. Values are not matched: they must have a unit. In the change map, rises are 1 and
    falls are 2.
    """

    threshold_from: Annotated[
        Literal["difference", "within_subject_sd", "within_subject_percent", "normal_tissue"], "what sets the threshold"
    ] = "difference"
    difference: Annotated[
        float, Range(0, 1e9), "difference: threshold, in the unit of the image (0: 0.55e-3 mm2/s, of images of ADC)"
    ] = 0.0
    within_subject_sd: Annotated[float, Range(0, 1e9), "within_subject_sd: wSD, in the unit of the image"] = 0.0
    within_subject_percent: Annotated[
        float, Range(0, 100, "%"), "within_subject_percent: wCV; 4 % for ADC of the brain, 9 % of the liver (QIBA)"
    ] = 4.0
    normal_label: Annotated[
        int, Range(0, 65535), "normal_tissue: label of tissue without disease in the first study's label map"
    ] = 0
    value_unit: Annotated[ValueUnit, "unit of the images' values: um2/s (that is 10-6 mm2/s) and mm2/s are for ADC"] = (
        "um2/s"
    )

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, fixed_labels=None, progress=SILENT):
        require_one_grid(fixed, moving)
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        change = np.where(region, (other - first).astype(np.float64), 0)
        parts = list(regions_of(region, fixed_labels))
        low, high = self._limits(first, other, change, parts)
        rose, fell = region & (change > high), region & (change < low)
        progress(0.5, "Counting voxels")
        grid = Geometry.of(fixed)
        rows = [
            Row(label, name, None, self._figures(part, rose, fell, change, (low, high), grid.voxel_volume))
            for label, name, part in parts
        ]
        return grid.image_of(np.where(rose, GAINED, np.where(fell, LOST, 0)).astype(np.uint8)), rows

    def _limits(
        self, first: np.ndarray, other: np.ndarray, change: np.ndarray, parts: list
    ) -> tuple[np.ndarray, np.ndarray]:
        """Changes (0D, or z, y, x) below the one and above the other are more than a repeated scan would show."""
        if self.threshold_from == "within_subject_percent":
            width = REPEATABILITY * self.within_subject_percent / 100 * np.abs(first + other) / 2
            return -width, width
        if self.threshold_from == "normal_tissue":
            normal = next((part for label, _, part in parts if label and label == self.normal_label), None)
            if normal is None or np.count_nonzero(normal) < FEWEST_NORMAL:
                raise InputError(
                    f"The normal tissue (label {self.normal_label}) has fewer than {FEWEST_NORMAL} voxels in the first "
                    "study's label map: outline a region without disease and give its label."
                )
            mean, sd = float(change[normal].mean()), float(change[normal].std(ddof=1))
            return np.asarray(mean - 1.96 * sd), np.asarray(mean + 1.96 * sd)
        width = self.difference or MOFFAT.get(self.value_unit, 0.0)
        if self.threshold_from == "within_subject_sd":
            width = REPEATABILITY * self.within_subject_sd
        if not width > 0:
            raise InputError(f"The threshold is 0: give the {self.threshold_from} in the unit of the image.")
        return np.asarray(-width), np.asarray(width)

    def _figures(
        self,
        part: np.ndarray,
        rose: np.ndarray,
        fell: np.ndarray,
        change: np.ndarray,
        limits: tuple[np.ndarray, np.ndarray],
        voxel: float,
    ) -> tuple[Measurement, ...]:
        voxels = np.count_nonzero(part)
        up, down = (np.count_nonzero(part & each) for each in (rose, fell))
        low, high = (float(np.broadcast_to(limit, part.shape)[part].mean()) for limit in limits)
        how = {**self.parameters, "lower_threshold": low, "upper_threshold": high}  # type: ignore[attr-defined]
        figures = (
            ("risen_share", 100 * up / voxels, "%"),
            ("fallen_share", 100 * down / voxels, "%"),
            ("unchanged_share", 100 * (voxels - up - down) / voxels, "%"),
            ("risen_volume", up * voxel, "mm3"),
            ("fallen_volume", down * voxel, "mm3"),
            ("mean_change", float(change[part].mean()), self.value_unit),
            ("lower_threshold", low, self.value_unit),
            ("upper_threshold", high, self.value_unit),
        )
        return tuple(Measurement(name, float(value), unit, None, how) for name, value, unit in figures)
