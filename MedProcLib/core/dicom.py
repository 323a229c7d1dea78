"""A volume from a DICOM file or folder: positions from the slices' own tags, voxels through SimpleITK's GDCM reader."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from .dicom_dose import dose_of
from .dicom_folder import FEWEST_SLICES, chosen_series, series_of, title_of, volume_of_series
from .dicom_geometry import file_geometry, series_geometry
from .dicom_header import MALFORMED, date_of, frames_of, read_header
from .dicom_mosaic import is_mosaic, read_mosaic
from .dicom_rescale import not_inverted, rescaled_by_frame
from .dicom_volumes import chosen_volume, frame_headers, volumes_of
from .errors import InputError
from .gantry_tilt import lean_of, straightened
from .itk_message import one_line

CONTOURS = " It holds contours: give it where a segmentation is asked for."
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
# What a file DICOMDIR is (PS3.10 8.6).
DIRECTORY = "1.2.840.10008.1.3.10"


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
    """Whether a file has DICOM's mark, or begins as DICOM does without one."""
    with path.open("rb") as file:
        if file.read(132)[128:] == b"DICM":
            return True
    header = read_header(path, force=True)
    return header is not None and "SOPClassUID" in header


def read_dicom_file(path: Path, frame: int | None = None, volume: int | None = None) -> DicomImage:
    """One DICOM file: a slice, or a multi-frame image whose frames are slices, or one frame of it.

    frame: which one, counted from 1; volume: which of those that its frames make of the same places. Raises InputError,
    also for frames without positions when none is chosen.
    """
    header = read_header(path, force=True)
    if header is None:
        raise InputError(f"{path} is a damaged DICOM file; export it again from its source.")
    try:
        frames = frames_of(header)
        if "Rows" not in header or "Columns" not in header:
            if header.file_meta.get("MediaStorageSOPClassUID") == DIRECTORY:
                raise InputError(f"it is the directory of a medium: give the folder it lies in, {path.parent}.")
            kind = header.get("Modality") or getattr(header.get("SOPClassUID"), "name", "") or "file"
            raise InputError(f"it is a DICOM {kind} without an image.{CONTOURS if kind == 'RTSTRUCT' else ''}")
        if header.get("Modality") == "SEG" and frames > 1 and frame is None:
            _require_one_segment(header)
        if is_mosaic(header):
            number = next((n for n in (frame, volume) if n not in (None, 1)), None)
            if number is not None:
                raise InputError(f"it is a mosaic, one volume; there is no number {number}: leave it out.")
            return _of_mosaic(path, header)
        if frame is not None and not 1 <= frame <= frames:
            raise InputError(f"it has {frames} frames; there is no number {frame}: choose 1 to {frames}.")
        chosen, which = _frames_of_volume(header, frames, volume) if frame is None else (np.arange(frames), ())
        geometry, order, notes, scaled = file_geometry(header, frames, frame, chosen)
        image = _read_pixels([path])
        if frame is not None and image.GetDimension() == 3:
            image = sitk.RegionOfInterest(image, (*image.GetSize()[:2], 1), (0, 0, frame - 1))
        image = not_inverted(rescaled_by_frame(image, header, frame), [header], frame)
        size, said = (*image.GetSize(), 1)[:3], (*geometry.size[:2], frames if frame is None else 1)
        if size != said:
            raise InputError(f"its voxels are {size}, its header says {said}; export it again.")
        image, dose = dose_of(_in_order(image, order), [header])
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
    series = series_of(folder)
    if not series:
        raise InputError(f"Folder {folder} holds no DICOM images; give the folder of one series, or an image file.")
    headers, notes = chosen_series(folder, series, number)
    inside = volume if len(headers) == 1 else None  # of an enhanced file
    if len(headers) > 1:
        headers, notes = volume_of_series(folder, headers, notes, number or series.index(headers) + 1, volume)
    if len(headers) == 1:
        single = read_dicom_file(headers[0][0], volume=inside)
        return DicomImage(**{**vars(single), "notes": (*notes, *single.notes)})
    return _stacked(headers, f"{folder} ({title_of(headers)})", notes)


