"""Watershed without seeds: the image parted into all its basins."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_around
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import gaussian, inside, values_of
from ..common.connectivity import CONNECTIVITY
from .edges import edge_strength
from .flooding import in_steps


@operation(
    "segmentation.watershed",
    title="Watershed (all basins)",
    gives="labels",
    source="Vincent & Soille, Watersheds in digital spaces, IEEE PAMI 13(6), 1991; Beare & Lehmann, The watershed "
    "transform in ITK, Insight Journal, 2006",
)
class Watershed:
    """Part the image into regions around its bright places, its dark places, or inside its edges; largest first.

    Places that are set off from their neighbors by less than the level are not parted.
    """

    basins: Annotated[
        Literal["bright", "dark", "inside_edges"], "one region for each bright place, dark place, or area between edges"
    ] = "bright"
    level: Annotated[float, Range(0, 1e9), "how much regions must be set off from each other"] = 5.0
    level_in: Annotated[
        Literal["noise_SD", "intensity"],
        "SD of the noise after smoothing (inside_edges: the gradient of flat tissue), or intensities (per mm)",
    ] = "noise_SD"
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the Gaussian that quiets noise first; 0 for none"] = 1.0
    connectivity: Annotated[CONNECTIVITY, "regions hang together over shared faces, or already over corners"] = "face"

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid = Geometry.of(image)
        if not np.ptp(values[region]) > 0:
            raise InputError("The image is constant (inside the mask), so it has no basins.")
        first, second = progress.parts(1, 3)
        heights, unit = _heights(self, values, region, grid, first)
        box = box_around(region)
        # at least ten steps to a level, so that it is met
        ground = in_steps(heights[box], region[box], self.level * unit / 10 if self.level else None)
        chosen = heights[box][region[box]]
        step = float(np.ptp(chosen)) / max(int(ground[region[box]].max()), 1)
        flood = sitk.MorphologicalWatershedImageFilter()
        flood.SetMarkWatershedLine(False)
        flood.SetFullyConnected(self.connectivity == "corner")
        flood.SetLevel(min(self.level * unit / step, 1e4) if step > 0 else 0.0)
        found = execute(flood, sitk.GetImageFromArray(ground), progress=second, message="Flooding")
        labels = np.zeros(values.shape, np.int32)
        labels[box] = np.where(region[box], sitk.GetArrayFromImage(found), 0)
        return grid.image_of(_largest_first(labels))


def _heights(
    settings: Watershed, values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[np.ndarray, float]:
    """What is flooded, and the unit of the level in it."""
    if settings.basins == "inside_edges":
        strength, flat = edge_strength(values, region, grid, max(settings.smoothing_mm, 0.1), progress)
        return strength, 1.0 if settings.level_in == "noise_SD" else 1 / (flat or 1.0)
    largest = float(np.abs(values).max()) or 1.0
    scaled = values / largest
    smooth = scaled
    if settings.smoothing_mm:
        smooth = gaussian(scaled, grid, [settings.smoothing_mm] * grid.dimension, progress)
    unit = 1 / largest
    if settings.level_in == "noise_SD":
        unit = fine_noise_sd(smooth, tuple(reversed(grid.spacing)), region)
    return (-smooth if settings.basins == "bright" else smooth), unit


def _largest_first(labels: np.ndarray) -> np.ndarray:
    """The labels numbered from 1 in descending size, in the smallest type that holds them."""
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    rank = np.zeros(counts.size, np.int32)
    rank[order] = np.arange(1, order.size + 1)
    return rank[labels].astype(np.uint8 if order.size < 256 else np.uint16 if order.size < 65536 else np.int32)
