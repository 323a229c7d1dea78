"""A tree of tubes from a point in its trunk."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.noise import noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian, inside, largest_value, values_of
from ..common.morphology import distance_to
from .ground import ground_of
from .rising import grow_tree, radius_of
from .slice_grid import with_slice
from .wavefront import Leak

# The middle of the tube is looked for within this distance of a seed, its trunk is begun within the second one, and
# what is around the tube is seen within the third.
NEAR_MM, TRUNK_MM, AROUND_MM = 2.0, 10.0, 25.0
# Of a wide tube more is taken to begin with: until it reaches so many of its radii from the seed, or the last distance.
LONGER, WIDER_STEP, MOST_TRUNK_MM = 1.5, 1.5, 60.0
# What stands out by less than so many SD of noise is noise as often as not: seeds in nothing but noise or even tissue
# read 1.0 to 2.5 (a seed's middle is its brightest tenth), tubes that were followed for the most part 3.1 and more.
LEAST_CONTRAST, SURE_CONTRAST = 2.5, 4.0
# The first threshold, as a share of the way from what is around the tube to its middle, and the step down from it.
FIRST_SHARE, SHARE_STEP = 0.8, 0.05


@operation(
    "segmentation.tree_from_seed",
    title="Tree of tubes from a seed",
    gives=("labels", "table"),
    source="Schlathölter et al., Simultaneous segmentation and tree reconstruction of the airways for virtual "
    "bronchoscopy, SPIE Medical Imaging 4684, 2002 (a wave that is watched for leaks); rising threshold: Mori et al., "
    "ICPR 1996",
)
class TreeFromSeed:
    """Follow a vessel, airway or other tube from a seed in its trunk to its ends, through all its branches (1).

    What is followed is first as bright (or dark) as the seed, then fainter and fainter. Where the cross-sections widen
    as they do in no tree, the tube has leaked into something else and is cut at the narrowest place before. A table
    says where that was.
    """

    polarity: Annotated[Literal["bright", "dark"], "the tube is brighter or darker than what is around it"] = "bright"
    faintest: Annotated[
        float,
        Range(0.1, 0.8),
        "where a tube ends: 1 is as at the seed, 0 as around it; below 0.5 thin branches come in",
    ] = 0.5
    smoothing_mm: Annotated[float, Range(0, 5, "mm"), "SD of the Gaussian that quiets noise first; 0 for none"] = 0.5
    most_widening: Annotated[
        float, Range(1.5, 100), "leak: all cross-sections together grow by more than this within about a centimeter"
    ] = 3.0

    @property
    def structures(self) -> dict[int, str]:
        return {1: "vessel"}

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        prepare, follow = progress.parts(1, 5)
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid = Geometry.of(image)
        marked = (sitk.GetArrayViewFromImage(seeds) != 0) & region
        if not marked.any():
            raise InputError("All seeds lie outside the mask, or on voxels without a number: move them.")
        flat = grid.dimension == 2
        if flat:
            values, region, marked, grid = values[np.newaxis], region[np.newaxis], marked[np.newaxis], with_slice(grid)
        share, contrast = self._share(values, region, marked, grid, prepare)
        if contrast < SURE_CONTRAST:
            progress.note(
                f"At the seed the tube stands out by {contrast:.1f} times the noise only: branches may be missed, and "
                "some of what was followed may be noise. More smoothing may help."
            )
        tree, start = _trunk(share, marked, grid)
        lack = 1 - share
        steps = np.arange(1 - FIRST_SHARE, 1 - self.faintest, SHARE_STEP).tolist()
        leaks = grow_tree(tree, start, lack, [*steps, 1 - self.faintest], grid, self.most_widening, follow)
        if leaks:
            places = "one place" if len(leaks) == 1 else f"{len(leaks)} places"
            progress.note(f"It was cut at {places} where it would have leaked into something else.")
        labels = tree.astype(np.uint8)
        return Geometry.of(image).image_of(labels[0] if flat else labels), leak_rows(leaks, image.GetDimension())

    def _share(
        self, values: np.ndarray, region: np.ndarray, marked: np.ndarray, grid: Geometry, progress: Progress
    ) -> tuple[np.ndarray, float]:
        """How like the tube each voxel is: 1 as its middle at the seed, 0 as what is around it; none outside a mask.

        And by how many SD of noise the middle stands out.
        """
        scale = (largest_value(values) or 1.0) * (1 if self.polarity == "bright" else -1)
        level = (values / scale).astype(np.float32, copy=False)
        progress.check()
        if self.smoothing_mm:
            level = gaussian(level, grid, [self.smoothing_mm] * 3, progress)
        box, distance = _around(marked, grid, AROUND_MM)
        near, around = ((distance <= mm) & region[box] for mm in (NEAR_MM, AROUND_MM))
        middle = float(np.percentile(level[box][near], 90))
        ground = ground_of(level[box], around, near, middle, grid_of_box(grid, box))
        if not middle > ground:
            raise InputError(
                f"The tube at the seed is not {self.polarity}er than what is around it: put the seed in the middle of "
                "the tube, or choose the other polarity."
            )
        noise = noise_sd(level[box], grid.spacing[::-1], around)
        contrast = (middle - ground) / noise if noise else np.inf
        if contrast < LEAST_CONTRAST:
            raise InputError(
                f"What is at the seed stands out by {contrast:.1f} times the noise only, as noise does by itself: put "
                "the seed where the tube is seen best, or raise the smoothing."
            )
        level -= np.float32(ground)
        level /= np.float32(middle - ground)
        level[~region] = -np.inf
        return level, contrast


def _trunk(share: np.ndarray, marked: np.ndarray, grid: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The tube near the seed, and the voxels of it at the seed where the tree begins."""
    tree, start = np.zeros(share.shape, bool), np.zeros(share.shape, bool)
    reach = TRUNK_MM
    while True:
        box, distance = _around(marked, grid, reach)
        sure = (share[box] >= FIRST_SHARE) & (distance <= reach)
        begin = sure & (distance <= NEAR_MM)
        if not begin.any():
            raise InputError(
                "There is no tube at the seed that stands out of what is around it: move the seed into it."
            )
        # of several pieces the one that is nearest to a seed
        numbers, _ = ndimage.label(sure)
        trunk = numbers == numbers[begin][distance[begin].argmin()]
        # a ball within a wide tube shows how wide it is no more than a ball in anything else
        if reach >= MOST_TRUNK_MM or LONGER * radius_of(trunk, grid_of_box(grid, box)) < reach:
            break
        reach *= WIDER_STEP
    tree[box] = trunk
    start[box] = begin & trunk
    return tree, start


def _around(marked: np.ndarray, grid: Geometry, reach_mm: float) -> tuple[Box, np.ndarray]:
    """The box that holds all within the reach of the marked voxels, and the distance (mm) to them in it."""
    seen = box_of(marked)
    box = grown(seen, grid, reach_mm, 1)
    return box, distance_to(marked[box], grid_of_box(grid, box))


def leak_rows(leaks: list[Leak], dimension: int) -> list[dict[str, float | str]]:
    """One row for each place where leak control stopped a branch: why, where (LPS mm), and how far from the seed."""
    return [
        {
            "stopped": f"leak control: beyond a radius of {leak.radius_mm:.2g} mm the cross-sections would grow "
            f"{leak.widening:.2g} times as large",
            **{f"{axis}_lps_mm": leak.position[i] for i, axis in enumerate("xyz"[:dimension])},
            "distance_mm": leak.distance_mm,
            "radius_mm": leak.radius_mm,
            "widening": leak.widening,
        }
        for leak in leaks
    ]
