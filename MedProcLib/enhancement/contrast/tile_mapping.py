"""Intensity mappings that differ from tile to tile of an image, and their interpolation between the tiles' centers."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress

# Voxels that are counted, and tiles that are limited, at a time: their temporaries stay small.
BLOCK_VOXELS = 1_000_000
BLOCK_COUNTS = 2_000_000
# A tile with less than this share of the fullest tile's voxels inside the region takes its neighbor's mapping.
LEAST_FILLED = 0.125


def tiles_along(voxels: int, count: int) -> np.ndarray:
    """Edges (count + 1) of tiles along an axis, alike in size to a voxel."""
    return np.linspace(0, voxels, count + 1).round().astype(int)


def histograms(
    values: np.ndarray,
    region: np.ndarray,
    edges: Sequence[np.ndarray],
    limits: tuple[float, float],
    bins: int,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Counts of the values in the region, in each tile: shape (tiles per axis..., bins), float32.

    values, region: 2D or 3D; edges: of the tiles per axis; limits: of the first and last bin, which also count what
    lies beyond.
    """
    if values.ndim == 2:
        return histograms(values[None], region[None], [tiles_along(1, 1), *edges], limits, bins, progress)[0]
    tiles = [len(e) - 1 for e in edges]
    counts: np.ndarray = np.zeros((*tiles, bins), np.float32)
    offsets = np.repeat(np.arange(tiles[2]) * bins, np.diff(edges[2]))
    scale = bins / (limits[1] - limits[0])
    for k in range(tiles[0]):
        for j in range(tiles[1]):
            progress((k + j / tiles[1]) / tiles[0], "Counting")
            rows = slice(edges[1][j], edges[1][j + 1])
            most = max(1, BLOCK_VOXELS // ((rows.stop - rows.start) * values.shape[2]))
            for first in range(edges[0][k], edges[0][k + 1], most):
                planes = slice(first, min(first + most, edges[0][k + 1]))
                place = values[planes, rows] - values.dtype.type(limits[0])
                place *= values.dtype.type(scale)
                np.clip(place, 0, bins - 1, out=place)
                keys = place.astype(np.intp)
                keys += offsets
                inside = region[planes, rows]
                counted = np.bincount(keys.ravel() if inside.all() else keys[inside], minlength=tiles[2] * bins)
                counts[k, j] += counted.reshape(tiles[2], bins)
    return counts


def limited_slopes(counts: np.ndarray, gain_limit: float, progress: Progress = SILENT) -> np.ndarray:
    """Slopes, of mean 1, of the mappings that equalize these histograms (last axis), none above the limit.

    What is clipped of a histogram is spread evenly over its bins, so the level to clip at is the one that then gives
    the limit. Tiles that are nearly empty get the slopes of the nearest one that is not.
    """
    bins = counts.shape[-1]
    flat = counts.reshape(-1, bins)
    inside = flat.sum(axis=1)
    filled = inside >= max(LEAST_FILLED * float(inside.max()), 1)
    step = max(1, BLOCK_COUNTS // bins)
    for first in range(0, len(flat), step):
        progress(first / len(flat), "Limiting")
        part = flat[first : first + step]
        part *= (bins / np.maximum(inside[first : first + step], 1))[:, None]
        part[...] = _clipped(part, gain_limit)
    if not filled.all():
        tiles = counts.shape[:-1]
        nearest = ndimage.distance_transform_edt(~filled.reshape(tiles), return_distances=False, return_indices=True)
        return counts[tuple(nearest)]
    return counts


def _clipped(slopes: np.ndarray, limit: float) -> np.ndarray:
    """min(slopes, level) + excess / bins with the level for which the largest is the limit (rows of mean 1)."""
    bins = slopes.shape[1]
    if limit >= bins:
        return slopes
    level = np.full((len(slopes), 1), limit, slopes.dtype)
    # Newton's method on a convex function made of line pieces: it ends at the root after a few steps
    for _ in range(50):
        above = slopes > level
        count = above.sum(axis=1, keepdims=True)
        excess = np.where(above, slopes - level, 0).sum(axis=1, keepdims=True)
        step = (level + excess / bins - limit) / np.maximum(1 - count / bins, 1 / bins)
        level = np.maximum(level - step, 0)
        if not (step > 1e-6 * limit).any():
            break
    clipped = np.minimum(slopes, level)
    clipped += 1 - clipped.mean(axis=1, keepdims=True)
    return clipped


class TileMapping:
    """Mappings of an intensity range onto itself, one a tile, piecewise linear.

    edges: of the tiles per axis (z, y, x or y, x), in voxels of the whole image; limits: of the range;
    slopes: of shape (tiles per axis..., bins), of mean 1 over the bins.
    """

    def __init__(self, edges: Sequence[np.ndarray], limits: tuple[float, float], slopes: np.ndarray) -> None:
        if len(edges) == 2:
            edges, slopes = [tiles_along(1, 1), *edges], slopes[None]
        self._limits = limits
        self._centers = [(e[:-1] + e[1:] - 1) / 2 for e in edges]
        bins = slopes.shape[-1]
        self._tables: np.ndarray = np.zeros((*slopes.shape[:-1], bins + 1), np.float32)
        np.cumsum(slopes, axis=-1, out=self._tables[..., 1:])
        self._tables /= bins

    def applied(self, values: np.ndarray, first: tuple[int, ...], progress: Progress = SILENT) -> np.ndarray:
        """The mapped values of a part of the image whose first voxel is this one."""
        if values.ndim == 2:
            return self.applied(values[None], (0, *first), progress)[0]
        axes = self._loop_order(values.shape)
        positions = [_between(self._centers[a], first[a], values.shape[a]) for a in axes]
        tables = self._tables.transpose(*axes, 3)[tuple(slice(int(k[0]), int(k[-1]) + 2) for k, _ in positions)]
        positions = [(k - k[0], weight) for k, weight in positions]
        result = np.empty_like(values)
        given, made = values.transpose(axes), result.transpose(axes)
        for number in range(len(given)):
            progress(number / len(given), "Mapping")
            k, weight = positions[0][0][number], positions[0][1][number]
            table = tables[k] if weight == 0 else tables[k] + weight * (tables[k + 1] - tables[k])
            made[number] = self._plane(given[number], table, positions[1], positions[2])
        return result

    def _loop_order(self, shape: tuple[int, ...]) -> list[int]:
        """Few voxels along the axis that is looped over, few tiles along the last one, whose tables are all made."""
        axes = sorted(range(3), key=lambda axis: shape[axis])
        tiles = [len(self._centers[axis]) / shape[axis] for axis in axes]
        if tiles[2] > max(tiles[:2]):
            axes[0], axes[2] = axes[2], axes[0]
        return axes

    def _plane(
        self,
        values: np.ndarray,
        tables: np.ndarray,
        rows: tuple[np.ndarray, np.ndarray],
        columns: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """Mapped values of a plane from the mappings (tile rows, tile columns, bins + 1) interpolated to it."""
        low, width = self._limits[0], self._limits[1] - self._limits[0]
        points = tables.shape[-1]
        place = (values - low) * ((points - 1) / width)
        inside = np.clip(place, 0, points - 1)
        place -= inside
        bins = np.minimum(inside.astype(np.intp), points - 2)
        share = (inside - bins).astype(np.float32)
        # all columns' tables side by side; the last has no right neighbor, and then a weight of 0
        flat = tables.reshape(len(tables), -1)
        bins += columns[0] * points
        right = points if tables.shape[1] > 1 else 0
        mapped = np.empty(values.shape, np.float32)
        for k, start, stop in _runs(rows[0]):
            here = slice(start, stop)
            weights = rows[1][here]
            table = np.multiply.outer(weights, flat[min(k + 1, len(flat) - 1)] - flat[k])
            table += flat[k]
            index = bins[here] + (np.arange(stop - start) * flat.shape[1])[:, None]
            first = _looked_up(table, index, share[here])
            index += right
            mapped[here] = first + columns[1] * (_looked_up(table, index, share[here]) - first)
        place *= width / (points - 1)
        place += mapped * values.dtype.type(width)
        place += values.dtype.type(low)
        return place


def _looked_up(table: np.ndarray, index: np.ndarray, share: np.ndarray) -> np.ndarray:
    below = np.take(table, index, mode="clip")
    above = np.take(table, index + 1, mode="clip")
    above -= below
    above *= share
    above += below
    return above


def _between(centers: np.ndarray, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each voxel along an axis the tile whose center lies before it and the weight (float32) of the one after."""
    place = np.interp(np.arange(first, first + count), centers, np.arange(len(centers)))
    tile = np.minimum(place.astype(np.intp), max(len(centers) - 2, 0))
    return tile, (place - tile).astype(np.float32)


def _runs(tiles: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """(tile, start, stop) of the stretches of an ascending sequence that are alike."""
    starts = np.flatnonzero(np.diff(tiles, prepend=tiles[0] - 1))
    for start, stop in zip(starts, [*starts[1:], len(tiles)], strict=True):
        yield int(tiles[start]), int(start), int(stop)
