"""Hounsfield units: ranges that stand for tissues, weights of calcium, and what is plainly not in them."""

import numpy as np

# Mitsiopoulos et al., J Appl Physiol 85(1), 1998
FAT_HU, MUSCLE_HU = (-190.0, -30.0), (-29.0, 150.0)
# Agatston et al., J Am Coll Cardiol 15(4), 1990: a lesion's weight by its peak, the densest first
AGATSTON_WEIGHTS = ((400.0, 4), (300.0, 3), (200.0, 2), (130.0, 1))
# CT shows fat (-100 HU) or air; an image that never goes below this shows neither, so it is not in Hounsfield units.
DARKEST_TISSUE_HU = -50.0
# Stored values are HU + 1024, or + 1000. Of them only few are as dark as fat, which interpolation made or which stand
# below air for what was not measured; and of what is as dense as bone most is where soft tissue was.
FEW_DARK, BELOW_AIR_HU, BONE_HU, STORED_TISSUE, MOST_OF_DENSE = 1e-3, -1200.0, 300.0, (850.0, 1200.0), 0.6


def is_stored(values: np.ndarray) -> bool:
    """Whether these are values as scanners store them, before the intercept is added."""
    padding = np.count_nonzero(values < BELOW_AIR_HU)
    dark = np.count_nonzero(values < DARKEST_TISSUE_HU) - padding
    if dark > FEW_DARK * (values.size - padding):
        return False
    low, high = STORED_TISSUE
    dense = np.count_nonzero(values > BONE_HU)
    tissue = np.count_nonzero((values > low) & (values < high))
    return bool(dense and tissue > MOST_OF_DENSE * dense)
