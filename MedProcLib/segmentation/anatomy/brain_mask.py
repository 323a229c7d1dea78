"""Brain mask of an MR image of the head."""

from dataclasses import replace
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground, inside, values_of
from ...enhancement.shading.n4 import N4
from ..common.morphology import closed, dilated, distance_to, filled, largest, main_piece
from ..common.working_grid import mask_on_image, on_working_grid
from .brain_surface import Levels, brain_surface

# The work is done on voxels of this side: fine enough for the skull, and alike for all slice thicknesses.
WORKING_MM = 1.5
# What lies deeper than this share of the head's greatest depth counts as its middle, which is mostly white matter.
MIDDLE = 0.6
# Scalp and skull; where its brightest tenth exceeds FAT times the middle, fat is bright and to be left out. Where so
# much of the middle itself does (%), fluid is: the 95th percentile is 1.8 to 2.5 in T2, at most 1.3 else.
SCALP_MM, FAT, FLUID_PERCENT = 15.0, 1.5, 95
# The shading is found in the brain and this far around it, as a field without detail.
AROUND_MM, SHADING = 6.0, N4(working_spacing_mm=8.0, field_detail_mm=60.0)
# The smooth surface cuts the tops of the gyri: what lies this near outside it and is this bright (background 0,
# brain 1) belongs to the brain.
RIM_MM, RIM = 2.0, 0.4
# Dark tissue is at this share of the way from the background to the 98th percentile (Smith 2002).
DARK, BRIGHT_PERCENT = 0.1, 98
# An image is of the brain alone when all around is one value and hardly any of the rest lies farther than this from the
# rough brain: less than 3 % in extracted brains, 26 % and more in heads, also in slabs through the top of the head.
NEAR_MM, MOST_BEYOND = 8.0, 0.1
LEAST_BACKGROUND = 0.1
# No brain with its fluid is larger.
MOST_ML = 2500.0
# Darkest tissue where the usual limit leaves no brain (background 0, middle of the head 1), and where what it leaves is
# too large: in thick slices scalp and brain mix across the skull.
DARKER, BRIGHTER = 0.25, 0.7
# An image that is thinner shows no head but a slice, in which a disk of nearly anything looks like brain.
LEAST_THICKNESS_MM = 20.0
NEEDED = "The image must show a head, or a brain that was extracted, with dark background around it."


@operation(
    "segmentation.brain_mask",
    title="Brain mask",
    gives="mask",
    source="Smith, Fast robust automated brain extraction, Hum. Brain Mapp. 17(3), 2002 (surface); begun with "
    "threshold, opening, largest piece and closing as in Dogdas et al., Hum. Brain Mapp. 26, 2005",
)
class BrainMask:
    """Outline the brain in an MR image of the head (FLAIR, T1, T2) with skull, eyes and neck.

    A rough brain first: tissue about as bright as the middle of the head is kept, bridges through eyes, vessels and
    nerves are cut by opening, the largest piece is the brain, and closing brings in ventricles and sulci. In 3D the
    coil's shading is then divided out, and a smooth surface grows in it until it meets the dark rim of the brain. An
    image that holds nothing but the brain comes back as it is.
    """

    lowest: Annotated[float, Range(0.1, 0.95), "darkest tissue (background 0, middle of the head 1)"] = 0.55
    highest: Annotated[
        float,
        Range(0, 10),
        "brightest tissue (background 0, middle of the head 1); 0: 1.5 if fat is bright but not fluid, else no limit",
    ] = 0.0
    opening_mm: Annotated[float, Range(0, 20, "mm"), "radius that cuts bridges to other tissue"] = 5.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the dents (sulci, ventricles) that are filled"] = 8.0
    surface: Annotated[bool, "fit a smooth surface to the rim of the brain (3D); else the rough brain is given"] = True
    smallest_mm: Annotated[
        float,
        Range(0, 200, "mm"),
        "what is less across in two directions is taken for no brain, nor is anything in a single slice; "
        "0: whatever it is",
    ] = 60.0
    border: Annotated[
        float, Range(0.2, 0.9), "surface: where between dark (0) and bright (1) the brain ends; larger is tighter"
    ] = 0.6

    def __call__(self, image, mask=None, progress=SILENT):
        _require_thickness(Geometry.of(image), self.smallest_mm)
        values, valid = values_of(image)
        first, second, third, fourth = progress.parts(1, 4, 8, 1)
        region = inside(mask, valid)
        grid, work, _ = on_working_grid(image, values, region, WORKING_MM, first)
        rough, highest = _likely_brain(self, work, grid, second)
        if not rough.any():
            raise InputError(
                f"No brain was found: choose a smaller opening radius or other brightness limits. {NEEDED}"
            )
        _require_brain(rough, grid, self.smallest_mm)
        alone = _brain_alone(values, region, rough, grid, image)
        if alone is not None:
            return Geometry.of(image).image_of(alone)
        if self.surface and min(grid.size) > 1 and grid.dimension == 3:
            rough = _on_its_rim(self, work, rough, highest, grid, third)
            _require_brain(rough, grid, self.smallest_mm)
        return mask_on_image(rough, grid, image, fourth)


