"""What a preview of a segmentation knows of its volume: what was read of it, learned and computed; no Qt."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.preview import Preview
from ..core.progress import Progress
from ..core.recipe import Recipe
from ..scene.label_preview import PreviewSegments, preview_segments
from ..scene.node_reader import NodeReader
from ..scene.segmentation_input import Given, SegmentationSource
from ..segmentation.naming import called_as, structures_of
from ..segmentation.outcome import segment
from ..segmentation.step_memory import StepMemory

# Steps that change no voxel of a label map: a preview of slabs can do without them.
NAMES_ONLY = ("segmentation.name_segments",)


@dataclass(frozen=True)
class Whole:
    """What the steps find in the whole volume. exact: see StepMemory; message: why it is empty."""

    segments: PreviewSegments
    seconds: float
    exact: bool
    message: str


class PreviewedVolume:
    """A volume that is previewed: what was read of it and of the other inputs, learned and computed."""

    def __init__(self, key: tuple) -> None:
        self.key = key
        self._reader = NodeReader()
        self._kept: dict[str, Any] = {}
        self._memory = StepMemory()
        self._region: tuple[Any, sitk.Image] | None = None
        self._preview: tuple[Any, Preview] | None = None
        # a computation given up may still run for a moment
        self._lock = threading.Lock()

    def part(
        self, source: SegmentationSource, recipe: Recipe, region: Any, corners: np.ndarray, progress: Progress
    ) -> tuple[PreviewSegments, float]:
        """Segments in the slab around a flat polygon, and the seconds they took."""
        operations = shown_steps(recipe)
        with _held(self._lock, progress):
            given = source.read(self._reader, progress.part(0, 0.1), self._kept)
            things = self._with_region(given, region, progress.part(0.1, 0.5))
            key = (region, source.key)
            if self._preview is None or self._preview[0] != key:
                companions = {name: thing for name, thing in things.items() if name != "mask"}
                self._preview = key, Preview(given.image, things.get("mask"), **companions)
            preview = self._preview[1]
            preview.prepare(operations, progress.part(0.5, 0.9))
            start = time.monotonic()
            labels = preview.part(operations, corners, progress=progress.part(0.9, 1))
            seconds = time.monotonic() - start
            return preview_segments(labels, structures_of(recipe), given.named), seconds

    def whole(self, source: SegmentationSource, recipe: Recipe, region: Any, progress: Progress) -> Whole:
        """All that the chain finds."""
        with _held(self._lock, progress):
            given = source.read(self._reader, progress.part(0, 0.1), self._kept)
            things = self._with_region(given, region, progress.part(0.1, 0.3 if region is not None else 0.1))
            start = time.monotonic()
            self._memory.begin()
            outcome = segment(recipe, None, progress.part(0.3, 1), self._memory, image=given.image, **things)
            shown = preview_segments(
                outcome.labels, outcome.structures, called_as(outcome.sources, given.named), in_3d=True
            )
            return Whole(shown, time.monotonic() - start, self._memory.exact, outcome.message)

    def look(
        self,
        source: SegmentationSource,
        recipe: Recipe,
        region: Any,
        planes: Mapping[str, np.ndarray],
        progress: Progress,
    ) -> dict[str, PreviewSegments]:
        """About what whole() will find in the slices that views show, soon; empty where that cannot be told before.

        Steps after the one that follows strokes, such as smoothing, are left out. planes: flat polygons (n, 3; LPS,
        mm) by view.
        """
        operations = shown_steps(recipe)
        while operations and not hasattr(operations[-1], "following"):
            operations = operations[:-1]
        with _held(self._lock, progress):
            given = source.read(self._reader, progress.part(0, 0.2), self._kept)
            things = self._with_region(given, region, progress) | {"image": given.image}
            found = self._memory.look(operations, things, list(planes.values()), progress.part(0.2, 1))
            return {
                view: preview_segments(labels, structures_of(recipe), given.named)
                for view, labels in zip(planes, found, strict=True)
                if labels is not None
            }

    def _with_region(self, given: Given, region: Any, progress: Progress) -> dict[str, Any]:
        """What the chain starts from; the region to search in is found once."""
        things = dict(given.things)
        if region is not None:
            if self._region is None or self._region[0] != region:
                self._region = region, region(given.image, progress=progress)
            things["mask"] = self._region[1]
        return things


def shown_steps(recipe: Recipe) -> tuple[Any, ...]:
    """The operations that change what is shown, in order."""
    return tuple(op for _number, op in recipe.enabled_steps if op.declaration.name not in NAMES_ONLY)


@contextmanager
def _held(lock: threading.Lock, progress: Progress) -> Iterator[None]:
    """A lock that is waited for as long as the user does not cancel."""
    while not lock.acquire(timeout=0.02):
        progress.check()
    try:
        yield
    finally:
        lock.release()
