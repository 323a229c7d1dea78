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
from MedProcLib.quantification.known_rows import KnownRows
from MedProcLib.quantification.measure import measure, takes_overlap
from MedProcLib.quantification.row import Ends, Row
from MedProcLib.scene.flat_volumes import is_flat
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.segment_snapshot import SegmentSnapshot, chosen_ids, require_segmentation
from MedProcLib.scene.volumes import geometry_of_volume


@dataclass(frozen=True)
class TimePoint:
    """An image of a series; time_s: seconds, or None where its index is no time."""

    image: sitk.Image
    time_s: float | None = None


class MeasurementReader(NodeReader):
    """Knows also what was measured of the images it read, so that only segments that changed are measured again."""

    def __init__(self) -> None:
        super().__init__()
        self._known: list[tuple[sitk.Image, KnownRows]] = []

    def known_in(self, images: Sequence[sitk.Image]) -> tuple[KnownRows, ...]:
        """What is known of each image; of others it is forgotten."""
        before = {id(image): known for image, known in self._known}
        self._known = [(image, before.get(id(image)) or KnownRows()) for image in images]
        return tuple(known for _image, known in self._known)


@dataclass(frozen=True)
class MeasurementInput:
    """Copies of what is measured, for any thread.

    times: one, or those of a sequence; names: of the nodes, for a reader; flat: whether they are pictures without a
    depth, which are measured in 2D; known: rows of segments from before, of each time, see KnownRows, or none.
    """

    times: tuple[TimePoint, ...]
    segments: SegmentSnapshot
    segmentation_name: str
    volume_name: str
    flat: bool = False
    known: tuple[KnownRows, ...] = ()

    def measured_image(self, number: int = 0) -> sitk.Image:
        """The image of a time as it is measured: 2D where it is flat."""
        image = self.times[number].image
        return image[:, :, 0] if self.flat else image

    def measured_labels(self) -> list[sitk.Image]:
        """Label maps of all segments, on the grid of the measured image; see SegmentSnapshot.label_maps."""
        return [labels[:, :, 0] if self.flat else labels for labels in self.segments.label_maps()]

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

    frames: (volume node, time in seconds or None) of each; names and flat as MeasurementInput has them.
    """

    segmentation: Any
    ids: tuple[str, ...]
    frames: tuple[tuple[Any, float | None], ...]
    segmentation_name: str
    volume_name: str
    reader: NodeReader
    flat: bool = False

    @property
    def inputs(self) -> dict[str, str]:
        """As provenance names them."""
        return {"labels": self.segmentation_name, "image": self.volume_name}

    def read(self, progress: Progress = SILENT) -> MeasurementInput:
        """Copy the voxels, in any thread: the main thread is asked for no more than the copying. Raises InputError."""
        volumes = [volume for volume, _time in self.frames]
        images, segments = self.reader.read(self.segmentation, self.ids, volumes, progress)
        times = tuple(TimePoint(image, time) for image, (_, time) in zip(images, self.frames, strict=True))
        known = self.reader.known_in(images) if isinstance(self.reader, MeasurementReader) else ()
        return MeasurementInput(times, segments, self.segmentation_name, self.volume_name, self.flat, known)


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
    names = segmentation.GetName(), volume.GetName()
    return MeasurementSource(segmentation, ids, frames, *names, reader or NodeReader(), is_flat(frames[0][0]))


def measurement_input(segmentation, volume, segment_ids: Sequence[str] | None = None) -> MeasurementInput:
    """Read the nodes at once (main thread); they are not modified. See measurement_source. Raises InputError."""
    return measurement_source(segmentation, volume, segment_ids).read()


def measured_rows(given: MeasurementInput, settings: Any, progress: Progress = SILENT) -> list[Row]:
    """Rows of all segments, overlapping ones too, at each time in turn.

    settings: an operation that gives rows of an image's segments, see quantification.measure.measure.
    Touches no node. Raises InputError when no segment has a voxel in the volume, Cancelled.
    """
    progress(0.0, "Reading the segments")
    if not takes_overlap(settings):
        given.segments.labels()  # raises where segments overlap, and says which
    maps = given.measured_labels()
    if not any(np.any(sitk.GetArrayViewFromImage(labels)) for labels in maps):
        raise InputError(
            f"No segment of '{given.segmentation_name}' has a voxel inside '{given.volume_name}': check that they lie "
            "at one place, and that the segments are not empty."
        )
    names = {value: segment.name for value, segment in given.segments.segments.items()}
    rows: list[Row] = []
    shares = progress.part(0.1, 1).parts(*[1.0] * len(given.times))
    for number, (time, share) in enumerate(zip(given.times, shares, strict=True)):
        known = given.known[number] if given.known else None
        found = measure(given.measured_image(number), maps, names, settings, share, known)
        if given.flat:
            found = [_in_space(row, time.image.GetOrigin()[2]) for row in found]
        found.sort(key=lambda row: row.segment)  # what is of all segments comes first
        if len(given.times) > 1:
            found = [replace(row, time_point=number, time_s=time.time_s) for row in found]
        rows += found
    return rows


def _in_space(row: Row, depth: float) -> Row:
    """A row of a flat image with its diameters where the image lies; depth: along the third axis, LPS in mm."""

    def placed(ends: Ends | None) -> Ends | None:
        return ends and ((*ends[0], depth), (*ends[1], depth))

    return replace(row, long_axis=placed(row.long_axis), short_axis=placed(row.short_axis))
