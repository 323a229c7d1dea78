"""Images, transforms and texts from and to files. What ITK would misread without a word is refused with one.

Reads NRRD, NIfTI, MetaImage, DICOM (file or folder) and pictures (PNG, JPEG, TIFF); the kind is told from the
content, not from the name.
"""

import datetime
import json
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .atomic import require_writable, whole_file
from .dicom import DicomImage, is_dicom, read_dicom_file, read_dicom_folder, series_files
from .dicom_spacing import SEVERAL, UNKNOWN
from .errors import InputError
from .itk_message import one_line
from .metaimage_header import check_metaimage_header
from .nifti_header import NiftiHeader, read_nifti_header, require_position, restore_non_finite
from .nifti_voxels import voxels_of_its_own
from .nrrd_header import check_nrrd_header
from .picture import is_picture, read_picture

MOST_NUMBERS = 2  # after a path: of a series, and of a volume in it
IMAGE_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
WITHOUT_HEADER = (".nii.gz", ".nii")  # formats without a place for more than the grid
TRANSFORM_ENDINGS = (".tfm", ".txt", ".h5", ".hdf5")
# How zip, 7-Zip and RAR files begin.
ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!")
# The size of the header of NIfTI-1 (and Analyze) and NIfTI-2, in either byte order.
NIFTI_STARTS = {length.to_bytes(4, order) for length in (348, 540) for order in ("little", "big")}
PROVENANCE_KEY = "MedProcProvenance"
# Text in the header of NRRD and MetaImage files that says what the values are (UCUM), and of which modality.
QUANTITY_KEY, MODALITY_KEY = "MedProcQuantity", "MedProcModality"
SHEARED = (
    "the axes of its grid are not at right angles (sheared); resample the image onto a grid with right angles first."
)
# Directions are written with few decimals; beyond this the axes are not at right angles.
RIGHT_ANGLE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ImageFile:
    """An image with what its file says about it.

    kind: 'NRRD', 'NIfTI', 'MetaImage', 'DICOM' or 'picture'; modality: 'MR', 'CT', ... or ''; patient: a key that is
    equal for equal patients, '' when the file does not say; notes: what a reader should know, one line each;
    slices: the files of a DICOM image, in the order of its slices; quantity: UCUM unit of its values where MedProc
    wrote that, such as '{SUVbw}g/ml'; scaled: False where the file does not say how large a pixel is.
    """

    image: sitk.Image
    source: str
    kind: str
    modality: str = ""
    date: datetime.date | None = None
    patient: str = ""
    notes: tuple[str, ...] = ()
    slices: tuple[Path, ...] = ()
    quantity: str = ""
    scaled: bool = True


def read_image(path: str | Path) -> sitk.Image:
    """The image of a file or DICOM folder. Raises InputError; see read_image_file."""
    return read_image_file(path).image


def read_image_file(path: str | Path, unscaled: bool = False) -> ImageFile:
    """Read a file, a DICOM folder, or number N of what holds several, written as 'PATH#N' and counted from 1.

    N is a series of a DICOM folder ('PATH#N#M': volume M of those that the series holds of the same places), a frame
    of a DICOM file, a time point of a 4D image, a page of a TIFF file. A fourth axis of one element is dropped.
    unscaled: take a picture, and a DICOM file that does not say how large its pixels are, too (1 mm is assumed, and
    noted).
    Raises InputError for a missing, truncated or damaged file, one that is no image, a spacing of zero or below, axes
    that are not at right angles, and irregular DICOM series.
    """
    path, numbers = _file_and_numbers(path)
    number, volume = (*numbers, None, None)[:2]
    try:
        if path.is_dir():
            found = _from_dicom(read_dicom_folder(path, number, volume), path)
        elif path.is_file():
            found = _read_file(path, number, volume)
        else:
            raise InputError(f"There is no file {path}; check the path.")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if not found.scaled and not unscaled:
        several = SEVERAL in found.notes
        why = "shows regions at several scales" if several else "states no pixel spacing"
        what = "one of them, cropped," if several else "it"
        raise InputError(
            f"{path} {why}, so nothing can be measured in it: save {what} as NRRD with the spacing that you know."
        )
    return found


def dicom_files(path: str | Path) -> tuple[Path, ...]:
    """The files of a DICOM series, in no order, its voxels not read; a file itself. Raises InputError."""
    path, number = file_and_number(path)
    return series_files(path, number) if path.is_dir() else (path,)


