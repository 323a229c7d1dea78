"""What region growing works on: the part of the image around the seeds, and the seeds in it."""

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_around, boxes_of, grown, union_of, within
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from .beyond import Beyond

# Where this share of what is beyond the reach is unlike the objects, no more of it counts as surroundings.
LEAST_UNLIKE = 0.1
# An object with this share of its outermost voxels at the reach is told of.
SHARE_AT_REACH = 0.1
# A region that reaches over this share of the image along each axis is told of.
MOST_OF_IMAGE = 0.8


@dataclass(frozen=True)
class Marked:
    """A box of an image with seeds in it. Arrays in z, y, x order, of the box only.

    values: float, voxels without a number replaced by their neighbors; region: where there may be a result;
    seeds: numbers of the objects marked, 0 elsewhere, none outside the region; numbers: those that occur, ascending;
    surroundings: the one of them that stands for what is not wanted, 0 when there is none; has_own_box: the box is
    that of these seeds, not one kept.
    """

    image: sitk.Image
    box: Box
    grid: Geometry
    values: np.ndarray
    region: np.ndarray
    seeds: np.ndarray
    numbers: tuple[int, ...]
    surroundings: int = 0
    has_own_box: bool = True

    def labels(self, labels: np.ndarray) -> sitk.Image:
        """Label map on the image's grid of the labels in the box, without the surroundings."""
        wanted = np.where(self.region & (labels != self.surroundings), labels, 0)
        if not wanted.any():
            raise InputError("Nothing but the surroundings was found: mark more of what is wanted.")
        return self.whole(wanted.astype(np.uint8 if wanted.max() < 256 else np.uint16))

    def whole(self, values: np.ndarray) -> sitk.Image:
        """Image on the image's grid of values in the box, 0 outside it."""
        grid = Geometry.of(self.image)
        result = np.zeros(tuple(reversed(grid.size)), values.dtype)
        result[self.box] = values
        return grid.image_of(result)


def marked(
    image: sitk.Image,
    mask: sitk.Image | None,
    seeds: sitk.Image,
    reach_mm: float = 0.0,
    background_seed: int = 0,
    before: Marked | None = None,
    keep_box: bool = False,
) -> Marked:
    """The box around all seeds with this margin (mm; 0 is the whole image), as far as the mask goes.

    background_seed: seeds of this number do not make the box larger; before: of other seeds in the same image and
    mask, whose values are taken where the box is the same; keep_box: take its box wherever no seed lies outside it.
    Raises InputError for seeds of an object that all lie outside the mask, and where the image is constant around them.
    Seeds on voxels without a number do not count, if there are others.
    """
    grid = Geometry.of(image)
    numbers = sitk.GetArrayViewFromImage(seeds)
    boxes = boxes_of(numbers)
    if min(boxes) < 1 or max(boxes) > np.iinfo(np.uint16).max:
        raise InputError(f"Seeds are numbered from 1 to 65535, not {min(boxes)} to {max(boxes)}.")
    own = box = _box(grid, boxes, mask, reach_mm, background_seed)
    if before is not None and keep_box and _holds(before.box, union_of(boxes)):
        box = before.box
    if before is not None and before.box == box:
        values, region = before.values, before.region
    else:
        index = tuple(reversed(box))
        values, valid = values_of(image[index])
        region = inside(None if mask is None else mask[index], valid)
        refuse_constant(values, region)
    kept = np.where(region, numbers[box], 0).astype(np.int32)
    found = tuple(boxes_of(kept))
    if not found:
        raise InputError("All seeds lie outside the mask, or on voxels without a number: move them.")
    lost = [number for number in boxes if number not in found and number != background_seed]
    if mask is not None and lost:
        raise InputError(f"All seeds of number {lost[0]} lie outside the mask: move them into it.")
    return Marked(image, box, grid_of_box(grid, box), values, region, kept, found, has_own_box=box == own)


