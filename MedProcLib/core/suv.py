"""Which values of PET can be standardized uptake values (SUV)."""

import numpy as np

from .errors import InputError

# no tissue takes up that much over half of a segment
HIGHEST_MEDIAN_SUV = 200.0


def require_suv(values: np.ndarray) -> None:
    """Raise InputError where half of the values, those of segments or of what stands out, are too high for SUV."""
    median = float(np.median(values)) if values.size else 0.0
    if median > HIGHEST_MEDIAN_SUV:
        raise InputError(
            f"Half of what stands out is above {median:.4g}, so the image is not in SUV but perhaps in Bq/ml: convert "
            "it to SUV first (Quantification, 'SUV from DICOM'; `suv` on the command line)."
        )
