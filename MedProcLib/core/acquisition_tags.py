"""The DICOM attributes that tell what kind of image one is, as a preset's proposal wants them."""

from collections.abc import Sequence
from pathlib import Path

from .dicom_header import texts_of

ACQUISITION_TAGS = [
    "Modality",
    "ImageType",
    "StudyDescription",
    "SeriesDescription",
    "BodyPartExamined",
    "ScanningSequence",
    "ConvolutionKernel",
    "ProtocolName",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "KVP",
    "Exposure",
    "XRayTubeCurrent",
    "ExposureTime",
    "WindowCenter",
    "ReceiveCoilName",
]


def acquisition_tags(slices: Sequence[Path]) -> dict[str, str]:
    """Attributes (keyword -> value) of the first of an image's DICOM files, as far as stated; empty without files."""
    return texts_of(slices[0], ACQUISITION_TAGS) if slices else {}
