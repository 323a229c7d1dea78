"""Fronts on large images, and on seeds that change.

On large images fronts run on a coarse grid first, and again on the fine one only near the borders of what they found.
When seeds change, they run again only where it makes a difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ...core.boxes import box_around, box_of, inside_of, within
from ...core.image_filter import Box
from ...core.progress import SILENT, Progress
from .blocks import block_box, block_factors, block_seeds, blocks_of, expanded, interpolated, voxel_box
from .front import front

# Voxels of a front that runs at once: about a second.
AT_ONCE = 200_000
# Where it is too little that fronts run again, they do so this far around (blocks), then twice as far, and so on.
FIRST_REACH = 2

# Cost, seeds, and cost at which fronts leave these (None for 0), in a box.
Ground = Callable[[Box], tuple[np.ndarray, np.ndarray, np.ndarray | None]]


def march(
    cost: np.ndarray,
    seeds: np.ndarray,
    spacing: tuple[float, ...],
    stop: float = np.inf,
    progress: Progress = SILENT,
    at_once: int = AT_ONCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Cost of the cheapest way from a seed (infinite where none leads), and the number of that seed (0 there).

    cost: per mm, positive, infinite where no way leads (float32 saves time); seeds: whole numbers, 0 for none; spacing:
    mm, in the order of the array's axes; stop: ways of a higher cost are not followed; at_once: more voxels go by
    way of a coarse grid.
    """
    return Fronts(cost, spacing, stop, at_once).run(seeds, progress)


@dataclass(frozen=True)
class _Blocks:
    """What coarse fronts found, by block. label: -1 where none came; near: where a border passes near by; seeds: one of
    each block; mixed: where seeds of several numbers lie in one."""

    time: np.ndarray
    label: np.ndarray
    near: np.ndarray
    seeds: np.ndarray
    mixed: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray, label: np.ndarray, seeds: np.ndarray, mixed: np.ndarray) -> "_Blocks":
        # -1 is a label too: nothing came there
        label = np.where(np.isfinite(time), label, -1)
        near = ndimage.maximum_filter(label, 3) != ndimage.minimum_filter(label, 3)
        near |= ndimage.binary_dilation(mixed, np.ones((3,) * label.ndim, bool))
        return cls(time, label, near, seeds, mixed)


@dataclass(frozen=True)
class _Reached:
    """What fronts found from the seeds that were given. blocks: None where there was no coarse grid."""

    given: np.ndarray
    time: np.ndarray
    label: np.ndarray
    blocks: _Blocks | None = None


