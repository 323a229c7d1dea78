"""Key points as a table of their places and sizes."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..row import Row
from .corners import Measure, detect_corners
from .detect import detect_key_points

# points, and of each figure its name, unit and value of each point
Found = tuple[np.ndarray, list[tuple[str, str, np.ndarray]]]
AXES = ("centroid_l", "centroid_p", "centroid_s")


@operation(
    "quantification.key_points",
    title="Key points",
    gives="table",
    source="Lowe, IJCV 60(2), 2004; Toews & Wells, Med Image Anal 17(3), 2013 (3D); corners: Harris & Stephens, Alvey "
    "Vision Conference 1988; Shi & Tomasi, CVPR 1994",
)
class KeyPointTable:
    """List points that are found again in another image of the same: blobs with their size, or corners.

    The strongest come first. Key points with descriptors, their matches and the rigid transform between two images that
    follows from them are calls of Python: quantification/keypoints.
    """

    detector: Annotated[
        Literal["difference_of_gaussians", "harris", "shi_tomasi"],
        "blobs of any size, or corners by one of two measures",
    ] = "difference_of_gaussians"
    smallest_mm: Annotated[
        float, Range(0, 100, "mm"), "SD of the smallest Gaussian, corners: of the derivatives; 0: what the voxels allow"
    ] = 0.0
    largest_mm: Annotated[float, Range(0.1, 200, "mm"), "blobs: SD of the largest Gaussian"] = 20.0
    least_contrast: Annotated[
        float, Range(0, 1), "blobs: response as share of the range of intensities; corners: of the strongest corner"
    ] = 0.01
    largest_ratio: Annotated[float, Range(1.5, 1000), "blobs: of the curvatures; longer ones are edges, not points"] = (
        10.0
    )
    most: Annotated[int, Range(1, 20000), "no more than this many points, the strongest"] = 500

    def __call__(self, image, mask=None, progress=SILENT):
        find = self._blobs if self.detector == "difference_of_gaussians" else self._corners
        points, figures = find(image, mask, progress)
        if not len(points):
            raise InputError("No key point is strong enough: allow smaller or weaker ones.")
        parameters = {"detector": self.detector}
        rows = []
        for at, point in enumerate(points):
            places = [Measurement(axis, float(x), "mm") for axis, x in zip(AXES, point, strict=False)]
            own = [Measurement(name, float(v[at]), unit, None, parameters) for name, unit, v in figures]
            rows.append(Row(at + 1, f"Key point {at + 1}", None, (*places, *own)))
        return rows

    def _blobs(self, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> Found:
        limits = self.smallest_mm, self.largest_mm, self.least_contrast, self.largest_ratio
        found = detect_key_points(image, mask, *limits, self.most, progress)
        each = found.only(found.first)
        return each.points, [("strength", "", each.strengths * each.signs), ("scale", "mm", each.scales)]

    def _corners(self, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> Found:
        sd = self.smallest_mm or max(image.GetSpacing())
        measure: Measure = "harris" if self.detector == "harris" else "shi_tomasi"
        found = detect_corners(image, mask, measure, sd, 2 * sd, self.least_contrast, self.most, progress)
        return found.points, [("strength", "", found.strengths)]