def write_image(
    image: sitk.Image, target: str | Path, provenance: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """Write an image whole or not at all, compressed.

    provenance: text kept in the header of NRRD and MetaImage files; NIfTI has no place for it. headers: more of them.
    Raises InputError for an unknown ending or an unwritable place.
    """
    require_image_target(target)
    said = {**({PROVENANCE_KEY: provenance} if provenance else {}), **(headers or {})}
    if said:
        image = sitk.Image(image)  # shares the voxels
        for key, text in said.items():
            image.SetMetaData(key, text)
    with whole_file(target) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), True)
            _checked_header(temporary)  # ITK does not say so when the disk was full
        except RuntimeError as error:
            raise InputError(f"{target} cannot be written ({one_line(error)}); is the disk full?") from None
        except InputError:
            raise InputError(f"{target} cannot be written whole; is the disk full?") from None


def read_transform(path: str | Path) -> sitk.Transform:
    """The transform of a file of ITK or Slicer: it maps points to points (LPS, mm). Raises InputError."""
    if not Path(path).is_file():
        raise InputError(f"There is no file {path}; check the path.")
    try:
        return sitk.ReadTransform(str(path))
    except RuntimeError:
        raise InputError(f"{path} is no transform that ITK knows: save it as .tfm or .h5 (ITK).") from None


def write_transform(transform: sitk.Transform, target: str | Path) -> None:
    """Write a transform (ITK text or HDF5) whole or not at all. Raises InputError."""
    require_transform_target(target)
    with whole_file(target) as temporary:
        try:
            sitk.WriteTransform(transform, str(temporary))
        except RuntimeError as error:
            raise InputError(f"{target} cannot be written ({one_line(error)}).") from None


def require_image_target(target: str | Path) -> None:
    """Raise InputError unless an image can be written there; asked before a long computation."""
    _require_ending(target, IMAGE_ENDINGS, "an image")
    require_writable(target)


def require_transform_target(target: str | Path) -> None:
    """Raise InputError unless a transform can be written there."""
    _require_ending(target, TRANSFORM_ENDINGS, "a transform")
    require_writable(target)


def stem(path: str | Path) -> str:
    """Name of a file without its image ending: 'FLAIR' of 'a/FLAIR.nii.gz'; a folder's name as it is."""
    name = Path(path).name or Path(path).resolve().name
    return next((name[: -len(ending)] for ending in IMAGE_ENDINGS if name.lower().endswith(ending)), name)


def sidecar_of(target: str | Path) -> Path | None:
    """The file beside an image that says how it came about: NAME.provenance.json; None where the image itself does."""
    if not str(target).lower().endswith(WITHOUT_HEADER):
        return None
    return Path(target).with_name(f"{stem(target)}.provenance.json")


def file_of(path: str | Path) -> Path:
    """The file or folder of what is written as 'PATH#N'."""
    return file_and_number(path)[0]


def file_and_number(path: str | Path) -> tuple[Path, int | None]:
    """The file or folder, and the number, None without one, of what is written as 'PATH#N'."""
    file, numbers = _file_and_numbers(path)
    return file, numbers[0] if numbers else None


def _file_and_numbers(path: str | Path) -> tuple[Path, tuple[int, ...]]:
    text = str(path)
    if not text.strip():
        raise InputError("The name of a file is empty; give its path.")
    numbers: list[int] = []
    while len(numbers) < MOST_NUMBERS and not Path(text).exists() and (match := re.fullmatch(r"(.+)#(\d+)", text)):
        text = match[1]
        numbers.insert(0, int(match[2]))
    return Path(text), tuple(numbers)


def _from_dicom(found: DicomImage, path: Path) -> ImageFile:
    return ImageFile(
        found.image,
        str(path),
        "DICOM",
        found.modality,
        found.date,
        found.patient,
        found.notes,
        found.files,
        scaled=found.scaled,
    )


def _read_file(path: Path, number: int | None, volume: int | None = None) -> ImageFile:
    kind = _kind_of(path)
    if kind == "DICOM":
        # of a file that is a series of its own, as an enhanced image is
        return _from_dicom(read_dicom_file(path, number if volume is None else None, volume), path)
    if volume is not None:
        raise InputError(f"{path} is a file, of which one number chooses: leave #{volume} out.")
    if kind == "picture":
        return ImageFile(read_picture(path, number), str(path), kind, notes=(UNKNOWN,), scaled=False)
    header = _checked_header(path)
    reader = sitk.ImageFileReader()
    reader.SetImageIO({"NRRD": "NrrdImageIO", "NIfTI": "NiftiImageIO", "MetaImage": "MetaImageIO"}[kind])
    try:
        with voxels_of_its_own(path) as alone:
            reader.SetFileName(str(alone))
            image = reader.Execute()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise InputError(f"{path}: {SHEARED}") from None
        raise InputError(f"{path} cannot be read ({one_line(error)}); copy it again from its source.") from None
    # what is cut out of an image has lost its metadata
    said = {key: image.GetMetaData(key) for key in (QUANTITY_KEY, MODALITY_KEY) if image.HasMetaDataKey(key)}
    said |= _said_beside(path, image)
    if isinstance(header, NiftiHeader):
        image = _without_single_axis(restore_non_finite(header, image))
        notes = header.notes + require_position(header, image)
    else:
        image, notes = _without_single_axis(image), header
    if number is not None and kind == "MetaImage" and notes:
        image, notes = _frame(path, image, number), ()
    elif number is not None:
        image = _time_point(path, image, number)
    _require_right_angles(path, image)
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    modality, quantity = said.get(MODALITY_KEY, ""), said.get(QUANTITY_KEY, "")
    return ImageFile(image, str(path), kind, modality, notes=notes, quantity=quantity)


