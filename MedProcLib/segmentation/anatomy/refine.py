"""Regions found on a coarse grid, with their borders drawn again at the image's own voxels."""

from collections.abc import Callable, Mapping

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.field_of_view import outside_field
from ..common.patient_grid import box_on_image, brought_back, signed_distance, slabs_of

FAR = 1e3
# Half the width of the band in which the image decides, in voxels of the coarse grid.
BAND_VOXELS = 1.5


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
) -> np.ndarray:
    """Label values (uint8, z, y, x) at the image's voxels of regions (by label value) on a grid of patient_grid.

    In a band on both sides of a region's border the image's own values decide by `belongs`; deeper inside all belongs
    to it. certain: belongs whatever the values, up to the border on the grid (tissue that was closed in, say); barred:
    does not belong beyond the border on the grid. A region grows neither into another one nor out of the field.
    values: smoothed values on the grid that decide in the place of the image's own; limit: on the grid too, taken off
    the values before they decide; solid: what a slice of a region lost within stays in it.
    """
    whole = Geometry.of(image)
    view = sitk.GetArrayViewFromImage(image)
    result = np.zeros(view.shape, np.uint8)
    band = BAND_VOXELS * max(grid.spacing[:2])
    together = np.logical_or.reduce(list(regions.values()))
    box = box_on_image(together, grid, whole, band)
    if box is None:
        return result
    measure, back = progress.parts(1, 3)
    distances = {
        value: signed_distance(region, grid, part)
        for part, (value, region) in zip(measure.parts(*[1.0] * len(regions)), regions.items(), strict=True)
    }
    slabs = list(slabs_of(box))
    for number, slab in enumerate(slabs):
        back(number / len(slabs), "Refining the border")
        depths = {value: brought_back(distance, grid, whole, slab, FAR) for value, distance in distances.items()}
        nearest = np.minimum.reduce(list(depths.values()))
        near = np.abs(nearest) <= band
        found = nearest < -band
        deciding = view[slab] if values is None else brought_back(values, grid, whole, slab, FAR)
        if limit is not None:
            deciding = deciding - brought_back(limit, grid, whole, slab, 0.0)
        found[near] = belongs(deciding[near])
        if solid:
            found |= _enclosed((nearest <= 0) & ~found, found)
        for region, wanted in ((certain, True), (barred, False)):
            if region is not None and region.any():
                there = brought_back(region.astype(np.float32), grid, whole, slab, 0.0) >= 0.5
                found = found | (there & (nearest <= 0)) if wanted else found & ~(there & (nearest > 0))
        for value, depth in depths.items():
            result[slab][found & (depth == nearest)] = value
    # what stands for nothing in the corners may be as dark as what is looked for
    unseen = outside_field(image)
    if unseen is not None:
        result[unseen] = 0
    return result


def _enclosed(lost: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Those pieces of what was lost in a slice (z, y, x) that touch nothing in it but what was found."""
    within = ndimage.generate_binary_structure(lost.ndim, 1)
    if lost.ndim == 3:
        within[::2] = False
    pieces, count = ndimage.label(lost, within)
    open_sides = pieces[lost & ndimage.binary_dilation(~(lost | found), within)]
    return lost & (np.bincount(open_sides, minlength=count + 1) == 0)[pieces]
