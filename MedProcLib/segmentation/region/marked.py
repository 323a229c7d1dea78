"""What region growing works on: the part of the image around the seeds, and the seeds in it."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

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


def marked(image: sitk.Image, mask: sitk.Image | None, seeds: sitk.Image, reach_mm: float = 0.0) -> Marked:
    """The box around all seeds with this margin (mm; 0 is the whole image), as far as the mask goes.

    Raises InputError for seeds of an object that all lie outside the mask. Seeds on voxels without a number do not
    count, if there are others.
    """
    grid = Geometry.of(image)
    numbers = sitk.GetArrayViewFromImage(seeds)
    boxes = boxes_of(numbers)
    if min(boxes) < 1 or max(boxes) > np.iinfo(np.uint16).max:
        raise InputError(f"Seeds are numbered from 1 to 65535, not {min(boxes)} to {max(boxes)}.")
    box = tuple(slice(0, n) for n in numbers.shape)
    if reach_mm:
        box = grown(union_of(boxes), grid, reach_mm)
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
    lost = [number for number in boxes if number not in found]
    if mask is not None and lost:
        raise InputError(f"All seeds of number {lost[0]} lie outside the mask: move them into it.")
    return Marked(image, box, grid_of_box(grid, box), values, region, kept, found)


def with_surroundings(scene: Marked, background_seed: int, reach_mm: float, progress: Progress = SILENT) -> Marked:
    """The same with seeds of at least two numbers: where one object alone is marked, what is far from it is marked too.

    Far is more than the reach from it, or where the box ends. Raises InputError when nothing is.
    """
    if background_seed and background_seed not in scene.numbers and len(scene.numbers) > 1:
        background_seed = 0
    if len(scene.numbers) > 1:
        return _with(scene, scene.seeds, background_seed)
    if background_seed in scene.numbers:
        raise InputError("Only the surroundings are marked: mark what is wanted with another number.")
    far = np.zeros(scene.region.shape, bool)
    if reach_mm:
        far = scene.region & (distance_to(scene.seeds > 0, scene.grid, progress) > reach_mm)
    if not far.any():
        far = _faces(scene.region.shape) & scene.region & (scene.seeds == 0)
    if not far.any():
        raise InputError(
            "Only one object is marked and nothing around it: mark the surroundings with another number, or choose "
            "a larger reach."
        )
    background = scene.numbers[0] + 1
    return _with(scene, np.where(far, background, scene.seeds), background)


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
