"""Regions found on a coarse grid, with their borders drawn again at the image's own voxels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ..common.field_of_view import outside_field
from ..common.patient_grid import box_on_image, brought_back, signed_distance, slabs_of
from ..common.working_grid import FWHM_PER_SD

FAR = 1e3
# Half the width of the band in which the image decides, in voxels of the coarse grid.
BAND_VOXELS = 1.5
# Voxels of the image that are so many times as long as those of the grid are coarse.
COARSE = 1.95


def refined(
    image: sitk.Image,
    regions: Mapping[int, np.ndarray],
    grid: Geometry,
    belongs: Callable[[np.ndarray], np.ndarray],
    certain: np.ndarray | None = None,
    barred: np.ndarray | None = None,
    values: np.ndarray | None = None,
    progress: Progress = SILENT,
    *,
    limit: np.ndarray | None = None,
    solid: bool = False,
    work: np.ndarray | None = None,
) -> np.ndarray:
    """Label values (uint8, z, y, x) at the image's voxels of regions (by label value) on a grid of patient_grid.

    In a band on both sides of a region's border the image's own values decide by `belongs`; deeper inside all belongs
    to it. certain: belongs whatever the values, up to the border on the grid (tissue that was closed in, say); barred:
    does not belong beyond the border on the grid. A region grows neither into another one nor out of the field.
    values: smoothed values on the grid that decide in the place of the image's own; limit: on the grid too, taken off
    the values before they decide; solid: what a slice of a region lost within stays in it.
    work: the image's values on the grid. With them the border of an image of coarse voxels, that hold several of the
    grid, is decided on the grid, and a voxel belongs to what more than half of it is in: what a coarse voxel shows of a
    thin thing depends on how it lies, the share less so.
    """
    whole = Geometry.of(image)
    result = np.zeros(tuple(reversed(whole.size)), np.uint8)
    band = BAND_VOXELS * max(grid.spacing[:2])
    box = box_on_image(np.logical_or.reduce(list(regions.values())), grid, whole, band)
    if box is None:
        return result
    measure, back = progress.parts(1, 3)
    distances = {
        value: signed_distance(region, grid, part)
        for part, (value, region) in zip(measure.parts(*[1.0] * len(regions)), regions.items(), strict=True)
    }
    border = _Border(grid, band, belongs, certain, barred, values, limit, solid)
    slabs = list(slabs_of(box))
    if work is not None and _is_coarse(whole, grid):
        shares = border.shares(distances, work, whole)
        for number, slab in enumerate(slabs):
            back(number / len(slabs), "Refining the border")
            result[slab] = _by_share({v: brought_back(share, grid, whole, slab, 0.0) for v, share in shares.items()})
    else:
        view = sitk.GetArrayViewFromImage(image)
        for number, slab in enumerate(slabs):
            back(number / len(slabs), "Refining the border")
            depths = {value: brought_back(distance, grid, whole, slab, FAR) for value, distance in distances.items()}
            result[slab] = border.labels(depths, view[slab], partial(_brought, grid, whole, slab))
    # what stands for nothing in the corners may be as dark as what is looked for
    unseen = outside_field(image)
    if unseen is not None:
        result[unseen] = 0
    return result


@dataclass(frozen=True)
class _Border:
    """What decides where a region ends; see refined."""

    grid: Geometry
    band: float
    belongs: Callable[[np.ndarray], np.ndarray]
    certain: np.ndarray | None
    barred: np.ndarray | None
    values: np.ndarray | None
    limit: np.ndarray | None
    solid: bool

    def labels(
        self,
        depths: Mapping[int, np.ndarray],
        own: np.ndarray,
        at: Callable[[np.ndarray, float], np.ndarray],
    ) -> np.ndarray:
        """Label values where `depths` are given. own: the values there; at: brings what is on the grid there."""
        nearest = np.minimum.reduce(list(depths.values()))
        near = np.abs(nearest) <= self.band
        found = nearest < -self.band
        deciding = own if self.values is None else at(self.values, FAR)
        if self.limit is not None:
            deciding = deciding - at(self.limit, 0.0)
        found[near] = self.belongs(deciding[near])
        if self.solid:
            found |= _enclosed((nearest <= 0) & ~found, found)
        for region, wanted in ((self.certain, True), (self.barred, False)):
            if region is not None and region.any():
                there = at(region.astype(np.float32), 0.0) >= 0.5
                found = found | (there & (nearest <= 0)) if wanted else found & ~(there & (nearest > 0))
        result = np.zeros(found.shape, np.uint8)
        for value, depth in depths.items():
            result[found & (depth == nearest)] = value
        return result

    def shares(self, distances: Mapping[int, np.ndarray], work: np.ndarray, image: Geometry) -> dict[int, np.ndarray]:
        """Share (0..1) of each label around each place of the grid, weighted as wide as the image's voxel."""
        labels = self.labels(distances, work, lambda part, outside: part)
        # the covariance of a voxel's Gaussian, whose full width at half maximum are its sides, along the grid's axes
        along = np.sqrt(np.reshape(image.direction, (image.dimension,) * 2) ** 2 @ np.asarray(image.spacing) ** 2)
        width = (along / FWHM_PER_SD).tolist()
        return {value: gaussian((labels == value).astype(np.float32), self.grid, width) for value in distances}


def _brought(grid: Geometry, image: Geometry, box: Box, values: np.ndarray, outside: float) -> np.ndarray:
    return brought_back(values, grid, image, box, outside)


def _is_coarse(image: Geometry, grid: Geometry) -> bool:
    return min(image.spacing) >= COARSE * max(grid.spacing)


def _by_share(shares: Mapping[int, np.ndarray]) -> np.ndarray:
    """Label values where all together have half of a voxel or more: that of the largest share."""
    total = np.sum(list(shares.values()), axis=0)
    largest = np.maximum.reduce(list(shares.values()))
    result = np.zeros(total.shape, np.uint8)
    for value, share in shares.items():
        result[(total > 0.5) & (share == largest)] = value
    return result


def _enclosed(lost: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Those pieces of what was lost in a slice (z, y, x) that touch nothing in it but what was found."""
    within = ndimage.generate_binary_structure(lost.ndim, 1)
    if lost.ndim == 3:
        within[::2] = False
    pieces, count = ndimage.label(lost, within)
    open_sides = pieces[lost & ndimage.binary_dilation(~(lost | found), within)]
    return lost & (np.bincount(open_sides, minlength=count + 1) == 0)[pieces]
