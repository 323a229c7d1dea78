"""Tumor with its edema in a FLAIR image of the brain."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian, inside, values_of
from ..common.connectivity import connected_components
from ..common.gaussian_mean import mean_within
from ..common.morphology import closed, dilated, distance_to, eroded, filled
from ..common.surrounded import surrounded
from ..common.symmetry import MirrorPlane, mirror_plane, seen_in_mirror
from ..common.working_grid import mask_on_image
from ..detection.bright_outliers import deviation
from .brain_grid import BrainGrid, on_brain_grid
from .brain_shading import shading
from .gray_matter import TISSUE, gray_matter
from .ventricles import fluid_in, ventricles_in

WORKING_MM = 1.5
QUIET_MM = 1.2
# The other side is taken as its brightest within this distance: no brain is quite symmetric.
ASYMMETRY_MM = 5.0
# Parts of it that are alike on both sides, less bright than what is surely tumor, lie this near its other parts.
BESIDE_MM = 6.0
# The shading is found again without the tumor and this much around it.
AROUND_MM = 8.0
# What is brighter than this does not decide where the plane of symmetry lies (SD).
NORMAL = 2.5
# Rounds in which its brightness and its border settle.
ROUNDS = 4
# Gaps that the region's bright parts leave between them.
CLOSING_MM = 4.0
# Fluid belongs to the tumor (necrosis, cyst, cavity) when this share of what surrounds it is so near to what is bright
# and at most this share of it lies where the other side has fluid too. The tumor's solid rim, as gray as the cortex,
# lies between: it is what a closing of that radius takes in there.
RIM_MM, MOSTLY, ALIKE = 8.0, 0.7, 0.3
# A ball of this radius fits into a cavity; between its fluid and what is bright lie mixed voxels, so around it is meant
# as far as this.
CAVITY_MM, SHELL_MM = 3.0, 4.5
FLUID, CORE_MM = 0.5, 1.5
# A solid part as bright as normal tissue belongs to the tumor where it meets its bright parts within this distance in
# most directions, and a ball of that radius fits into it: cortex between two folds is thinner.
AROUND_SOLID_MM, AROUND_SOLID, SOLID_MM = 30.0, 0.65, 5.0
# Bridges thinner than twice this are cut: gray matter, or scalp in the mask, hangs on a tumor by them. A part at least
# this share as thick as the thickest is tumor as well, unless it holds more than so many times the ball that fits into
# it: it is a sheet then. Parts and balls are those left when this much is taken off their surface.
BRIDGE_MM, AS_THICK, BALLS = 2.5, 0.4, 10.0
EDEMA, NECROSIS = 1, 2


@operation(
    "segmentation.flair_tumor",
    title="Brain tumor and edema (FLAIR)",
    gives="labels",
    source="Menze et al., The multimodal brain tumor image segmentation benchmark (BRATS), IEEE TMI 34(10), 2015 (what "
    "counts as whole tumor); asymmetry: Khotanlou et al., Fuzzy Sets and Systems 160(10), 2009",
    dimensions=(3,),
)
class FlairTumor:
    """Find the largest bright mass of one side in FLAIR, inside a mask of the brain: tumor and edema (1).

    It is brighter than normal tissue (than gray matter, where that is clearly brighter than white matter) and than the
    same place on the other side of the brain, and ends at a share of its own brightness. A solid part that it surrounds
    belongs to it, what hangs on it by a thin bridge does not. Dark parts beside it that the other side does not have
    (necrosis, cyst, cavity of an operation) are segment 2; both together are the whole tumor.
    The coil's shading is divided out first, as normal tissue shows it. What is thin everywhere, as lesions of the white
    matter of old age are, is no mass, and nothing is found then.
    """

    low: Annotated[float, Range(0, 20, "SD"), "robust SD above normal tissue that all of it has"] = 1.75
    high: Annotated[
        float,
        Range(0, 20, "SD"),
        "robust SD above normal tissue that it has somewhere, and where it may be alike on both sides",
    ] = 4.0
    border: Annotated[float, Range(0.1, 0.9), "it ends at this share of its median brightness above normal tissue"] = (
        0.5
    )
    asymmetry: Annotated[float, Range(0, 20, "SD"), "robust SD by which it is brighter than the other side"] = 1.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "pieces smaller than this are not taken as tumor"] = (
        500.0
    )
    thickness_mm: Annotated[
        float, Range(0, 50, "mm"), "radius of a ball that fits into it; lesions beside the ventricles are thinner"
    ] = 7.0

    @property
    def structures(self) -> dict[int, str]:
        return {EDEMA: "edema", NECROSIS: "necrosis"}

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        first, second, third = progress.parts(2, 8, 2)
        brain = on_brain_grid(image, values, inside(mask, valid), WORKING_MM, first)
        # the background is not 0 in a standardized image
        brain = replace(brain, values=brain.values - float(values[valid].min()))
        bright, dark = _tumor(self, brain, second)
        # the whole first: its border is the image's, the border within is drawn inside it
        whole = mask_on_image(_even(bright | dark, brain.grid), brain.grid, image, third)
        if not dark.any():
            return whole
        try:
            inner = mask_on_image(_even(dark, brain.grid), brain.grid, image)
        except InputError:  # too little of it for the image's voxels
            return whole
        return whole + inner * whole


def _even(region: np.ndarray, grid: Geometry) -> np.ndarray:
    """A region (z, y, x) with a border less ragged by noise, as a field that is above 0.5 in it; of the same volume."""
    share = gaussian(region, grid, [WORKING_MM] * grid.dimension)
    count = np.count_nonzero(region)
    if not 0 < count < region.size:
        return share
    around = np.partition(share, (region.size - count - 1, region.size - count), axis=None)
    return share + (0.5 - around[region.size - count - 1 : region.size - count + 1].mean())


def _tumor(settings: FlairTumor, brain: BrainGrid, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Its bright and its dark parts (z, y, x). Raises InputError when there is none."""
    grid, region = brain.grid, brain.brain
    look, mirror, first, second, close, hollow, last, gray = progress.parts(1, 4, 1, 1, 1, 3, 1, 2)
    even = _even_brain(brain)
    score = _brightness(even, look)[1]
    # what is bright counts as normal: else a large tumor decides where the plane lies, and is its own mirror image
    normal = np.where(score > NORMAL, 0, np.maximum(score, -settings.high))
    plane = mirror_plane(normal, region, grid, mirror, brain.left)
    mass = _mass(settings, even, plane, first)
    # a large tumor is followed by the shading that it took part in
    even = _even_brain(brain, region & ~dilated(mass, grid, AROUND_MM))
    mass = _mass(settings, even, plane, second)
    bright = filled(closed(mass, grid, CLOSING_MM, close), grid) & region
    fluid = fluid_in(even, distance_to(~region, grid), "dark", FLUID)
    normal = fluid & ventricles_in(even, "dark", FLUID, CORE_MM, hollow)
    alike = fluid & (seen_in_mirror(fluid, grid, plane, 0.0) > 0.5)
    dark = _cavities(even, fluid, normal, alike, bright)
    whole = closed(bright | dark, grid, CLOSING_MM)
    if dark.any():
        whole |= closed(bright | dark, grid, RIM_MM, last) & (distance_to(dark, grid) <= RIM_MM)
    whole = filled(whole, grid) & region
    # cysts, too: those between fluid and tissue in brightness adjoin what is bright in too few places
    solid = _solid(whole, region & ~normal & ~alike, even, gray)
    if solid.any():
        whole = filled(closed(whole | solid, grid, CLOSING_MM), grid) & region
        dark |= solid & fluid
    whole = _without_leaks(whole, grid)
    dark &= whole
    thickness = float(distance_to(~whole, grid).max())
    if thickness < settings.thickness_mm:
        raise InputError(
            f"No mass was found: into what is brightest, {np.count_nonzero(whole) * grid.voxel_volume / 1000:.1f} ml, "
            f"fits a ball of {thickness:.1f} mm radius, and {settings.thickness_mm:g} mm are asked for. Lesions of the "
            "white matter are so thin; for a small or flat tumor lower the thickness."
        )
    return whole & ~dark, dark


