"""Lesions in PET, each outlined at a share of its own maximum."""

from typing import Annotated, Literal

import numpy as np

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.suv import require_suv
from ...core.voxels import inside, values_of
from ..common.morphology import distance_to
from .hills import hills
from .usual_uptake import usual_uptake

# The background of a lesion is measured in a shell around it, out of reach of the blur of its edge.
SHELL_MM = (10.0, 20.0)
# Nestle: threshold = NESTLE x mean of what exceeds CORE of the maximum + background.
NESTLE, CORE = 0.15, 0.7
# What is no larger without a limit is no flooded liver or blood (326 to 1,940 ml in two patients); of a mass as even as
# these the limit would leave a part. Of a slice or a thin slab: what a ball of that volume has in it.
SMALL_MM3 = 200_000.0
# Share of the largest value by which a constant image varies when it was blurred.
ROUNDING = 1e-5


@operation(
    "segmentation.pet_lesion_threshold",
    title="PET threshold of each lesion",
    gives="labels",
    source="Boellaard et al., FDG PET/CT: EANM procedure guidelines for tumour imaging: version 2.0, EJNMMI 42, 2015 "
    "(41 and 50 % of the maximum); Boellaard et al., J. Nucl. Med. 45(9), 2004 (halfway between maximum and "
    "background); Nestle et al., J. Nucl. Med. 46(8), 2005",
)
class PetLesionThreshold:
    """Outline each focus of uptake at a share of its own maximum; segments are numbered from the hottest. Image in SUV.

    Two maxima are one lesion when the uptake between them does not fall below the share of the hotter one; otherwise
    the border runs along the valley between them. A focus that is hardly hotter than an organ around it (liver, blood)
    would flood it at that share: where that is more than 200 ml (41 cm2 of a slice), it ends where the organ's usual
    uptake begins. Healthy organs with uptake (brain, heart, bladder) are found too.
    """

    rule: Annotated[
        Literal["percent_of_maximum", "percent_of_contrast", "nestle"],
        "percent_of_contrast: from the background around the lesion (0 %) to its maximum (100 %); nestle: 15 % of the "
        "mean of the hot core, above background",
    ] = "percent_of_maximum"
    percent: Annotated[float, Range(10, 90, "%"), "share at which a lesion ends; also parts neighboring maxima"] = 41.0
    least_maximum: Annotated[float, Range(0.01, 1e4, "SUV"), "a lesion has at least this maximum"] = 2.5
    above_tissue: Annotated[
        float,
        Range(0, 10, "SD"),
        "what would flood more than 200 ml is so much hotter than even tissue beside it, all over; 0: no such limit",
    ] = 2.0

    @property
    def structures(self) -> dict[int, str]:
        return {0: "uptake"}

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid = Geometry.of(image)
        largest = float(values[region].max())
        if largest < self.least_maximum:
            raise InputError(
                f"No uptake reaches {self.least_maximum:g}; the largest value inside is {largest:.3g}: lower the least "
                "maximum, and check that the image is in SUV."
            )
        if largest - float(values[region].min()) <= ROUNDING * largest:
            raise InputError(
                f"The image is constant ({largest:.3g}, inside the mask), so no focus of uptake stands out of it."
            )
        require_suv(values, grid, values[region & (values >= self.least_maximum)])
        share = self.percent / 100
        first, usual, again, second = progress.parts(2, 1, 2, 1)
        lowest = (NESTLE * CORE if self.rule == "nestle" else share) * self.least_maximum
        hot = region & (values >= lowest)
        numbers = hills(values, hot, share, self.least_maximum, first)
        outlined, peaks = _above_share(values, numbers, share)
        large = np.bincount(outlined.ravel()) * grid.voxel_volume > _small(grid)
        large[0] = False
        if self.above_tissue and large.any():
            even = usual_uptake(values, grid, lowest, self.least_maximum, self.above_tissue, usual)
            numbers = hills(values, hot & ~(large[numbers] & (values <= even)), share, self.least_maximum, again)
            outlined, peaks = _above_share(values, numbers, share)
        if self.rule != "percent_of_maximum":
            outlined = _above_background(self, values, numbers, outlined, region, peaks, grid, second)
        return grid.image_of(outlined.astype(np.uint8 if outlined.max() < 256 else np.uint16))


def _small(grid: Geometry) -> float:
    """The most, in mm3 (mm2 of a picture), that is no flooded organ."""
    section = np.pi * (SMALL_MM3 * 3 / (4 * np.pi)) ** (2 / 3)
    return float(section if grid.dimension == 2 else min(SMALL_MM3, section * min(grid.extent)))


def _above_share(values: np.ndarray, numbers: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of hills where they are above this share of their peak, 0 elsewhere; and the peaks, by number."""
    peaks = np.zeros(int(numbers.max()) + 1, values.dtype)
    np.maximum.at(peaks, numbers, values)
    return np.where(values >= share * peaks[numbers], numbers, 0), peaks


def _above_background(
    settings: PetLesionThreshold,
    values: np.ndarray,
    numbers: np.ndarray,
    outlined: np.ndarray,
    region: np.ndarray,
    peaks: np.ndarray,
    grid: Geometry,
    progress: Progress,
) -> np.ndarray:
    """Lesions (label values) with thresholds over the median of the shell around each, other lesions left out."""
    result = np.zeros_like(outlined)
    boxes = boxes_of(outlined)
    elsewhere = float(np.median(values[region & (outlined == 0)])) if (region & (outlined == 0)).any() else 0.0
    for done, (number, tight) in enumerate(boxes.items()):
        progress(done / len(boxes), "Measuring backgrounds")
        box = grown(tight, grid, SHELL_MM[1])
        part, lesion = values[box], outlined[box] == number
        size = tuple(reversed(part.shape))
        distance = distance_to(lesion, Geometry(size, grid.spacing, grid.origin, grid.direction))
        shell = (distance >= SHELL_MM[0]) & (distance <= SHELL_MM[1]) & region[box] & (outlined[box] == 0)
        background = float(np.median(part[shell])) if shell.any() else elsewhere
        peak = float(peaks[number])
        if settings.rule == "nestle":
            threshold = NESTLE * float(part[lesion & (part >= CORE * peak)].mean()) + background
        else:
            threshold = background + settings.percent / 100 * (peak - background)
        chosen = (numbers[box] == number) & (part >= min(threshold, peak))
        result[box][chosen] = number
    return result
