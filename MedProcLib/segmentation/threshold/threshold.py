"""Fixed threshold, with the usual ranges of tissues in CT."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT

TISSUE = Literal[
    "custom",
    "air",
    "lung",
    "emphysema",
    "fat",
    "water",
    "soft_tissue",
    "muscle",
    "acute_blood",
    "calcium",
    "contrast_filled_vessels",
    "bone",
    "cortical_bone",
    "metal",
]

NO_LIMIT = 1e9

# Lower and upper limit in HU. MR intensities have no such scale.
CT_RANGES: dict[str, tuple[float, float]] = {
    # Buzug, Computed Tomography, 2008: air is -1000 by definition; noise is what the width allows for
    "air": (-NO_LIMIT, -900),
    # Gattinoni et al., AJRCCM 164, 2001: hyperinflated below -900, normally aerated -900 to -500
    "lung": (-1000, -500),
    # Gevenois et al., AJRCCM 154, 1996: low attenuation area of thin slices
    "emphysema": (-NO_LIMIT, -950),
    # Mitsiopoulos et al., J. Appl. Physiol. 85, 1998: adipose tissue; skeletal muscle
    "fat": (-190, -30),
    "muscle": (-29, 150),
    # Buzug, 2008: 0 by definition; Bosniak, Radiology 158, 1986: simple cysts up to 20
    "water": (-20, 20),
    # Prokop & Galanski, Spiral and Multislice CT of the Body, 2003: parenchymal organs with and without contrast
    "soft_tissue": (0, 200),
    # Prokop & Galanski, 2003: clotted blood
    "acute_blood": (50, 100),
    # Agatston et al., JACC 15, 1990: calcified plaque
    "calcium": (130, NO_LIMIT),
    # arteries in CT angiography are mostly between these; no more than a clinical habit
    "contrast_filled_vessels": (150, 600),
    # clinical habit: above it spongy bone begins to be set off from enhanced organs
    "bone": (200, NO_LIMIT),
    # clinical habit (Prokop & Galanski, 2003, give compact bone as more than 250; joints and ribs need a higher limit)
    "cortical_bone": (600, NO_LIMIT),
    # the scale of most scanners ends at 3071, and no tissue but enamel is this dense
    "metal": (2500, NO_LIMIT),
}

STRUCTURES = {
    "fat": "fat",
    "muscle": "muscle",
    "calcium": "calcification",
    "contrast_filled_vessels": "vessel",
    "bone": "bone",
    "cortical_bone": "bone",
}


@operation(
    "segmentation.threshold",
    title="Threshold",
    gives="labels",
    source="Gonzalez & Woods, Digital Image Processing, 4th ed., 2018, ch. 10; ranges of tissues in CT: Buzug, "
    "Computed Tomography, 2008; Mitsiopoulos et al., J. Appl. Physiol. 85, 1998; Gattinoni et al., AJRCCM 164, 2001; "
    "Gevenois et al., AJRCCM 154, 1996; Agatston et al., JACC 15, 1990; Prokop & Galanski, Spiral and Multislice CT of "
    "the Body, 2003",
)
class Threshold(ImageFilter):
    """Mark all voxels between two intensities, both included, as segment 1.

    For CT a tissue can be chosen instead. Ranges of tissues overlap, and a voxel on a border between bright and dark
    falls into the range of what lies between: clean up afterwards.
    """

    tissue: Annotated[TISSUE, "CT: usual range of this tissue in HU; custom: the limits below"] = "custom"
    lower: Annotated[float, Range(-1e9, 1e9, "intensity"), "darkest value that is marked (custom only)"] = 100.0
    upper: Annotated[float, Range(-1e9, 1e9, "intensity"), "brightest value that is marked (custom only)"] = 1e9

    makes_labels = True
    parallel = True
    learning_share = 0.2
    # so that moving a limit needs no new pass over the image
    learns_from = ()

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value that are marked."""
        return (self.lower, self.upper) if self.tissue == "custom" else CT_RANGES[self.tissue]

    @property
    def structures(self) -> dict[int, str]:
        return {1: STRUCTURES[self.tissue]} if self.tissue in STRUCTURES else {}

    def learn(self, values, region, grid, progress=SILENT):
        """Smallest and largest value."""
        low = float(np.min(values, where=region, initial=np.inf))
        return low, float(np.max(values, where=region, initial=-np.inf))

    def apply(self, values, region, place, learned, progress=SILENT):
        lower, upper = self.limits
        if lower > upper:
            raise InputError("The lower threshold is above the upper one: swap them.")
        if upper < learned[0] or lower > learned[1]:
            raise InputError(
                f"The threshold ({_range(lower, upper)}) lies outside the range of the image "
                f"({learned[0]:g} to {learned[1]:g}{_hint(self.tissue)}): choose one inside it."
            )
        return (values >= lower) & (values <= upper)

    def __call__(self, image, mask=None, progress=SILENT):
        labels = super().__call__(image, mask, progress)
        require_some(labels, f"No voxel has a value of {_range(*self.limits)}: widen the range.")
        return labels


def require_some(labels: sitk.Image, otherwise: str) -> None:
    """Raise InputError with this message when a label map is empty."""
    if not np.any(sitk.GetArrayViewFromImage(labels)):
        raise InputError(otherwise)


def _range(lower: float, upper: float) -> str:
    if upper >= NO_LIMIT:
        return f"{lower:g} or more"
    return f"{upper:g} or less" if lower <= -NO_LIMIT else f"{lower:g} to {upper:g}"


def _hint(tissue: str) -> str:
    return "" if tissue == "custom" else "; tissues are for CT in HU"
