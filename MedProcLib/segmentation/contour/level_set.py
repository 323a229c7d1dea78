"""Move a contour: the zero level of a function that is kept a distance to it (negative inside), on a grid of cubes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.boxes import box_around
from ...core.progress import SILENT, Progress

# Distances (voxels) are kept right up to here and cut off beyond, for only the front moves.
BAND = 5.0
# After so many steps the function is made a distance again, by so many sweeps of half a voxel each.
EVERY, SWEEPS = 4, 5
# The contour rests when fewer than this share of the voxels along it change sides in SPAN steps.
REST, SPAN = 0.005, 16
# Share of the largest stable time step that is taken.
SAFETY = 0.8
# Curvature counts less while the object's radius is less than this many times the stiffness, so that none vanishes
# before it has grown.
GROWN = 3.0


@dataclass(frozen=True)
class Forces:
    """What moves the contour; arrays of its grid (z, y, x), speeds in voxels per unit of time.

    outward: speed along the outward normal, negative where the contour shall shrink;
    stiffness: speed per unit of curvature (1 / voxels), so that bumps go and dents fill;
    potential: its valleys draw the contour (it moves down the slope, as fast as that is steep); None for no pull.
    """

    outward: np.ndarray
    stiffness: np.ndarray | float
    potential: np.ndarray | None = None

    def cut(self, box: tuple[slice, ...]) -> "Forces":
        stiffness = self.stiffness if isinstance(self.stiffness, float) else self.stiffness[box]
        return Forces(self.outward[box], stiffness, None if self.potential is None else self.potential[box])


def evolved(distance: np.ndarray, forces: Forces, time: float, progress: Progress = SILENT) -> np.ndarray:
    """The distance function (voxels, negative inside) after the contour has come to rest, or after this time.

    Osher & Sethian, J. Comput. Phys. 79(1), 1988 (upwind differences); distances are restored without moving the
    contour as in Russo & Smereka, J. Comput. Phys. 163(1), 2000. Curvature times gradient is the Laplacian, as it is
    for a distance.
    """
    phi = np.clip(distance, -BAND, BAND).astype(np.float32)
    pull = _slopes(forces.potential) if forces.potential is not None else []
    step = _time_step(forces, pull, phi.ndim)
    stiffest = _stiffest(forces)
    bending: float = 1.0
    before = phi < 0
    iterations = math.ceil(time / step)
    for iteration in range(iterations):
        progress(iteration / iterations, "Moving the contour")
        box = _around_front(phi)
        if box is None:
            break
        if iteration % EVERY == 0:
            bending = min(1.0, _radius(phi) / (GROWN * stiffest))
        part = phi[box]
        _move(part, forces.cut(box), [p[box] for p in pull], step, bending)
        if iteration % EVERY == EVERY - 1:
            _restore(part)
        if iteration % SPAN == SPAN - 1:
            now = phi < 0
            front = max(1, int(np.count_nonzero(np.abs(phi) < 1)))
            if np.count_nonzero(now != before) <= REST * front:
                break
            before = now
    return phi


def _stiffest(forces: Forces) -> float:
    return max(float(np.asarray(forces.stiffness).max()), 1e-6)


def _time_step(forces: Forces, pull: list[np.ndarray], dimension: int) -> float:
    fastest = dimension**0.5 * float(np.abs(forces.outward).max())
    if pull:
        fastest += float(np.sum([np.abs(p) for p in pull], axis=0).max())
    return min(SAFETY / max(fastest, 1e-3), 0.4 / _stiffest(forces), 10.0)


def _move(phi: np.ndarray, forces: Forces, pull: list[np.ndarray], step: float, bending: float) -> None:
    """One step in time, in place. bending: share of the stiffness that counts."""
    sign = np.sign(forces.outward)
    squared = np.zeros_like(phi)
    change = np.zeros_like(phi)
    for axis, behind, ahead in _differences(phi):
        squared += np.maximum(np.maximum(sign * behind, -sign * ahead), 0) ** 2
        if pull:
            # the contour moves down the slope of the potential
            change += np.maximum(-pull[axis], 0) * behind + np.minimum(-pull[axis], 0) * ahead
    change += forces.outward * np.sqrt(squared)
    phi -= step * change
    # the mean of the principal curvatures, so that smoothness means the same in 2D; axis by axis, which is stable for
    # larger steps
    mean = bending * step / max(1, sum(n > 1 for n in phi.shape) - 1)
    for axis in range(phi.ndim):
        for _, behind, ahead in _differences(phi, [axis]):
            phi += mean * forces.stiffness * (ahead - behind)
    np.clip(phi, -BAND, BAND, out=phi)


def _restore(phi: np.ndarray) -> None:
    """Make the function a distance to its zero level again, in place; the zero level stays."""
    sign = np.where(phi < 0, np.float32(-1), np.float32(1))
    near = np.zeros(phi.shape, bool)
    slope = np.zeros_like(phi)
    for axis, behind, ahead in _differences(phi):
        slope += ((behind + ahead) / 2) ** 2
        lower, upper = _halves(phi.ndim, axis)
        crossed = sign[lower] != sign[upper]
        near[lower] |= crossed
        near[upper] |= crossed
    # a crest between two fronts has no slope; the distance to either is less than a voxel
    exact = np.clip(phi[near] / np.sqrt(np.maximum(slope[near], 0.05)), -1, 1)
    phi[near] = exact
    for _ in range(SWEEPS):
        squared = np.zeros_like(phi)
        for _, behind, ahead in _differences(phi):
            squared += np.maximum(np.maximum(sign * behind, -sign * ahead), 0) ** 2
        phi -= 0.5 * sign * (np.sqrt(squared) - 1)
        phi[near] = exact
        # a sweep moves no voxel across the contour
        np.copyto(phi, 0.5 * sign, where=(phi * sign <= 0) & ~near)
    np.clip(phi, -BAND, BAND, out=phi)


def _radius(phi: np.ndarray) -> float:
    """Radius in voxels of the ball (disk) of the object's size."""
    count = np.count_nonzero(phi < 0)
    axes = sum(n > 1 for n in phi.shape)
    return float((0.75 * count / np.pi) ** (1 / 3) if axes == 3 else (count / np.pi) ** 0.5)


def _slopes(potential: np.ndarray) -> list[np.ndarray]:
    """Derivatives along the axes, per voxel."""
    return [
        np.gradient(potential, axis=axis) if potential.shape[axis] > 1 else np.zeros_like(potential)
        for axis in range(potential.ndim)
    ]


def _differences(phi: np.ndarray, axes: Sequence[int] | None = None) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Axis, and along it the difference to the voxel behind and to the one ahead; 0 at the border."""
    for axis in axes if axes is not None else range(phi.ndim):
        if phi.shape[axis] == 1:
            continue
        lower, upper = _halves(phi.ndim, axis)
        between = phi[upper] - phi[lower]
        behind, ahead = np.zeros_like(phi), np.zeros_like(phi)
        behind[upper], ahead[lower] = between, between
        yield axis, behind, ahead


def _halves(dimension: int, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    every = [slice(None)] * dimension
    return (
        (*every[:axis], slice(None, -1), *every[axis + 1 :]),
        (*every[:axis], slice(1, None), *every[axis + 1 :]),
    )


def _around_front(phi: np.ndarray) -> tuple[slice, ...] | None:
    """The box that holds all that may move; None without a contour."""
    box = box_around(np.abs(phi) < BAND - 1)
    return None if box is None else tuple(slice(max(0, side.start - 3), side.stop + 3) for side in box)
