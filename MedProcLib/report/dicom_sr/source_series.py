"""The DICOM series that was measured: the headers of its files, in the order of the voxel grid's slices."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from ...core.dicom import read_dicom_slices
from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.itk_message import one_line
from ...quantification.suv.normalization import NORMALIZATIONS

# What DICOM wants stated, if only as empty, in every object of a patient's study (PS3.3 type 2).
TYPE_2 = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
# What says which image a report refers to, and where the slices of one lie.
REQUIRED = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "Modality")
REQUIRED_OF_STACKS = (*REQUIRED, "FrameOfReferenceUID")
HOW_TO = "A DICOM report refers to DICOM images: load the series from its DICOM files, or export the figures as CSV."
# Corners of two grids are at one place when they differ by less than this share of a voxel.
SAME_PLACE = 0.01


@dataclass(frozen=True)
class SourceSeries:
    """headers: one per slice in the order of the third axis, or one of a multi-frame file; geometry: its voxel grid.

    frame_slices: for a multi-frame file, the slice that each of its frames shows, in the file's order; stated: UCUM
    code of the values that were measured, '' where it is not known.
    """

    headers: tuple[Any, ...]
    geometry: Geometry
    frame_slices: tuple[int, ...] = (0,)
    stated: str = ""

    @property
    def is_multi_frame(self) -> bool:
        return len(self.headers) == 1 and self.geometry.size[2] > 1

    @property
    def modality(self) -> str:
        return str(self.headers[0].get("Modality") or "")

    def labels(self, labels: sitk.Image) -> np.ndarray:
        """A label map as an array (slices, rows, columns) of this series' pixels.

        Its axes may run the other way or be swapped, as loaders do it; nothing is interpolated. Raises InputError for
        labels on other voxels.
        """
        volume = labels
        if labels.GetDimension() == 2:  # it states no place along the third axis
            volume = sitk.JoinSeries(labels)
            volume = self.geometry.stamp(volume) if volume.GetSize() == self.geometry.size else volume
        self.require_voxels_of(volume, "label map")
        return sitk.GetArrayFromImage(resample(volume, self.geometry, interpolator=sitk.sitkNearestNeighbor))

    def require_voxels_of(self, volume: sitk.Image, what: str) -> None:
        """Raise InputError unless the voxels of a volume (what: 'label map', ...) are those of the series."""
        if volume.GetDimension() != 3:
            return  # a single image: read_image states no place along the third axis
        if not _same_voxels(self.geometry, Geometry.of(volume)):
            raise InputError(
                f"The {what} lies on other voxels than the DICOM series: measure the series as it was loaded, "
                "neither resampled, cropped nor moved by a transform, or export the figures as CSV."
            )


def read_source_series(files: Sequence[str | Path]) -> SourceSeries:
    """Headers of a series' files. Raises InputError when they are no DICOM images of one series that make a stack."""
    if not files:
        raise InputError(f"The image's files are not known. {HOW_TO}")
    try:
        found = read_dicom_slices([Path(file) for file in files])
        stack = found.image.GetDimension() == 3 and found.image.GetSize()[2] > 1
        headers = tuple(_header(file, REQUIRED_OF_STACKS if stack else REQUIRED) for file in found.files)
        if len({header.SOPInstanceUID for header in headers}) < len(headers):
            raise InputError("Several slices state the same SOPInstanceUID, so none can be referred to.")
    except InputError as error:
        raise InputError(f"{error} {HOW_TO}") from None
    image = found.image if found.image.GetDimension() == 3 else sitk.JoinSeries(found.image)
    geometry = Geometry.of(image)
    for header in headers:
        if not header.get("SliceThickness") and "SharedFunctionalGroupsSequence" not in header:
            header.SliceThickness = round(geometry.spacing[2], 6)
    if len(headers) == 1 and geometry.size[2] == 1:  # of one slice highdicom takes 1 mm where it is not stated
        headers[0].SpacingBetweenSlices = round(geometry.spacing[2], 6)
    if len(headers) > 1:
        return SourceSeries(headers, geometry, stated=_stated(headers[0]))
    return SourceSeries(headers, geometry, _frame_slices(headers[0], geometry), _stated(headers[0]))


@contextmanager
def repeated_from(source: SourceSeries) -> Iterator[None]:
    """Around the making of an object that repeats the patient, study and image of a series.

    Raises InputError for headers that it cannot be made from; names written in an unusual way are taken as they are.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (AttributeError, ValueError, LookupError) as error:
        kind = source.modality or "DICOM"
        raise InputError(
            f"No report can be made from these {kind} images: {one_line(error)}. Export the figures as CSV instead."
        ) from error


def _header(path: Path, required: Sequence[str]) -> Any:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    for name in required:
        if not header.get(name):
            raise InputError(f"{path} states no {name} (emptied when it was de-identified?).")
    for name in TYPE_2:
        if name not in header:
            setattr(header, name, "")
    if not header.get("SpecificCharacterSet"):
        header.pop("SpecificCharacterSet", None)
    return header


def _stated(header: Any) -> str:
    """Of PET in SUV, by Units (0054,1001) and SUV Type (0054,1006)."""
    units, kind = (str(header.get(name) or "").strip().upper() for name in ("Units", "SUVType"))
    return next((one.ucum for one in NORMALIZATIONS.values() if units == "GML" and one.suv_type == kind), "")


def _frame_slices(header: Any, geometry: Geometry) -> tuple[int, ...]:
    """Frames need not lie in the order of their positions (PS3.3 C.7.6.16.2.3)."""
    frames = header.get("PerFrameFunctionalGroupsSequence") or []
    if len(frames) != geometry.size[2] or any("PlanePositionSequence" not in frame for frame in frames):
        return tuple(range(geometry.size[2]))
    corners = [[float(x) for x in frame.PlanePositionSequence[0].ImagePositionPatient] for frame in frames]
    return tuple(int(index) for index in np.rint(geometry.indices(np.array(corners))[:, 2]))


def _same_voxels(grid: Geometry, other: Geometry) -> bool:
    """Whether two grids have the same voxels, in whatever order of axes."""
    ours, theirs = grid.corners(), other.corners()
    distances = np.linalg.norm(ours[:, np.newaxis] - theirs[np.newaxis], axis=2).min(axis=1)
    same_count = np.prod(grid.size) == np.prod(other.size) and sorted(grid.size) == sorted(other.size)
    return bool(same_count and distances.max() <= SAME_PLACE * min(grid.spacing))
