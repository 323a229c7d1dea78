"""The DICOM attributes that tell what kind of image one is, as a preset's proposal wants them."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import pydicom

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
    if not slices:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that break a rule of their type say something all the same
        header = pydicom.dcmread(slices[0], stop_before_pixels=True, force=True, specific_tags=ACQUISITION_TAGS)
        said = {keyword: header.get(keyword) for keyword in ACQUISITION_TAGS}
    texts = {
        keyword: "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value).strip()
        for keyword, value in said.items()
        if value not in (None, "")
    }
    return {keyword: text for keyword, text in texts.items() if text}
