"""What region growing works on: the part of the image around the seeds, and the seeds in it."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from ..common.label_boxes import box_around, boxes_of, grown, union_of
from ..common.morphology import distance_to


@dataclass(frozen=True)
class Marked:
    """A box of an image with seeds in it. Arrays in z, y, x order, of the box only.

    values: float, voxels without a number replaced by their neighbors; region: where there may be a result;
    seeds: numbers of the objects marked, 0 elsewhere, none outside the region; numbers: those that occur, ascending;
    surroundings: the one of them that stands for what is not wanted, 0 when there is none.
    """

    image: sitk.Image
    box: Box
    grid: Geometry
    values: np.ndarray
    region: np.ndarray
    seeds: np.ndarray
    numbers: tuple[int, ...]
    surroundings: int = 0

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
    image: sitk.Image, mask: sitk.Image | None, seeds: sitk.Image, reach_mm: float = 0.0, background_seed: int = 0
) -> Marked:
    """The box around all seeds with this margin (mm; 0 is the whole image), as far as the mask goes.

    background_seed: seeds of this number do not make the box larger. Raises InputError for seeds of an object that all
    lie outside the mask. Seeds on voxels without a number do not count, if there are others.
    """
    grid = Geometry.of(image)
    numbers = sitk.GetArrayViewFromImage(seeds)
    boxes = boxes_of(numbers)
    if min(boxes) < 1 or max(boxes) > np.iinfo(np.uint16).max:
        raise InputError(f"Seeds are numbered from 1 to 65535, not {min(boxes)} to {max(boxes)}.")
    box = tuple(slice(0, n) for n in numbers.shape)
    if reach_mm:
        objects = {number: around for number, around in boxes.items() if number != background_seed}
        box = grown(union_of(objects or boxes), grid, reach_mm, 2)
    if mask is not None:
        around = box_around(sitk.GetArrayViewFromImage(mask)[box] != 0)
        if around is None:
            raise InputError("All seeds lie outside the mask: move them into it.")
        box = tuple(slice(b.start + a.start, b.start + a.stop) for b, a in zip(box, around, strict=True))
    index = tuple(reversed(box))
    part = image[index]
    values, valid = values_of(part)
    region = inside(None if mask is None else mask[index], valid)
    kept = np.where(region, numbers[box], 0).astype(np.int32)
    found = tuple(boxes_of(kept))
    if not found:
        raise InputError("All seeds lie outside the mask, or on voxels without a number: move them.")
    lost = [number for number in boxes if number not in found and number != background_seed]
    if mask is not None and lost:
        raise InputError(f"All seeds of number {lost[0]} lie outside the mask: move them into it.")
    return Marked(image, box, grid_of_box(grid, box), values, region, kept, found)


def with_surroundings(scene: Marked, background_seed: int, reach_mm: float, progress: Progress = SILENT) -> Marked:
    """The same with seeds of at least two numbers, as marked by `marked` with this reach.

    Where surroundings are marked (by seeds of that number), or one object alone is, what is farther than the reach
    from the seeds of objects is surroundings too; of one object with a reach of 0 the faces of the box are.
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
        far = scene.region & (scene.seeds == 0) & (distance_to(objects, scene.grid, progress) > reach_mm)
    if not far.any() and not surroundings:
        far = _faces(scene.region.shape) & scene.region & (scene.seeds == 0)
    if not far.any() and not surroundings:
        raise InputError(
            "Only one object is marked and nothing around it: mark the surroundings with another number, or choose "
            "another reach."
        )
    return _with(scene, np.where(far, number, scene.seeds), number)


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


def _with(scene: Marked, seeds: np.ndarray, surroundings: int) -> Marked:
    return Marked(
        scene.image,
        scene.box,
        scene.grid,
        scene.values,
        scene.region,
        seeds,
        tuple(boxes_of(seeds)),
        surroundings,
    )


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
