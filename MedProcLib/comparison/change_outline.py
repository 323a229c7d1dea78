"""Change outlined where the difference of two studies falls to half of its height nearby."""

import numpy as np

from ..core.boxes import boxes_of, grown
from ..core.geometry import Geometry
from ..core.image_filter import grid_of_box
from ..segmentation.common.connectivity import connected_components
from ..segmentation.common.gaussian_mean import mean_within
from ..segmentation.common.morphology import distance_to

# The height nearby is the mean of what a piece has within this (SD of a Gaussian), so that its faint parts count too.
NEARBY_MM = 2.0
# An outline reaches so far beyond what was found, where that is sure; as outlines of findings do by default.
REACH_MM = 1.5
# Height and outline depend on each other; after so many rounds they hardly change.
ROUNDS = 6


def at_half_height(
    found: np.ndarray, difference: np.ndarray, sure: np.ndarray, grid: Geometry, smallest_mm3: float = 0.0
) -> np.ndarray:
    """Each connected piece of what was found (z, y, x; bool) where the difference, positive for change, is more than
    half of the piece's mean height nearby.

    What is found ends where a limit of noise or of brightness is, which is far outside of a strong change and inside of
    a faint one; half of the height is the border of what is blurred (full width at half maximum), whatever its height.
    sure: where pieces may also grow. Of a piece that falls apart the largest part stays, and others of this volume.
    """
    pieces, _ = connected_components(grid.image_of(found), "corner")
    result = np.zeros(found.shape, bool)
    for number, box in boxes_of(pieces).items():
        box = grown(box, grid, REACH_MM)
        part = grid_of_box(grid, box)
        piece, height = pieces[box] == number, difference[box]
        allowed = piece | (sure[box] & (distance_to(piece, part) <= REACH_MM))
        inside = piece
        for _ in range(ROUNDS):
            mean = mean_within(height, inside, part, NEARBY_MM)
            before, inside = inside, allowed & (height > mean / 2)
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
