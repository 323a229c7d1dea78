"""Regions found on a coarse grid, with their borders drawn again at the image's own voxels."""

from collections.abc import Callable, Mapping

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.patient_grid import box_on_image, brought_back, signed_distance, slabs_of

FAR = 1e3


def refined(
    image: sitk.Image,
    regions: Mapping[int, np.ndarray],
    grid: Geometry,
    belongs: Callable[[np.ndarray], np.ndarray],
    band_mm: float = 0.0,
    certain: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Label values (uint8, z, y, x) at the image's voxels of regions (by label value) on a grid of patient_grid.

    Within the band (mm; 0: one and a half of the grid's voxels) on both sides of a region's border, the image's own
    values decide by `belongs`; deeper inside all belongs to it. certain: belongs whatever the values, up to the
    region's border on the grid (tissue that was closed in, say).
    """
    whole = Geometry.of(image)
    view = sitk.GetArrayViewFromImage(image)
    result = np.zeros(view.shape, np.uint8)
    band = band_mm or 1.5 * max(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1 or max(grid.size) == 1)
    sure = None if certain is None else certain.astype(np.float32)
    for share, (value, region) in zip(progress.parts(*[1.0] * len(regions)), regions.items(), strict=True):
        box = box_on_image(region, grid, whole, band)
        if box is None:
            continue
        measure, back = share.parts(1, 3)
        distance = signed_distance(region, grid, measure)
        slabs = list(slabs_of(box))
        for part, slab in zip(back.parts(*[1.0] * len(slabs)), slabs, strict=True):
            part(0.0, "Refining the border")
            depth = brought_back(distance, grid, whole, slab, FAR)
            found = depth < -band
            near = (depth <= band) & ~found
            found[near] = belongs(view[slab][near])
            if sure is not None:
                found |= (brought_back(sure, grid, whole, slab, 0.0) >= 0.5) & (depth <= 0)
            result[slab][found & (result[slab] == 0)] = value
    return result
