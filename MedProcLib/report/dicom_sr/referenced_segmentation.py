"""A DICOM segmentation, one that is there already or a new one, as what the report's groups refer to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.dicom_header import MALFORMED
from ...core.errors import InputError
from ...core.itk_message import one_line
from ...quantification.row import Row
from .source_series import SourceSeries


def read_segmentation(path: str | Path, source: SourceSeries) -> Any:
    """A highdicom Segmentation from its file. Raises InputError for another kind of file, or one of another patient
    or frame of reference."""
    import highdicom as hd

    try:
        segmentation = hd.seg.segread(path)
    except MALFORMED as error:
        raise InputError(f"{path} is not a DICOM segmentation ({one_line(error)}).") from None
    header = source.headers[0]
    for name in ("PatientID", "FrameOfReferenceUID"):
        if str(segmentation.get(name) or "") != str(header.get(name) or ""):
            raise InputError(f"{path} is a segmentation of other images ({name} differs): leave it out to write one.")
    return segmentation


def segment_numbers(segmentation: Any, rows: Sequence[Row], path: str | Path) -> list[int]:
    """The segment of each row: the one of its name, else the one numbered as its label.

    Raises InputError when there is none, or its voxels are not as many as were measured.
    """
    by_name = {str(segmentation.get_segment_description(n).SegmentLabel): n for n in segmentation.segment_numbers}
    numbers = []
    for row in rows:
        number = by_name.get(row.name, row.segment if row.segment in segmentation.segment_numbers else None)
        if number is None:
            raise InputError(f"{path} has no segment '{row.name}' nor number {row.segment}: leave it out to write one.")
        found = _count(segmentation, number)
        wanted = next((round(m.value) for m in row.measurements if m.name == "count"), found)
        if found != wanted:
            raise InputError(
                f"Segment '{row.name}' of {path} has {found} voxels, {wanted} were measured: measure that "
                "segmentation, or leave it out to write one."
            )
        numbers.append(number)
    return numbers


def frames_of(segmentation: Any, number: int) -> list[int]:
    """Indices of the frames of a segment; which segment it is may be said once for all frames."""
    shared = segmentation.SharedFunctionalGroupsSequence[0]

    def segment_of(frame: Any) -> int:
        groups = frame if "SegmentIdentificationSequence" in frame else shared
        return int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)

    frames = segmentation.PerFrameFunctionalGroupsSequence
    return [index for index, frame in enumerate(frames) if segment_of(frame) == number]


def slices_of_frames(segmentation: Any, number: int, source: SourceSeries) -> dict[int, int]:
    """Frame number (from 1) of a segment by the slice of the series that it lies on."""
    frames = segmentation.PerFrameFunctionalGroupsSequence
    found = {}
    for index in frames_of(segmentation, number):
        corner = [float(value) for value in frames[index].PlanePositionSequence[0].ImagePositionPatient]
        found[round(float(source.geometry.indices(np.array([corner]))[0, 2]))] = index + 1
    return found


def _count(segmentation: Any, number: int) -> int:
    pixels = segmentation.pixel_array
    pixels = pixels if pixels.ndim == 3 else pixels[None]
    return int((pixels[frames_of(segmentation, number)] != 0).sum())
