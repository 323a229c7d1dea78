"""Thresholds of uptake in PET, one for the whole image."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter, filtered, learned_of
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.suv import require_suv
from .threshold import require_some

# PERCIST: sphere in the right lobe of the liver; cylinder in the descending aorta, along the body.
LIVER_DIAMETER_MM, AORTA_DIAMETER_MM, AORTA_LENGTH_MM = 30.0, 10.0, 20.0
# Factor of the mean, and SDs added to it.
PERCIST = {"percist_liver": (1.5, 2.0), "percist_blood_pool": (2.0, 2.0)}
ORGAN = {"percist_liver": "the right lobe of the liver", "percist_blood_pool": "the descending aorta"}


@operation(
    "segmentation.pet_threshold",
    title="PET threshold",
    gives="labels",
    source="Wahl, Jacene, Kasamon & Lodge, From RECIST to PERCIST, J. Nucl. Med. 50 Suppl. 1, 2009; Boellaard et al., "
    "FDG PET/CT: EANM procedure guidelines for tumour imaging: version 2.0, EJNMMI 42, 2015 (41 %)",
)
class PetThreshold(ImageFilter):
    """Mark uptake at or above one threshold for the whole image (or mask), as segment 1. The image is in SUV.

    PERCIST takes its threshold from a place without disease, marked by seeds of number 1: a point in the right lobe of
    the liver stands for a sphere of 3 cm around it, one in the descending aorta for a cylinder of 1 cm x 2 cm along the
    body; a painted region is taken as it is. Its definition is for SUV by lean body mass (SUL).
    """

    method: Annotated[
        Literal["fixed", "percent_of_maximum", "percist_liver", "percist_blood_pool"],
        "fixed: the SUV below; percent_of_maximum: of the hottest voxel; percist_liver: 1.5 x mean + 2 SD of the "
        "liver; percist_blood_pool: 2 x mean + 2 SD of the aorta",
    ] = "fixed"
    suv: Annotated[float, Range(0, 100, "SUV"), "fixed: threshold; 2.5 and 4.0 are usual"] = 2.5
    percent: Annotated[float, Range(1, 99, "%"), "percent_of_maximum: share of the largest value"] = 41.0

    makes_labels = True
    parallel = True
    learns_from = ("method",)

    @property
    def structures(self) -> dict[int, str]:
        return {1: "uptake"}

    def learn(self, values, region, grid, progress=SILENT, seeds=None):
        """The largest value, and the threshold of PERCIST."""
        largest = float(np.max(values, where=region, initial=-np.inf))
        if self.method == "fixed":
            require_suv(values, grid, values[region & (values >= self.suv)])
        if self.method not in PERCIST:
            return largest, 0.0
        if seeds is None:
            raise InputError(f"{self.method} needs {ORGAN[self.method]}: mark it with a point (seed 1).")
        # the reference region may lie outside the mask
        where = _reference_region(seeds, self.method)
        factor, deviations = PERCIST[self.method]
        return largest, factor * float(np.mean(values[where])) + deviations * float(np.std(values[where]))

    def apply(self, values, region, place, learned, progress=SILENT):
        return values >= self._threshold(*learned)

    def _threshold(self, largest: float, percist: float) -> float:
        if self.method == "percent_of_maximum":
            return self.percent / 100 * largest
        return percist if self.method in PERCIST else self.suv

    def __call__(self, image, mask=None, seeds=None, progress=SILENT):  # type: ignore[override]
        given = {} if seeds is None else {"seeds": seeds}
        learned = learned_of(self, image, mask, progress.part(0, self.learning_share), **given)
        labels = filtered(self, image, mask, learned, progress=progress.part(self.learning_share, 1))
        require_some(
            labels,
            f"No uptake reaches the threshold of {self._threshold(*learned):.3g}; the largest value inside is "
            f"{learned[0]:.3g}: lower the threshold, and check that the image is in SUV.",
        )
        return labels


def _reference_region(seeds: sitk.Image, method: str) -> np.ndarray:
    """Where seeds of number 1 mark the organ (z, y, x); around a single voxel the region that PERCIST defines."""
    marked = sitk.GetArrayViewFromImage(seeds) == 1
    if np.count_nonzero(marked) > 1:
        return marked
    if not marked.any():
        raise InputError(f"PERCIST needs {ORGAN[method]}: mark it with a seed of number 1.")
    grid = Geometry.of(seeds)
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in grid.size], indexing="ij"), -1).reshape(-1, grid.dimension)
    center = grid.points(np.argwhere(marked)[:, ::-1])[0]
    offset = grid.points(indices) - center
    if method == "percist_liver" or grid.dimension == 2:
        diameter = LIVER_DIAMETER_MM if method == "percist_liver" else AORTA_DIAMETER_MM
        near = np.linalg.norm(offset, axis=1) <= diameter / 2
    else:
        # the third axis of LPS runs from feet to head
        near = (np.hypot(offset[:, 0], offset[:, 1]) <= AORTA_DIAMETER_MM / 2) & (
            np.abs(offset[:, 2]) <= AORTA_LENGTH_MM / 2
        )
    return near.reshape(grid.size).transpose()
