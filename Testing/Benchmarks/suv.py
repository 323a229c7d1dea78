"""SUV of the digital reference objects of IBSI-SUV, and of a patient against an SUV image made by others.

The objects (Vacha et al., oncoray/suv_computation, CC BY 4.0) must give 0.20, 1.00 and 4.00 as minimum, median and
maximum within their mask. The patient is STS_001 of Soft-tissue-Sarcoma (TCIA), whose SUV image is part of IBSI's
validation set.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.files import read_image, read_image_file
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.quantification.suv.suv_image import SuvImage, suv_image

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
EXPECTED = ("0.20", "1.00", "4.00")


def main() -> int:
    """0 when all objects give the values expected."""
    objects = sorted((DATA / "04_pet" / "ibsi_suv_dro").glob("DRO_*.zip"))
    if not objects:
        print(f"{DATA} is not there: nothing to compare with")
        return 0
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        for archive in objects:
            found = object_values(unpacked(archive, Path(folder) / archive.stem))
            right += found == EXPECTED
            print(f"{archive.stem}: minimum {found[0]}, median {found[1]}, maximum {found[2]}")
        worst, largest = patient_difference(Path(folder) / "patient")
    print(f"{right} of {len(objects)} objects give {', '.join(EXPECTED)}")
    print(f"STS_001: largest difference {worst:.2g} SUV of up to {largest:.4g} ({100 * worst / largest:.3g} %)")
    return 0 if right == len(objects) else 1


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def series(folder: Path) -> SuvImage:
    found = read_image_file(folder)
    return suv_image(found.slices, found.image)


def object_values(folder: Path) -> tuple[str, ...]:
    """Minimum, median and maximum within the mask, with two decimals."""
    mask = read_image(next(folder.rglob("DRO_mask.nii.gz")))
    suv = series(folder).image
    values = sitk.GetArrayFromImage(suv)[sitk.GetArrayFromImage(_on(mask, suv)) > 0]
    return tuple(f"{value:.2f}" for value in (values.min(), np.median(values), values.max()))


def patient_difference(folder: Path) -> tuple[float, float]:
    """Largest difference to the SUV image of others at its voxels, and its largest value."""
    suv = series(unpacked(DATA / "04_pet" / "sts001_fdg" / "pet_dicom.zip", folder)).image
    other = read_image(DATA / "05_ibsi_radiomics" / "sts_validation" / "STS_001" / "PET_image.nii.gz")
    ours = sitk.GetArrayFromImage(resample(suv, Geometry.of(other), interpolator=sitk.sitkNearestNeighbor))
    theirs = sitk.GetArrayFromImage(other)
    return float(np.abs(ours - theirs).max()), float(theirs.max())


def _on(mask: sitk.Image, image: sitk.Image) -> sitk.Image:
    return resample(mask, Geometry.of(image), interpolator=sitk.sitkNearestNeighbor)


if __name__ == "__main__":
    sys.exit(main())
