"""Whether values can be Hounsfield units."""

import numpy as np

from ...core.errors import InputError

# CT shows fat (-100 HU) or air; an image that never goes below this shows neither
DARKEST_TISSUE_HU = -50.0


def require_hounsfield(values: np.ndarray) -> None:
    """Raise InputError for values that are plainly not in HU: neither fat nor air among them, or no number at all."""
    numbers = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    if not numbers.size or numbers.min() > DARKEST_TISSUE_HU:
        raise InputError(
            "The image holds neither fat (-100) nor air (-1000), so it is not in Hounsfield units: choose a CT image "
            "with its surroundings, or bring its values to HU first."
        )
