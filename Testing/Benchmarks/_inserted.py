"""Lesions of known size and contrast put into a real image, and which of them a map of change shows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.statistics import mode_and_sd
from MedProcLib.segmentation.common.connectivity import connected_components

SOFT_MM, APART_MM, DEEP_MM, FALSE_MM = 2.0, 7.0, 8.0, 3.0
USUAL_SD, PARTS = 2.0, (2, 2, 6)


@dataclass(frozen=True)
class Lesion:
    """A soft ball: center (LPS, mm), radius of half the contrast (mm), contrast (SD of the most frequent tissue)."""

    center: np.ndarray
    radius: float
    contrast: float


def with_lesions(
    image: sitk.Image, brain: sitk.Image, kinds: Iterable[tuple[float, float]], random: np.random.Generator
) -> tuple[sitk.Image, list[Lesion]]:
    """The image with one lesion of each kind (radius, contrast) in usual tissue, where there is room; these lesions."""
    grid = Geometry.of(image)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayViewFromImage(brain) != 0
    spacing = tuple(reversed(grid.spacing))
    smooth = ndimage.gaussian_filter(values, [1 / s for s in spacing])
    mode, sd = mode_and_sd(smooth[inside])
    deep = ndimage.distance_transform_edt(inside, spacing)
    free = ndimage.distance_transform_edt(np.abs(smooth - mode) < USUAL_SD * sd, spacing)
    kinds = list(kinds)
    random.shuffle(kinds)
    lesions: list[Lesion] = []
    for radius, contrast in sorted(kinds, key=lambda kind: -kind[0]):
        places = np.argwhere((deep > radius + DEEP_MM) & (free > radius + 1))[:, ::-1]
        for place in random.permutation(places)[:200]:
            center = grid.points((place + random.uniform(-0.5, 0.5, 3))[None])[0]
            if all(np.linalg.norm(center - v.center) > radius + v.radius + APART_MM for v in lesions):
                lesions.append(Lesion(center, radius, contrast))
                break
    for lesion in lesions:
        values += (sd * lesion.contrast * _share(lesion, grid)).astype(np.float32)
    return grid.image_of(values), lesions


def shown(change: sitk.Image, lesions: list[Lesion], label: int) -> tuple[list[bool], int]:
    """Whether each lesion shows as this label of change within its radius; pieces of change beyond 3 mm from all."""
    grid, values = Geometry.of(change), sitk.GetArrayViewFromImage(change)
    hits, allowed = [], np.zeros(values.shape, bool)
    for lesion in lesions:
        box, distance = around(lesion, grid)
        hits.append(bool(np.any(values[box][distance <= within(lesion, grid)] == label)))
        allowed[box] |= distance <= lesion.radius + FALSE_MM
    numbers, counts = connected_components(change, "corner")
    return hits, len(counts) - 1 - len(set(np.unique(numbers[allowed]).tolist()) - {0})


def within(lesion: Lesion, grid: Geometry) -> float:
    """How far (mm) from its center a lesion is looked for."""
    return max(lesion.radius, min(grid.spacing))


def around(lesion: Lesion, grid: Geometry) -> tuple[tuple[slice, ...], np.ndarray]:
    """The box of voxels around a lesion, and their distances (mm; z, y, x) from its center."""
    indices, box = _around(lesion, grid, lesion.radius + FALSE_MM)
    distance = np.linalg.norm(grid.points(indices) - lesion.center, axis=1)
    return box, distance.reshape([s.stop - s.start for s in box])


def _share(lesion: Lesion, grid: Geometry) -> np.ndarray:
    """Share (0..1) of the contrast that each voxel (z, y, x) shows: the mean over its parts."""
    result = np.zeros(tuple(reversed(grid.size)))
    indices, box = _around(lesion, grid, lesion.radius + SOFT_MM)
    for part in np.ndindex(PARTS):
        points = grid.points(indices + (np.array(part) + 0.5) / PARTS - 0.5)
        depth = lesion.radius - np.linalg.norm(points - lesion.center, axis=1)
        result[box] += np.clip(depth / SOFT_MM + 0.5, 0, 1).reshape(result[box].shape) / np.prod(PARTS)
    return result


def _around(lesion: Lesion, grid: Geometry, reach_mm: float) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Indices (n, 3) of the voxels around a lesion, and the box (z, y, x) that they fill in that order."""
    middle = np.round(grid.indices(lesion.center[None])[0]).astype(int)
    reach = np.ceil(reach_mm / np.array(grid.spacing)).astype(int) + 1
    low, high = np.maximum(middle - reach, 0), np.minimum(middle + reach + 1, grid.size)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))
    z, y, x = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
    return np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float), box
