"""How each change map is best shown: colors, range, and from which change on."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.statistics import median_and_sd

# Share of the range and RGB (0..255): the cool-warm map of Moreland, Diverging color maps for scientific visualization,
# ISVC 2009, whose steps look even and whose middle is neutral.
COOL_WARM = (
    (0.0, (59, 76, 192)),
    (0.25, (141, 176, 254)),
    (0.5, (221, 221, 221)),
    (0.75, (244, 154, 123)),
    (1.0, (180, 4, 38)),
)
# Names of maps that begin so have the tissue's name after it.
TISSUE = "change_of_"


@dataclass(frozen=True)
class MapColors:
    """Legend of a map: values low..high (in unit) from blue over gray at the center to red.

    Changes of less than the threshold, counted from the center, are better left transparent on an image.
    """

    name: str
    title: str
    unit: str
    low: float
    center: float
    high: float
    threshold: float

    def colors(self, values: np.ndarray) -> np.ndarray:
        """RGB (..., 3) uint8 of values; what is not a number has the center's color."""
        values = np.nan_to_num(np.asarray(values, float), nan=self.center)
        share = np.interp(values, (self.low, self.center, self.high), (0, 0.5, 1))
        places = [place for place, _ in COOL_WARM]
        channels = [np.interp(share, places, [rgb[channel] for _, rgb in COOL_WARM]) for channel in range(3)]
        return np.round(np.stack(channels, axis=-1)).astype(np.uint8)

    def is_shown(self, values: np.ndarray) -> np.ndarray:
        """Where values change by at least the threshold."""
        return np.abs(np.asarray(values, float) - self.center) >= self.threshold


FIXED = {
    "score": MapColors("score", "Change in SD of its noise", "SD", -8, 0, 8, 3),
    "log_ratio": MapColors("log_ratio", "Logarithm of the ratio", "", -math.log(2), 0, math.log(2), math.log(1.1)),
    "symmetric_percent_change": MapColors("symmetric_percent_change", "Relative change", "%", -50, 0, 50, 10),
    "jacobian_determinant": MapColors("jacobian_determinant", "Volume ratio", "", 0.5, 1, 1.5, 0.05),
    "log_jacobian": MapColors("log_jacobian", "Logarithm of the volume ratio", "", -0.5, 0, 0.5, 0.05),
    "volume_change_percent": MapColors("volume_change_percent", "Volume change", "%", -50, 0, 50, 5),
    "boundary_shift": MapColors("boundary_shift", "Shift of the boundary", "voxels", -1, 0, 1, 0.1),
    "functional_change": MapColors("functional_change", "Functional change (fall -1, rise 1)", "", -1, 0, 1, 0.5),
}


def map_colors(name: str, image: sitk.Image | None = None, unit: str = "intensity") -> MapColors:
    """Legend of a change map by its name. Raises InputError for a name that no change map has.

    A difference has the unit of the images and as range what 99 % of its voxels have, for which it takes the map.
    """
    if name in FIXED:
        return FIXED[name]
    if name.startswith(TISSUE):
        tissue = name.removeprefix(TISSUE).replace("_", " ")
        return MapColors(name, f"Change of the share of {tissue}", "", -1, 0, 1, 0.1)
    if name == "difference" and image is not None:
        high = _usual_size(image, lambda size: float(np.percentile(size, 99)))
        low = _usual_size(image, lambda size: 2 * median_and_sd(np.concatenate([size, -size]))[1])
        return MapColors(name, "Difference", unit, -high, 0, high, min(low, high))
    known = ", ".join((*FIXED, TISSUE + "TISSUE", "difference (with its image)"))
    raise InputError(f"There are no colors for a map '{name}'; known maps: {known}.")


def _usual_size(image: sitk.Image, statistic: Callable[[np.ndarray], float]) -> float:
    """A statistic of the sizes of the differences that are not 0; 1 where there is none."""
    values = sitk.GetArrayViewFromImage(image)
    size = np.abs(values[np.isfinite(values) & (values != 0)]).astype(np.float64)
    return statistic(size) if size.size else 1.0
