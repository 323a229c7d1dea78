"""Where the cartilages of the ribs lie in CT: the wall of the chest in front, and of the belly below it."""

import numpy as np

from ...core.geometry import Geometry
from ..common.morphology import distance_to
from ..common.slice_by_slice import filled_slices, slices_apart
from .body_wall import slices_with_lung
from .inside_trunk import BONE_HU, LEAN_HU
from .spine import find_spine
from .trunk import trunk_and_limbs

# The wall is so thick; the arch of the ribs reaches so far below the lungs. In front: so far before the spine, as
# calcified pleura mostly lies beside it and behind.
WALL_MM, BELOW_LUNGS_MM, BEFORE_MM = 25.0, 60.0, 40.0


def costal_cartilage(values: np.ndarray, body: np.ndarray, grid: Geometry) -> np.ndarray:
    """The part (bool; z, y, x) of a body that may hold them; nowhere without lungs or spine.

    values: HU on a grid of patient_grid.
    """
    result = np.zeros(body.shape, bool)
    spine = find_spine(filled_slices(body & (values > BONE_HU)), values, body, grid)
    chest = np.flatnonzero(slices_with_lung(values, body, grid))
    if spine is None or not chest.size:
        return result
    low, high = max(0, chest[0] - round(BELOW_LUNGS_MM / grid.spacing[2])), chest[-1] + 1
    trunk, _ = trunk_and_limbs(body & (values > LEAN_HU), spine, grid)
    for z in range(low, high):
        result[z] = (spine.behind(z, body.shape[1], grid) < -BEFORE_MM)[:, None]
    return result & trunk & (distance_to(~trunk, slices_apart(grid)) < WALL_MM)
