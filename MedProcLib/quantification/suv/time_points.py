"""Dynamic PET: several images of each place in one series, taken apart into time points."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from ...core.dicom_header import MALFORMED
from ...core.errors import InputError
from .clock import acquisition_start
from .header import number, text

TAGS = [
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "TimezoneOffsetFromUTC",
    "FrameReferenceTime",
    "InstanceNumber",
]
# Places are told apart to a hundredth of a mm.
PLACE_DECIMALS = 2


def time_points(files: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Files of each time point, earliest first; one for a static series.

    Images of one place are in order of Frame Reference Time, then acquisition.
    Raises InputError when some places have fewer images than others.
    """
    if len(files) == 1:
        return [tuple(files)]
    places: dict[tuple[float, ...], list[tuple[tuple[float, float, float], Path]]] = {}
    for path in files:
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=TAGS)
            position = np.array([float(value) for value in header.ImagePositionPatient])
        except MALFORMED:
            raise InputError(f"{path} states no position or is damaged; export the series again.") from None
        places.setdefault(tuple(np.round(position, PLACE_DECIMALS) + 0.0), []).append((_time(header), path))
    counts = {len(images) for images in places.values()}
    if len(counts) > 1:
        raise InputError(
            f"Its places have {min(counts)} to {max(counts)} images each, so time points are incomplete: export the "
            "series again, whole."
        )
    ordered = [[path for _, path in sorted(images)] for images in places.values()]
    return [tuple(images) for images in zip(*ordered, strict=True)]


def _time(header: Dataset) -> tuple[float, float, float]:
    acquired = acquisition_start(header)
    return (
        number(header, "FrameReferenceTime") or 0.0,
        acquired.timestamp() if acquired is not None else 0.0,
        float(text(header, "InstanceNumber") or 0),
    )
