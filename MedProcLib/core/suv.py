"""Which values of PET can be standardized uptake values (SUV)."""

import numpy as np

from .errors import InputError
from .geometry import Geometry

# no tissue takes up that much over half of a segment
HIGHEST_MEDIAN_SUV = 200.0
# SUV is what each gram would hold if the dose were spread evenly, so that it adds up to no more than the body's mass.
LARGEST_BODY_KG = 500.0
CONVERT = "so the image is not in SUV but perhaps in Bq/ml: convert it to SUV first (Quantification, 'SUV from DICOM'; "
CONVERT += "`suv` on the command line)."


def require_suv(image: np.ndarray, grid: Geometry, outstanding: np.ndarray) -> None:
    """Raise InputError where the values of an image (z, y, x) cannot be SUV.

    outstanding: values (n,) of segments, or of what stands out: half of them are too high for SUV. Of a large image
    these may be those of air, and all together are more than a body takes up.
    """
    median = float(np.median(outstanding)) if outstanding.size else 0.0
    if median > HIGHEST_MEDIAN_SUV:
        raise InputError(f"Half of what stands out is above {median:.4g}, {CONVERT}")
    if grid.dimension != 3:
        return
    kg = float(np.sum(image, where=image > 0, dtype=np.float64)) * grid.voxel_volume * 1e-6
    if kg > LARGEST_BODY_KG:
        raise InputError(f"All uptake together would be that of a body of {kg:,.0f} kg, {CONVERT}")
