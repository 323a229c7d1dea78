"""Whether air is noise about 0, as in PET that keeps negative values, and how strong that is."""

import numpy as np

# Below 0 is at least this share of the voxels, and their quarter and nine tenths lie so far from 0, as parts of their
# median: 0.47 and 2.4 of a Gaussian. Air and fat in HU lie close together instead.
SHARE = 0.1
QUARTER, NINE_TENTHS = (0.38, 0.6), (1.8, 4.0)
# as many lie just above 0 as just below, and body besides
MIRRORED = (0.6, 2.5)
NORMAL_QUARTILE = 0.6745
MOST_COUNTED = 1_000_000


def noise_about_zero(values: np.ndarray) -> float | None:
    """Standard deviation of the noise that the negative values are of; None where they are anything else.

    values: of any shape and unit; those that are NaN are left out.
    """
    flat = values.reshape(-1)
    some = flat[:: max(1, flat.size // MOST_COUNTED)]
    below = -some[some < 0].astype(np.float64)
    if below.size < SHARE * some.size:
        return None
    quarter, middle, most = np.quantile(below, (0.25, 0.5, 0.9))
    mirrored = np.mean((some > 0) & (some < middle)) / np.mean((some < 0) & (some >= -middle))
    shaped = (QUARTER[0] < quarter / middle < QUARTER[1]) and (NINE_TENTHS[0] < most / middle < NINE_TENTHS[1])
    return float(middle / NORMAL_QUARTILE) if shaped and MIRRORED[0] < mirrored < MIRRORED[1] else None