def refuse_constant(values: np.ndarray, region: np.ndarray) -> None:
    """Raise InputError where the values (z, y, x) around seeds are all the same: nothing begins or ends there."""
    least, most = (float(f(values, where=region, initial=start)) for f, start in ((np.min, np.inf), (np.max, -np.inf)))
    if least == most:
        raise InputError(
            f"The image is constant ({least:g}) around the seeds, as far as it is worked on, so nothing ends there: "
            "put them into what is wanted, or allow a larger distance from them."
        )


def _box(grid: Geometry, boxes: dict[int, Box], mask: sitk.Image | None, reach_mm: float, background_seed: int) -> Box:
    """Where there may be a result, of seeds in these boxes. Raises InputError when the mask has no voxel there."""
    box = tuple(slice(0, n) for n in reversed(grid.size))
    if reach_mm:
        objects = {number: around for number, around in boxes.items() if number != background_seed}
        box = grown(union_of(objects or boxes), grid, reach_mm, 2)
    if mask is None:
        return box
    around = box_around(sitk.GetArrayViewFromImage(mask)[box] != 0)
    if around is None:
        raise InputError("All seeds lie outside the mask: move them into it.")
    return within(box, around)


def with_surroundings(
    scene: Marked,
    background_seed: int,
    reach_mm: float,
    progress: Progress = SILENT,
    beyond: Beyond | None = None,
    alike: np.ndarray | None = None,
) -> Marked:
    """The same with seeds of at least two numbers, as marked by `marked` with this reach.

    Where surroundings are marked (by seeds of that number), or one object alone is, what is farther than the reach
    from the seeds of objects is surroundings too; of one object with a reach of 0 the faces of the box are.
    beyond: of the same grid and reach, when it is asked for other seeds again and again; alike: voxels like those at
    the seeds of objects: beyond the reach they may be more of a large object, and are no surroundings, but left out.
    Raises InputError when only surroundings are marked, or nothing is far enough.
    """
    if scene.numbers == (background_seed,):
        raise InputError("Only the surroundings are marked: mark what is wanted with another number.")
    surroundings = background_seed if background_seed in scene.numbers else 0
    if len(scene.numbers) > 1 and not (surroundings and reach_mm):
        return _with(scene, scene.seeds, surroundings)
    number = surroundings or scene.numbers[0] + 1
    objects = (scene.seeds > 0) & (scene.seeds != number)
    far = np.zeros(scene.region.shape, bool)
    if reach_mm:
        far = (beyond or Beyond(scene.grid, reach_mm)).of(objects, progress) & scene.region & (scene.seeds == 0)
        if alike is not None:
            unlike = far & ~alike
            if np.count_nonzero(unlike) > LEAST_UNLIKE * np.count_nonzero(far):
                far, scene = unlike, replace(scene, region=scene.region & ~(far & alike))
    if not far.any() and not surroundings:
        far = _faces(scene.region.shape) & scene.region & (scene.seeds == 0)
    if not far.any() and not surroundings:
        raise InputError(
            "Only one object is marked and nothing around it: mark the surroundings with another number, or choose "
            "another reach."
        )
    return _with(scene, np.where(far, number, scene.seeds), number)


def tell_reach(scene: Marked, found: sitk.Image, reach_mm: float, progress: Progress) -> None:
    """Note objects (labels on the image's grid) that end where their reach does, and not at a border.

    scene: from with_surroundings. Objects that have no surroundings but each other fill what is worked on.
    """
    if reach_mm and scene.surroundings:
        _tell_reach(scene, sitk.GetArrayViewFromImage(found)[scene.box], reach_mm, progress)


