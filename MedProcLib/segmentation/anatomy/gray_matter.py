"""Gray matter in FLAIR, where it is clearly brighter than white matter."""

import numpy as np

from ..tissue.intensity_classes import Histogram
from ..tissue.mixed_voxels import settled, states_of

# What is this many SD darker than the most frequent tissue is none (fluid, or mixed with it).
TISSUE = 3.0
# Two classes of tissue are apart from this many SD on (Ashman et al., Astron. J. 108, 1994).
APART_SD = 2.0
# What is bright and a smaller share of the brain than this is no class of tissue but lesion.
LEAST_TISSUE = 0.15


def gray_matter(values: np.ndarray) -> tuple[float, float] | None:
    """Mean and SD of the brighter class of tissue among values without fluid; None where no two classes are apart."""
    found, shares = settled(Histogram.of(values, 2), 2, states_of(2))
    (white, gray), (white_sd, gray_sd) = found.means, found.sds
    apart = np.sqrt(2) * (gray - white) / np.hypot(white_sd, gray_sd)
    return (float(gray), float(gray_sd)) if apart > APART_SD and min(shares[:2]) > LEAST_TISSUE else None
