"""A mask on a grid of equal sides, its surface carried over between voxels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .inscribed import inscribed_radius

# Standard deviation in voxels of the blur of the signed distance: terraces of tilted faces would reach inward.
SMOOTHING = 0.5
# Share of the Laplacian that is taken off again: blur and distances to voxel centers draw curved surfaces inward, those
# of balls by 0.38 voxel^2 / radius.
SHARPENING = 0.19

# A thin body that is long, such as a vessel, fills little of its box: where its radius would have fewer voxels than
# this, there may be so many times more.
FEWEST_PER_RADIUS, MORE = 3.0, 10.0

# Steps that an extent may fall short of a whole number of them.
ROUNDING = 1e-5

# The nearest voxel outside is half a voxel beyond a surface along the axes and hardly beyond a tilted one, whose steps
# reach inward besides: between the two.
TO_SURFACE = 0.1


@dataclass(frozen=True)
class EvenMask:
    """inside: bool (z, y, x) with an empty margin; signed: distance to the surface in about mm, without steps, positive
    inside; depth: distance in mm of each voxel inside to the surface's steps, else 0; step: voxel side in mm; first:
    place (3,) of its first voxel, x, y, z in mm from the center of the mask's."""

    inside: np.ndarray
    signed: np.ndarray
    depth: np.ndarray
    step: float
    first: np.ndarray

    @property
    def largest_radius(self) -> float:
        """Radius (mm) of the largest ball inside."""
        return float(self.depth.max())


def even_mask(mask: np.ndarray, spacing: tuple[float, float, float], most_voxels: int, per_radius: int) -> EvenMask:
    """The mask with equal voxel sides: half its smallest spacing, or as many per radius of the largest ball inside.

    mask: bool (z, y, x), not empty; spacing: x, y, z in mm; voxels are larger where there would be more than
    most_voxels (ten times as many of a thin body). Between voxel centers the signed distance to the border is
    interpolated (Raya and Udupa, IEEE TMI 9(1), 1990), so that thick slices leave no steps. What is thinner than a
    voxel may be lost.
    """
    sampling = np.array(spacing[::-1], float)
    radius = inscribed_radius(mask, spacing)
    wanted = max(float(sampling.min()) / 2, radius / per_radius)
    # half that step is fine enough to begin with
    every = np.maximum(1, wanted / 2 / sampling).astype(int)
    sampling = sampling * every
    padded = np.pad(mask[tuple(slice(None, None, e) for e in every)], 2)
    signed = ndimage.distance_transform_edt(padded, sampling=sampling)
    signed -= ndimage.distance_transform_edt(~padded, sampling=sampling)
    signed = ndimage.gaussian_filter(signed, SMOOTHING)
    signed -= SHARPENING * ndimage.laplace(signed)
    extent = (np.array(padded.shape) - 1) * sampling
    least = float(np.prod(extent) / most_voxels) ** (1 / 3)
    if least > radius / FEWEST_PER_RADIUS:
        least = max(radius / FEWEST_PER_RADIUS, least / MORE ** (1 / 3))
    step = max(wanted, least)
    # where a step is a share of the spacing, its rounding must not move the grid by half a step
    counts = np.floor(extent / step + ROUNDING).astype(int) + 1
    start = (extent - (counts - 1) * step) / 2
    for axis, count in enumerate(counts):
        signed = _interpolated(signed, (start[axis] + np.arange(count) * step) / sampling[axis], axis)
    signed = np.pad(signed, 1, mode="edge")
    inside = np.pad(signed[1:-1, 1:-1, 1:-1] > 0, 1)
    depth = np.maximum(ndimage.distance_transform_edt(inside) - TO_SURFACE, 0) * step
    return EvenMask(inside, signed, depth, step, (start - step - 2 * sampling)[::-1])


def with_thin_parts(even: EvenMask, mask: np.ndarray, spacing: tuple[float, float, float]) -> EvenMask:
    """With what is thinner than a voxel as the steps of its voxels, so that pieces of the mask stay whole."""
    places = [
        np.rint((first + np.arange(count) * even.step) / side).astype(int)
        for first, count, side in zip(even.first[::-1], even.inside.shape, spacing[::-1], strict=True)
    ]
    within = [(place >= 0) & (place < count) for place, count in zip(places, mask.shape, strict=True)]
    inside = even.inside.copy()
    inside[np.ix_(*within)] |= mask[np.ix_(*(place[there] for place, there in zip(places, within, strict=True)))]
    depth = np.maximum(ndimage.distance_transform_edt(inside) - TO_SURFACE, 0) * even.step
    return EvenMask(inside, even.signed, depth, even.step, even.first)


def _interpolated(values: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Values at these places (in voxels, within the array) along an axis, linearly."""
    low = np.minimum(places.astype(int), values.shape[axis] - 2)
    share = np.expand_dims(places - low, [k for k in range(values.ndim) if k != axis])
    return np.take(values, low, axis) * (1 - share) + np.take(values, low + 1, axis) * share
