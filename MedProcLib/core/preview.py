"""A part of what a chain of operations would give, computed from the part of the image that it needs.

What an operation learns of the whole image is learned once, so that the preview agrees with the result to rounding.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .geometry import Geometry, resample
from .image_filter import Box, ImageFilter, filtered, learned_of
from .operation import check_inputs
from .plane import box_of_polygon
from .progress import SILENT, Progress
from .recipe import run_operation
from .regrid import Regrid, checked_output_grid, regridded, source_box

# Whole images kept from one preview to the next: what comes before the step that the user works on, and its neighbors.
KEPT_IMAGES = 3
# What operations learned is small, but for histograms of tiles and coarse fields.
MOST_LEARNED = 30
# any grid: whether an operation is local does not depend on it
UNIT_GRID = Geometry((8, 8, 8), (1.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1, 0, 0, 0, 1))


@dataclass(frozen=True)
class _Known:
    """A step that can be applied to a part: its operation, what it learned, and the grids before and after it."""

    operation: Any
    learned: Any
    before: Geometry
    after: Geometry


class Preview:
    """Previews of chains on one image; keeps between them what does not change. For one thread at a time.

    image, mask and companions (a reference, say) are what the chain starts from; they are not modified.
    """

    def __init__(self, image: sitk.Image, mask: sitk.Image | None = None, **companions: Any) -> None:
        self._start = (image, mask)
        self._companions = companions
        self._images: OrderedDict[tuple, tuple[sitk.Image, sitk.Image | None]] = OrderedDict()
        self._learned: OrderedDict[tuple, Any] = OrderedDict()
        self._last_learned: dict[tuple[int, Any], Any] = {}

    def is_ready(self, operations: Sequence[Any], approximate: bool = False) -> bool:
        """Whether a part of this chain needs no computation on the whole image (see part)."""
        operations = tuple(operations)
        prefixes = [operations[:number] for number in range(1, len(operations) + 1)]
        return all(
            p in self._images or (is_local(p[-1]) and self._recall(p, approximate) is not None) for p in prefixes
        )

    def prepare(self, operations: Sequence[Any], progress: Progress = SILENT) -> Geometry:
        """Compute what is needed of the whole image; returns the grid of the result. Raises InputError, Cancelled."""
        steps = self._known(tuple(operations), False, progress)
        return steps[-1].after if steps else Geometry.of(self._start[0])

    def part(
        self, operations: Sequence[Any], corners: np.ndarray, approximate: bool = False, progress: Progress = SILENT
    ) -> sitk.Image:
        """The chain's result in the smallest box of its voxels around a flat polygon (n, dimension; LPS, mm).

        Steps that learn from the whole image, or are global by nature, first compute the steps before them on the
        whole image, if that was not done already. approximate: a step may use what it learned when earlier steps had
        other parameters. Raises InputError (also when the polygon is not in the image), Cancelled.
        """
        operations = tuple(operations)
        steps = self._known(operations, approximate, progress)
        grid = steps[-1].after if steps else Geometry.of(self._start[0])
        boxes = [box_of_polygon(grid, corners)]
        number = len(steps)
        while number > 0 and operations[:number] not in self._images and is_local(operations[number - 1]):
            boxes.insert(0, _box_before(steps[number - 1], boxes[0]))
            number -= 1
        image, mask = self._whole(operations[:number])
        image, mask = _cut(image, boxes[0]), None if mask is None else _cut(mask, boxes[0])
        for step, before, after in zip(steps[number:], boxes, boxes[1:], strict=False):
            progress.check()
            image, mask = _applied(step, image, mask, before, after)
        return image

    def _known(self, operations: tuple, approximate: bool, progress: Progress) -> list[_Known]:
        steps: list[_Known] = []
        grid = Geometry.of(self._start[0])
        shares = progress.parts(*[1.0] * len(operations))
        for number, (operation, share) in enumerate(zip(operations, shares, strict=True), 1):
            prefix = operations[:number]
            learned, after = None, grid
            if prefix in self._images or not is_local(operation):
                after = Geometry.of(self._whole(prefix, share)[0])
            else:
                learned = self._learn(prefix, approximate, share)
                if isinstance(operation, Regrid):
                    after = checked_output_grid(operation, grid, learned)
            steps.append(_Known(operation, learned, grid, after))
            grid = after
        return steps

    def _recall(self, prefix: tuple, approximate: bool) -> Any:
        """What the last step of the prefix learned, boxed; None when it did not yet."""
        if not prefix[-1].learns:
            return (None,)
        key = _what_learns(prefix[-1])
        if (prefix[:-1], key) in self._learned:
            return (self._learned[prefix[:-1], key],)
        if approximate and (len(prefix), key) in self._last_learned:
            return (self._last_learned[len(prefix), key],)
        return None

    def _learn(self, prefix: tuple, approximate: bool, progress: Progress) -> Any:
        operation = prefix[-1]
        known = self._recall(prefix, approximate)
        if known is not None:
            return known[0]
        image, mask = self._whole(prefix[:-1], progress.part(0, 0.5))
        declaration = operation.declaration
        others = {k: v for k, v in self._companions.items() if k in declaration.inputs + declaration.optional_inputs}
        check_inputs(declaration, {"image": image, "mask": mask} | others)
        if isinstance(operation, Regrid):
            learned = operation.learn(image, mask, progress.part(0.5, 1))
        else:
            learned = learned_of(operation, image, mask, progress.part(0.5, 1), **others)
        key = _what_learns(operation)
        self._learned[prefix[:-1], key] = self._last_learned[len(prefix), key] = learned
        while len(self._learned) > MOST_LEARNED:
            self._learned.popitem(last=False)
        while len(self._last_learned) > MOST_LEARNED:
            self._last_learned.pop(next(iter(self._last_learned)))
        return learned

    def _whole(self, prefix: tuple, progress: Progress = SILENT) -> tuple[sitk.Image, sitk.Image | None]:
        """Image and mask after these steps, computed from the longest beginning that is kept."""
        if not prefix:
            return self._start
        if prefix in self._images:
            self._images.move_to_end(prefix)
            return self._images[prefix]
        image, mask = self._whole(prefix[:-1], progress.part(0, 0.5))
        things = self._companions | {"image": image, "mask": mask}
        made = run_operation(prefix[-1], things, progress.part(0.5, 1))
        if "image" not in made:
            raise InputError(f"{prefix[-1].declaration.title} gives no image, so there is nothing to preview.")
        self._images[prefix] = (made["image"], made.get("mask", mask))
        while len(self._images) > KEPT_IMAGES:
            self._images.popitem(last=False)
        return self._images[prefix]


def _what_learns(operation: Any) -> tuple:
    """Equal for operations that learn the same from the same image."""
    names = getattr(operation, "learns_from", None)
    if names is None:
        return (operation,)
    return (type(operation), *(getattr(operation, name) for name in names))


def is_local(operation: Any) -> bool:
    """Whether a part of the operation's result can be computed from a part of the image; otherwise it is global."""
    if isinstance(operation, Regrid):
        return True
    return isinstance(operation, ImageFilter) and operation.margin(UNIT_GRID) is not None


def _box_before(step: _Known, box: Box) -> Box:
    if isinstance(step.operation, Regrid):
        return source_box(step.operation, step.before, step.learned, box)
    margins = step.operation.margin(step.before)
    sizes = reversed(step.before.size)
    return tuple(slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margins, sizes, strict=True))


def _applied(
    step: _Known, image: sitk.Image, mask: sitk.Image | None, before: Box, after: Box
) -> tuple[sitk.Image, sitk.Image | None]:
    """Image and mask in the box `after` of the step's result, from those in the box `before` of its input."""
    if isinstance(step.operation, Regrid):
        made = regridded(step.operation, image, step.learned, part_of=step.before, box=after)
        if mask is not None:
            transform = step.operation.to_input(step.before, step.learned)
            mask = resample(mask, Geometry.of(made), transform, sitk.sitkNearestNeighbor)
        return made, mask
    inner = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(after, before, strict=True))
    made = filtered(step.operation, image, mask, step.learned, inner, of=(step.before, before))
    return made, None if mask is None else _cut(mask, inner)


def _cut(image: sitk.Image, box: Box) -> sitk.Image:
    return image[tuple(reversed(box))]