class Fronts:
    """march() on one field of costs, from seeds that change.

    The arrays that it gives are its own: not to be changed, and other ones after the next seeds.
    """

    def __init__(
        self, cost: np.ndarray, spacing: tuple[float, ...], stop: float = np.inf, at_once: int = AT_ONCE
    ) -> None:
        self._outer = cost.shape
        shape = tuple(n for n in cost.shape if n > 1) or (1,)
        sides = tuple(s for s, n in zip(spacing, cost.shape, strict=True) if n > 1) or (1.0,)
        if len(shape) == 1:  # fast marching needs two axes
            shape, sides = (1, *shape), (1.0, *sides)
        self._cost, self._spacing, self._stop = cost.reshape(shape), sides, stop
        self._factors = block_factors(shape, sides, at_once)
        self._block_spacing = tuple(s * f for s, f in zip(sides, self._factors, strict=True))
        self._is_coarse = max(self._factors) > 1
        self._block_cost = _block_costs(self._cost, self._factors) if self._is_coarse else self._cost
        self._reached: _Reached | None = None

    def run(self, seeds: np.ndarray, progress: Progress = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """Time and label of each voxel, all computed anew. Raises Cancelled."""
        given = seeds.reshape(self._cost.shape)
        if not self._is_coarse:
            self._reached = _Reached(given, *front(self._cost, given, None, self._spacing, self._stop, progress))
            return self._result()
        first, second = progress.parts(1, 1)
        starts, mixed = block_seeds(given, self._factors)
        found = front(self._block_cost, starts, None, self._block_spacing, self._stop, first)
        blocks = _Blocks.of(*found, starts, mixed)
        whole = tuple(slice(0, n) for n in given.shape)
        found = front(*self._fine_ground(given, blocks)(whole), self._spacing, self._stop, second)
        self._reached = _Reached(given, *found, blocks)
        return self._result()

    def follow(self, seeds: np.ndarray, progress: Progress = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """The same result, computed only where seeds that changed since the last time make a difference."""
        before = self._reached
        if before is None:
            return self.run(seeds, progress)
        given = seeds.reshape(self._cost.shape)
        box = box_around(given != before.given)
        if box is None:
            return self._result()
        if before.blocks is None:

            def ground(part: Box) -> tuple[np.ndarray, np.ndarray, None]:
                return self._cost[part], given[part], None

            changed = given[box] != before.given[box]
            self._again(ground, before.time, before.label, box, changed, self._spacing, progress)
            self._reached = replace(before, given=given)
            return self._result()
        first, second = progress.parts(1, 1)
        blocks = self._blocks_again(before.blocks, given, block_box(box, self._factors), first)
        todo = _changed_blocks(before.blocks, blocks, block_box(box, self._factors))
        around = box_of(todo)
        fine = voxel_box(around, self._factors, given.shape)
        changed = expanded(todo, self._factors, fine)
        reach = FIRST_REACH * max(self._factors)
        self._again(
            self._fine_ground(given, blocks), before.time, before.label, fine, changed, self._spacing, second, reach
        )
        self._reached = replace(before, given=given, blocks=blocks)
        return self._result()

    def look(self, seeds: np.ndarray, parts: Sequence[Box], progress: Progress = SILENT) -> list[np.ndarray] | None:
        """Labels in boxes about as follow() would give them, soon: fine fronts run again in these alone, once.

        None where that saves nothing: before the first run, and without a coarse grid. Changes nothing. Raises
        Cancelled.
        """
        before = self._reached
        if before is None or before.blocks is None:
            return None
        given = seeds.reshape(self._cost.shape)
        box = box_around(given != before.given)
        if box is None:
            return [before.label.reshape(self._outer)[part] for part in parts]
        first, second = progress.parts(1, 1)
        changed = block_box(box, self._factors)
        blocks = self._blocks_again(before.blocks, given, changed, first)
        todo = _changed_blocks(before.blocks, blocks, changed)
        ground = self._fine_ground(given, blocks)
        return [self._look_in(part, before, ground, todo, second) for part in parts]

    def _look_in(self, part: Box, before: _Reached, ground: Ground, todo: np.ndarray, progress: Progress) -> np.ndarray:
        """See look(); todo: blocks whose ground changed."""
        thin = tuple(side for side, n in zip(part, self._outer, strict=True) if n > 1)
        layer = block_box(thin, self._factors)
        box = voxel_box(layer, self._factors, before.label.shape)
        label = before.label[box].copy()
        again = ndimage.maximum_filter(todo[layer], 2 * FIRST_REACH + 1)
        around = box_around(again)
        if around is not None:
            fine = voxel_box(within(layer, around), self._factors, before.label.shape)
            again = expanded(again[around], self._factors, tuple(slice(0, side.stop - side.start) for side in fine))
            found, _ = self._front_again(ground, before.time, before.label, fine, again, self._spacing, progress)
            np.copyto(label[inside_of(box, fine)], found[1], where=again)
        return label[inside_of(box, thin)].reshape([side.stop - side.start for side in part])

    def _blocks_again(self, before: _Blocks, given: np.ndarray, box: Box, progress: Progress) -> _Blocks:
        """The blocks after the seeds in a box of them changed."""
        seeds, mixed = before.seeds.copy(), before.mixed.copy()
        seeds[box], mixed[box] = block_seeds(given[voxel_box(box, self._factors, given.shape)], self._factors)

        def ground(part: Box) -> tuple[np.ndarray, np.ndarray, None]:
            return self._block_cost[part], seeds[part], None

        time, label = before.time.copy(), np.maximum(before.label, 0)
        changed = seeds[box] != before.seeds[box]
        self._again(ground, time, label, box, changed, self._block_spacing, progress)
        return _Blocks.of(time, label, seeds, mixed)

    def _fine_ground(self, given: np.ndarray, blocks: _Blocks) -> Ground:
        """Fronts run in blocks near borders, from the seeds and from all that the coarse fronts settled."""

        def ground(box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            cost, mine = self._cost[box], given[box]
            is_open = np.isfinite(cost)
            band = expanded(blocks.near, self._factors, box) & is_open
            label = expanded(np.maximum(blocks.label, 0), self._factors, box)
            settled = np.where(is_open & ~band, label, 0)
            seeds = np.where(mine > 0, mine, settled).astype(mine.dtype)
            starts = np.where((mine > 0) | (settled == 0), 0, interpolated(blocks.time, self._factors, box))
            return np.where(band, cost, np.float32(np.inf)), seeds, starts

        return ground

    def _again(
        self,
        ground: Ground,
        time: np.ndarray,
        label: np.ndarray,
        box: Box,
        todo: np.ndarray,
        spacing: tuple[float, ...],
        progress: Progress,
        reach: int = FIRST_REACH,
    ) -> None:
        """Bring time and label up to date, in place, or leave them as they are when it is cancelled.

        todo: in the box, where the ground changed; reach: voxels. What lies around is held fast; where that depends on
        what changed, fronts run again around there, and so on. Since a voxel depends only on neighbors that are reached
        sooner, there is one result that agrees with itself everywhere: that of all computed anew.
        """
        undo: list[tuple[Box, np.ndarray, np.ndarray]] = []
        try:
            while todo.any():
                progress.check()
                box, todo = _wider(box, todo, 1, time.shape)
                time_before, label_before = time[box].copy(), label[box].copy()
                found, cost = self._front_again(ground, time, label, box, todo, spacing, progress)
                undo.append((box, time_before, label_before))
                np.copyto(time[box], found[0], where=todo)
                np.copyto(label[box], found[1], where=todo)
                beside = ndimage.binary_dilation(~todo & np.isfinite(cost))
                changed = todo & beside & ((time[box] != time_before) | (label[box] != label_before))
                around = box_around(changed)
                if around is None:
                    return
                box, changed = _wider(within(box, around), changed[around], reach, time.shape)
                todo = ndimage.maximum_filter(changed, 2 * reach + 1)
                reach *= 2
        except BaseException:
            for place, time_before, label_before in reversed(undo):
                time[place], label[place] = time_before, label_before
            raise

    def _front_again(
        self,
        ground: Ground,
        time: np.ndarray,
        label: np.ndarray,
        box: Box,
        todo: np.ndarray,
        spacing: tuple[float, ...],
        progress: Progress,
    ) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Time and label in a box after fronts ran again where it is todo, what lies around held fast; and the cost."""
        cost, seeds, starts = ground(box)
        held = np.where(np.isfinite(time[box]), label[box], 0)
        found = front(
            np.where(todo, cost, np.float32(np.inf)),
            np.where(todo, seeds, held).astype(seeds.dtype),
            np.where(todo, 0 if starts is None else starts, np.where(held > 0, time[box], 0)),
            spacing,
            self._stop,
            progress,
        )
        return found, cost

    def _result(self) -> tuple[np.ndarray, np.ndarray]:
        assert self._reached is not None
        return self._reached.time.reshape(self._outer), self._reached.label.reshape(self._outer)


def _changed_blocks(before: _Blocks, after: _Blocks, seeds: Box) -> np.ndarray:
    """The blocks whose ground is another than before; seeds: where seeds changed."""
    changed = (before.time != after.time) | (before.label != after.label)
    # the cost at which fronts leave a block is interpolated between it and its neighbors
    changed = ndimage.binary_dilation(changed, np.ones((3,) * changed.ndim, bool)) | (before.near != after.near)
    changed[seeds] = True
    return changed


def _wider(box: Box, values: np.ndarray, by: int, shape: tuple[int, ...]) -> tuple[Box, np.ndarray]:
    """A box that is wider by so many voxels, as far as the shape goes, and the values in it, False around."""
    wide = tuple(slice(max(0, part.start - by), min(part.stop + by, n)) for part, n in zip(box, shape, strict=True))
    result = np.zeros([part.stop - part.start for part in wide], bool)
    result[inside_of(wide, box)] = values
    return wide, result


def _block_costs(cost: np.ndarray, factors: tuple[int, ...]) -> np.ndarray:
    """Mean cost of the passable voxels of each block; infinite where fewer than half are passable."""
    blocks = blocks_of(cost, factors, np.inf)
    open_voxels = np.isfinite(blocks)
    count = open_voxels.sum(axis=-1)
    total = np.sum(blocks, axis=-1, where=open_voxels)
    return np.where(2 * count >= blocks.shape[-1], total / np.maximum(count, 1), np.inf)
