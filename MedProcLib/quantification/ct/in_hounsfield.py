"""Whether values can be Hounsfield units."""

import numpy as np

from ...core.errors import InputError
from ...core.hounsfield import DARKEST_TISSUE_HU, is_stored


def require_hounsfield(values: np.ndarray) -> None:
    """Raise InputError for values that are plainly not in HU: too little fat or air among them, or no number at all."""
    numbers = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    if not numbers.size or numbers.min() > DARKEST_TISSUE_HU or is_stored(numbers):
        raise InputError(
            "The image holds neither fat (-100) nor air (-1000), so it is not in Hounsfield units: choose a CT image "
            "with its surroundings, or bring its values to HU first."
        )
