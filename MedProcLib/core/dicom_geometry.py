"""The grid of a DICOM stack, file or enhanced image: from the positions that its headers give."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .dicom_header import frames_of, thickness_of
from .dicom_mosaic import is_mosaic
from .dicom_spacing import pixel_spacing
from .dicom_volumes import ORIENTATION, POSITION
from .errors import InputError
from .geometry import Geometry
from .slice_stack import same_orientation, stack_geometry, stack_order

# Pixel spacings that differ by no more than this share are rounded otherwise.
SAME_SPACING = 1e-3
# Notes by which an image that lies nowhere in the patient is known.
NO_POSITION = "the DICOM file states no position in the patient"
NO_THICKNESS = "the slice thickness is not stated: 1 mm is assumed"
# Of a picture whose rows run to the patient's right (Patient Orientation, PS3.3 C.7.6.1.1.1); viewers show it as it is.
MIRRORED = "the picture shows the patient's left side on its left: what is named by side is the other one"


def series_geometry(headers: Sequence[Any]) -> tuple[Geometry, np.ndarray, np.ndarray, float]:
    """Grid, order of the slices, their positions in that order, and by how many degrees they lean."""
    first = headers[0]
    for header in headers:
        if frames_of(header) > 1:
            raise InputError(f"it is {len(headers)} multi-frame files; give one of the files.")
        if is_mosaic(header):
            raise InputError(f"it is {len(headers)} mosaics, each a volume of other places; give one of the files.")
        if "ImagePositionPatient" not in header or "ImageOrientationPatient" not in header:
            raise InputError("its slices state no position; give one of its files, or a series of slices.")
        if (header.Rows, header.Columns) != (first.Rows, first.Columns) or not same_orientation(
            header.ImageOrientationPatient, first.ImageOrientationPatient
        ):
            raise InputError("its images differ in size or orientation (a localizer?); give a folder of one stack.")
    orientation = [float(value) for value in first.ImageOrientationPatient]
    positions = np.array([[float(value) for value in header.ImagePositionPatient] for header in headers])
    order = stack_order(positions, orientation)
    size = (int(first.Columns), int(first.Rows))
    spacing, _, scaled = pixel_spacing(first)
    if not scaled:
        raise InputError("its slices state no pixel spacing; export it again.")
    _require_one_spacing("slices", [pixel_spacing(header)[0] for header in headers], "give a folder of one stack")
    grid, tilt = stack_geometry(positions[order], orientation, spacing, size, thickness_of(first) or 1.0)
    return grid, order, positions[order], tilt


def file_geometry(
    header: Any, frames: int, frame: int | None, chosen: np.ndarray
) -> tuple[Geometry, np.ndarray, tuple[str, ...], bool]:
    """Grid of the chosen frames (indices) or frame, their order along the normal, notes, whether it has a scale."""
    size = (int(header.Columns), int(header.Rows))
    notes: tuple[str, ...] = ()
    scaled = True
    if "PerFrameFunctionalGroupsSequence" in header:
        positions, orientation, spacing, thickness, notes = _frame_positions(header)
    else:
        spacing, notes, scaled = pixel_spacing(header)
        thickness = thickness_of(header)
        orientation = [float(value) for value in header.get("ImageOrientationPatient") or (1, 0, 0, 0, 1, 0)]
        start = np.array([float(value) for value in header.get("ImagePositionPatient") or (0, 0, 0)])
        if "ImagePositionPatient" not in header:
            notes = (*notes, NO_POSITION)
            if str(next(iter(header.get("PatientOrientation") or ()), "")).upper().startswith("R"):
                notes = (*notes, MIRRORED)
        offsets = _frame_offsets(header, frames, frame)
        positions = start + np.outer(offsets, np.cross(orientation[:3], orientation[3:]))
    if len(positions) != frames:
        raise InputError(f"its header gives {len(positions)} positions for {frames} frames; export it again.")
    positions = positions[frame - 1 : frame] if frame is not None else positions[chosen]
    if len(positions) == 1 and not thickness:
        notes = (*notes, NO_THICKNESS)
    order = stack_order(positions, orientation)
    grid, tilt = stack_geometry(positions[order], orientation, spacing, size, thickness or 1.0)
    if tilt:
        raise InputError(
            f"its frames lean by {tilt:.3g} degrees (gantry tilt): load it in Slicer with acquisition geometry "
            "regularization and save it."
        )
    return grid, order if frame is not None else chosen[order], notes, scaled


def _require_one_spacing(what: str, spacings: Sequence[Sequence[float]], advice: str) -> None:
    """Raise InputError where the pixels (row, column spacing in mm) of a stack's slices are of several sizes."""
    other = next((one for one in spacings if not np.allclose(one, spacings[0], rtol=SAME_SPACING)), None)
    if other is not None:
        said = " and ".join(" x ".join(f"{side:.4g}" for side in sides[::-1]) for sides in (spacings[0], other))
        raise InputError(f"its {what} have pixels of {said} mm (two fields of view?); {advice}.")


def _frame_positions(header: Any) -> tuple[np.ndarray, list[float], list[float], float | None, tuple[str, ...]]:
    """Positions, orientation, pixel spacing and thickness of an enhanced multi-frame image, and notes."""
    per_frame = header.PerFrameFunctionalGroupsSequence
    shared = header.SharedFunctionalGroupsSequence[0] if header.get("SharedFunctionalGroupsSequence") else {}

    def macro(frame: Any, name: str) -> Any:
        groups = frame if name in frame else shared
        if name not in groups or not groups[name].value:
            raise InputError("its frames state no position (a film or a gated series?); save one time point of it.")
        return groups[name].value[0]

    in_patient, swept = (any(name in groups for groups in (per_frame[0], shared)) for name, _ in POSITION)
    in_volume = int(swept and not in_patient)
    (position, place), (orientation, axes) = POSITION[in_volume], ORIENTATION[in_volume]
    positions = [macro(frame, position)[place].value for frame in per_frame]
    orientations = [macro(frame, orientation)[axes].value for frame in per_frame]
    if not all(same_orientation(one, orientations[0]) for one in orientations):
        raise InputError("its frames differ in orientation; save one stack of it.")
    measures = [macro(frame, "PixelMeasuresSequence") for frame in per_frame]
    spacings = [[float(value) for value in each.PixelSpacing] for each in measures]
    _require_one_spacing("frames", spacings, "save one stack of it")
    return (
        np.array([[float(value) for value in each] for each in positions]),
        [float(value) for value in orientations[0]],
        spacings[0],
        thickness_of(measures[0]),
        (NO_POSITION,) if in_volume else (),
    )


def _frame_offsets(header: Any, frames: int, frame: int | None) -> np.ndarray:
    """Places in mm of the frames along the normal where the header gives them (PS3.3 C.8.8.3.2 for dose grids).

    A chosen frame of a film lies where the film does.
    """
    if "GridFrameOffsetVector" in header and frames > 1:
        offsets = np.array([float(value) for value in header.GridFrameOffsetVector])
        return offsets - offsets[0]
    if frames > 1 and frame is None:
        raise InputError(
            f"its {frames} frames state no position (a film or a gated series?); choose one as 'FILE#NUMBER'."
        )
    return np.zeros(frames)