def _tell_reach(scene: Marked, labels: np.ndarray, reach_mm: float, progress: Progress) -> None:
    """labels: in the box (z, y, x)."""
    for number, tight in boxes_of(labels).items():
        around = grown(tight, scene.grid, 0, 1)
        own, away = labels[around] == number, scene.seeds[around] != number
        outermost = own & ~ndimage.binary_erosion(own, border_value=1)
        spacing = tuple(reversed(scene.grid.spacing))
        at_end = ndimage.distance_transform_edt(away, spacing) > reach_mm - max(spacing)
        if np.count_nonzero(outermost & at_end) > SHARE_AT_REACH * np.count_nonzero(outermost):
            progress.note(
                f"Object {number} ends {reach_mm:g} mm from its seeds because it may reach no farther: if it is "
                "larger, choose a larger reach."
            )


def with_balls(scene: Marked, radius_mm: float) -> Marked:
    """The same with seeds of single voxels grown to balls, as far as no other seed is there."""
    same = np.ones(scene.seeds.shape, bool)
    footprint = np.ones((3,) * scene.seeds.ndim, bool)
    footprint[(1,) * footprint.ndim] = False
    for number in scene.numbers:
        mine = scene.seeds == number
        same &= ~(mine & ndimage.maximum_filter(mine, footprint=footprint, mode="constant"))
    points = same & (scene.seeds > 0)
    if not (radius_mm and points.any()):
        return scene
    spacing = tuple(reversed(scene.grid.spacing))
    distance, nearest = ndimage.distance_transform_edt(~points, spacing, return_indices=True)
    ball = (distance <= radius_mm) & scene.region & (scene.seeds == 0)
    return _with(scene, np.where(ball, scene.seeds[tuple(nearest)], scene.seeds), scene.surroundings)


def _holds(outer: Box, inner: Box) -> bool:
    return all(o.start <= i.start and i.stop <= o.stop for o, i in zip(outer, inner, strict=True))


def _with(scene: Marked, seeds: np.ndarray, surroundings: int) -> Marked:
    return replace(scene, seeds=seeds, numbers=tuple(boxes_of(seeds)), surroundings=surroundings)


def _faces(shape: tuple[int, ...]) -> np.ndarray:
    """The outermost voxels along each axis of more than one."""
    faces = np.zeros(shape, bool)
    for axis, size in enumerate(shape):
        if size > 1:
            planes = np.moveaxis(faces, axis, 0)
            planes[0] = planes[-1] = True
    return faces


def refuse_leaks(labels: np.ndarray, grid: Geometry, maximum_volume: float) -> None:
    """Raise InputError when a label takes more than this volume (mm3; mm2 in 2D; 0 is no limit)."""
    if not maximum_volume:
        return
    volumes = np.bincount(labels.ravel()) * grid.voxel_volume
    for number, volume in enumerate(volumes.tolist()):
        if number and volume > maximum_volume:
            unit = "mm³" if grid.dimension == 3 else "mm²"
            raise InputError(
                f"The region of seed {number} leaked: {volume:.4g} {unit}, more than the {maximum_volume:.4g} allowed. "
                "Narrow the range of intensities, limit the radius, or work inside a mask."
            )


def tell_ends(scene: Marked, labels: np.ndarray, reach_mm: float, mask: sitk.Image | None, progress: Progress) -> None:
    """Note what grew (labels z, y, x, in the box) to its reach (0: none) or, without reach and mask, over the image."""
    if reach_mm:
        _tell_reach(scene, labels, reach_mm, progress)
    elif mask is None:
        _tell_leaks(labels, progress)


def _tell_leaks(labels: np.ndarray, progress: Progress) -> None:
    """Note labels (z, y, x, of a whole image) that reach over most of the image along each axis, as hardly an organ."""
    for number, box in boxes_of(labels).items():
        if all(b.stop - b.start >= MOST_OF_IMAGE * n for b, n in zip(box, labels.shape, strict=True)):
            progress.note(
                f"The region of seed {number} reaches over nearly the whole image, so it may have leaked: narrow the "
                "range of intensities, limit the radius, or work inside a mask."
            )
