"""Vessels and other tubes anywhere in the image, by what answers to a filter for lines."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_around, box_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from ...enhancement.structure.vesselness import Vesselness
from ..common.connected_to import connected_to
from ..common.connectivity import connected_components
from ..common.gaussian_mean import LEAST_WEIGHT, mean_and_weight
from ..common.morphology import distance_to
from .piece_lengths import piece_lengths

# A tube of this many times the scale's SD answers most to it.
RADIUS_OF_SD = 1.4
# The largest of the scales in this ratio.
SCALE_RATIO = 1.5
# The 25th percentile of the absolute value of a standard normal variable.
QUARTER_OF_HALF_NORMAL = 0.31864
# A piece is no tube when it is not so many times as long as it is thick: the rim of a ball answers to the filter too.
SLENDER = 2.5
# Answers below this share of the largest may be rounding errors.
ROUNDING = 1e-5
CONSTANT = "The image is constant (in the mask), so there is no tube to look for."


@operation(
    "segmentation.vessels",
    title="Vessels (line filter and hysteresis)",
    gives="labels",
    source="Sato et al., Three-dimensional multi-scale line filter for segmentation and visualization of curvilinear "
    "structures in medical images, Medical Image Analysis 2(2), 1998; hysteresis: Canny, IEEE PAMI 8(6), 1986",
)
class Vessels:
    """Find tubes that are brighter or darker than what is around them: vessels, fissures of light, in a slice any line.

    The answer of the line filter is measured in SD of its answers to noise and texture in the image itself. What is
    beyond the low threshold and hangs together with something beyond the high one is a tube (1), if it is long enough.
    """

    polarity: Annotated[Literal["bright", "dark"], "tubes brighter or darker than what is around them"] = "bright"
    smallest_radius_mm: Annotated[float, Range(0.2, 40, "mm"), "radius of the thinnest tubes"] = 1.0
    largest_radius_mm: Annotated[float, Range(0.2, 40, "mm"), "radius of the thickest tubes"] = 3.0
    low: Annotated[float, Range(0, 1000, "SD"), "an answer beyond this belongs to a tube"] = 3.0
    high: Annotated[float, Range(0, 1000, "SD"), "a tube has an answer beyond this somewhere"] = 6.0
    minimum_length_mm: Annotated[
        float, Range(0, 1000, "mm"), "pieces that reach less far from end to end are dropped"
    ] = 10.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "smaller pieces are dropped (2D: mm²)"] = 10.0
    outline: Annotated[
        Literal["half height", "answer"],
        "tubes end half way between their own intensity and that around them, or where the filter's answer does",
    ] = "half height"

    @property
    def structures(self) -> dict[int, str]:
        return {1: "vessel"}

    def __call__(self, image, mask=None, progress=SILENT):
        if self.high < self.low:
            raise InputError("The high threshold is below the low one: swap them.")
        if self.largest_radius_mm < self.smallest_radius_mm:
            raise InputError("The largest radius is below the smallest one: swap them.")
        answering, joining, measuring = progress.parts(6, 1, 2)
        values, valid = values_of(image)
        region = inside(mask, valid)
        if not np.ptp(values[region]) > 0:
            raise InputError(CONSTANT)
        whole = Geometry.of(image)
        around = box_of(region)
        # the filter sees beyond the mask: a border of its own would be a line
        box = grown(around, whole, 3 * self.largest_radius_mm, 2)
        grid, values, region = grid_of_box(whole, box), values[box], region[box]
        answer = self._answer(values, region, grid, answering)
        strong = answer > self.high
        if not strong.any():
            raise InputError(
                f"No line stands out: the strongest answer is {answer.max():.3g} SD, the high threshold "
                f"{self.high:g} SD. Lower it, or choose other radii."
            )
        tubes = connected_to(strong, answer > self.low, "corner", joining)
        if self.outline == "half height":
            tubes = _to_half_height(tubes, values, region, grid, self.largest_radius_mm, self.polarity, measuring)
        labels = np.zeros(tuple(reversed(whole.size)), np.uint8)
        labels[box] = self._long_enough(tubes, grid)
        return whole.image_of(labels)

    def _answer(self, values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        """The largest answer of all scales, each in SD of its answers to noise. Raises InputError."""
        smallest, largest = self.smallest_radius_mm / RADIUS_OF_SD, self.largest_radius_mm / RADIUS_OF_SD
        count = 1 + int(np.ceil(np.log(largest / smallest) / np.log(SCALE_RATIO) - 1e-9))
        best, image = np.zeros(region.shape, np.float32), grid.image_of(values)
        for sd_mm, share in zip(np.geomspace(smallest, largest, count), progress.parts(*[1] * count), strict=True):
            lines = Vesselness(method="Sato", polarity=self.polarity, smallest_sd_mm=float(max(sd_mm, 0.1)), scales=1)
            answer = np.where(region, sitk.GetArrayFromImage(lines(image, progress=share)), 0)
            noise = noise_of(answer)
            if noise > 0:
                np.maximum(best, answer / noise, out=best, casting="same_kind")
        if not best.any():
            raise InputError(CONSTANT)
        return best

    def _long_enough(self, tubes: np.ndarray, grid: Geometry) -> np.ndarray:
        numbers, counts = connected_components(grid.image_of(tubes), "corner")
        lengths = piece_lengths(numbers, counts.size - 1, grid)
        depth = distance_to(~tubes, grid)
        thickness = np.zeros(counts.size)
        np.maximum.at(thickness, numbers[tubes], 2 * depth[tubes])
        keep = (lengths >= self.minimum_length_mm) & (lengths >= SLENDER * thickness)
        keep &= counts * grid.voxel_volume >= self.minimum_volume_mm3 * (1 - 1e-9)
        keep[0] = False
        if not keep.any():
            longest = int(lengths.argmax())
            raise InputError(
                f"No piece is a tube long and large enough: of {counts.size - 1} the longest reaches "
                f"{lengths[longest]:.3g} mm. Lower the minimum length or volume, or the low threshold."
            )
        return keep[numbers]


def noise_of(answer: np.ndarray) -> float:
    """SD of the filter's answers to noise, from the weak ones among those that are not 0; 0 without any.

    In Gaussian noise, white or smooth, the answers of one sign at one scale are those of a halved normal distribution
    (measured: the 99.9th percentile of all is at 2.7 to 3 of these SD); tubes are among the strong ones.
    """
    some = answer[answer > ROUNDING * float(answer.max())]
    return float(np.percentile(some, 25)) / QUARTER_OF_HALF_NORMAL if some.size else 0.0


def _to_half_height(
    tubes: np.ndarray,
    values: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    radius_mm: float,
    polarity: str,
    progress: Progress,
) -> np.ndarray:
    """The tubes' voxels and those near them whose intensity is nearer to the tubes' than to that of what is around.

    Both are Gaussian means, of the tubes near a voxel and of what lies beside them there.
    """
    around = box_around(tubes)
    if around is None:
        return tubes
    box = grown(around, grid, 3 * radius_mm, 2)
    part = grid_of_box(grid, box)
    level = values[box].astype(np.float64) * (1.0 if polarity == "bright" else -1.0)
    level /= float(np.abs(level).max()) or 1.0
    near, voxel = tubes[box], max(part.spacing)
    reach = distance_to(near, part) <= radius_mm / 2 + voxel
    for share in progress.parts(1, 1):  # the filter answers beyond the tube, which lowers its mean at first
        inner, outer = share.parts(1, 1)
        distance = distance_to(near, part)
        beside = (distance > voxel) & (distance <= 2 * radius_mm + voxel) & region[box]
        mean_in, weight_in = mean_and_weight(level, near, part, radius_mm, inner)
        mean_out, weight_out = mean_and_weight(level, beside, part, radius_mm, outer)
        known = (weight_in > LEAST_WEIGHT) & (weight_out > LEAST_WEIGHT) & (mean_in > mean_out)
        # where nothing tells the edge the answer of the filter stays
        wider = np.where(known, (level > (mean_in + mean_out) / 2) & reach, near) & region[box]
        near = connected_to(near & wider, wider, "face")
        if not near.any():
            return tubes
    result = np.zeros_like(tubes)
    result[box] = near
    return result
