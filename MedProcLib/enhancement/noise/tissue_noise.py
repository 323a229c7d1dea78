"""The noise that operations take away."""

import numpy as np

from ...core.geometry import Geometry
from ...core.noise import noise_sd
from ...core.voxels import foreground

# Noise below this share of the largest value is rounding.
LEAST_NOISE = 1e-6


def tissue_noise(values: np.ndarray, region: np.ndarray, grid: Geometry, known: float = 0.0) -> float:
    """Standard deviation of the noise, measured where it is not known (0); 0 when there is none to remove.

    Measured in the foreground: in MR the background's noise is not that of the tissue.
    """
    if not np.ptp(values[region]) > 0:
        return 0.0
    noise = known or noise_sd(values, tuple(reversed(grid.spacing)), foreground(values, region))
    return max(noise, LEAST_NOISE * float(np.abs(values).max())) if noise > 0 else 0.0
