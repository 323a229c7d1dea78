"""The DICOM attributes that tell what kind of image one is, as a preset's proposal wants them."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import pydicom

# keyword -> tag
ACQUISITION_TAGS = {
    "Modality": "0008,0060",
    "ImageType": "0008,0008",
    "StudyDescription": "0008,1030",
    "SeriesDescription": "0008,103e",
    "BodyPartExamined": "0018,0015",
    "ScanningSequence": "0018,0020",
    "ConvolutionKernel": "0018,1210",
    "ProtocolName": "0018,1030",
    "RepetitionTime": "0018,0080",
    "EchoTime": "0018,0081",
    "InversionTime": "0018,0082",
    "KVP": "0018,0060",
    "Exposure": "0018,1152",
    "WindowCenter": "0028,1050",
    "ReceiveCoilName": "0018,1250",
}


def acquisition_tags(slices: Sequence[Path]) -> dict[str, str]:
    """Attributes (keyword -> value) of the first of an image's DICOM files, as far as stated; empty without files."""
    if not slices:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that break a rule of their type say something all the same
        header = pydicom.dcmread(slices[0], stop_before_pixels=True, force=True, specific_tags=list(ACQUISITION_TAGS))
        said = {keyword: header.get(keyword) for keyword in ACQUISITION_TAGS}
    texts = {
        keyword: "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value).strip()
        for keyword, value in said.items()
        if value not in (None, "")
    }
    return {keyword: text for keyword, text in texts.items() if text}
