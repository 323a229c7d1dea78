"""What a user is told of a chain of steps that leaves the image as it was."""

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from ..core.progress import Progress

UNCHANGED = (
    "The image is as it was before: what these steps take away is not in it, or their sizes in mm are smaller than its "
    "voxels."
)
# Share of the largest value by which rounding changes a slice.
ROUNDING = 1e-6


def note_unchanged(image: sitk.Image, made: sitk.Image, progress: Progress, name: str = "") -> None:
    """Note it where an image came out of its steps with the same values on the same grid. name: of one of several."""
    if Geometry.of(made).same_grid(Geometry.of(image)) and _alike(*map(sitk.GetArrayViewFromImage, (image, made))):
        progress.note(f"'{name}': {UNCHANGED}" if name else UNCHANGED)


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two arrays are equal but for rounding, slice by slice: mostly the first one tells."""
    for one, other in zip(first, second, strict=True):
        difference = np.abs(np.subtract(other, one, dtype=np.float64))
        known = difference[np.isfinite(difference)]
        if known.size and known.max() > ROUNDING * float(np.abs(one[np.isfinite(one)]).max(initial=0)):
            return False
    return True