def series_files(folder: Path, number: int | None = None) -> tuple[Path, ...]:
    """Files of the images of a series in a folder, in no order. Raises InputError for no series and several."""
    series = series_of(folder)
    if not series:
        raise InputError(f"Folder {folder} holds no DICOM images; give the folder of one series, or an image file.")
    return tuple(path for path, _ in chosen_series(folder, series, number)[0])


def read_dicom_slices(paths: Sequence[Path]) -> DicomImage:
    """The volume of the given files, slices of one series in any order, its voxels those of the files.

    Raises InputError like read_dicom_folder, and for slices that lean.
    """
    if len(paths) == 1:
        return read_dicom_file(paths[0])
    headers = [(path, read_header(path)) for path in paths]
    for path, header in headers:
        if header is None or "Rows" not in header:
            raise InputError(f"{path} is no DICOM image, or is missing or damaged; export it again.")
    if len({header.get("SeriesInstanceUID") for _, header in headers}) > 1:
        raise InputError(f"{paths[0]} and the {len(paths) - 1} files beside it are of several series; give one.")
    return _stacked(headers, title_of(headers), (), straighten=False)


def _stacked(
    headers: Sequence[tuple[Path, Any]], name: str, notes: tuple[str, ...], straighten: bool = True
) -> DicomImage:
    try:
        geometry, order, positions, tilt = series_geometry([header for _, header in headers])
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


def _of_mosaic(path: Path, header: Any) -> DicomImage:
    """The volume whose slices are the tiles of a Siemens mosaic."""
    mosaic = read_mosaic(path)
    geometry, order = mosaic.grid()
    image = mosaic.slices(not_inverted(rescaled_by_frame(_read_pixels([path]), header, None), [header], None))
    notes = (f"{mosaic.tiles} slices that the file holds as tiles of one image (mosaic)",)
    return _described(geometry.stamp(_in_order(image, order)), header, notes, (path,))


def _in_order(image: sitk.Image, order: np.ndarray) -> sitk.Image:
    if list(order) == list(range(len(order))):
        return image
    components = image.GetNumberOfComponentsPerPixel() > 1
    return sitk.GetImageFromArray(sitk.GetArrayViewFromImage(image)[order], isVector=components)


def _require_one_segment(header: Any) -> None:
    """Raise InputError where the frames of a DICOM segmentation are of several segments: they make no volume."""
    count = len(header.get("SegmentSequence") or ())
    if count > 1:
        raise InputError(f"it is a DICOM segmentation of {count} segments, not an image: give it as a label map.")


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


def _read_pixels(paths: Sequence[Path], pixel_type: int = sitk.sitkUnknown) -> sitk.Image:
    if len(paths) == 1 and (floats := _float_pixels(paths[0])) is not None:
        return floats
    names = [str(path) for path in paths]
    try:
        # a single name is read as a file, so that its frames become slices
        image = sitk.ReadImage(names if len(names) > 1 else names[0], pixel_type, "GDCMImageIO")
    except RuntimeError as error:
        raise InputError(f"its voxels cannot be read ({one_line(error)}); export it again.") from None
    for key in image.GetMetaDataKeys():  # names and dates of the patient must not travel into result files
        image.EraseMetaData(key)
    return image


def _float_pixels(path: Path) -> sitk.Image | None:
    """Voxels of a parametric map that are no whole numbers (PS3.3 C.7.6.24), which GDCM does not read; else None."""
    header = read_header(path, force=True, tags=["SOPClassUID"])
    if header is None or header.get("SOPClassUID") != PARAMETRIC_MAP:
        return None
    whole = pydicom.dcmread(path, force=True)
    return None if "PixelData" in whole else sitk.GetImageFromArray(whole.pixel_array)


def _described(
    image: sitk.Image, header: Any, notes: tuple[str, ...], files: tuple[Path, ...], scaled: bool = True
) -> DicomImage:
    identity = [str(header.get(name) or "") for name in ("PatientID", "PatientName", "PatientBirthDate")]
    key = hashlib.sha256("\x1f".join(identity).encode()).hexdigest() if any(identity) else ""
    description = str(header.get("SeriesDescription") or "")
    return DicomImage(image, str(header.get("Modality") or ""), date_of(header), key, description, notes, files, scaled)
