"""Whether a spot is round or part of something long: curvatures of the image at the spot's own scale."""

import itertools

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from .scale_space import blob_sd

# Samples per SD of the Gaussian, and how many SD the patch reaches.
PER_SD, REACH_SD = 2, 3


def roundness(
    values: np.ndarray, grid: Geometry, points: np.ndarray, diameters: np.ndarray, sign: int = 1
) -> np.ndarray:
    """Smallest over largest curvature (n,) of bright (sign 1) or dark (-1) spots: 1 for a ball, 0 for a straight tube.

    values: z, y, x; points: LPS mm; diameters: mm. Second derivatives of Gaussians as wide as the spot: nodules and
    vessels differ in the eigenvalues of the Hessian (Li, Sone & Doi, Med. Phys. 30(8), 2003). Axes of one voxel are
    left out.
    """
    axes = [axis for axis in range(grid.dimension) if grid.size[axis] > 1]
    offsets = np.arange(-PER_SD * REACH_SD, PER_SD * REACH_SD + 1) / PER_SD
    mesh = np.stack(np.meshgrid(*[offsets] * len(axes), indexing="ij"))
    weight = np.exp(-(mesh**2).sum(axis=0) / 2)
    weight /= weight.sum()
    result = np.zeros(len(points))
    for number, (point, diameter) in enumerate(zip(points, diameters, strict=True)):
        sd = blob_sd(float(diameter), len(axes))
        center = grid.indices(point[None])[0]
        places = np.broadcast_to(center.reshape(-1, *[1] * len(axes)), (grid.dimension, *weight.shape)).copy()
        for k, axis in enumerate(axes):
            places[axis] += mesh[k] * sd / grid.spacing[axis]
        patch = sign * ndimage.map_coordinates(values, places[::-1], order=1, mode="nearest")
        hessian = np.zeros((len(axes),) * 2)
        for i, j in itertools.combinations_with_replacement(range(len(axes)), 2):
            # second derivative of the Gaussian, in units of its SD
            kernel = weight * (mesh[i] * mesh[j] - (i == j))
            hessian[i, j] = hessian[j, i] = float((kernel * patch).sum())
        curvatures = -np.linalg.eigvalsh(hessian)
        result[number] = max(float(curvatures.min() / curvatures.max()), 0.0) if curvatures.max() > 0 else 0.0
    return result
