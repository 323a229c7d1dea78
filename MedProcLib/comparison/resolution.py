"""Bring two studies to one resolution, so that thick slices of one of them do not look like change."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import fft

from ..core.geometry import Geometry, require_same_grid, resample
from ..core.operation import operation
from ..core.progress import SILENT
from ..core.voxels import filtered_image, values_of
from .blur_difference import blur_difference
from .halfway import linear_part
from .intensity import shared
from .inverse import inverted

# The Gaussian is cut off here, and no Gaussian narrower than this share of a voxel is worth the time.
CUT_SD, LEAST = 3.0, 0.1
# less of a voxel comes from outside than single precision tells
WHOLLY = 0.9999


@dataclass(frozen=True)
class Sampling:
    """Where a study was sampled: its voxels, and the transform (LPS, mm) to them from the space that is compared."""

    voxels: Geometry
    transform: sitk.Transform

    @property
    def average(self) -> np.ndarray:
        """Covariance (3, 3; mm², LPS, in the compared space) of the box that each voxel is the mean of."""
        to_own = linear_part(self.transform)[:3, :3]
        axes = np.linalg.inv(to_own) @ np.reshape(self.voxels.direction, (3, 3)) * np.asarray(self.voxels.spacing)
        return axes @ axes.T / 12

    def seen(self, image: sitk.Image) -> sitk.Image:
        """An image of the compared space taken at this study's voxel centers, and back by linear interpolation."""
        grid = Geometry.of(image)
        # splines, since the compared grid was not a study's own: it shall not blur once more
        taken = resample(image, self.voxels, inverted(self.transform, grid), sitk.sitkBSpline3)
        return resample(taken, grid, self.transform)

    def inside(self, region: np.ndarray, grid: Geometry) -> np.ndarray:
        """Where an image seen so is made of voxels of the region alone (z, y, x on the compared grid)."""
        taken = resample(grid.image_of(region.astype(np.float32)), self.voxels, inverted(self.transform, grid))
        return sitk.GetArrayFromImage(resample(taken, grid, self.transform)) > WHOLLY


@operation(
    "comparison.match_resolution",
    title="Match resolutions",
    gives=("fixed", "moving"),
    dimensions=(3,),
    source="Matching of point-spread functions before subtraction: Hajnal et al., J. Comput. Assist. Tomogr. 19, 1995; "
    "a study as another one's slices would show it, as in Jog et al., Medical Image Analysis 35, 2017",
)
class MatchResolution:
    """Show each of two aligned studies as the voxels of the other one would have shown it.

    Each is blurred by as much as the other one's voxels are larger, in every direction, taken at their centers, and
    interpolated between them as the other one was: what is lost between thick slices is then lost in both. The blur is
    a Gaussian of the box's covariance. An image may show less than its voxels promise, since it was interpolated
    before: where the images then turn out to be blurred too much, they are blurred less. Voxels without a number stay.
    Both images must be on one grid.
    """

    measured: Annotated[bool, "blur less where the images show that what the voxels ask for is too much"] = True

    def __call__(
        self, fixed, moving, fixed_sampling, moving_sampling, fixed_mask=None, moving_mask=None, progress=SILENT
    ):
        require_same_grid(fixed, moving, "the first and the other image")
        own, theirs = fixed_sampling.average, moving_sampling.average
        blurs = positive(theirs - own), positive(own - theirs)
        grid = Geometry.of(fixed)
        (values, numbers), (other_values, other_numbers) = values_of(fixed), values_of(moving)
        filled, other_filled = grid.image_of(values), grid.image_of(other_values)

        def matched() -> tuple[sitk.Image, sitk.Image]:
            one = moving_sampling.seen(blurred_by(filled, blurs[0]))
            two = fixed_sampling.seen(blurred_by(other_filled, blurs[1]))
            return (
                filtered_image(fixed, sitk.GetArrayViewFromImage(one), numbers),
                filtered_image(moving, sitk.GetArrayViewFromImage(two), other_numbers),
            )

        first, other = matched()
        progress(0.5, "Matching resolutions")
        # voxels of one size ask for no blur, and there is nothing to be less than none
        if not self.measured or max(np.linalg.eigvalsh(blurs).max(), 0) < (LEAST * min(grid.spacing)) ** 2:
            return first, other
        more = blur_difference(*shared(first, other, fixed_mask, moving_mask), grid)
        progress(0.6, "Matching resolutions")
        less = positive(blurs[0] - positive(-more)), positive(blurs[1] - positive(more))
        if np.allclose(less, blurs):
            return first, other
        blurs = less
        return matched()


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
    y, x = np.ix_(y, 2 * np.pi * fft.rfftfreq(shape[2], grid.spacing[0]))
    in_plane = c[0, 0] * x**2 + c[1, 1] * y**2 + 2 * c[0, 1] * x * y
    # plane by plane: the exponents of a whole volume would take several times its memory
    for plane, along in zip(spectrum, z, strict=True):
        squares = in_plane + c[2, 2] * along**2 + 2 * along * (c[0, 2] * x + c[1, 2] * y)
        plane *= np.exp(-squares / 2).astype(np.float32)
    inner = tuple(slice(m, m + n) for m, n in zip(margin, values.shape, strict=True))
    return grid.image_of(np.ascontiguousarray(fft.irfftn(spectrum, shape)[inner]).astype(np.float32))


def positive(covariance: np.ndarray) -> np.ndarray:
    """The part of a symmetric matrix (n, n) in the directions where it is positive."""
    sizes, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return axes @ np.diag(np.maximum(sizes, 0)) @ axes.T
