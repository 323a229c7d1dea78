"""How a measurement group refers to its region: a segment, or the frame of a segment on one slice."""

from typing import Any

from ...core.errors import InputError
from ...core.structure import Structure
from ...quantification.row import Row
from .measurement_group import measurement_group
from .referenced_segmentation import frames_of, slices_of_frames
from .source_series import SourceSeries


def region_reference(segmentation: Any, number: int, source: SourceSeries) -> Any:
    """highdicom's reference to a segment of a segmentation; to its frame in a single image."""
    import highdicom as hd

    header = source.headers[0]
    if source.geometry.size[2] == 1:
        image = hd.sr.SourceImageForSegmentation(header.SOPClassUID, header.SOPInstanceUID)
        frames = [index + 1 for index in frames_of(segmentation, number)]
        return _frame_reference(segmentation, frames, number, image)
    series = hd.sr.SourceSeriesForSegmentation(header.SeriesInstanceUID)
    return hd.sr.ReferencedSegment(segmentation.SOPClassUID, segmentation.SOPInstanceUID, number, source_series=series)


def slice_groups(
    rows: list[Row], whole: Row, structure: Structure, segmentation: Any, number: int, source: SourceSeries
) -> list[Any]:
    """Groups of the rows of a segment's single slices, each a planar region."""
    import highdicom as hd

    planes = [(row, row.slice) for row in rows if row.segment == whole.segment and row.time_point is None]
    mine = [(row, index) for row, index in planes if index is not None]
    frames = slices_of_frames(segmentation, number, source) if mine else {}
    groups = []
    for row, index in mine:
        frame = frames.get(index)
        if frame is None:
            raise InputError(f"'{row.name}' has no voxel in slice {index}: measure again, then write the report.")
        header = source.headers[0 if source.is_multi_frame else index]
        image_frame = [source.frame_slices.index(index) + 1] if source.is_multi_frame else None
        image = hd.sr.SourceImageForSegmentation(header.SOPClassUID, header.SOPInstanceUID, image_frame)
        region = _frame_reference(segmentation, [frame], number, image)
        groups.append(measurement_group(row, f"{row.name} slice {index}", structure, str(hd.UID()), region, source))
    return groups


def _frame_reference(segmentation: Any, frames: list[int], number: int, image: Any) -> Any:
    """A reference to frames alone: they belong to one segment, which is not to be said then (PS3.3 C.18.4)."""
    import highdicom as hd

    reference = hd.sr.ReferencedSegmentationFrame(
        segmentation.SOPClassUID, segmentation.SOPInstanceUID, frames, number, image
    )
    del reference[0].ReferencedSOPSequence[0].ReferencedSegmentNumber
    return reference
