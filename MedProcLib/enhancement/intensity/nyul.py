"""Nyul's standardization: every image is mapped to a standard scale that was learned from a set of images."""

from typing import Annotated

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.progress import SILENT
from .sample import distinct, interpolated
from .standard_scale import Landmarks, StandardScale


@operation(
    "enhancement.nyul",
    title="Standard scale (Nyul)",
    gives="image",
    source="Nyul and Udupa, MRM 42(6), 1999; Nyul, Udupa, Zhang, New variants of a method of MRI scale "
    "standardization, IEEE TMI 19(2), 2000",
)
class Nyul(ImageFilter):
    """Map the landmarks (percentiles) of the image to those of a standard scale, along straight lines between them.

    The scale is learned from images of the same kind, see `learn-scale`; its text is the parameter, so that a recipe
    holds all that it needs and gives the same result when a file has changed. The landmarks are found in the mask
    (without one: in the foreground by Otsu's threshold), as when the scale was learned. All voxels are mapped.
    """

    standard_scale: Annotated[str, "the JSON text of a standard scale, as `learn-scale` writes it"] = ""

    mask_limits = False
    learns_in_foreground = True
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """Landmarks of the image, and the standard intensities that they become."""
        if not self.standard_scale.strip():
            raise InputError(
                "There is no standard scale: learn one with `medproc learn-scale IMAGES... -o scale.json` "
                "and give the text of that file."
            )
        if not self.standard_scale.lstrip().startswith("{"):
            raise InputError(
                "The standard scale is given by the text of its file, not by the file's name, so that a recipe is "
                "complete: copy the text that begins with {."
            )
        progress(0.0, "Finding landmarks")
        scale = StandardScale.from_json(self.standard_scale)
        marks = Landmarks(scale.percentiles).learn(values, region, grid, progress)
        return distinct(marks, scale.landmarks)

    def apply(self, values, region, place, learned, progress=SILENT):
        return interpolated(values, learned, straight_on=True)
