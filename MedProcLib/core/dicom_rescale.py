"""Values of DICOM images as they are measured, where GDCM gives other ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from .errors import InputError

Scale = tuple[float, float]
# What is stored in these is a measurement once rescaled, however it is to be shown.
MEASURED = {"CT", "PT"}
RESCALE_TAGS = ["RescaleSlope", "RescaleIntercept", "PhotometricInterpretation", "BitsStored", "PixelRepresentation"]


def rescaled_by_frame(read: sitk.Image, header: Any, frame: int | None = None) -> sitk.Image:
    """The image with each frame's own Rescale Slope and Intercept (PS3.3 C.7.6.16.2.9), as float64 where they differ.

    read: all frames in the order of the file, or the one that is chosen (frame, counted from 1), as GDCM gives them:
    it rescales all by the numbers of the first. Raises InputError for a first frame with a slope of zero.
    """
    scales = _scales(header)
    if len(set(scales)) < 2:
        return read
    slope, intercept = scales[0]
    if not slope:
        raise InputError("its first frame has a Rescale Slope of zero; export it again.")
    own = np.array(scales if frame is None else scales[frame - 1 : frame])
    # what a file stores are whole numbers
    stored = np.rint((sitk.GetArrayFromImage(read).astype(float) - intercept) / slope)
    return sitk.GetImageFromArray(stored * own[:, :1, None] + own[:, 1:, None])


def not_inverted(read: sitk.Image, headers: Sequence[Any], frame: int | None = None) -> sitk.Image:
    """The image with its rescaled values where it is CT or PET to be shown with low values white (MONOCHROME1).

    Of such an image GDCM turns the stored values round, as for a radiograph: air would have the HU of bone. read: with
    frames or slices in the order of the headers, one for each slice, or one for all frames, or the one that is chosen.
    """
    first = headers[0]
    if first.get("PhotometricInterpretation") != "MONOCHROME1" or first.get("Modality") not in MEASURED:
        return read
    scales = [scale for header in headers for scale in _scales(header) or [_scale_of(header)]]
    if frame is not None and len(scales) > 1:
        scales = scales[frame - 1 : frame]
    # stored + turned round: of unsigned values the largest one, of signed ones -1
    both = -1 if first.get("PixelRepresentation") else 2 ** int(first.BitsStored) - 1
    sums = np.array([slope * both + 2 * intercept for slope, intercept in scales])[:, None, None]
    values = sitk.GetArrayFromImage(read)
    return sitk.GetImageFromArray((sums - values).astype(values.dtype))


def _scale_of(header: Any) -> Scale:
    return float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)


def _scales(header: Any) -> list[Scale]:
    """(slope, intercept) of each frame; none for an image without functional groups."""
    shared: Any = next(iter(header.get("SharedFunctionalGroupsSequence") or ()), {})
    return [_scale(frame, shared) for frame in header.get("PerFrameFunctionalGroupsSequence") or ()]


def _scale(frame: Any, shared: Any) -> Scale:
    name = "PixelValueTransformationSequence"
    for groups in (frame, shared):
        if name in groups and groups[name].value:
            found = groups[name].value[0]
            return float(found.RescaleSlope), float(found.RescaleIntercept)
    return 1.0, 0.0
