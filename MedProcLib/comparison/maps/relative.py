"""By how much each voxel changed relative to what it was, limited where there is only noise."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...quantification.row import Row
from ..intensity import blurred, shared
from .regions import regions_of, require_one_grid, scale_of

# Where no noise can be measured the floor is this share of the largest value.
SMALLEST_FLOOR = 1e-6
# More voxels below minus the floor than this share mean that 0 is not the scale's lower end.
MOST_NEGATIVE = 0.01


@operation(
    "comparison.relative_change_map",
    title="Relative change map",
    gives=("maps", "table"),
    dimensions=(3,),
    source="Logarithm of the ratio and symmetric percent change as the additive measures of relative change: "
    "Tornqvist, Vartia & Vartia, American Statistician 39(1), 1985; noise: Immerkaer, CVIU 64(2), 1996",
)
class RelativeChangeMap:
    """The natural logarithm of other / first, and the symmetric percent change 200 (other - first) / (other + first).

    Both change only their sign when the studies are swapped. Values below the floor, some SD of the noise, are taken
    as the floor, so that a ratio of noise is no change. Only for scales that start at 0 (MR, SUV, ADC; not HU).
    """

    floor_sd: Annotated[float, Range(0, 50, "SD"), "values below this many SD of the noise are taken as the floor"] = (
        3.0
    )
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the smoothing of both images"] = 0.0

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, fixed_labels=None, progress=SILENT):
        require_one_grid(fixed, moving)
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid, unit = Geometry.of(fixed), scale_of(first, other)
        pair = [v / unit for v in (first, other)]
        if self.smoothing_mm:
            pair = [blurred(v, grid, self.smoothing_mm) for v in pair]
        floor = self._floor(pair, region, grid)
        progress(0.5, "Dividing")
        one, two = (np.maximum(v, floor) for v in pair)
        ratio = np.where(region, np.log(two / one), 0).astype(np.float32)
        percent = np.where(region, 200 * (two - one) / (two + one), 0).astype(np.float32)
        limited = np.logical_or(*(v < floor for v in pair))
        rows = []
        for label, name, part in regions_of(region, fixed_labels):
            how = {"floor_sd": self.floor_sd, "floor": floor * unit, "smoothing_mm": self.smoothing_mm}
            figures = (
                ("mean_log_ratio", float(ratio[part].mean(dtype=float)), ""),
                ("mean_symmetric_change", float(percent[part].mean(dtype=float)), "%"),
                ("limited_by_noise", 100 * float(limited[part].mean()), "%"),
            )
            rows.append(Row(label, name, None, tuple(Measurement(n, v, u, None, how) for n, v, u in figures)))
        return {"log_ratio": grid.image_of(ratio), "symmetric_percent_change": grid.image_of(percent)}, rows

    def _floor(self, pair: list[np.ndarray], region: np.ndarray, grid: Geometry) -> float:
        """The larger of both studies' noise times floor_sd, and not 0. Raises InputError for a scale without a zero."""
        spacing = tuple(reversed(grid.spacing))
        noise = max(fine_noise_sd(v, spacing, region) for v in pair)
        floor = max(self.floor_sd * noise, SMALLEST_FLOOR * max(float(np.abs(v[region]).max()) for v in pair), 1e-30)
        if any(np.mean(v[region] < -floor) > MOST_NEGATIVE for v in pair):
            raise InputError(
                "The images have negative values, so a ratio of them has no meaning (Hounsfield units, say): use the "
                "difference map."
            )
        return floor
