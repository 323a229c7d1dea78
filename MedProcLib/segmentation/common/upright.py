"""An image whose own axes, rather than those noted of the patient, are the ones to work along."""

import itertools

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.voxels import shrink_factors

# What is in the image is measured on voxels of this side.
CONTENT_MM = 6.0
# The content fills the box along the image's axes better than that along the patient's when it is smaller by this.
FILLS = 0.85
# Axes whose cosine is this near to 0 or 1 are at right angles or the same.
ALIGNED = 1e-3


def upright(image: sitk.Image, content_above: float) -> sitk.Image:
    """The same voxels (3D), with each axis along the nearest one of the patient if the scan is cut along its own axes.

    A scanner cuts the body in planes. Where the content (values above content_above) fits a box along the image's axes
    much better than one along L, P and S, the cuts and with them the body lie along the image's axes: a patient who
    lies turned in the scanner. In an upright scan resampled to a turned grid it is the other way round.
    """
    if image.GetDimension() != 3 or 1 in image.GetSize():
        return image
    grid = Geometry.of(image)
    direction = np.reshape(grid.direction, (3, 3))
    nearest = nearest_axes(direction)
    if np.allclose(direction, nearest, atol=ALIGNED):
        return image
    coarse = sitk.BinShrink(image, shrink_factors(image, CONTENT_MM))
    index = np.argwhere(sitk.GetArrayViewFromImage(coarse) > content_above)
    if not len(index):
        return image
    points = Geometry.of(coarse).points(index[:, ::-1])
    along_own, along_patient = (np.prod(np.ptp(p, axis=0) + CONTENT_MM) for p in (points @ direction, points))
    if along_own > FILLS * along_patient:
        return image
    return _turned(image, nearest)


def nearest_axes(direction: np.ndarray) -> np.ndarray:
    """The axes (3, 3; columns) along L, P and S, each in either sense, that are nearest to these."""
    best = max(itertools.permutations(range(3)), key=lambda rows: sum(abs(direction[r, c]) for c, r in enumerate(rows)))
    result = np.zeros((3, 3))
    for column, row in enumerate(best):
        result[row, column] = np.sign(direction[row, column])
    return result


def aligned(first: Geometry, other: Geometry) -> bool:
    """Whether the axes of two grids are the same ones, in any order and either sense."""
    ways = [np.reshape(grid.direction, (grid.dimension,) * 2) for grid in (first, other)]
    cosines = np.abs(ways[0].T @ ways[1])
    return bool(np.all((cosines < ALIGNED) | (cosines > 1 - ALIGNED)))


def placed_like(thing: sitk.Image, image: sitk.Image) -> sitk.Image:
    """A mask or seeds (on the voxels of the image before) at the place of the upright image."""
    result = sitk.Image(thing)
    result.CopyInformation(image)
    return result


def _turned(image: sitk.Image, direction: np.ndarray) -> sitk.Image:
    """About its middle, which stays."""
    middle = [(n - 1) / 2 for n in image.GetSize()]
    center = np.array(image.TransformContinuousIndexToPhysicalPoint(middle))
    result = sitk.Image(image)
    result.SetDirection(direction.ravel().tolist())
    result.SetOrigin((center - direction @ (np.array(middle) * image.GetSpacing())).tolist())
    return result
