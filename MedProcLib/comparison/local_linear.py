"""A smooth field through scattered, weighted values, that follows a slope to the end of where there are any."""

import itertools

import numpy as np
from scipy import ndimage

from ..core.geometry import Geometry
from ..enhancement.shading.coarse_field import CoarseField, Coarsening

# The field is computed on blocks of this share of the kernel's SD, and has no value where weights are below this share.
BLOCK, LEAST = 0.5, 1e-6
# Slopes are shrunk as if the voxels were spread by this much more (in variances of the kernel): where all lie in a
# plane, or a few at the border decide, the slope says nothing.
RIDGE = 0.1


def local_linear(
    values: np.ndarray, weights: np.ndarray, used: np.ndarray, region: np.ndarray, grid: Geometry, sigma_mm: float
) -> np.ndarray:
    """Field (z, y, x): at each place the value there of the plane that fits values best, near ones counting most.

    values: weight times value of each voxel; weights; used: which voxels to fit (all z, y, x on the grid); sigma_mm: SD
    of the Gaussian by which voxels count. Found in the region; beyond it the nearest value goes on. A local mean would
    take the value of the inside for that of the border (Fan and Gijbels, Local Polynomial Modelling, 1996, 3.2). Zero
    everywhere if nothing has weight.
    """
    blocks = Coarsening.in_blocks(grid, [BLOCK * sigma_mm] * 3)
    weight, value = (blocks.sums(v, used, _same)[0] for v in (weights, values))
    largest = weight.max()
    if not largest > 0:
        return np.zeros(region.shape, np.float32)
    weight, value = weight / largest, value / largest
    sds = [sigma_mm / s for s in blocks.spacing]

    def near(array: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(array, sds, mode="constant", truncate=4)

    total = near(weight)
    there = (blocks.sums(weights, region, _same)[1] > 0) & (total > LEAST)
    total, mean = total[there], near(value)[there] / total[there]
    # places in SD of the kernel
    along = ((np.arange(n) - (n - 1) / 2) / sd for n, sd in zip(weight.shape, sds, strict=True))
    places = np.meshgrid(*along, indexing="ij")
    # first and second moments of the weights, and of the values with the place
    center = np.stack([near(weight * p)[there] / total for p in places], axis=-1)
    with_value = np.stack([near(value * p)[there] / total for p in places], axis=-1) - center * mean[:, None]
    spread = np.empty((len(total), 3, 3))
    for i, j in itertools.combinations_with_replacement(range(3), 2):
        moment = near(weight * places[i] * places[j])[there] / total - center[:, i] * center[:, j]
        spread[:, i, j] = spread[:, j, i] = moment
    spread += RIDGE * np.eye(3)
    slope = np.linalg.solve(spread, with_value[..., None])[..., 0]
    off = np.stack([p[there] for p in places], axis=-1) - center
    field = np.zeros(weight.shape)
    field[there] = mean + np.sum(slope * off, axis=-1)
    nearest = ndimage.distance_transform_edt(~there, blocks.spacing, return_distances=False, return_indices=True)
    whole = tuple(slice(0, n) for n in region.shape)
    return CoarseField.through(field[tuple(nearest)], blocks).on(whole)


def _same(values: np.ndarray) -> np.ndarray:
    return values
