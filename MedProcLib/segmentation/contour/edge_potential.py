"""Where a contour may pass and where it shall stop: 1 in even tissue, 0 on edges, weak or strong."""

import numpy as np
from scipy.spatial import cKDTree

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.statistics import median_and_sd, mode_and_sd
from ...enhancement.structure.derivatives import in_blocks
from ...enhancement.structure.gradient_magnitude import gradient, magnitude
from ..common.morphology import distance_to
from .radial_votes import crests

# The potential has risen to 0.39 at this many voxels (or this share of the SD of the smoothing) from an edge.
WIDTH_VOXELS, WIDTH_SHARE = 2.0, 0.5
# It is 1 from this many widths on.
REACH = 3.0
# No gradient below this share of the steepest ones is an edge, however little noise there is.
LEAST_SHARE = 0.005
# This share of them is an edge for sure, if it is more than noise: the start of a small object holds its edges itself.
SURE_SHARE = 0.25
# Gradients that are enough to see how steep the noise is.
ENOUGH_VOXELS = 200_000


def edge_potential(
    values: np.ndarray, side: float, start: np.ndarray, sd_mm: float, edge_sd: float, step: float = 0.0
) -> np.ndarray:
    """The potential on voxels (z, y, x) that are cubes of this side in mm, by their distance to the nearest edge.

    An edge is where the gradient is largest along its own direction (so that weak edges stop a contour just where
    strong ones do, and beside them) and significant: more than `edge_sd` robust SD above the median of the gradients
    in the start region (or above the most frequent ones, and a quarter of the steepest, where that is less), or than
    half of that of a step of intensity when one is given. As in Cohen & Cohen, IEEE PAMI
    15(11), 1993. The width closes small gaps in edges. Raises InputError when there is no edge.
    """
    whole = tuple(slice(0, n) for n in values.shape)
    spacing = (side,) * values.ndim
    steepness = np.empty_like(values)

    def fill(part):
        steepness[part] = magnitude(gradient(values, sd_mm, spacing, part))

    in_blocks(fill, whole)
    if step:
        # the gradient of a step smoothed by a Gaussian
        significant = 0.5 * step / ((2 * np.pi) ** 0.5 * max(sd_mm, side))
    else:
        middle, sd = median_and_sd(steepness[start])
        steepest = float(np.percentile(steepness, 99.9))
        some = steepness.ravel()[:: max(1, steepness.size // ENOUGH_VOXELS)]
        uneven = some[some > LEAST_SHARE * steepest]  # one value around a body has no noise
        even, spread = mode_and_sd(uneven) if uneven.size else (0.0, 0.0)
        sure = max(even + edge_sd * spread, SURE_SHARE * steepest)
        significant = max(min(middle + edge_sd * sd, sure), LEAST_SHARE * steepest)
    everywhere = np.ones(values.shape, bool)
    found = np.concatenate(in_blocks(lambda part: crests(values, everywhere, spacing, sd_mm, significant, part), whole))
    if not significant > 0 or not len(found):
        raise InputError(
            "There is no edge within reach of the start: choose a smaller step (or fewer SD), or a larger reach."
        )
    return _risen(found[:, : values.ndim] / side, values.shape, max(WIDTH_VOXELS, WIDTH_SHARE * sd_mm / side))


def _risen(edges: np.ndarray, shape: tuple[int, ...], width: float) -> np.ndarray:
    """The potential by the distance (voxels) from edges (n, dimension), which lie between voxels."""
    on = np.zeros(shape, bool)
    on[tuple(np.clip(np.rint(edges.T), 0, np.array(shape)[:, None] - 1).astype(int))] = True
    cubes = Geometry(shape[::-1], (1.0,) * len(shape), (0.0,) * len(shape), tuple(np.eye(len(shape)).ravel()))
    near = np.nonzero(distance_to(on, cubes) < REACH * width + 1)
    distance = cKDTree(edges).query(np.stack(near, axis=1), workers=2)[0]
    potential = np.ones(shape, np.float32)
    potential[near] = 1 - np.exp(-((distance / width) ** 2) / 2)
    return potential
