"""How much each voxel differs between two aligned studies, in the image's unit."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.units import ValueUnit
from ...quantification.row import Row
from ..intensity import blurred, shared
from .regions import regions_of, require_one_grid, scale_of

# Standard deviations of the differences on either side of their mean: the limits of agreement.
AGREEMENT = 1.96


@operation(
    "comparison.difference_map",
    title="Difference map",
    gives=("maps", "table"),
    dimensions=(3,),
    source="Digital subtraction of aligned studies: Hajnal et al., J. Comput. Assist. Tomogr. 19(5), 1995; limits of "
    "agreement: Bland & Altman, Lancet 327, 1986",
)
class DifferenceMap:
    """The other study minus the first one, in the images' unit, and its mean and spread in each segment.

    Both must be on one grid and have one scale: match the intensities of MR first (a comparison does so, and leaves
    values that have a unit, HU or SUV, as they are). Outside the region that both masks share the map is 0.
    """

    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the smoothing of both images"] = 0.0
    intensity_unit: Annotated[ValueUnit, "unit of the images' values"] = "intensity"

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, fixed_labels=None, progress=SILENT):
        require_one_grid(fixed, moving)
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid, unit = Geometry.of(fixed), scale_of(first, other)
        if self.smoothing_mm:
            first, other = (blurred(v / unit, grid, self.smoothing_mm).astype(v.dtype) * unit for v in (first, other))
        progress(0.5, "Subtracting")
        difference = np.where(region, other - first, 0)
        rows = [
            Row(label, name, None, self._figures(difference[part], {"smoothing_mm": self.smoothing_mm}))
            for label, name, part in regions_of(region, fixed_labels)
        ]
        return {"difference": grid.image_of(difference)}, rows

    def _figures(self, values: np.ndarray, how: Mapping[str, object]) -> tuple[Measurement, ...]:
        unit = scale_of(values)
        scaled = values.astype(np.float64) / unit
        mean, sd = scaled.mean() * unit, scaled.std() * unit
        figures = {
            "mean_difference": mean,
            "sd_difference": sd,
            "mean_absolute_difference": np.abs(scaled).mean() * unit,
            "lower_limit_of_agreement": mean - AGREEMENT * sd,
            "upper_limit_of_agreement": mean + AGREEMENT * sd,
        }
        return tuple(Measurement(n, float(v), self.intensity_unit, None, how) for n, v in figures.items())
