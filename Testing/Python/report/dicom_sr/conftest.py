"""DICOM series that are written for a test: oblique slices, or the frames of one file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry

AXES = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix(), (3, 3))
ORIGIN = np.array([-40.0, 12.5, 100.25])
SHAPE, SPACING = (6, 20, 24), (0.75, 1.25, 2.5)  # slices, rows, columns; x, y, z in mm


@dataclass(frozen=True)
class Series:
    """files: in the order of their names, which is not that of their positions."""

    folder: Path
    files: list[Path]

    @property
    def image(self) -> sitk.Image:
        return read_image(self.folder)

    @property
    def geometry(self) -> Geometry:
        return Geometry.of(self.image)


@pytest.fixture
def series(tmp_path):
    """series(values (slices, rows, columns), modality) writes a series of oblique slices."""

    def write(values, modality="CT") -> Series:
        folder = tmp_path / "series"
        folder.mkdir()
        study, uid, frame = generate_uid(), generate_uid(), generate_uid()
        for number, pixels in enumerate(values):
            made = _slice(folder / f"{len(values) - number:03d}.dcm", modality)
            made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, uid, frame
            made.InstanceNumber = len(values) - number
            made.ImagePositionPatient = [f"{v:.9f}" for v in ORIGIN + number * SPACING[2] * AXES[:, 2]]
            made.Rows, made.Columns = pixels.shape
            made.PixelData = pixels.astype(np.int16).tobytes()
            made.save_as(made.filename, enforce_file_format=True)
        return Series(folder, sorted(folder.iterdir()))

    return write


def _slice(path: Path, modality: str) -> FileDataset:
    kind = CTImageStorage if modality == "CT" else MRImageStorage
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    made.Modality, made.PatientID, made.PatientName = modality, "P1", "Phantom^A"
    made.StudyDate, made.SeriesNumber = "20240229", 3
    made.PixelSpacing, made.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
    made.ImageOrientationPatient = [f"{v:.12f}" for v in AXES[:, :2].T.ravel()]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.RescaleSlope, made.RescaleIntercept = 1, 0
    return made
