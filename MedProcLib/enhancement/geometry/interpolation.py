"""How voxels of another grid get their values: interpolators, how far they look, and the blur against aliasing."""

import math
from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import least_finite

INTERPOLATORS = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline3, "nearest": sitk.sitkNearestNeighbor}
# Voxels that a value depends on, on each side; a cubic spline's weights fall by 3.7 a voxel, to 3e-5.
REACH = {"linear": 2, "cubic": 8, "nearest": 2}
# Where an axis has fewer voxels, a cubic spline is undefined.
LEAST_FOR_CUBIC = 4
# Share of a voxel by which positions are moved, so that rounding does not decide what is nearest of two at equal
# distance: else a mask, and with it a preview, would differ from the result.
NUDGE = 1e-6
# the blur is cut off where it has fallen to exp(-8) of its peak
TRUNCATE = 4.0


def nudge(grid: Geometry) -> list[float]:
    """The tiny way (LPS, mm) by which positions are moved."""
    matrix = np.reshape(grid.direction, (grid.dimension,) * 2) * np.array(grid.spacing)
    return [float(x) for x in NUDGE * matrix.sum(axis=1)]


def blur_sds(factors: Sequence[float]) -> list[float]:
    """SD in voxels of the Gaussian that makes voxels see what voxels these times as large see, per axis.

    Voxels are taken for Gaussians whose full width at half maximum is the voxel (Cardoso et al., MICCAI 2015).
    """
    return [math.sqrt(max(factor**2 - 1, 0) / (8 * math.log(2))) for factor in factors]


def blur_radius(sd: float) -> int:
    """Voxels on each side that a blur by this SD (voxels) depends on."""
    return int(TRUNCATE * sd + 0.5)


def blurred(image: sitk.Image, sds: Sequence[float], progress: Progress = SILENT) -> sitk.Image:
    """The image blurred by Gaussians of these SDs (voxels, x, y, z), mirrored at the border."""
    if not any(blur_radius(sd) for sd in sds):
        return image
    values = sitk.GetArrayFromImage(image)
    for axis, sd in enumerate(reversed(sds)):
        progress.check()
        if blur_radius(sd) and values.shape[axis] > 1:
            ndimage.gaussian_filter1d(values, sd, axis, output=values, mode="reflect", radius=blur_radius(sd))
    return Geometry.of(image).image_of(values)


def splinable(image: sitk.Image) -> sitk.Image:
    """The image with the border repeated along axes that are too short for a cubic spline (one voxel is fine)."""
    margin = [1 if 1 < n < LEAST_FOR_CUBIC else 0 for n in image.GetSize()]
    return sitk.ZeroFluxNeumannPad(image, margin, margin) if any(margin) else image


def smallest_value(image: sitk.Image) -> float:
    """The smallest finite value, 0 when there is none: what lies outside the image is taken to be as dark."""
    least = least_finite(image)
    return 0.0 if least is None else least
