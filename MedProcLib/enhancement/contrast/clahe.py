"""Contrast-limited adaptive histogram equalization (CLAHE), in slices and in three dimensions."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..intensity.sample import sample
from .tile_mapping import TileMapping, histograms, limited_slopes, tiles_along

# Values beyond these percentiles keep theirs: a few voxels of metal must not use up the range.
RANGE_PERCENTILES = (0.1, 99.9)
# Tiles are no smaller than this, whatever their size in mm.
LEAST_SIDE_VOXELS = 4
# A histogram of more bins than this share of its voxels tells little, and the mappings would need much memory.
BINS_PER_VOXEL, LEAST_BINS = 0.5, 16


@operation(
    "enhancement.clahe",
    title="Local contrast (CLAHE)",
    gives="image",
    source="Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV, 1994; "
    "Pizer et al., CVGIP 39(3), 1987",
)
class Clahe(ImageFilter):
    """Equalize the histogram of each neighborhood, with the gain limited, so that flat regions keep little noise.

    The image is cut into tiles of one size; each tile's histogram gives a monotone mapping of the intensity range onto
    itself whose slope nowhere exceeds the gain limit; between the tiles' centers the mappings are interpolated
    linearly. The range is that of the image's 0.1th to 99.9th percentile; values beyond keep theirs. A gain limit of 1
    changes nothing. With a mask only voxels inside it are counted and changed.
    """

    tile_mm: Annotated[float, Range(5, 200, "mm"), "side of a tile: detail larger than this loses contrast"] = 30.0
    gain_limit: Annotated[float, Range(1, 20), "most that a difference of intensity, and noise, is amplified"] = 3.0
    tiles: Annotated[
        Literal["3D", "each slice"], "cubes, or squares in each slice (the plane of the two finest axes) by itself"
    ] = "3D"
    bins: Annotated[
        int, Range(16, 1024), "bins of a histogram; less where a tile has fewer than twice as many voxels"
    ] = 256

    parallel = True
    learning_share = 0.5

    def learn(self, values, region, grid, progress=SILENT):
        low, high = _intensity_range(values, region)
        sides = [self.tile_mm / spacing for spacing in reversed(grid.spacing)]
        counts = [_tile_count(n, side) for n, side in zip(values.shape, sides, strict=True)]
        if self.tiles == "each slice" and values.ndim == 3:
            across = int(np.argmax(grid.spacing[::-1]))
            counts[across] = values.shape[across]
        edges = [tiles_along(n, count) for n, count in zip(values.shape, counts, strict=True)]
        bins = int(np.clip(BINS_PER_VOXEL * values.size / np.prod(counts), min(LEAST_BINS, self.bins), self.bins))
        counted = histograms(values, region, edges, (low, high), bins, progress.part(0, 0.8))
        slopes = limited_slopes(counted, self.gain_limit, progress.part(0.8, 1))
        return TileMapping(edges, (low, high), slopes)

    def apply(self, values, region, place, learned, progress=SILENT):
        return learned.applied(values, tuple(part.start for part in place.box), progress)


def _intensity_range(values: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    chosen = sample(values, region)
    low, high = np.percentile(chosen, RANGE_PERCENTILES)
    if not high > low:
        low, high = chosen.min(), chosen.max()
    if not high > low:
        raise InputError("The image is constant (where the mask is, if there is one): it has no contrast to enhance.")
    return float(low), float(high)


def _tile_count(voxels: int, side_voxels: float) -> int:
    return max(1, min(round(voxels / side_voxels), voxels // LEAST_SIDE_VOXELS))
