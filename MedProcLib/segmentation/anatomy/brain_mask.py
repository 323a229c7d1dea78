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
from ...core.voxels import inside, values_of
from ...enhancement.shading.n4 import N4
from ..common.connectivity import connected_components
from ..common.morphology import closed, dilated, distance_to, eroded, filled, largest, main_piece
from ..common.working_grid import mask_on_image, on_working_grid
from .brain_surface import Levels, brain_surface
from .head import Head, ball

# The work is done on voxels of this side: fine enough for the skull, and alike for all slice thicknesses.
WORKING_MM = 1.5
# What lies deeper than this share of the head's greatest depth counts as its middle, which is mostly white matter.
MIDDLE = 0.6
# Where the brightest tenth of the scalp exceeds FAT times the middle, fat is bright and to be left out, unless fluid
# is: the 95th percentile (%) of each half of the middle exceeds FLUID times it. That of the less bright half is 2.1 and
# more in T2 and at most 1.6 else, while that of all is 1.5 to 2.4 beside a large tumor, which lies in one half.
FAT, FLUID, FLUID_PERCENT = 1.5, 1.8, 95
# The brain's share of the upper part of a head: 0.37 to 0.66 in two dozen heads. Rough brains beyond these limits lack
# the cortex or hold the scalp.
LEAST_SHARE, SHARE, MOST_SHARE = 0.3, 0.45, 0.7
# The surface begins with a ball of that size. So much of it (radius) is brain whatever its brightness: wide ventricles
# would stop the surface. The shading is found this much beyond it, in what is about as bright, as a field without
# detail.
SURE, AROUND, SHADING = 0.6, 1.15, N4(working_spacing_mm=8.0, field_detail_mm=60.0)
ABOUT = (0.3, 2.0)
# Lesion and fat are joined by bridges that are thinner than twice this.
BRIDGE_MM = 3.0
# A surface that holds less than a brain's share of the head was stopped by fluid under it: what lies this deep in it,
# or so deep in the rough brain, is taken for brain as well, and it grows on, so many times at most. Less deep, and the
# skull would be too.
DEEP_MM, ROUGH_DEEP_MM, GROWN_ON = 6.0, 12.0, 3
# Most of the surface of a brain (0.95 and more) has something dark near it, the skull; of a thigh 0.7.
SKULL_MM, SKULL, LEAST_SKULL = 6.0, 0.5, 0.85
# The smooth surface cuts the tops of the gyri: what lies this near outside it and is this bright (background 0,
# brain 1) belongs to the brain.
RIM_MM, RIM = 2.0, 0.4
# Dark tissue is at this share of the way from the background to the 98th percentile (Smith 2002).
DARK, BRIGHT_PERCENT = 0.1, 98
# An image is of the brain alone when all around is one value and hardly any of the rest lies farther than this from the
# rough brain: less than 3 % in most extracted brains, 9 % and more in heads (9.1 % in a slab through the top of one).
NEAR_MM, MOST_BEYOND = 8.0, 0.1
LEAST_BACKGROUND = 0.1
# No brain with its fluid is larger.
MOST_ML = 2500.0
# No head has a larger upper part.
MOST_HEAD_ML = 5000.0
# Darkest tissue where the usual limit leaves too little of a brain (background 0, middle of the head 1), and where what
# it leaves is too large: in thick slices scalp and brain mix across the skull. Brightest tissue where none of these
# leave a brain.
DARKER, BRIGHTER, BRIGHT_FAT = (0.4, 0.25), 0.7, 2.0
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

    A rough brain first: in the upper part of the head, tissue about as bright as its middle is kept, bridges through
    eyes, vessels and nerves are cut by opening, the largest piece is the brain, and closing brings in ventricles and
    sulci. In 3D the coil's shading is then divided out, and a smooth surface grows from the middle of that piece until
    it meets the dark rim of the brain. An image that holds nothing but the brain comes back as it is.
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
        whole, usual, second = second.parts(1, 1, 4)
        head = Head.of(work, grid, whole)
        rough = _rough_brain(self, head, grid, usual)
        alone = _brain_alone(values, region, rough, grid, image) if rough.any() else None
        if alone is not None:
            _require_brain(alone, Geometry.of(image), self.smallest_mm)
            return Geometry.of(image).image_of(alone)
        rough = _likely_brain(self, head, rough, grid, second)
        if not rough.any():
            raise InputError(
                f"No brain was found: choose a smaller opening radius or other brightness limits. {NEEDED}"
            )
        _require_brain(rough, grid, self.smallest_mm)
        if self.surface and min(grid.size) > 1 and grid.dimension == 3:
            rough = _on_its_rim(self, head, rough, grid, third)
            _require_brain(rough, grid, self.smallest_mm)
        return mask_on_image(rough, grid, image, fourth)


