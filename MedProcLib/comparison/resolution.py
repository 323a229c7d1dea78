"""Bring two studies to one resolution, so that thick slices of one of them do not look like change."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import fft

from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.progress import SILENT
from .blur_difference import blur_difference
from .intensity import shared

# Variance along a voxel's side, in squares of that side: a box has 1/12, linear interpolation adds 1/6 on average.
SPREAD = 1 / 12 + 1 / 6
# The Gaussian is cut off here, and no Gaussian narrower than this share of a voxel is worth the time.
CUT_SD, LEAST = 3.0, 0.1


@operation(
    "comparison.match_resolution",
    title="Match resolutions",
    gives=("fixed", "moving"),
    dimensions=(3,),
    source="Matching of point-spread functions before subtraction: Hajnal et al., J. Comput. Assist. Tomogr. 19, 1995; "
    "slice profiles as in Jog et al., Medical Image Analysis 35, 2017",
)
class MatchResolution:
    """Blur each of two aligned studies by as much as the other one's voxels are coarser, in every direction.

    The blur is a Gaussian whose covariance is what the other study's voxels spread more than the own ones; thick slices
    in different directions make both studies alike. An image may show less than its voxels promise, since it was
    interpolated or resampled before: where the images then turn out to be blurred too much, they are blurred less.
    Both images must be on one grid.
    """

    measured: Annotated[bool, "blur less where the images show that what the voxels ask for is too much"] = True

    def __call__(self, fixed, moving, fixed_spread, moving_spread, fixed_mask=None, moving_mask=None, progress=SILENT):
        require_same_grid(fixed, moving, "the first and the other image")
        blurs = positive(moving_spread - fixed_spread), positive(fixed_spread - moving_spread)
        first, other = (blurred_by(v, blur) for v, blur in zip((fixed, moving), blurs, strict=True))
        progress(0.5, "Matching resolutions")
        if not self.measured or (first is fixed and other is moving):
            return first, other
        grid = Geometry.of(fixed)
        more = blur_difference(*shared(first, other, fixed_mask, moving_mask), grid)
        progress(0.8, "Matching resolutions")
        blurs = positive(blurs[0] - positive(-more)), positive(blurs[1] - positive(more))
        return tuple(blurred_by(v, blur) for v, blur in zip((fixed, moving), blurs, strict=True))


def voxel_spread(voxels: Geometry, transform: np.ndarray) -> np.ndarray:
    """Covariance (3, 3; mm², LPS) by which a study's voxels spread a point, in the space that is compared.

    transform: 4 x 4 matrix from that space to the study's own.
    """
    axes = np.linalg.inv(transform[:3, :3]) @ np.reshape(voxels.direction, (3, 3)) * np.asarray(voxels.spacing)
    return SPREAD * axes @ axes.T


def blurred_by(image: sitk.Image, covariance: np.ndarray) -> sitk.Image:
    """The image smoothed by a Gaussian of any covariance (3, 3; mm², LPS); its border is continued outward."""
    grid = Geometry.of(image)
    direction = np.reshape(grid.direction, (3, 3))
    c = direction.T @ covariance @ direction
    sd = np.sqrt(np.maximum(np.diag(c), 0))
    if np.all(sd < LEAST * np.asarray(grid.spacing)):
        return image
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    margin = [int(np.ceil(CUT_SD * s / step)) for s, step in zip(sd[::-1], reversed(grid.spacing), strict=True)]
    padded = np.pad(values, [(m, m) for m in margin], mode="edge")
    shape = [fft.next_fast_len(n, real=True) for n in padded.shape]
    spectrum = fft.rfftn(padded, shape)
    z, y = (2 * np.pi * fft.fftfreq(n, s) for n, s in zip(shape[:2], (grid.spacing[2], grid.spacing[1]), strict=True))
    z, y, x = np.ix_(z, y, 2 * np.pi * fft.rfftfreq(shape[2], grid.spacing[0]))
    squares = c[0, 0] * x**2 + c[1, 1] * y**2 + c[2, 2] * z**2
    squares = squares + 2 * (c[0, 1] * x * y + c[0, 2] * x * z + c[1, 2] * y * z)
    spectrum *= np.exp(-squares / 2).astype(np.float32)
    inner = tuple(slice(m, m + n) for m, n in zip(margin, values.shape, strict=True))
    return grid.image_of(np.ascontiguousarray(fft.irfftn(spectrum, shape)[inner]).astype(np.float32))


def positive(covariance: np.ndarray) -> np.ndarray:
    """The part of a symmetric matrix (n, n) in the directions where it is positive."""
    sizes, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return axes @ np.diag(np.maximum(sizes, 0)) @ axes.T
