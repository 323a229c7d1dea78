"""A wave that runs through a region of tubes, and stops where its fronts widen as they do in no tree: at leaks."""

import itertools
from dataclasses import dataclass

import numpy as np

from ...core.boxes import box_around, grown
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ..common.connectivity import connected_components
from ..region.marching import march

# A front is as thick as this many of the longest voxel sides.
THICKNESS = 1.5
# Fronts are taken as no thinner than this, in mean voxel sides of radius: there they widen by rounding alone.
LEAST_RADIUS = 1.5
# How far ahead of a front its offspring is watched, in its radii and in mm at least.
AHEAD_MM = 12.0
# More leaks than this are cut at once each.
ROUNDS = 200
EVERYTHING = 10**9
# The wave runs so much farther at a time.
STAGE_MM, STAGE_SHARE = 30.0, 1.2
# So many are run through without stages.
FEW_VOXELS = 300_000


@dataclass(frozen=True)
class Leak:
    """Where the wave was stopped: position (LPS mm), radius of the last front (mm), way from the start (mm), and by how
    much the fronts would have widened after it."""

    position: tuple[float, ...]
    radius_mm: float
    distance_mm: float
    widening: float


def grown_without_leaks(
    allowed: np.ndarray,
    start: np.ndarray,
    grid: Geometry,
    radius_mm: float,
    most_widening: float,
    progress: Progress = SILENT,
) -> tuple[np.ndarray, np.ndarray, list[Leak]]:
    """What the wave from the start reaches of the allowed (bool) until a leak, what lies behind leaks, and the leaks.

    radius_mm: of the tube where it starts; most_widening: how many times as large as a front's cross-section those of
    its offspring may be all together, shortly after it. A tree of tubes keeps about its sum from one generation to the
    next; what runs out into tissue grows with the square of the way. The wave is cut at the narrowest place before.
    Source: Schlathoelter et al., Simultaneous segmentation and tree reconstruction of the airways for virtual
    bronchoscopy, SPIE Medical Imaging 4684, 2002 (fronts by fast marching, checked one by one).
    """
    sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1] or [1.0]
    step = THICKNESS * max(sides)
    tree, behind = np.zeros(allowed.shape, bool), np.zeros(allowed.shape, bool)
    leaks: list[Leak] = []
    around = box_around(start)
    if around is None:
        return tree, behind, leaks
    reach, way = 0.0, 6 * radius_mm
    at_once = np.count_nonzero(allowed) < FEW_VOXELS
    while reach < way:
        # in stages, so that the wave does not fill a lung before it is found to have leaked
        reach = float(sum(grid.extent)) if at_once else max(way + STAGE_MM, STAGE_SHARE * way)
        progress(len(leaks) / (len(leaks) + 10), "Following the tubes")
        box = grown(around, grid, reach, 2)
        part = grid_of_box(grid, box)
        fronts = _Fronts(allowed[box] & ~behind[box], start[box], part, step, reach, radius_mm)
        cuts = fronts.cut_leaks(most_widening, progress)
        leaks += [fronts.leak(*cut) for cut in cuts]
        removed = fronts.removed[fronts.number]
        behind[box] |= removed
        way = float(fronts.way.max(where=(fronts.number > 0) & ~removed, initial=0)) + step
    tree[box] = (fronts.number > 0) & ~removed
    return tree, behind, leaks


