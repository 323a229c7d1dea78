"""Headers of a PET of known activity: 5 kBq/ml at 11:00, of 370 MBq F-18 injected into 70 kg at 10:00."""

import datetime
import math
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

ACTIVITY, DOSE, WEIGHT, HALF_LIFE = 5000.0, 370e6, 70.0, 6586.2
DAY = datetime.datetime(2025, 3, 4)
INJECTED, SCANNED = DAY.replace(hour=10), DAY.replace(hour=11)
DURATION = 180.0
DECAY = math.log(2) / HALF_LIFE
# SUV by body weight of the activity, W in g
SUV = ACTIVITY * WEIGHT * 1000 / (DOSE * 2 ** (-3600 / HALF_LIFE))


def header(item: dict | None = None, **tags) -> Dataset:
    """One slice. item: attributes of the radiopharmaceutical; a value of None removes an attribute."""
    made = Dataset()
    made.SOPClassUID, made.Modality = PositronEmissionTomographyImageStorage, "PT"
    made.SeriesInstanceUID, made.StudyInstanceUID, made.PatientID = "1.2.3.4", "1.2.3", "P"
    made.SeriesDate = made.AcquisitionDate = "20250304"
    made.SeriesTime = made.AcquisitionTime = "110000.00"
    made.ActualFrameDuration = int(1000 * DURATION)
    made.Units, made.DecayCorrection, made.CorrectedImage = "BQML", "START", ["DECY", "ATTN", "SCAT"]
    made.SeriesType = ["WHOLE BODY", "IMAGE"]
    made.PatientWeight, made.PatientSize, made.PatientSex = WEIGHT, 1.75, "M"
    made.RescaleSlope, made.RescaleIntercept = 2.5, 0
    tracer, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
    tracer.RadionuclideCodeSequence = [code]
    tracer.RadiopharmaceuticalStartTime = "100000.00"
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = DOSE, HALF_LIFE
    _set(tracer, item or {})
    made.RadiopharmaceuticalInformationSequence = [tracer]
    _set(made, tags)
    return made


def clock(moment: datetime.datetime) -> dict[str, str]:
    """Acquisition Date and Time of a moment."""
    return {"AcquisitionDate": f"{moment:%Y%m%d}", "AcquisitionTime": f"{moment:%H%M%S.%f}"}


def average_rate_time(duration: float) -> float:
    """Seconds after the start of a frame: when its mean rate is reached (by numbers, not by the formula)."""
    t = (np.arange(200_000) + 0.5) * duration / 200_000
    return -math.log(np.exp(-DECAY * t).mean()) / DECAY


def bed(start: datetime.datetime, reference: datetime.datetime, duration: float = DURATION, **tags) -> Dataset:
    """A bed position corrected for decay to a reference time, its header saying so with Frame Reference Time."""
    offset = (start - reference).total_seconds() + average_rate_time(duration)
    return header(**{"FrameReferenceTime": f"{1000 * offset:.1f}", **clock(start), **tags})


def write_slices(folder: Path, headers: list[Dataset], pixels: list[np.ndarray], axes: np.ndarray, step: float = 4.0):
    """Files of slices along the third axis, spacing 2 x 3 mm in plane; names against the order in space."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (one, stored) in enumerate(zip(headers, pixels, strict=True)):
        one.SOPInstanceUID = generate_uid()
        one.ImagePositionPatient = [f"{value:.8f}" for value in (10, -20, 30) + number * step * axes[:, 2]]
        one.ImageOrientationPatient = [f"{value:.12f}" for value in axes[:, :2].T.ravel()]
        one.PixelSpacing, one.SliceThickness, one.InstanceNumber = [3.0, 2.0], 9.0, len(headers) - number
        set_pixels(one, stored)
        save(one, folder / f"{len(headers) - number:03d}.dcm")


def set_pixels(one: Dataset, stored: np.ndarray) -> None:
    one.Rows, one.Columns = stored.shape[-2:]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    one.PixelData = stored.astype(np.int16).tobytes()


def save(one: Dataset, path: Path) -> None:
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    one.save_as(path, enforce_file_format=True)


def _set(dataset: Dataset, values: dict) -> None:
    for name, value in values.items():
        if value is None:
            if name in dataset:
                del dataset[name]
        else:
            setattr(dataset, name, value)
