"""Enhanced PET images (PS3.3 A.56): one header for each frame, as those of a series of slices."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

from ...core.errors import InputError
from .header import items, number, text

PER_FRAME, SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
# Attributes of classic images that functional groups keep: (group, attribute there, attribute of a slice).
MOVED = (
    ("FrameContentSequence", "FrameAcquisitionDateTime", "AcquisitionDateTime"),
    ("FrameContentSequence", "FrameAcquisitionDuration", "ActualFrameDuration"),
    ("PixelValueTransformationSequence", "RescaleSlope", "RescaleSlope"),
    ("PixelValueTransformationSequence", "RescaleIntercept", "RescaleIntercept"),
    ("RealWorldValueMappingSequence", "RealWorldValueSlope", "RescaleSlope"),
    ("RealWorldValueMappingSequence", "RealWorldValueIntercept", "RescaleIntercept"),
    ("PlanePositionSequence", "ImagePositionPatient", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient", "ImageOrientationPatient"),
)
# Unit of a real world value map (UCUM; PS3.16 CID 84, 85), its annotation last -> Units, SUV Type.
MAPPED_UNITS = {
    "BQ/ML": ("BQML", ""),
    "G/ML": ("GML", ""),
    "G/ML{SUVBW}": ("GML", "BW"),
    "G/ML{SUVLBM}": ("GML", "LBM"),
    "G/ML{SUVLBM(JAMES128)}": ("GML", "LBMJAMES128"),
    "G/ML{SUVLBM(JANMA)}": ("GML", "LBMJANMA"),
    "G/ML{SUVIBW}": ("GML", "IBW"),
    "CM2/ML{SUVBSA}": ("CM2ML", "BSA"),
}
NOT_KEPT = {PER_FRAME, SHARED, "PixelData", "NumberOfFrames"}


def frame_headers(header: Dataset) -> list[Dataset]:
    """A header for each frame, in their order in the file; [header] itself for an image of one slice.

    Attributes get the names they have in a series of slices; in an image converted from one (Legacy Converted Enhanced
    PET) they still have them. Raises InputError for a multi-frame image without functional groups.
    """
    if PER_FRAME not in header:
        if (number(header, "NumberOfFrames") or 1) > 1:
            raise InputError("It is a multi-frame image whose frames are not described; give a series of slices.")
        return [header]
    shared = next(iter(items(header, SHARED)), Dataset())
    kept = Dataset()
    for element in header:
        if element.keyword not in NOT_KEPT:
            kept.add(element)
    return [_flat(kept, shared, frame) for frame in items(header, PER_FRAME)]


def rescaled_frames(pixels: np.ndarray, headers: list[Dataset]) -> np.ndarray:
    """Stored values (frames, rows, columns) times each frame's Rescale Slope (its intercept is 0 in PET)."""
    slopes = np.array([number(header, "RescaleSlope") for header in headers], float)
    return pixels * slopes[:, None, None]


def _flat(kept: Dataset, shared: Dataset, frame: Dataset) -> Dataset:
    flat = Dataset()
    flat.update(kept)
    for group in _unassigned(shared, frame):
        flat.update(group)
    for name, inner, outer in MOVED:
        value = _macro(shared, frame, name).get(inner)
        if value is not None:
            setattr(flat, outer, value if outer.startswith("Image") or "Time" in outer else DSfloat(value))
    _translate(flat, _macro(shared, frame, "RealWorldValueMappingSequence"))
    return flat


def _translate(flat: Dataset, mapping: Dataset) -> None:
    """What an enhanced image says with other attributes than a slice."""
    for unit in items(mapping, "MeasurementUnitsCodeSequence")[:1]:
        code = text(unit, "CodeValue")
        annotation_last = re.sub(r"^(\{.*\})(.+)$", r"\2\1", code.upper())
        flat.Units, flat.SUVType = MAPPED_UNITS.get(annotation_last, (code[:16], ""))
    corrected = [
        term
        for keyword, term in (("AttenuationCorrected", "ATTN"), ("DecayCorrected", "DECY"))
        if text(flat, keyword).upper() == "YES"
    ]
    if text(flat, "AttenuationCorrected") and "CorrectedImage" not in flat:
        flat.CorrectedImage = corrected or ["NONE"]
    if text(flat, "DecayCorrected") and "DecayCorrection" not in flat:
        flat.DecayCorrection = "START" if text(flat, "DecayCorrected").upper() == "YES" else "NONE"


def _unassigned(shared: Dataset, frame: Dataset) -> Iterator[Dataset]:
    yield from items(shared, "UnassignedSharedConvertedAttributesSequence")
    yield from items(frame, "UnassignedPerFrameConvertedAttributesSequence")


def _macro(shared: Dataset, frame: Dataset, name: str) -> Any:
    return next(iter(items(frame, name) or items(shared, name)), Dataset())
