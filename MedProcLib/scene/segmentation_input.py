"""What a segmentation starts from, in the scene, read in any thread: the image, mask, seeds, segments, other images.

source = segmentation_source(volume, ...)        # main thread
given = source.read(reader, progress)            # any thread; progress.ask brings the copying to the main thread
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.structure import is_name
from MedProcLib.scene.decisions import titled
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.region_input import region_source
from MedProcLib.scene.seeds import BY_LIST, content_key_of_seeds, seeds_of_nodes
from MedProcLib.scene.segment_snapshot import SegmentSnapshot, SegmentsOverlap
from MedProcLib.scene.segmentations import SegmentInfo, require_segmentation
from MedProcLib.scene.slice_preview import content_key
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.segmentation.combining.same_names import common_values

Named = dict[int, SegmentInfo]


@dataclass(frozen=True)
class Given:
    """Copies for any thread. things: mask, seeds, labels, ... by name; named: what objects of seeds, segments that it
    starts from and those of raters are called."""

    image: sitk.Image
    things: Mapping[str, Any]
    named: Named


@dataclass(frozen=True)
class _Part:
    """One thing. key: equal as long as it is the same; read: gives it, and the names of its objects."""

    key: tuple
    read: Callable[[Geometry, NodeReader, Progress], tuple[Any, Named]]


@dataclass(frozen=True)
class SegmentationSource:
    """The nodes that a segmentation starts from. parts: by name of the thing; nodes: those that they are read of;
    rater_names: of the nodes to combine."""

    volume: Any
    parts: Mapping[str, _Part]
    nodes: tuple[Any, ...] = ()
    rater_names: tuple[str, ...] = ()

    @property
    def key(self) -> tuple:
        """Equal as long as all of it, but for the volume, is the same."""
        return tuple((name, part.key) for name, part in self.parts.items())

    def read(
        self, reader: NodeReader | None = None, progress: Progress = SILENT, kept: dict[str, Any] | None = None
    ) -> Given:
        """Copy the voxels, in any thread. kept: what was read before, by name, which is given again where it is the
        same; of other nodes nothing is kept, in the reader neither. Raises InputError, Cancelled."""
        reader, kept = reader or NodeReader(), {} if kept is None else kept
        reader.forget_others((self.volume, *self.nodes))
        progress(0.0, "Reading the volume")
        image = reader.image(self.volume, progress)
        grid = Geometry.of(image)
        for name in list(kept):
            if name not in self.parts:
                del kept[name]
        for name, part in self.parts.items():
            if name not in kept or kept[name][0] != (part.key, grid):
                kept.pop(name, None)
                kept[name] = (part.key, grid), *part.read(grid, reader, progress)
        things = {name: kept[name][1] for name in self.parts}
        named: Named = {}
        for name in ("labels", "raters", "seeds"):  # what seeds mark is called so, whatever it started from
            named = (kept[name][2] if name in self.parts else {}) or named
        return Given(image, things, named)


def segmentation_source(
    volume: Any,
    mask: Any = None,
    mask_segment: str = "",
    seeds: Sequence = (),
    objects: str = BY_LIST,
    start: Any = None,
    reference: Any = None,
    raters: Sequence = (),
    second: Any = None,
) -> SegmentationSource:
    """Look whether the nodes can be read (main thread); copies no voxel. See MedProcSegmentationLogic.process.

    Raises InputError.
    """
    geometry_of_volume(volume)
    where = f"'{volume.GetName()}'"
    parts: dict[str, _Part] = {}
    region = region_source(mask, mask_segment)
    if region is not None:
        parts["mask"] = _Part(
            (region,), lambda grid, reader, progress: (region.mask(grid, reader, progress, where), {})
        )
    if start is not None:
        require_segmentation(start)
        parts["labels"] = _Part(
            content_key_of_seeds([start]), lambda grid, reader, progress: _labels(start, grid, reader, progress, where)
        )
    if seeds:
        chosen = tuple(seeds)
        parts["seeds"] = _Part(
            (objects, content_key_of_seeds(chosen)),
            lambda grid, reader, progress: seeds_of_nodes(chosen, grid, objects, reader, progress),
        )
    for name, other in (("reference", reference), ("second", second)):
        if other is not None:
            parts[name] = _whole_image(other)
    if raters:
        every = tuple(raters)
        for node in every:
            require_segmentation(node)
        parts["raters"] = _Part(
            content_key_of_seeds(every), lambda grid, reader, progress: _raters(every, grid, reader, progress, where)
        )
    nodes = tuple(node for node in (mask, *seeds, start, reference, second, *raters) if node is not None)
    return SegmentationSource(volume, parts, nodes, tuple(node.GetName() for node in raters))


def _whole_image(volume: Any) -> _Part:
    return _Part(content_key(volume), lambda grid, reader, progress: (reader.image(volume, progress), {}))


def _labels(node: Any, grid: Geometry, reader: NodeReader, progress: Progress, where: str) -> tuple[sitk.Image, Named]:
    snapshot = reader.segments(node, grid, None, progress)
    found = _as_one(snapshot, node, progress)
    if not sitk.GetArrayViewFromImage(found).any():
        raise InputError(f"'{node.GetName()}' has no voxel in {where}: it is empty, or lies somewhere else.")
    return found, dict(snapshot.segments)


def _as_one(snapshot: SegmentSnapshot, node: Any, progress: Progress) -> sitk.Image:
    """One label map of all segments; where they overlap the later one wins, which is noted."""
    try:
        return snapshot.labels()
    except SegmentsOverlap as overlap:
        name = progress.ask(node.GetName)
        progress.note(f"Segments {overlap.names} of '{name}' overlap: what they share was the later one's only.")
        return snapshot.labels(later_wins=True)


def _raters(
    nodes: Sequence[Any], grid: Geometry, reader: NodeReader, progress: Progress, where: str
) -> tuple[list[sitk.Image], Named]:
    """Label maps in which what is the same segment has one value, in whatever order the nodes have them.

    One may be empty: that rater found nothing.
    """
    snapshots = [reader.segments(node, grid, None, progress) for node in nodes]
    titles = [titled(info.name for info in each.segments.values()) for each in snapshots]
    values, notes = common_values([dict(enumerate(each, 1)) for each in titles])
    for note in notes:
        progress.note(note)
    named: Named = {}
    maps = []
    for node, snapshot, own in zip(nodes, snapshots, values, strict=True):
        for value, info in snapshot.segments.items():
            if own[value] not in named or not is_name(named[own[value]].name):
                named[own[value]] = info
        table = np.array([0, *own.values()])
        found = sitk.GetArrayFromImage(_as_one(snapshot, node, progress))
        if not found.any() and any(layer.voxels.any() for layer in snapshot.layers):
            raise InputError(f"'{node.GetName()}' has no voxel in {where}: it lies somewhere else.")
        maps.append(grid.image_of(table.astype(np.min_scalar_type(table.max()))[found]))
    return maps, named