class _Fronts:
    """Connected pieces of the shells of equal way, each with the one that it came from."""

    def __init__(
        self, allowed: np.ndarray, start: np.ndarray, grid: Geometry, step: float, reach: float, radius_mm: float
    ) -> None:
        self.grid = grid
        cost = np.where(allowed | start, np.float32(1), np.float32(np.inf))
        seeds, spacing = start.astype(np.int32), tuple(reversed(grid.spacing))
        self.way, _ = march(cost, seeds, spacing, reach, at_once=EVERYTHING)
        reached = np.isfinite(self.way)
        shell = np.zeros(self.way.shape, np.int32)
        shell[reached] = 1 + np.ceil(self.way[reached] / step).astype(np.int32)
        self.number, counts = connected_components(grid.image_of(shell), "face")
        self.shell = np.zeros(counts.size, np.int32)
        self.shell[self.number.ravel()] = shell.ravel()
        self.flat = grid.dimension == 2 or 1 in grid.size
        sides = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1] or [1.0]
        # mm2 in 3D, mm in 2D
        self.area = float(np.prod(sides)) * counts / step
        self.parent = _parents(self.number, self.shell)
        self.removed = np.zeros(counts.size, bool)
        self.order = np.argsort(self.shell, kind="stable")
        side = float(np.prod(sides)) ** (1 / len(sides))
        self.reference = np.maximum(self._smoothed_area(), self._area_of(LEAST_RADIUS * side))
        # there the wave fills the cross-section, whatever the shape of the start
        self.near = (self.shell - 1) * step <= 2 * radius_mm
        self.ahead = max(3, int(np.ceil(AHEAD_MM / step)))
        bounds = np.searchsorted(self.shell[self.order], np.arange(2, self.shell.max() + 2))
        self.layers = [self.order[a:b] for a, b in itertools.pairwise(bounds)]

    def _area_of(self, radius: float) -> float:
        return 2 * radius if self.flat else float(np.pi * radius**2)

    def _radius_of(self, area: float) -> float:
        return area / 2 if self.flat else float(np.sqrt(area / np.pi))

    def _smoothed_area(self) -> np.ndarray:
        """Mean area of a front and the two that it came from."""
        first = self.parent
        second = first[first]
        parts = [self.area, np.where(first > 0, self.area[first], self.area)]
        parts.append(np.where(second > 0, self.area[second], parts[1]))
        return np.mean(parts, axis=0)

    def cut_leaks(self, most_widening: float, progress: Progress) -> list[tuple[int, float]]:
        """Remove what lies behind leaks; returns the front at each leak and the widening after it."""
        cuts: list[tuple[int, float]] = []
        for _ in range(ROUNDS):
            progress.check()
            offspring = self._offspring()
            widening = np.where(self.removed, 0, offspring.max(axis=1) / np.maximum(self.reference, 1e-9))
            widening[self.near] = 0
            leaky = widening > most_widening
            first = leaky & ~self._behind(leaky)
            if not first.any():
                break
            heaviest = self._heaviest_child(offspring.sum(axis=1))
            for front in np.flatnonzero(first):
                narrowest = self._narrowest(int(front), heaviest)
                cuts.append((narrowest, float(widening[front])))
                self.removed[narrowest] = True
            self.removed |= self._behind(self.removed)
        return cuts

    def _offspring(self) -> np.ndarray:
        """Of each front the area of itself and of all its offspring one, two, ... shells on."""
        total = np.zeros((self.shell.size, self.ahead + 1))
        total[:, 0] = np.where(self.removed, 0, self.area)
        for layer in reversed(self.layers):
            np.add.at(total[:, 1:], self.parent[layer], total[layer, :-1])
        return total

    def _behind(self, marked: np.ndarray) -> np.ndarray:
        """Which fronts have one of the marked before them."""
        behind = np.zeros(marked.size, bool)
        for layer in self.layers:
            before = self.parent[layer]
            behind[layer] = (marked[before] | behind[before]) & (before > 0)
        return behind

    def _heaviest_child(self, weight: np.ndarray) -> np.ndarray:
        heaviest = np.zeros(weight.size, np.intp)
        order = np.argsort(weight, kind="stable")
        # the last assignment wins, which is that of the heaviest
        heaviest[self.parent[order]] = order
        return heaviest

    def _narrowest(self, front: int, heaviest: np.ndarray) -> int:
        """The narrowest front from this one on, along the way where most goes, before it widens."""
        best = here = front
        for _ in range(self.ahead):
            here = int(heaviest[here])
            if not here or self.removed[here] or self.area[here] > 2 * self.reference[front]:
                break
            if self.area[here] <= self.area[best]:
                best = here
        return best

    def leak(self, front: int, widening: float) -> Leak:
        where = np.argwhere(self.number == front)
        middle = self.grid.points(where.mean(axis=0)[np.newaxis, ::-1])[0]
        before = int(self.parent[front]) or front
        distance = float(self.way[tuple(where.T)].mean())
        return Leak(tuple(float(x) for x in middle), self._radius_of(float(self.area[before])), distance, widening)


def _parents(number: np.ndarray, shell: np.ndarray) -> np.ndarray:
    """Of each front the one of the shell before it with which it shares most faces; 0 for none."""
    pairs = []
    for axis in range(number.ndim):
        ahead, behind = (np.moveaxis(number, axis, 0)[part].ravel() for part in (slice(1, None), slice(None, -1)))
        touching = (ahead > 0) & (behind > 0)
        ahead, behind = ahead[touching].astype(np.int64), behind[touching].astype(np.int64)
        for child, parent in ((ahead, behind), (behind, ahead)):
            came = shell[child] == shell[parent] + 1
            pairs.append(child[came] * shell.size + parent[came])
    unique, counts = np.unique(np.concatenate(pairs), return_counts=True)
    child, parent = np.divmod(unique, shell.size)
    result = np.zeros(shell.size, np.intp)
    order = np.argsort(counts, kind="stable")
    result[child[order]] = parent[order]
    return result
