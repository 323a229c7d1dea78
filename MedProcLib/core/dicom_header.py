"""What the headers of DICOM files are asked for, and reading them without their voxels."""

import datetime
import struct
import warnings
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


def read_header(path: Path, force: bool = False) -> Any:
    """The tags of HEADER_TAGS, or None when the file is not DICOM or is damaged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, force=force, specific_tags=HEADER_TAGS)
        except MALFORMED:
            return None


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