def _likely_brain(
    settings: BrainMask, work: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[np.ndarray, float]:
    """The first rough brain (see there) that has a brain's size, the usual one where none has."""
    # the skull may be too blurred to part bright fluid from bright fat; and gray matter is less than half as bright as
    # white matter in some T1 images, the more so in a coil's shading
    tries = [(settings.lowest, settings.highest)]
    tries += [(settings.lowest, FAT)] * (not settings.highest)
    tries += [(lowest, settings.highest) for lowest in (max(BRIGHTER, settings.lowest), min(DARKER, settings.lowest))]
    usual = None
    for (lowest, highest), share in zip(tries, progress.parts(*[1.0] * len(tries)), strict=True):
        rough = _rough_brain(replace(settings, lowest=lowest, highest=highest), work, grid, share)
        if _sized_as_brain(rough[0], grid, settings.smallest_mm):
            return rough
        usual = usual or rough
    assert usual is not None
    return usual


def _rough_brain(settings: BrainMask, work: np.ndarray, grid: Geometry, progress: Progress) -> tuple[np.ndarray, float]:
    """By brightness and opening; and the brightest tissue, in multiples of the middle of the head above background."""
    filling, depth_map, cut, close, fill, smooth = progress.parts(1, 2, 4, 4, 1, 4)
    head = filled(foreground(work, np.isfinite(work)), grid, filling)
    if head.all():
        raise InputError("The image has no background around the head, so no brain can be found in it.")
    depth = distance_to(~head, grid, depth_map)
    # brightness counts from the background, which is not 0 in a standardized image
    work = work - float(np.median(work[~head]))
    deep = work[depth > MIDDLE * depth.max()]
    middle = float(np.median(deep))
    highest = settings.highest
    if not highest:
        scalp = work[head & (depth < SCALP_MM)]
        fat_alone = np.percentile(scalp, 90) > FAT * middle >= np.percentile(deep, FLUID_PERCENT)
        highest = FAT if fat_alone else np.inf
    tissue = (work > settings.lowest * middle) & (work < highest * middle)
    brain = main_piece(tissue, grid, settings.opening_mm, cut)
    brain = filled(closed(brain, grid, settings.closing_mm, close), grid, fill)
    # closing joins what lies near the brain in thin sheets; they go as the bridges went
    return main_piece(brain, grid, settings.opening_mm, smooth), highest


def _require_thickness(grid: Geometry, smallest_mm: float) -> None:
    """Raise InputError where an image is too thin to show what a head is, unless any size will do."""
    thickness = float(grid.extent.min()) if grid.dimension == 3 else 0.0
    if thickness >= min(LEAST_THICKNESS_MM, smallest_mm):
        return
    what = f"an image {thickness:.3g} mm thick" if thickness else "a picture"
    raise InputError(
        f"No brain is looked for in {what}, as nothing tells whether it shows a head: choose a volume of at least "
        f"{LEAST_THICKNESS_MM:g} mm, or set the smallest size (smallest_mm) to 0 for a slice that shows a brain."
    )


def _sized_as_brain(rough: np.ndarray, grid: Geometry, smallest_mm: float) -> bool:
    across, volume = _size_of(rough, grid)
    if grid.dimension < 3 or min(grid.size) == 1:
        return volume > 0
    return across[1] >= smallest_mm and 0 < volume <= MOST_ML


def _size_of(rough: np.ndarray, grid: Geometry) -> tuple[list[float], float]:
    """Extents in mm, the smallest first, and ml."""
    ends = [np.flatnonzero(rough.any(axis=tuple({*range(rough.ndim)} - {axis}))) for axis in range(rough.ndim)]
    across = [
        float(side * (end[-1] - end[0] + 1)) if end.size else 0.0
        for end, side in zip(ends, reversed(grid.spacing), strict=True)
    ]
    return sorted(across), np.count_nonzero(rough) * grid.voxel_volume / 1000


def _require_brain(rough: np.ndarray, grid: Geometry, smallest_mm: float) -> None:
    """Raise InputError where what was found is too small or too large for a brain."""
    if not rough.any() or _sized_as_brain(rough, grid, smallest_mm):
        return
    across, volume = _size_of(rough, grid)
    sides = " x ".join(f"{side:.0f}" for side in reversed(across))
    raise InputError(f"No brain was found: what looks most like one is {sides} mm, {volume:,.0f} ml. {NEEDED}")


def _on_its_rim(
    settings: BrainMask, work: np.ndarray, rough: np.ndarray, highest: float, grid: Geometry, progress: Progress
) -> np.ndarray:
    """The brain within the surface that fits its rim."""
    near, even, grow, rim = progress.parts(1, 4, 8, 1)
    head = foreground(work, np.isfinite(work))
    work = np.maximum(work - np.median(work[~head]), 0)
    around = grid.image_of(dilated(rough, grid, AROUND_MM, near))
    work = sitk.GetArrayFromImage(SHADING(grid.image_of(work), around, progress=even))
    brain = float(np.median(work[rough]))
    # fat would hold the surface no less than brain does
    work[work > highest * brain] = 0
    levels = Levels(0.0, DARK * float(np.percentile(work[head], BRIGHT_PERCENT)), brain)
    inside = brain_surface(work, rough, grid, levels, settings.border, grow)
    return filled(inside | (dilated(inside, grid, RIM_MM, rim) & (work > RIM * brain)), grid)


def _brain_alone(
    values: np.ndarray, region: np.ndarray, rough: np.ndarray, grid: Geometry, image: sitk.Image
) -> np.ndarray | None:
    """What is not background (z, y, x, holes filled) in an image of nothing but the brain; None if there is more."""
    source = Geometry.of(image)
    outside = values[(0,) * values.ndim]
    content = (values != outside) & region
    if np.count_nonzero(~content) < LEAST_BACKGROUND * content.size:
        return None
    content = filled(largest(content, source), source)
    if np.count_nonzero(content) * source.voxel_volume / 1000 > MOST_ML:
        return None
    on_grid = resample(source.image_of(content), grid, interpolator=sitk.sitkNearestNeighbor)
    beyond = distance_to(rough, grid)[sitk.GetArrayViewFromImage(on_grid) != 0] > NEAR_MM
    return content if beyond.mean() < MOST_BEYOND else None