def _said_beside(path: Path, image: sitk.Image) -> dict[str, str]:
    """What the file beside a NIfTI file says of its values, if its voxels are still those that were written."""
    beside = sidecar_of(path)
    if beside is None or not beside.is_file():
        return {}
    try:
        record = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # somebody else's
        return {}
    headers = record.get("headers") if isinstance(record, dict) else None
    if not isinstance(headers, dict) or record.get("voxels") != sitk.Hash(image):
        return {}
    return {key: headers[key] for key in (QUANTITY_KEY, MODALITY_KEY) if isinstance(headers.get(key), str)}


def _checked_header(path: Path) -> tuple[str, ...] | NiftiHeader:
    """Notes on the header, or a NIfTI header, whose notes come when ITK's reading is compared with it."""
    kind = _kind_of(path)
    checks: dict[str, Callable[[Path], tuple[str, ...] | NiftiHeader]] = {
        "NIfTI": read_nifti_header,
        "NRRD": check_nrrd_header,
        "MetaImage": check_metaimage_header,
    }
    try:
        return checks[kind](path)
    except InputError:
        raise
    except (ValueError, OverflowError, struct.error) as error:
        raise InputError(f"{path}: its {kind} header is damaged ({one_line(error)}); copy it again.") from None


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise InputError(f"{path} is empty; copy it again from its source.")
    if start[:7] == b"NRRD000":
        return "NRRD"
    if start[:2] == b"\x1f\x8b" and path.name.lower().endswith(".nii.gz"):
        return "NIfTI"
    if start[:4] in NIFTI_STARTS:
        return "NIfTI"
    if re.match(rb"\s*(ObjectType|NDims)\s*=", start):
        return "MetaImage"
    if is_dicom(path):
        return "DICOM"
    if is_picture(start):
        return "picture"
    if start[:4] in ARCHIVES or start[:2] == b"\x1f\x8b":
        raise InputError(f"{path} is a compressed archive; unpack it, and give the file or folder that was in it.")
    raise InputError(
        f"{path} is not an image MedProc reads (NRRD, NIfTI, MetaImage, DICOM, PNG, JPEG, TIFF): convert it to one of "
        "them."
    )


def _without_single_axis(image: sitk.Image) -> sitk.Image:
    """A 3D image from a 4D one of a single time point."""
    size = list(image.GetSize())
    while len(size) > 3 and size[-1] == 1:
        size.pop()
    if len(size) == image.GetDimension():
        return image
    return sitk.Extract(image, size + [0] * (image.GetDimension() - len(size)))


def _time_point(path: Path, image: sitk.Image, number: int) -> sitk.Image:
    """The 3D image number N of a 4D one, counted from 1; of a 3D image the first is itself."""
    size = list(image.GetSize())
    several = size[3] if len(size) == 4 else 1
    if several == 1 and number != 1:
        raise InputError(f"{path} holds a single image; there is no number {number}: leave #{number} out.")
    if not 1 <= number <= several:
        raise InputError(f"{path} holds {several} time points; there is no number {number}: choose 1 to {several}.")
    return sitk.Extract(image, [*size[:3], 0], [0, 0, 0, number - 1]) if len(size) == 4 else image


def _frame(path: Path, image: sitk.Image, number: int) -> sitk.Image:
    """Frame N of a sequence, whose third axis counts them from 1, as an image of one slice."""
    several = image.GetSize()[2]
    if not 1 <= number <= several:
        raise InputError(f"{path} holds {several} frames; there is no number {number}: choose 1 to {several}.")
    return image[:, :, number - 1 : number]


def _require_right_angles(path: Path, image: sitk.Image) -> None:
    n = image.GetDimension()
    axes = np.reshape(image.GetDirection(), (n, n))
    if not np.abs(axes.T @ axes - np.eye(n)).max() <= RIGHT_ANGLE_TOLERANCE:
        raise InputError(f"{path}: {SHEARED}")


def _require_ending(target: str | Path, endings: tuple[str, ...], what: str) -> None:
    if not str(target).lower().endswith(endings):
        raise InputError(f"{target} does not end like {what}; use one of {', '.join(endings)}.")