def _even_brain(brain: BrainGrid, used: np.ndarray | None = None) -> BrainGrid:
    """Without the shading that this part of the brain shows, which is known to be normal; all of it by default."""
    return replace(brain, values=(brain.values / shading(brain.values, brain.brain, used)).astype(np.float32))


def _brightness(brain: BrainGrid, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """SD above normal tissue (z, y, x) of the quieted values, in SD of the values as they are and in their own."""
    noisy = deviation(brain.values, brain.brain, "mode")
    quieted = mean_within(noisy, brain.brain, brain.grid, QUIET_MM, progress)
    return quieted, np.where(brain.brain, deviation(quieted, brain.brain, "mode"), 0)


def _mass(settings: FlairTumor, brain: BrainGrid, plane: MirrorPlane, progress: Progress) -> np.ndarray:
    """The bright mass of one side (z, y, x). Raises InputError when there is none."""
    grid, region = brain.grid, brain.brain
    noisy = deviation(brain.values, region, "mode")
    quieted, score = _brightness(brain, progress)
    reach = [2 * round(ASYMMETRY_MM / s) + 1 for s in reversed(grid.spacing)]
    other = seen_in_mirror(ndimage.maximum_filter(score, reach), grid, plane, 0.0)
    lopsided = region & (score - np.maximum(other, 0) > settings.asymmetry)
    # what both sides have tells gray matter, so that a large tumor is not taken for it
    gray = gray_matter(noisy[region & ~lopsided & (noisy > -TISSUE)])
    if gray is not None:
        score = np.minimum(score, (quieted - gray[0]) / gray[1])
    core = _core(settings, lopsided & (score > settings.low), score, grid)
    mass = core
    for _ in range(ROUNDS):
        level = max(settings.low, settings.border * float(np.median(score[mass])))
        beyond = region & (score > level)
        beside = dilated(beyond & lopsided, grid, BESIDE_MM) | (score > settings.high)
        numbers, counts = connected_components(grid.image_of(beyond & beside), "face")
        held = np.bincount(numbers[core], minlength=counts.size)
        held[0] = 0
        if not held.any():
            break
        mass = numbers == int(np.argmax(held))
    return mass


def _core(settings: FlairTumor, bright: np.ndarray, score: np.ndarray, grid: Geometry) -> np.ndarray:
    """The piece (z, y, x) that is most and brightest. Raises InputError when none is large and bright enough."""
    numbers, counts = connected_components(grid.image_of(bright), "face")
    total = np.bincount(numbers.ravel(), score.ravel(), counts.size)
    reaches = np.bincount(numbers[score > settings.high], minlength=counts.size) > 0
    total[~reaches | (counts * grid.voxel_volume < settings.minimum_volume_mm3) | (np.arange(counts.size) == 0)] = 0
    if not total.any():
        raise InputError(
            f"No mass was found: nothing of {settings.minimum_volume_mm3:g} mm3 is {settings.low:g} SD brighter than "
            f"normal tissue, {settings.asymmetry:g} SD brighter than the other side, and reaches {settings.high:g} SD. "
            "Lower one of these, or the volume."
        )
    return numbers == int(np.argmax(total))


def _solid(whole: np.ndarray, tissue: np.ndarray, brain: BrainGrid, progress: Progress) -> np.ndarray:
    """What of this (z, y, x) the tumor surrounds."""
    inner = surrounded(whole, brain.brain, brain.grid, AROUND_SOLID_MM, AROUND_SOLID, progress) & tissue
    # erosion takes up to a voxel more than the radius
    return dilated(eroded(inner, brain.grid, SOLID_MM), brain.grid, SOLID_MM + max(brain.grid.spacing) / 2) & inner


def _without_leaks(region: np.ndarray, grid: Geometry) -> np.ndarray:
    """The thickest part of a region (z, y, x), and compact ones not much thinner, cut from others at thin bridges."""
    depth = distance_to(~region, grid)
    numbers, counts = connected_components(grid.image_of(depth > BRIDGE_MM), "face")
    if counts.size == 1:
        return region  # thinner than a bridge everywhere
    thick = np.asarray(ndimage.maximum(depth, numbers, np.arange(counts.size)))
    balls = 4 / 3 * np.pi * np.maximum(thick - BRIDGE_MM, 0) ** 3
    held = (thick >= AS_THICK * depth.max()) & (counts * grid.voxel_volume <= BALLS * balls)
    held[np.argmax(thick)] = True
    held[0] = False
    # erosion takes up to a voxel more than the radius
    return region & dilated(held[numbers], grid, BRIDGE_MM + max(grid.spacing) / 2)


def _cavities(
    brain: BrainGrid, fluid: np.ndarray, normal: np.ndarray, alike: np.ndarray, bright: np.ndarray
) -> np.ndarray:
    """Fluid beside the tumor that is no ventricle (normal) and that the other side does not have (z, y, x)."""
    grid, region = brain.grid, brain.brain
    own = fluid & ~normal
    numbers, _ = connected_components(grid.image_of(distance_to(~own, grid) > CAVITY_MM), "face")
    away = distance_to(bright, grid)
    dark = np.zeros(region.shape, bool)
    margin = int(np.ceil((CAVITY_MM + SHELL_MM) / min(grid.spacing))) + 1
    for number, box in enumerate(ndimage.find_objects(numbers), 1):
        wide = tuple(slice(max(0, s.start - margin), s.stop + margin) for s in box)
        core = grid_of_box(grid, _within(wide, region.shape))
        off = distance_to(numbers[wide] == number, core)
        piece = own[wide] & (off <= CAVITY_MM + WORKING_MM)
        shell = region[wide] & ~fluid[wide] & (distance_to(piece, core) <= SHELL_MM)
        adjoins = shell.any() and np.mean(away[wide][shell] <= RIM_MM) > MOSTLY
        if adjoins and alike[wide][numbers[wide] == number].mean() < ALIKE:
            dark[wide] |= piece
    return dark


def _within(box: Box, shape: tuple[int, ...]) -> Box:
    return tuple(slice(s.start, min(s.stop, n)) for s, n in zip(box, shape, strict=True))
