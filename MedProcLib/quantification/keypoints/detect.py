"""Key points with descriptors of a 2D or 3D image."""

from dataclasses import fields, replace

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from . import descriptors, orientation_2d, orientation_3d
from .extrema import extrema_of
from .gaussian_pyramid import FIRST_SD, Octave, octaves_of
from .key_points import KeyPoints
from .patches import sampled

# points whose patches are sampled at a time
BATCH = 256


def detect_key_points(
    image: sitk.Image,
    mask: sitk.Image | None = None,
    smallest_mm: float = 0.0,
    largest_mm: float = 20.0,
    least_contrast: float = 0.01,
    largest_ratio: float = 10.0,
    most: int = 2000,
    progress: Progress = SILENT,
) -> KeyPoints:
    """Blobs of the difference of Gaussians with orientation and descriptor, strongest first.

    smallest_mm, largest_mm: scales (SD of the Gaussian); 0 is the finest that the voxels allow; least_contrast:
    |response| as share of the range of intensities (1st to 99th percentile) in the mask; largest_ratio: of curvatures;
    most: points. Works in mm on oblique, left-handed and anisotropic images; a single slice of a volume has no third
    direction and is refused: extract it as a 2D image. No point is an empty KeyPoints. Raises InputError for a constant
    image and scales the wrong way round.
    Source: Lowe, IJCV 60(2), 2004 (2D); Toews and Wells, Med Image Anal 17(3), 2013 (3D).
    """
    grid = Geometry.of(image)
    smallest = smallest_mm or finest_scale(grid)
    _require_usable(grid, smallest, largest_mm)
    values, valid = values_of(image)
    region = inside(mask, valid)
    low, high = np.percentile(values[region], (1, 99))
    if not high > low:
        low, high = float(values[region].min()), float(values[region].max())
    if not high > low:
        raise InputError("The image is constant where key points are looked for: it has none.")
    working = grid.image_of(((values - low) / (high - low)).astype(np.float32))
    where = grid.image_of(region)
    found: list[KeyPoints] = []
    for octave in octaves_of(working, smallest, largest_mm, progress):
        progress(min(0.9, 0.4 + 0.1 * len(found)), f"Key points of {octave.sds[0]:.3g} mm")
        inner = sitk.GetArrayFromImage(resample(where, octave.grid, interpolator=sitk.sitkNearestNeighbor)) != 0
        found.append(_described(octave, inner, least_contrast, largest_ratio, most, progress))
    return _strongest(found, most, grid.dimension)


def finest_scale(grid: Geometry) -> float:
    """SD in mm of the smallest Gaussian for which voxels, thick slices too, are fine enough."""
    sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1] or [1.0]
    return FIRST_SD * max(min(sides), max(sides) / 3)


def _require_usable(grid: Geometry, smallest: float, largest: float) -> None:
    if largest < smallest:
        raise InputError(f"The largest scale ({largest:g} mm) is below the smallest ({smallest:.3g} mm): enlarge it.")
    if min(grid.size) < 4:
        kind = "extract the slice as a 2D image" if grid.dimension == 3 else "it has too few pixels"
        raise InputError(f"Key points need at least 4 voxels along each axis, this image is {grid.size}: {kind}.")


def _described(
    octave: Octave, region: np.ndarray, least: float, largest_ratio: float, most: int, progress: Progress
) -> KeyPoints:
    extrema = extrema_of(octave, region, least, largest_ratio)
    best = np.argsort(-np.abs(extrema.responses), kind="stable")[:most]
    points = octave.grid.points(extrema.places[best])
    levels, responses = extrema.levels[best], extrema.responses[best]
    scales = octave.sds[0] * (octave.sds[1] / octave.sds[0]) ** levels
    parts = []
    for start in range(0, len(points), BATCH):
        progress.check()
        part = slice(start, start + BATCH)
        owner, frames, made = _oriented(octave, points[part], scales[part], levels[part])
        chosen = owner + start
        parts.append(
            KeyPoints(
                points[chosen],
                scales[chosen],
                # a bright blob is a minimum of (more blurred - less blurred)
                -np.sign(responses[chosen]).astype(int),
                np.abs(responses[chosen]),
                frames,
                made,
                chosen,
            )
        )
    return _joined(parts, points.shape[1])


def _oriented(
    octave: Octave, points: np.ndarray, scales: np.ndarray, levels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which point, frame and descriptor of each orientation."""
    dimension = points.shape[1]
    plain = np.broadcast_to(np.eye(dimension), (len(points), dimension, dimension))
    orientation = orientation_2d if dimension == 2 else orientation_3d
    around = _patches(octave, points, plain, scales * orientation.STEP, levels, orientation.COUNT)
    found = (orientation_2d.frames_2d if dimension == 2 else orientation_3d.frames_3d)(around)
    owner = np.repeat(np.arange(len(points)), [len(each) for each in found])
    frames = np.concatenate([*found, np.zeros((0, dimension, dimension))])
    if dimension == 2:
        step, count, describe = descriptors.STEP_2D, descriptors.COUNT_2D, descriptors.descriptors_2d
    else:
        step, count, describe = descriptors.STEP_3D, descriptors.COUNT_3D, descriptors.descriptors_3d
    seen = _patches(octave, points[owner], frames, scales[owner] * step, levels[owner], count)
    return owner, frames, describe(seen)


def _patches(
    octave: Octave, points: np.ndarray, frames: np.ndarray, steps: np.ndarray, levels: np.ndarray, count: int
) -> np.ndarray:
    """Sampled in the level with the blur of each point."""
    nearest = np.clip(np.rint(levels).astype(int), 0, len(octave.levels) - 1)
    made = np.zeros((len(points), *[count] * points.shape[1]))
    for level in np.unique(nearest):
        own = nearest == level
        made[own] = sampled(octave.levels[level], octave.grid, points[own], frames[own], steps[own], count)
    return made


def _strongest(octaves: list[KeyPoints], most: int, dimension: int) -> KeyPoints:
    """The strongest points of all octaves, renumbered."""
    shift, parts = 0, []
    for each in octaves:
        parts.append(replace(each, places=each.places + shift))
        shift += each.count
    every = _joined(parts, dimension)
    if not every.places.size:
        return every
    _, first, number = np.unique(every.places, return_index=True, return_inverse=True)
    rank = np.empty(len(first), int)
    rank[np.argsort(-every.strengths[first], kind="stable")] = np.arange(len(first))
    places = rank[number]
    order = np.argsort(places, kind="stable")
    order = order[places[order] < most]
    return replace(every.only(order), places=places[order])


def _joined(parts: list[KeyPoints], dimension: int) -> KeyPoints:
    length = 128 if dimension == 2 else 64
    nothing = KeyPoints(
        np.zeros((0, dimension)),
        np.zeros(0),
        np.zeros(0, int),
        np.zeros(0),
        np.zeros((0, dimension, dimension)),
        np.zeros((0, length)),
        np.zeros(0, int),
    )
    every = [nothing, *parts]
    return KeyPoints(**{f.name: np.concatenate([getattr(part, f.name) for part in every]) for f in fields(KeyPoints)})
