"""What a measurement needs of a volume node and a segmentation node, read once; then measured in any thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.quantification.row import Row
from MedProcLib.scene.segment_snapshot import SegmentSnapshot, require_segmentation, snapshot_of
from MedProcLib.scene.slice_preview import content_key
from MedProcLib.scene.volumes import image_of_volume


@dataclass(frozen=True)
class TimePoint:
    """An image of a series; time_s: seconds, or None where its index is no time."""

    image: sitk.Image
    time_s: float | None = None


@dataclass(frozen=True)
class MeasurementInput:
    """times: one, or those of a sequence; segments: as they were. names: of the two nodes, for a reader."""

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


class ImageMemo:
    """The image of a volume node, copied anew only when its voxels or their place changed."""

    def __init__(self) -> None:
        self._key: tuple = ()
        self._image: sitk.Image | None = None

    def image(self, volume) -> sitk.Image:
        """See image_of_volume; whoever gets it must not change it."""
        key = content_key(volume)
        if self._image is None or key != self._key:
            self._image, self._key = image_of_volume(volume), key
        return self._image

    def clear(self) -> None:
        """Let go of the image."""
        self._image, self._key = None, ()


def measurement_input(
    segmentation, volume, segment_ids: Sequence[str] | None = None, times: Sequence[TimePoint] = ()
) -> MeasurementInput:
    """Read the nodes (main thread); they are not modified.

    segment_ids: all segments by default; times: images to measure in instead of the volume's own, on its grid.
    Raises InputError.
    """
    require_segmentation(segmentation)
    points = tuple(times) or (TimePoint(image_of_volume(volume)),)
    grid = Geometry.of(points[0].image)
    if segment_ids is not None and not segment_ids:
        raise InputError("No segment is chosen: check at least one to measure.")
    segments = snapshot_of(segmentation, grid, segment_ids)
    return MeasurementInput(points, segments, segmentation.GetName(), volume.GetName())


def measured_rows(given: MeasurementInput, settings: Any, progress: Progress = SILENT) -> list[Row]:
    """Rows of all segments, at each time in turn; Measure takes overlapping segments whole, each for itself.

    settings: an operation that gives rows of the segments of an image: Measure, CalciumScore, BodyComposition.
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