def _likely_brain(settings: BrainMask, head: Head, usual: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """The first rough brain (see _rough_brain), the usual one before others, of a brain's size and share of the head.

    Where there is none, in a head of a head's size: a ball in its middle; in anything else the usual one.
    """
    whole = np.count_nonzero(head.upper)

    def fits(rough: np.ndarray) -> bool:
        share = np.count_nonzero(rough) / whole
        return _sized_as_brain(rough, grid, settings.smallest_mm) and bool(LEAST_SHARE <= share <= MOST_SHARE)

    if fits(usual):
        return usual
    # the skull may be too blurred to part bright fluid from bright fat; and gray matter is less than half as bright as
    # white matter in some T1 images, the more so in a coil's shading
    tries = [(settings.lowest, FAT)] * (not settings.highest)
    tries += [(max(BRIGHTER, settings.lowest), settings.highest)]
    tries += [(min(darker, settings.lowest), settings.highest) for darker in DARKER]
    # wide ventricles darken the middle of a T1 image, so that white matter looks bright beside it
    tries += [(settings.lowest, BRIGHT_FAT)] * (not settings.highest)
    for (lowest, highest), part in zip(tries, progress.parts(*[1.0] * len(tries)), strict=True):
        rough = _rough_brain(replace(settings, lowest=lowest, highest=highest), head, grid, part)
        if fits(rough):
            return rough
    flat = grid.dimension < 3 or min(grid.size) == 1
    if flat or whole * grid.voxel_volume / 1000 > MOST_HEAD_ML or not usual.any():
        return usual
    across, _ = _size_of(head.upper, grid)
    if across[1] < settings.smallest_mm:
        return usual
    return head.upper & ball(np.argwhere(head.upper).mean(axis=0), _radius(head, grid), grid)


def _radius(head: Head, grid: Geometry) -> float:
    """mm of a ball as large as the brain of that head."""
    return float((3 * SHARE * np.count_nonzero(head.upper) * grid.voxel_volume / (4 * np.pi)) ** (1 / 3))


def _rough_brain(settings: BrainMask, head: Head, grid: Geometry, progress: Progress) -> np.ndarray:
    """By brightness and opening (z, y, x)."""
    depth_map, cut, close, fill, smooth = progress.parts(2, 4, 4, 1, 4)
    depth = distance_to(~head.upper, grid, depth_map)
    deep = depth > MIDDLE * depth.max()
    middle = float(np.median(head.values[deep]))
    highest = _highest(settings, head.values, head.scalp, deep, middle)
    tissue = head.upper & (head.values > settings.lowest * middle) & (head.values < highest * middle)
    brain = main_piece(tissue, grid, settings.opening_mm, cut)
    brain = filled(closed(brain, grid, settings.closing_mm, close), grid, fill)
    # closing joins what lies near the brain in thin sheets; they go as the bridges went
    return main_piece(brain, grid, settings.opening_mm, smooth)


def _highest(settings: BrainMask, values: np.ndarray, scalp: np.ndarray, deep: np.ndarray, middle: float) -> float:
    """The brightest tissue, in multiples of the middle of the head, given where scalp and what lies deep are."""
    if settings.highest:
        return settings.highest
    fat_alone = np.percentile(values[scalp], 90) > FAT * middle and not _fluid_is_bright(values, deep, FLUID * middle)
    return FAT if fat_alone else np.inf


def _fluid_is_bright(values: np.ndarray, deep: np.ndarray, limit: float) -> bool:
    """Whether the middle of the head (z, y, x) is as bright as fluid in all its halves; a tumor is so in some."""
    index, here = np.argwhere(deep), values[deep]
    sides = [index[:, axis] > index[:, axis].mean() for axis in range(values.ndim)]
    halves = [here[half] for side in sides if side.any() for half in (side, ~side)]
    return all(np.percentile(half, FLUID_PERCENT) > limit for half in halves)


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


def _on_its_rim(settings: BrainMask, head: Head, rough: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """The brain within the surface that fits its rim. Raises InputError where there is no such rim."""
    even, grow, rim = progress.parts(4, 8, 2)
    center, radius = np.argwhere(rough).mean(axis=0), _radius(head, grid)
    start, sure = ball(center, radius, grid), ball(center, SURE * radius, grid)
    level = float(np.median(head.values[start]))
    around = ball(center, AROUND * radius, grid)
    around &= (head.values > ABOUT[0] * level) & (head.values < ABOUT[1] * level)
    work = sitk.GetArrayFromImage(SHADING(grid.image_of(head.values), grid.image_of(around), progress=even))
    brain = float(np.median(work[start & (work > ABOUT[0] * level)]))
    # fat would hold the surface no less than brain does
    bright = work > _highest(settings, work, head.scalp, sure, brain) * brain
    work[_fat(bright, start & ~head.scalp, grid)] = 0
    levels = Levels(0.0, DARK * float(np.percentile(head.values[head.upper], BRIGHT_PERCENT)), brain)
    core = distance_to(~(rough & ~head.scalp), grid) > ROUGH_DEEP_MM
    inside = _grown(work, start, sure, core, int(np.count_nonzero(head.upper)), grid, levels, settings.border, grow)
    if not settings.smallest_mm and not inside.any():
        return rough  # smaller than what the surface looks for in a head
    near = dilated(inside, grid, RIM_MM, rim)
    dark = dilated(work < SKULL * brain, grid, SKULL_MM)[near & ~inside]
    if settings.smallest_mm and dark.size and dark.mean() < LEAST_SKULL:
        raise InputError(f"No brain was found: what looks most like one has no dark skull around it. {NEEDED}")
    return filled(inside | (near & (work > RIM * brain)), grid)


def _fat(bright: np.ndarray, middle: np.ndarray, grid: Geometry) -> np.ndarray:
    """Of what is brighter than brain (z, y, x), the pieces that lie mostly outside the middle; others are lesions.

    middle: a ball of the brain's size in its place, but for the scalp. Skull parts a lesion at the rim from fat but for
    bridges, which are cut.
    """
    rest = bright & ~_mostly_within(bright, middle, grid)
    lesions = _mostly_within(eroded(rest, grid, BRIDGE_MM), middle, grid)
    # erosion takes up to a voxel more than the radius
    return rest & ~dilated(lesions, grid, BRIDGE_MM + max(grid.spacing) / 2)


def _mostly_within(region: np.ndarray, middle: np.ndarray, grid: Geometry) -> np.ndarray:
    """The pieces of a region (z, y, x) more than half of which lies in the middle."""
    numbers, counts = connected_components(grid.image_of(region), "face")
    within = np.bincount(numbers[middle], minlength=counts.size) > counts / 2
    return region & within[numbers]


def _grown(
    values: np.ndarray,
    start: np.ndarray,
    sure: np.ndarray,
    core: np.ndarray,
    whole: int,
    grid: Geometry,
    levels: Levels,
    border: float,
    progress: Progress,
) -> np.ndarray:
    """What is inside the surface (z, y, x) that began as start.

    sure: what is brain whatever its brightness; core: that, too, where the surface is too small; whole: voxels of the
    head's upper part.
    """
    inside = start
    for number, part in enumerate(progress.parts(*[1.0] * (1 + GROWN_ON))):
        bright = np.where(sure, np.maximum(values, levels.brain), values)
        grown = brain_surface(bright, inside, grid, levels, border, part)
        if number and not np.count_nonzero(inside) < np.count_nonzero(grown) <= MOST_SHARE * whole:
            break  # it did not grow, or got out of the skull
        inside = grown
        if not 0 < np.count_nonzero(inside) < SHARE * whole:
            break
        sure = sure | core | (distance_to(~inside, grid) > DEEP_MM)
    return inside


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
