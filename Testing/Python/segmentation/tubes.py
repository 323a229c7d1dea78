"""Phantoms of tubes with known center lines, on any grid."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()


def centered_grid(extent_mm: float, spacing: tuple[float, ...], direction=OBLIQUE) -> Geometry:
    """A cube of this side around the origin."""
    size = tuple(round(extent_mm / s) for s in spacing)
    at_zero = Geometry(size, spacing, (0.0,) * len(size), tuple(direction))
    return Geometry(size, spacing, tuple(-at_zero.center), tuple(direction))


def positions(grid: Geometry) -> np.ndarray:
    """LPS mm of each voxel (z, y, x, 3)."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in reversed(grid.size)], indexing="ij"), axis=-1)
    return grid.points(index[..., ::-1].reshape(-1, grid.dimension)).reshape(index.shape)


def distance_to_line(points: np.ndarray, first, last) -> np.ndarray:
    """mm from the piece of line between two points."""
    first, last = np.asarray(first, float), np.asarray(last, float)
    step = last - first
    along = np.clip((points - first) @ step / (step @ step), 0, 1)
    return np.linalg.norm(points - first - along[..., np.newaxis] * step, axis=-1)


def cylinder(points: np.ndarray, first, last, radius: float) -> np.ndarray:
    """A tube with flat ends."""
    first, last = np.asarray(first, float), np.asarray(last, float)
    step = (last - first) / np.linalg.norm(last - first)
    along = (points - first) @ step
    off = np.linalg.norm(points - first - along[..., np.newaxis] * step, axis=-1)
    return (off <= radius) & (along >= 0) & (along <= np.linalg.norm(last - first))


def fork_image(size=(40, 36, 24), spacing=None, bright: float = 100.0, ground: float = 20.0) -> sitk.Image:
    """A tube that forks into two, in the plane of the first two axes of more than one voxel; noise of 3 (float32)."""
    spacing = spacing or (1.0,) * len(size)
    axes = [axis for axis, n in enumerate(size) if n > 1][:2]
    index = np.stack(np.meshgrid(*[np.arange(n) for n in reversed(size)], indexing="ij"), axis=-1)[..., ::-1]
    points = (index - (np.array(size) - 1) / 2) * spacing
    inside = np.zeros(points.shape[:-1], bool)
    if len(axes) == 2:
        half = (np.array(size) - 1)[axes] / 2 * np.array(spacing)[axes]
        corners = np.zeros((4, len(size)))
        corners[:, axes] = np.array([(-0.85, 0), (0, 0), (0.8, 0.75), (0.8, -0.75)]) * half
        for first, last, radius in ((0, 1, 3.2), (1, 2, 2.4), (1, 3, 2.4)):
            inside |= distance_to_line(points, corners[first], corners[last]) <= radius
    values = np.where(inside, bright, ground) + np.random.default_rng(0).normal(0, 3, inside.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


def fork_root(image: sitk.Image) -> sitk.Image:
    """A seed in the trunk of a fork_image."""
    axes = [axis for axis, n in enumerate(image.GetSize()) if n > 1]
    place = [n // 2 for n in image.GetSize()]
    if axes:
        place[axes[0]] = max(1, round(image.GetSize()[axes[0]] * 0.15))
    seeds = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
    seeds[tuple(reversed(place))] = 1
    return Geometry.of(image).image_of(seeds)
