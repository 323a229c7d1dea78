"""Voxels of nodes for a worker thread: it makes the memory ready, the main thread only copies, and only what is new.

Most of the time of a copy goes into getting memory from the operating system, and a worker may do that.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.color import brightness, is_color
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.segment_snapshot import (
    SegmentSnapshot,
    chosen_ids,
    label_maps_of,
    snapshot_from,
    snapshot_of,
    voxels_of,
    with_label_maps,
)
from MedProcLib.scene.slice_preview import content_key
from MedProcLib.scene.volumes import geometry_of_volume, image_of_volume, is_copied_as_it_is

# Nodes that change all the time are copied in one go after so many tries.
MOST_TRIES = 5
Moment = TypeVar("Moment")


class NodeReader:
    """Keeps what it read, so that only what changed since is copied again. What it gives must not be changed.

    Of a color volume it gives the brightness. read(), image() and segments() run in any thread; progress.ask brings
    their actions into the main thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a worker that was given up may still end its step
        self._images: dict[Any, tuple[tuple, sitk.Image]] = {}  # by volume node
        self._voxels: dict[Any, dict[Any, tuple[int, np.ndarray]]] = {}  # by segmentation node, of its VTK label maps

    def read(
        self, segmentation, ids: Sequence[str], volumes: Sequence[Any], progress: Progress
    ) -> tuple[list[sitk.Image], SegmentSnapshot]:
        """Images of volume nodes, and segments on the grid of the first, all as they are at one moment.

        See image_of_volume and snapshot_of. What was read of other nodes is forgotten. Raises InputError, Cancelled.
        """
        with self._lock:
            self._forget_others((segmentation, *volumes))
            for _ in range(MOST_TRIES):
                for volume in volumes:
                    self._read_image(volume, progress)
                grid = Geometry.of(self._images[volumes[0]][1])
                snapshot = self._try(segmentation, ids, grid, volumes, progress)
                if snapshot is not None:
                    return [self._images[volume][1] for volume in volumes], snapshot
        return progress.ask(lambda: _read_at_once(segmentation, ids, volumes))

    def forget_others(self, nodes: Sequence[Any]) -> None:
        """Let go of what was read of other nodes than these, and of the nodes."""
        with self._lock:
            self._forget_others(nodes)

    def image(self, volume, progress: Progress = SILENT) -> sitk.Image:
        """Image of a volume node, the same one as long as nothing changed. Raises InputError, Cancelled."""
        with self._lock:
            self._read_image(volume, progress)
            return self._images[volume][1]

    def segments(
        self, segmentation, grid: Geometry, ids: Sequence[str] | None = None, progress: Progress = SILENT
    ) -> SegmentSnapshot:
        """Segments of a node, all by default, to be seen on a grid; see snapshot_of. Raises InputError, Cancelled."""
        with self._lock:
            for _ in range(MOST_TRIES):
                chosen = progress.ask(lambda: chosen_ids(segmentation, ids))
                snapshot = self._try(segmentation, chosen, grid, (), progress)
                if snapshot is not None:
                    return snapshot
        return progress.ask(lambda: snapshot_of(segmentation, grid, ids))

    def _forget_others(self, nodes: Sequence[Any]) -> None:
        self._images = {node: known for node, known in self._images.items() if node in nodes}
        self._voxels = {node: known for node, known in self._voxels.items() if node in nodes}

    def _try(
        self, segmentation, ids: Sequence[str], grid: Geometry, volumes: Sequence[Any], progress: Progress
    ) -> SegmentSnapshot | None:
        """The segments, with all voxels read; None when something changed meanwhile."""
        source = progress.ask(lambda: with_label_maps(segmentation, grid))
        self._read_label_maps(segmentation, lambda: label_maps_of(source, ids), progress)
        return progress.ask(lambda: self._snapshot(segmentation, source, grid, ids, volumes))

    def _read_image(self, volume, progress: Progress) -> None:
        key, known = progress.ask(lambda: content_key(volume)), self._images.pop(volume, None)
        if known is None or known[0] != key:
            if progress.ask(lambda: is_copied_as_it_is(volume)):
                voxels, (key, grid) = _copied(
                    lambda: voxels_of(volume.GetImageData()),
                    lambda: (content_key(volume), geometry_of_volume(volume)),
                    progress,
                )
                known = key, grid.image_of(voxels)
            else:
                known = progress.ask(lambda: (content_key(volume), _scalar(image_of_volume(volume))))
        self._images[volume] = known

    def _read_label_maps(self, segmentation, get_label_maps: Callable[[], dict], progress: Progress) -> None:
        every = progress.ask(lambda: [(data, data.GetMTime()) for data in get_label_maps()])
        known = self._voxels.get(segmentation, {})
        known = self._voxels[segmentation] = {data: known[data] for data, _time in every if data in known}
        for data, time in every:
            if data not in known or known[data][0] != time:
                known.pop(data, None)
                voxels, time = _copied(functools.partial(voxels_of, data), data.GetMTime, progress)
                known[data] = time, voxels

    def _snapshot(self, segmentation, source, grid: Geometry, ids, volumes) -> SegmentSnapshot | None:
        """The segments, if nothing changed since it was read."""
        if any(self._images[volume][0] != content_key(volume) for volume in volumes):
            return None
        known = self._voxels[segmentation]
        now = {data: data.GetMTime() for data in label_maps_of(source, ids)}
        if now != {data: time for data, (time, _voxels) in known.items()}:
            return None
        copies = {data: voxels for data, (_time, voxels) in known.items()}
        return snapshot_from(segmentation, source, grid, ids, copies)


def _scalar(image: sitk.Image) -> sitk.Image:
    """The image, or the brightness of a color one: photographs and pictures of a microscope are volumes of colors."""
    return brightness(image) if is_color(image) else image


def _copied(
    get_voxels: Callable[[], np.ndarray], mark: Callable[[], Moment], progress: Progress
) -> tuple[np.ndarray, Moment]:
    """A copy of voxels, and what mark() gave at the moment it was made."""
    while True:
        shape, dtype = progress.ask(lambda: (get_voxels().shape, get_voxels().dtype))
        room = np.empty(shape, dtype)
        room.fill(0)  # only what is touched is there

        def copy(room: np.ndarray = room) -> Moment | None:
            voxels = get_voxels()
            if voxels.shape != room.shape or voxels.dtype != room.dtype:
                return None
            np.copyto(room, voxels)
            return mark()

        moment = progress.ask(copy)
        if moment is not None:
            return room, moment


def _read_at_once(segmentation, ids, volumes) -> tuple[list[sitk.Image], SegmentSnapshot]:
    images = [_scalar(image_of_volume(volume)) for volume in volumes]
    return images, snapshot_of(segmentation, Geometry.of(images[0]), ids)
