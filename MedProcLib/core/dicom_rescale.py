"""Frames of an enhanced multi-frame image that are rescaled each in its own way."""

from typing import Any

import numpy as np
import SimpleITK as sitk

from .errors import InputError

Scale = tuple[float, float]


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
