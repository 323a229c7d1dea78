"""A volume from a DICOM file or folder: positions from the slices' own tags, voxels through SimpleITK's GDCM reader."""

import datetime
import hashlib
import os
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from .dicom_dose import DOSE_TAGS, dose_of
from .dicom_rescale import RESCALE_TAGS, not_inverted, rescaled_by_frame
from .dicom_spacing import pixel_spacing
from .dicom_volumes import VOLUME_TAGS, chosen_volume, frame_headers, volumes_of
from .errors import InputError
from .gantry_tilt import lean_of, straightened
from .geometry import Geometry
from .itk_message import one_line
from .slice_stack import same_orientation, stack_geometry, stack_order

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
HEADER_TAGS = [
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
# Series that lie beside the images in an export and are not images of the patient themselves.
NOT_IMAGES = {"SEG", "RTSTRUCT", "RTPLAN", "SR", "PR", "KO", "REG", "RWV", "DOC"}
CONTOURS = " It holds contours: give it where a segmentation is asked for."
# What a file DICOMDIR is (PS3.10 8.6).
DIRECTORY = "1.2.840.10008.1.3.10"
# Fewer slices are a localizer or a sample, beside a series that has more.
FEWEST_SLICES = 3
# Pixel spacings that differ by no more than this share are rounded otherwise.
SAME_SPACING = 1e-3
# Notes by which an image that lies nowhere in the patient is known.
NO_POSITION = "the DICOM file states no position in the patient"
NO_THICKNESS = "the slice thickness is not stated: 1 mm is assumed"
# Of a picture whose rows run to the patient's right (Patient Orientation, PS3.3 C.7.6.1.1.1); viewers show it as it is.
MIRRORED = "the picture shows the patient's left side on its left: what is named by side is the other one"


@dataclass(frozen=True)
class DicomImage:
    """A volume with what its headers say.

    patient: a key that is equal for equal patients, '' when not stated; files: of the slices, in their order;
    scaled: whether a header states how large the pixels are.
    """

    image: sitk.Image
    modality: str
    date: datetime.date | None
    patient: str
    description: str
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    scaled: bool = True


def is_dicom(path: Path) -> bool:
    """Whether a file has DICOM's mark, or is a DICOM image without one."""
    with path.open("rb") as file:
        if file.read(132)[128:] == b"DICM":
            return True
    header = _header(path, force=True)
    return header is not None and "Rows" in header and "SOPClassUID" in header


def read_dicom_file(path: Path, frame: int | None = None, volume: int | None = None) -> DicomImage:
    """One DICOM file: a slice, or a multi-frame image whose frames are slices, or one frame of it.

    frame: which one, counted from 1; volume: which of those that its frames make of the same places. Raises InputError,
    also for frames without positions when none is chosen.
    """
    header = _header(path, force=True)
    if header is None:
        raise InputError(f"{path} is a damaged DICOM file; export it again from its source.")
    try:
        frames = int(header.get("NumberOfFrames") or 1)
        if "Rows" not in header or "Columns" not in header:
            if header.file_meta.get("MediaStorageSOPClassUID") == DIRECTORY:
                raise InputError(f"it is the directory of a medium: give the folder it lies in, {path.parent}.")
            kind = header.get("Modality") or getattr(header.get("SOPClassUID"), "name", "") or "file"
            raise InputError(f"it is a DICOM {kind} without an image.{CONTOURS if kind == 'RTSTRUCT' else ''}")
        if header.get("Modality") == "SEG" and frames > 1 and frame is None:
            _require_one_segment(header)
        if frame is not None and not 1 <= frame <= frames:
            raise InputError(f"it has {frames} frames; there is no number {frame}: choose 1 to {frames}.")
        chosen, which = _frames_of_volume(header, frames, volume) if frame is None else (np.arange(frames), ())
        geometry, order, notes, scaled = _file_geometry(header, frames, frame, chosen)
        image = _read_pixels([path])
        if frame is not None and image.GetDimension() == 3:
            image = sitk.RegionOfInterest(image, (*image.GetSize()[:2], 1), (0, 0, frame - 1))
        image = not_inverted(rescaled_by_frame(image, header, frame), [header], frame)
        size, said = (*image.GetSize(), 1)[:3], (*geometry.size[:2], frames if frame is None else 1)
        if size != said:
            raise InputError(f"its voxels are {size}, its header says {said}; export it again.")
        if list(order) != list(range(size[2])):
            components = image.GetNumberOfComponentsPerPixel() > 1
            image = sitk.GetImageFromArray(sitk.GetArrayViewFromImage(image)[order], isVector=components)
        image, dose = dose_of(image, [header])
        return _described(geometry.stamp(image), header, (*notes, *which, *dose), (path,), scaled)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except MALFORMED as error:
        raise InputError(f"{path} is a damaged DICOM file ({one_line(error)}); export it again.") from None


def read_dicom_folder(folder: Path, number: int | None = None, volume: int | None = None) -> DicomImage:
    """The volume in a folder and its subfolders.

    number: which series, counted from 1 as the error for several series lists them; volume: which of those that the
    series holds of the same places.
    Raises InputError for no series, several series, and slices that do not make a regular stack.
    """
    series = _series_of(folder)
    if not series:
        raise InputError(f"Folder {folder} holds no DICOM images; give the folder of one series, or an image file.")
    headers, notes = _choose(folder, series, number)
    if len(headers) > 1:
        headers, notes = _volume(folder, headers, notes, number or series.index(headers) + 1, volume)
    if len(headers) == 1:
        single = read_dicom_file(headers[0][0], volume=volume)
        return DicomImage(**{**vars(single), "notes": (*notes, *single.notes)})
    return _stacked(headers, f"{folder} ({_title(headers)})", notes)


def series_files(folder: Path, number: int | None = None) -> tuple[Path, ...]:
    """Files of the images of a series in a folder, in no order. Raises InputError for no series and several."""
    series = _series_of(folder)
    if not series:
        raise InputError(f"Folder {folder} holds no DICOM images; give the folder of one series, or an image file.")
    return tuple(path for path, _ in _choose(folder, series, number)[0])


def read_dicom_slices(paths: Sequence[Path]) -> DicomImage:
    """The volume of the given files, slices of one series in any order, its voxels those of the files.

    Raises InputError like read_dicom_folder, and for slices that lean.
    """
    if len(paths) == 1:
        return read_dicom_file(paths[0])
    headers = [(path, _header(path)) for path in paths]
    for path, header in headers:
        if header is None or "Rows" not in header:
            raise InputError(f"{path} is no DICOM image, or is missing or damaged; export it again.")
    if len({header.get("SeriesInstanceUID") for _, header in headers}) > 1:
        raise InputError(f"{paths[0]} and the {len(paths) - 1} files beside it are of several series; give one.")
    return _stacked(headers, _title(headers), (), straighten=False)


def _stacked(
    headers: Sequence[tuple[Path, Any]], name: str, notes: tuple[str, ...], straighten: bool = True
) -> DicomImage:
    try:
        geometry, order, positions, tilt = _series_geometry([header for _, header in headers])
        lean = lean_of(geometry, positions) if tilt else None
        if lean is not None and not straighten:
            raise InputError(f"its slices lean by {tilt:.3g} degrees (gantry tilt), so they make no grid of voxels.")
        paths = [headers[i][0] for i in order]
        slopes = {(h.get("RescaleSlope"), h.get("RescaleIntercept")) for _, h in headers}
        # one slope per slice (PET): the first slice's type may not hold the others' values
        image = _read_pixels(paths, sitk.sitkFloat32 if len(slopes) > 1 else sitk.sitkUnknown)
        if image.GetSize() != geometry.size:
            raise InputError(f"its voxels are {image.GetSize()}, its headers say {geometry.size}; export it again.")
        image = not_inverted(image, [headers[i][1] for i in order])
        image, dose = dose_of(image, [header for _, header in headers])
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except MALFORMED as error:
        raise InputError(f"{name} has a damaged header ({one_line(error)}); export it again.") from None
    if len(headers) < FEWEST_SLICES:
        notes = (*notes, f"only {len(headers)} slices: whether any are missing cannot be told")
    image = geometry.stamp(image)
    if lean is not None:
        image = straightened(image, lean)
        notes = (
            *notes,
            f"its slices lean by {tilt:.3g} degrees (gantry tilt): straightened, each resampled in its plane",
        )
    return _described(image, headers[order[0]][1], (*notes, *dose), tuple(paths))


def _require_one_segment(header: Any) -> None:
    """Raise InputError where the frames of a DICOM segmentation are of several segments: they make no volume."""
    count = len(header.get("SegmentSequence") or ())
    if count > 1:
        raise InputError(f"it is a DICOM segmentation of {count} segments, not an image: give it as a label map.")


def _header(path: Path, force: bool = False) -> Any:
    """The tags of HEADER_TAGS, or None when the file is not DICOM or is damaged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, force=force, specific_tags=HEADER_TAGS)
        except MALFORMED:
            return None


def _series_of(folder: Path) -> list[list[tuple[Path, Any]]]:
    """(path, header) of the images per series, in the order of series number."""
    found: dict[str, list[tuple[Path, Any]]] = {}
    os.listdir(folder)  # os.walk says nothing of a folder that may not be read
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            header = _header(path) if path.is_file() else None
            if header is not None and "Rows" in header and header.get("Modality") not in NOT_IMAGES:
                found.setdefault(str(header.get("SeriesInstanceUID", "")), []).append((path, header))
    return sorted(found.values(), key=lambda series: (str(series[0][1].get("SeriesNumber") or "").zfill(12), series[0]))


def _choose(
    folder: Path, series: list[list[tuple[Path, Any]]], number: int | None
) -> tuple[list[tuple[Path, Any]], tuple[str, ...]]:
    if number is not None:
        if not 1 <= number <= len(series):
            raise InputError(f"Folder {folder} holds {len(series)} series; there is no number {number}.")
        return series[number - 1], ()
    if len(series) == 1:
        return series[0], ()
    volumes = [one for one in series if _slices(one) >= FEWEST_SLICES]
    if len(volumes) == 1:
        others = len(series) - 1
        return volumes[0], (f"the folder holds {others} more series of fewer than {FEWEST_SLICES} slices: left out",)
    listed = "; ".join(f"#{i} {_title(one)}, {_counted(_slices(one))}" for i, one in enumerate(series, 1))
    raise InputError(f"Folder {folder} holds {len(series)} series; choose one as '{folder}#NUMBER': {listed}.")


def _volume(
    folder: Path, series: list[tuple[Path, Any]], notes: tuple[str, ...], number: int, volume: int | None
) -> tuple[list[tuple[Path, Any]], tuple[str, ...]]:
    """The slices of one of the volumes of a series, and notes that say which."""
    try:
        chosen, which = chosen_volume(volumes_of(series), volume, f"{folder}#{number}")
    except InputError as error:
        raise InputError(f"{folder} ({_title(series)}) {error}") from None
    return chosen, (*notes, *which)


def _frames_of_volume(header: Any, frames: int, volume: int | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Indices of the frames of one of the volumes that an enhanced image holds, and notes that say which."""
    groups = frame_headers(header)
    if len(groups) != frames:  # no enhanced image
        groups = [header]
    volumes = volumes_of(list(enumerate(groups)))
    try:
        chosen, which = chosen_volume(volumes, volume, "FILE#1")
    except InputError as error:
        raise InputError(f"it {error}") from None
    return np.arange(frames) if len(volumes) == 1 else np.array([at for at, _ in chosen]), which


def _counted(slices: int) -> str:
    return f"{slices} slice{'s' * (slices != 1)}"


def _slices(series: list[tuple[Path, Any]]) -> int:
    return sum(int(header.get("NumberOfFrames") or 1) for _, header in series)


def _title(series: Sequence[tuple[Path, Any]]) -> str:
    header = series[0][1]
    date = _date(header)
    words = (header.get("Modality"), header.get("SeriesDescription"), date.isoformat() if date else "")
    return " ".join(str(word) for word in words if word) or "series without description"


def _series_geometry(headers: Sequence[Any]) -> tuple[Geometry, np.ndarray, np.ndarray, float]:
    """Grid, order of the slices, their positions in that order, and by how many degrees they lean."""
    first = headers[0]
    for header in headers:
        if int(header.get("NumberOfFrames") or 1) > 1:
            raise InputError(f"it is {len(headers)} multi-frame files; give one of the files.")
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
    grid, tilt = stack_geometry(positions[order], orientation, spacing, size, _thickness(first) or 1.0)
    return grid, order, positions[order], tilt


def _require_one_spacing(what: str, spacings: Sequence[Sequence[float]], advice: str) -> None:
    """Raise InputError where the pixels (row, column spacing in mm) of a stack's slices are of several sizes."""
    other = next((one for one in spacings if not np.allclose(one, spacings[0], rtol=SAME_SPACING)), None)
    if other is not None:
        said = " and ".join(" x ".join(f"{side:.4g}" for side in sides[::-1]) for sides in (spacings[0], other))
        raise InputError(f"its {what} have pixels of {said} mm (two fields of view?); {advice}.")


def _file_geometry(
    header: Any, frames: int, frame: int | None, chosen: np.ndarray
) -> tuple[Geometry, np.ndarray, tuple[str, ...], bool]:
    """Grid of the chosen frames (indices) or frame, their order along the normal, notes, whether it has a scale."""
    size = (int(header.Columns), int(header.Rows))
    notes: tuple[str, ...] = ()
    scaled = True
    if "PerFrameFunctionalGroupsSequence" in header:
        positions, orientation, spacing, thickness = _frame_positions(header)
    else:
        spacing, notes, scaled = pixel_spacing(header)
        thickness = _thickness(header)
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


def _frame_positions(header: Any) -> tuple[np.ndarray, list[float], list[float], float | None]:
    """Positions, orientation, pixel spacing and thickness of an enhanced multi-frame image (PS3.3 C.7.6.16.2)."""
    per_frame = header.PerFrameFunctionalGroupsSequence
    shared = header.SharedFunctionalGroupsSequence[0] if header.get("SharedFunctionalGroupsSequence") else {}

    def macro(frame: Any, name: str) -> Any:
        groups = frame if name in frame else shared
        if name not in groups or not groups[name].value:
            raise InputError("its frames state no position (a film or a gated series?); save one time point of it.")
        return groups[name].value[0]

    positions = [macro(frame, "PlanePositionSequence").ImagePositionPatient for frame in per_frame]
    orientations = [macro(frame, "PlaneOrientationSequence").ImageOrientationPatient for frame in per_frame]
    if not all(same_orientation(one, orientations[0]) for one in orientations):
        raise InputError("its frames differ in orientation; save one stack of it.")
    measures = [macro(frame, "PixelMeasuresSequence") for frame in per_frame]
    spacings = [[float(value) for value in each.PixelSpacing] for each in measures]
    _require_one_spacing("frames", spacings, "save one stack of it")
    return (
        np.array([[float(value) for value in position] for position in positions]),
        [float(value) for value in orientations[0]],
        spacings[0],
        _thickness(measures[0]),
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


def _thickness(header: Any) -> float | None:
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        if header.get(name):
            return float(header[name].value)
    return None


def _read_pixels(paths: Sequence[Path], pixel_type: int = sitk.sitkUnknown) -> sitk.Image:
    names = [str(path) for path in paths]
    try:
        # a single name is read as a file, so that its frames become slices
        image = sitk.ReadImage(names if len(names) > 1 else names[0], pixel_type, "GDCMImageIO")
    except RuntimeError as error:
        raise InputError(f"its voxels cannot be read ({one_line(error)}); export it again.") from None
    for key in image.GetMetaDataKeys():  # names and dates of the patient must not travel into result files
        image.EraseMetaData(key)
    return image


def _described(
    image: sitk.Image, header: Any, notes: tuple[str, ...], files: tuple[Path, ...], scaled: bool = True
) -> DicomImage:
    identity = [str(header.get(name) or "") for name in ("PatientID", "PatientName", "PatientBirthDate")]
    key = hashlib.sha256("\x1f".join(identity).encode()).hexdigest() if any(identity) else ""
    description = str(header.get("SeriesDescription") or "")
    return DicomImage(image, str(header.get("Modality") or ""), _date(header), key, description, notes, files, scaled)


def _date(header: Any) -> datetime.date | None:
    for name in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        text = str(header.get(name) or "").replace(".", "")
        try:
            return datetime.datetime.strptime(text[:8], "%Y%m%d").date()
        except ValueError:
            continue
    return None
