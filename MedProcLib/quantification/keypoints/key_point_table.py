"""Key points as a table of their places and sizes."""

from typing import Annotated, Literal

from ...core.errors import InputError
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..row import Row
from .corners import detect_corners
from .detect import detect_key_points

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
        parameters = {"detector": self.detector}
        if self.detector == "difference_of_gaussians":
            found = detect_key_points(
                image,
                mask,
                self.smallest_mm,
                self.largest_mm,
                self.least_contrast,
                self.largest_ratio,
                self.most,
                progress,
            )
            first = found.first
            rows = [
                _row(number, point, strength, [Measurement("scale", float(scale), "mm", None, parameters)], parameters)
                for number, (point, strength, scale) in enumerate(
                    zip(
                        found.points[first],
                        found.strengths[first] * found.signs[first],
                        found.scales[first],
                        strict=True,
                    ),
                    1,
                )
            ]
        else:
            sd = self.smallest_mm or max(image.GetSpacing())
            corners = detect_corners(image, mask, self.detector, sd, 2 * sd, self.least_contrast, self.most, progress)
            rows = [
                _row(number, point, strength, [], parameters)
                for number, (point, strength) in enumerate(zip(corners.points, corners.strengths, strict=True), 1)
            ]
        if not rows:
            raise InputError("No key point is strong enough: allow smaller or weaker ones.")
        return rows


def _row(number: int, point, strength: float, more: list[Measurement], parameters: dict) -> Row:
    places = [Measurement(axis, float(x), "mm") for axis, x in zip(AXES, point, strict=False)]
    strong = Measurement("strength", float(strength), "", None, parameters)
    return Row(number, f"Key point {number}", None, (*places, strong, *more))
