"""What the headers of DICOM files are asked for, and reading them without their voxels."""

import datetime
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom

from .dicom_dose import DOSE_TAGS
from .dicom_rescale import RESCALE_TAGS
from .dicom_volumes import VOLUME_TAGS

# What pydicom raises, when a tag is asked for as late as that, for a file that breaks the standard.
MALFORMED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    pydicom.errors.BytesLengthException,
    pydicom.errors.InvalidDicomError,
)
HEADER_TAGS: list[Any] = [
    "SOPClassUID",
    "Modality",
    "SegmentSequence",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "AcquisitionDate",
    "SeriesDate",
    "StudyDate",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PatientOrientation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "SequenceOfUltrasoundRegions",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GridFrameOffsetVector",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    *RESCALE_TAGS,
    *DOSE_TAGS,
    *VOLUME_TAGS,
]


def read_header(path: Path, force: bool = False, tags: list[Any] = HEADER_TAGS) -> Any:
    """The tags, or None when the file is not DICOM, is damaged, or cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, force=force, specific_tags=tags)
        except MALFORMED:
            return None


def texts_of(path: Path, keywords: Sequence[str]) -> dict[str, str]:
    """Attributes of a file as text, several values with a backslash between; what is empty or damaged is left out."""
    header = read_header(path, force=True, tags=list(keywords))
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that break a rule of their type say something all the same
        for keyword in keywords if header is not None else ():
            try:
                value = header.get(keyword)  # pydicom looks at a value no sooner
                several = isinstance(value, pydicom.multival.MultiValue)
                found[keyword] = "\\".join(map(str, value)) if several else str("" if value is None else value).strip()
            except MALFORMED:
                continue
    return {keyword: text for keyword, text in found.items() if text}


def date_of(header: Any) -> datetime.date | None:
    """When the image was acquired, as far as its header says."""
    for name in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        text = str(header.get(name) or "").replace(".", "")
        try:
            return datetime.datetime.strptime(text[:8], "%Y%m%d").date()
        except ValueError:
            continue
    return None


def thickness_of(header: Any) -> float | None:
    """From slice to slice in mm, or their thickness where that is not stated."""
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        if header.get(name):
            return float(header[name].value)
    return None


def frames_of(header: Any) -> int:
    """How many frames an image has. Raises one of MALFORMED where its header does not say it as a number."""
    return int(header.get("NumberOfFrames") or 1)
