"""Where a contour may pass and where it shall stop: 1 in even tissue, 0 on edges, weak or strong."""

import numpy as np

from ...core.errors import InputError
from ...core.statistics import median_and_sd
from ...enhancement.morphology.ball import dilated
from ...enhancement.structure.derivatives import in_blocks
from ...enhancement.structure.gradient_magnitude import gradient, magnitude

# A gradient is compared with the steepest one within this many SD of the smoothing, over which an edge is spread.
REACH_SD = 2.0
# Share of the steepest gradient where the potential is one half, and how sharply it falls there.
MIDDLE, WIDTH = 0.5, 0.1
# No gradient below this share of the steepest ones is an edge, however little noise there is.
LEAST_SHARE = 0.02


def edge_potential(
    values: np.ndarray, side: float, start: np.ndarray, sd_mm: float, edge_sd: float, step: float = 0.0
) -> np.ndarray:
    """Sigmoid of the gradient magnitude (z, y, x; voxels are cubes of this side in mm).

    The magnitude is taken relative to the steepest one nearby, so that weak edges stop a contour just where strong ones
    do; what is not significant is no edge: less than `edge_sd` robust SD above the median of the gradients in the start
    region, or than half of that of a step of intensity when one is given. Raises InputError when there is no edge.
    """
    whole = tuple(slice(0, n) for n in values.shape)
    spacing = (side,) * values.ndim
    steepness = np.empty_like(values)

    def fill(part):
        steepness[part] = magnitude(gradient(values, sd_mm, spacing, part))

    in_blocks(fill, whole)
    least = LEAST_SHARE * float(np.percentile(steepness, 99.9))
    if step:
        # the gradient of a step smoothed by a Gaussian
        significant = 0.5 * step / ((2 * np.pi) ** 0.5 * max(sd_mm, side))
    else:
        middle, sd = median_and_sd(steepness[start])
        significant = max(middle + edge_sd * sd, least)
    if not significant > 0 or not (steepness > significant).any():
        raise InputError(
            "There is no edge within reach of the start: choose a smaller step (or fewer SD), or a larger reach."
        )
    steepest = np.maximum(dilated(steepness, REACH_SD * max(sd_mm, side), spacing, whole), significant)
    return 1 / (1 + np.exp((steepness / steepest - MIDDLE) / WIDTH))
