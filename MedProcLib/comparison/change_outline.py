"""Change outlined where the difference of two studies falls to half of its height nearby."""

import numpy as np

from ..core.boxes import boxes_of
from ..core.geometry import Geometry
from ..core.image_filter import grid_of_box
from ..segmentation.common.connectivity import connected_components
from ..segmentation.common.gaussian_mean import mean_within

# The height nearby is the mean of what a piece has within this (SD of a Gaussian), so that its faint parts count too.
NEARBY_MM = 2.0
# Height and outline depend on each other; after so many rounds they hardly change.
ROUNDS = 6


def at_half_height(found: np.ndarray, difference: np.ndarray, grid: Geometry, smallest_mm3: float = 0.0) -> np.ndarray:
    """Each connected piece of what was found (z, y, x; bool) where the difference, positive for change, is more than
    half of the piece's mean height nearby.

    What is found ends where a limit of noise is, which is far outside of a strong change; half of the height is the
    border of what is blurred (full width at half maximum), whatever its height. Nothing grows beyond what was found:
    it would join a new lesion to one beside it. Of a piece that falls apart the largest part stays, and others of this
    volume.
    """
    pieces, _ = connected_components(grid.image_of(found), "corner")
    result = np.zeros(found.shape, bool)
    for number, box in boxes_of(pieces).items():
        part, height = grid_of_box(grid, box), difference[box]
        piece = inside = pieces[box] == number
        for _ in range(ROUNDS):
            mean = mean_within(height, inside, part, NEARBY_MM)
            before, inside = inside, piece & (height > mean / 2)
            if (inside == before).all():
                break
        result[box] |= _parts(inside, part, smallest_mm3)
    return result


def _parts(inside: np.ndarray, grid: Geometry, smallest_mm3: float) -> np.ndarray:
    """The largest connected part, and others that are not smaller than that (mm³)."""
    numbers, counts = connected_components(grid.image_of(inside), "corner")
    counts[0] = 0
    keep = counts * grid.voxel_volume >= smallest_mm3
    keep[np.argmax(counts)] = True
    keep[0] = False
    return keep[numbers]
