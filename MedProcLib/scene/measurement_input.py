"""What a measurement needs of a volume node and a segmentation node, read once; then measured in any thread.

source = measurement_source(segmentation, volume)   # main thread
given = source.read(progress)                       # any thread; progress.ask brings the copying to the main thread
rows = measured_rows(given, settings, progress)     # any thread
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.quantification.row import Row
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.segment_snapshot import SegmentSnapshot, chosen_ids, require_segmentation
from MedProcLib.scene.volumes import geometry_of_volume


@dataclass(frozen=True)
class TimePoint:
    """An image of a series; time_s: seconds, or None where its index is no time."""

    image: sitk.Image
    time_s: float | None = None


@dataclass(frozen=True)
class MeasurementInput:
    """Copies of what is measured, for any thread.

    times: one, or those of a sequence; names: of the nodes, for a reader.
    """

    times: tuple[TimePoint, ...]
    segments: SegmentSnapshot
    segmentation_name: str
    volume_name: str

    @property
    def ids(self) -> list[str]:
        """Segment ids in the order of their values 1, 2, ..."""
        return [self.segments.segments[value].id for value in sorted(self.segments.segments)]

    @property
    def inputs(self) -> dict[str, str]:
        """As provenance names them."""
        return {"labels": self.segmentation_name, "image": self.volume_name}


@dataclass(frozen=True)
class MeasurementSource:
    """Which segments of a segmentation node are to be measured in a volume node, or in each of a sequence's.

    frames: (volume node, time in seconds or None) of each; names as MeasurementInput has them.
    """

    segmentation: Any
    ids: tuple[str, ...]
    frames: tuple[tuple[Any, float | None], ...]
    segmentation_name: str
    volume_name: str
    reader: NodeReader

    @property
    def inputs(self) -> dict[str, str]:
        """As provenance names them."""
        return {"labels": self.segmentation_name, "image": self.volume_name}

    def read(self, progress: Progress = SILENT) -> MeasurementInput:
        """Copy the voxels, in any thread: the main thread is asked for no more than the copying. Raises InputError."""
        volumes = [volume for volume, _time in self.frames]
        images, segments = self.reader.read(self.segmentation, self.ids, volumes, progress)
        times = tuple(TimePoint(image, time) for image, (_, time) in zip(images, self.frames, strict=True))
        return MeasurementInput(times, segments, self.segmentation_name, self.volume_name)


def measurement_source(
    segmentation,
    volume,
    segment_ids: Sequence[str] | None = None,
    frames: Sequence[tuple[Any, float | None]] = (),
    reader: NodeReader | None = None,
) -> MeasurementSource:
    """Look whether the nodes can be measured (main thread); copies no voxel.

    segment_ids: all segments by default; frames: of the sequence that the volume shows, to measure in all of them;
    reader: one that knows the nodes from before. Raises InputError.
    """
    require_segmentation(segmentation)
    if segment_ids is not None and not segment_ids:
        raise InputError("No segment is chosen: check at least one to measure.")
    ids = tuple(chosen_ids(segmentation, segment_ids))
    frames = tuple(frames) or ((volume, None),)
    for each, _time in frames:
        geometry_of_volume(each)
    return MeasurementSource(
        segmentation, ids, frames, segmentation.GetName(), volume.GetName(), reader or NodeReader()
    )


def measurement_input(segmentation, volume, segment_ids: Sequence[str] | None = None) -> MeasurementInput:
    """Read the nodes at once (main thread); they are not modified. See measurement_source. Raises InputError."""
    return measurement_source(segmentation, volume, segment_ids).read()


def measured_rows(given: MeasurementInput, settings: Any, progress: Progress = SILENT) -> list[Row]:
    """Rows of all segments, at each time in turn; Measure takes overlapping segments whole, each for itself.

    settings: an operation that gives rows of an image's segments, see quantification.measure.measure.
    Touches no node. Raises InputError when no segment has a voxel in the volume, Cancelled.
    """
    progress(0.0, "Reading the segments")
    snapshot = given.segments
    every = snapshot.label_maps() if isinstance(settings, Measure) else [snapshot.labels()]
    maps = [labels for labels in every if np.any(sitk.GetArrayViewFromImage(labels))]
    if not maps:
        raise InputError(
            f"No segment of '{given.segmentation_name}' has a voxel inside '{given.volume_name}': check that they lie "
            "at one place, and that the segments are not empty."
        )
    names = {value: segment.name for value, segment in given.segments.segments.items()}
    steps = iter(progress.part(0.1, 1).parts(*[1.0] * (len(maps) * len(given.times))))
    rows: list[Row] = []
    for number, time in enumerate(given.times):
        found = [row for labels in maps for row in measure(time.image, labels, names, settings, next(steps))]
        found.sort(key=lambda row: row.segment)  # stable: whole, then its parts
        if len(given.times) > 1:
            found = [replace(row, time_point=number, time_s=time.time_s) for row in found]
        rows += found
    return rows
