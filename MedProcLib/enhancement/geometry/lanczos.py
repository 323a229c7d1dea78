"""Lanczos interpolation, axis by axis: a hundred times as fast as over whole neighborhoods, and constants stay so."""

import numpy as np
import SimpleITK as sitk
from scipy import sparse

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress

# lobes of the sinc on each side
LOBES = 3


def lanczos_reach(factor: float) -> int:
    """Voxels of the image on each side that a value depends on, voxels of the result being `factor` as large."""
    return int(np.ceil(LOBES * max(factor, 1.0))) + 1


def lanczos(image: sitk.Image, output: Geometry, widen: bool, progress: Progress = SILENT) -> sitk.Image:
    """The image at those voxels of the output grid that lie in it. Both grids have the same direction.

    widen: stretch the kernel to the voxels of the output where these are larger, against aliasing. Mirrored at the
    border; weights sum to 1. Source: Duchon, J Appl Meteorology 18(8), 1979.
    """
    grid = Geometry.of(image)
    start = grid.indices(np.array([output.origin]))[0]
    steps = np.array(output.spacing) / np.array(grid.spacing)
    values = sitk.GetArrayViewFromImage(image)
    first = [0] * grid.dimension
    # those that shrink most first: less is left for the others
    for axis in sorted(range(grid.dimension), key=lambda axis: -steps[axis]):
        progress.check()
        positions = start[axis] + steps[axis] * np.arange(output.size[axis])
        within = np.nonzero((positions > -0.5 - 1e-6) & (positions < grid.size[axis] - 0.5 + 1e-6))[0]
        first[axis] = int(within[0])
        weights = _weights(positions[within], grid.size[axis], max(steps[axis], 1.0) if widen else 1.0)
        values = _along(values, grid.dimension - 1 - axis, weights.astype(values.dtype))
    origin = tuple(float(x) for x in output.points(np.array([first]))[0])
    return Geometry(values.shape[::-1], output.spacing, origin, output.direction).image_of(values)


def _weights(positions: np.ndarray, length: int, stretch: float) -> sparse.csr_array:
    reach = int(np.ceil(LOBES * stretch))
    taps = np.floor(positions).astype(int)[:, np.newaxis] + np.arange(1 - reach, reach + 1)
    away = (taps - positions[:, np.newaxis]) / stretch
    weights = np.where(np.abs(away) < LOBES, np.sinc(away) * np.sinc(away / LOBES), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    taps = np.mod(taps, 2 * length)
    taps = np.where(taps < length, taps, 2 * length - 1 - taps)
    rows = np.broadcast_to(np.arange(len(positions))[:, np.newaxis], taps.shape)
    return sparse.csr_array((weights.ravel(), (rows.ravel(), taps.ravel())), shape=(len(positions), length))


def _along(values: np.ndarray, axis: int, weights: sparse.csr_array) -> np.ndarray:
    moved = np.moveaxis(values, axis, 0)
    made = weights @ np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
    return np.moveaxis(made.reshape(-1, *moved.shape[1:]), 0, axis)
