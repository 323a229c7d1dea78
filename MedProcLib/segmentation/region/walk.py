"""Probability that a random walk from each voxel first meets a seed of one kind: a boundary value problem.

Solved by conjugate gradients, preconditioned by a multigrid cycle whose coarser grids join two voxels each along the
axes that are the finest.
"""

from dataclasses import dataclass

import numpy as np

from ...core.progress import SILENT, Progress

# Residual against the right side, at which a solution is taken: probabilities are then right to about a thousandth.
TOLERANCE = 1e-4
MOST_ITERATIONS = 300
# The coarsest grid has fewer voxels than this, and gets so many passes.
COARSEST, COARSEST_PASSES = 100, 30
DAMPING, PASSES = 0.75, 2


@dataclass(frozen=True)
class _Grid:
    """The equations on one grid: links of neighbors along each axis (shorter by one there), and links to seeds."""

    links: list[np.ndarray]
    to_seeds: np.ndarray
    diagonal: np.ndarray
    joined: tuple[int, ...]  # how many voxels of the finer grid each of the next coarser one joins, per axis

    def applied(self, u: np.ndarray) -> np.ndarray:
        result = self.to_seeds * u
        for axis, link in enumerate(self.links):
            if u.shape[axis] == 1:
                continue
            flow = np.diff(u, axis=axis)
            flow *= link
            result[_cut(axis, None, -1)] -= flow
            result[_cut(axis, 1, None)] += flow
        return result


def walk(
    links: list[np.ndarray],
    spacing: tuple[float, ...],
    seeds: np.ndarray,
    number: int,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Probability (float32) that a walk first meets a seed of this number; 1 and 0 on the seeds themselves.

    links: for each axis how likely the step between neighbors is (shape shorter by one along it), 0 where there is
    none; spacing: mm per axis; seeds: whole numbers, 0 for none. 0 where no walk meets a seed.
    """
    fixed = seeds > 0
    value = (seeds == number).astype(np.float32)
    free = ~fixed
    inner, to_seeds, right = [], np.zeros(seeds.shape, np.float32), np.zeros(seeds.shape, np.float32)
    for axis, link in enumerate(links):
        low, high = _cut(axis, None, -1), _cut(axis, 1, None)
        for here, beside in ((low, high), (high, low)):
            outward = link * (free[here] & fixed[beside])
            to_seeds[here] += outward
            right[here] += outward * value[beside]
        inner.append(link * (free[low] & free[high]))
    grids = _grids(inner, to_seeds, spacing)
    return np.where(fixed, value, np.clip(_solved(grids, right, progress), 0, 1))


def _grids(links: list[np.ndarray], to_seeds: np.ndarray, spacing: tuple[float, ...]) -> list[_Grid]:
    grids = []
    sides = list(spacing)
    while True:
        diagonal = to_seeds.copy()
        for axis, link in enumerate(links):
            diagonal[_cut(axis, None, -1)] += link
            diagonal[_cut(axis, 1, None)] += link
        diagonal[diagonal <= 0] = 1
        shape = to_seeds.shape
        wide = [axis for axis, n in enumerate(shape) if n > 1]
        joined = [1] * len(shape)
        if to_seeds.size > COARSEST and wide:
            finest = min(sides[axis] for axis in wide)
            for axis in wide:
                joined[axis] = 2 if sides[axis] < 1.5 * finest else 1
        grids.append(_Grid(links, to_seeds, diagonal, tuple(joined)))
        if max(joined) == 1:
            return grids
        links = [_joined_links(link, axis, joined) for axis, link in enumerate(links)]
        to_seeds = _sums(to_seeds, joined)
        sides = [side * k for side, k in zip(sides, joined, strict=True)]


def _joined_links(link: np.ndarray, axis: int, joined: list[int]) -> np.ndarray:
    """Links between joined voxels: summed over the face they share; half as strong where the way is twice as long."""
    across = [1 if other == axis else k for other, k in enumerate(joined)]
    if joined[axis] == 2:
        link = 0.5 * link[_cut(axis, 1, None)][(slice(None),) * axis + (slice(None, None, 2),)]
    return _sums(link, across)


def _sums(values: np.ndarray, joined: list[int]) -> np.ndarray:
    for axis, k in enumerate(joined):
        if k == 2:
            values = np.add.reduceat(values, np.arange(0, values.shape[axis], 2), axis)
    return values


def _spread(values: np.ndarray, joined: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    for axis, k in enumerate(joined):
        if k == 2:
            values = np.repeat(values, 2, axis)
    return values[tuple(slice(0, n) for n in shape)]


def _cycle(grids: list[_Grid], residual: np.ndarray, level: int = 0) -> np.ndarray:
    """An approximate solution for this right side."""
    grid = grids[level]
    passes = COARSEST_PASSES if level == len(grids) - 1 else PASSES
    step = DAMPING / grid.diagonal
    u = step * residual
    for _ in range(passes - 1):
        u += step * (residual - grid.applied(u))
    if level < len(grids) - 1:
        rest = _sums(residual - grid.applied(u), list(grid.joined))
        u += _spread(_cycle(grids, rest, level + 1), grid.joined, u.shape)
        for _ in range(passes):
            u += step * (residual - grid.applied(u))
    return u


def _solved(grids: list[_Grid], right: np.ndarray, progress: Progress) -> np.ndarray:
    """Preconditioned conjugate gradients on the finest grid."""
    solution = np.zeros_like(right)
    residual, size = right.copy(), float(np.linalg.norm(right))
    if size == 0:
        return solution
    better = _cycle(grids, residual)
    direction, product = better.copy(), float(np.vdot(residual, better))
    for iteration in range(MOST_ITERATIONS):
        image = grids[0].applied(direction)
        length = product / float(np.vdot(direction, image))
        solution += length * direction
        residual -= length * image
        left = float(np.linalg.norm(residual)) / size
        progress(
            min(0.99, max(iteration / MOST_ITERATIONS, np.log(max(left, TOLERANCE)) / np.log(TOLERANCE))), "Walking"
        )
        if left < TOLERANCE:
            break
        better = _cycle(grids, residual)
        update = float(np.vdot(residual, better))
        direction = better + (update / product) * direction
        product = update
    return solution


def _cut(axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, stop),)
