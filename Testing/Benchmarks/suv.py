"""SUV of the digital reference objects of IBSI-SUV, of phantoms, and of a patient, against truth and against others.

The objects (Vacha et al., oncoray/suv_computation, CC BY 4.0) must give 0.20, 1.00 and 4.00 as minimum, median and
maximum within their mask. Phantoms of known SUV show what else headers vary, and what mirp, where it is installed,
makes of them. The patient is STS_001 of Soft-tissue-Sarcoma (TCIA), whose SUV image is part of IBSI's validation set.
"""

import logging
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Testing"))  # pet_series

from _pet_cases import CASES  # noqa: E402
from pet_series import SUV, write_slices  # noqa: E402

from MedProcLib.core.files import read_image, read_image_file  # noqa: E402
from MedProcLib.core.geometry import Geometry, resample  # noqa: E402
from MedProcLib.quantification.suv.suv_image import SuvImage, suv_image  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
EXPECTED = ("0.20", "1.00", "4.00")
STORED = 20000


def main() -> int:
    """0 when all objects and phantoms give the values expected."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = [name for name in CASES if not phantom_is_right(name, Path(folder) / name)]
        if (DATA / "04_pet").is_dir():
            wrong += [path.stem for path in _objects() if not object_is_right(path, Path(folder) / path.stem)]
            print_patient(Path(folder) / "patient")
    print(f"wrong: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


def phantom_is_right(name: str, folder: Path) -> bool:
    slices = [CASES[name](i) for i in range(4)]
    for one, activity in slices:
        one.RescaleSlope = f"{activity / STORED:.12g}"
    write_slices(folder, [one for one, _ in slices], [np.full((8, 8), STORED)] * len(slices), np.eye(3))
    values = sitk.GetArrayFromImage(series(folder).image)
    print(
        f"{name:36} SUV / true SUV  MedProc {values.min() / SUV:.6f} to {values.max() / SUV:.6f}   mirp {_mirp(folder)}"
    )
    return bool(np.allclose(values, SUV, rtol=1e-5))


def object_is_right(archive: Path, folder: Path) -> bool:
    unpack(archive, folder)
    mask = read_image(next(folder.rglob("DRO_mask.nii.gz")))
    suv = series(folder).image
    values = sitk.GetArrayFromImage(suv)[sitk.GetArrayFromImage(_on(mask, suv)) > 0]
    found = tuple(f"{value:.2f}" for value in (values.min(), np.median(values), values.max()))
    print(f"{archive.stem:36} minimum {found[0]}, median {found[1]}, maximum {found[2]}")
    return found == EXPECTED


def print_patient(folder: Path) -> None:
    """The largest difference to the SUV image of others at its voxels."""
    unpack(DATA / "04_pet" / "sts001_fdg" / "pet_dicom.zip", folder)
    other = read_image(DATA / "05_ibsi_radiomics" / "sts_validation" / "STS_001" / "PET_image.nii.gz")
    theirs = sitk.GetArrayFromImage(other)
    apart = float(np.abs(sitk.GetArrayFromImage(_on(series(folder).image, other)) - theirs).max())
    print(
        f"STS_001: largest difference {apart:.2g} SUV of up to {theirs.max():.4g} ({100 * apart / theirs.max():.2g} %)"
    )


def series(folder: Path) -> SuvImage:
    found = read_image_file(folder)
    return suv_image(found.slices, found.image)


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)


def _objects() -> list[Path]:
    return sorted((DATA / "04_pet" / "ibsi_suv_dro").glob("DRO_*.zip"))


def _on(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    return resample(image, Geometry.of(grid), interpolator=sitk.sitkNearestNeighbor)


def _mirp(folder: Path) -> str:
    """SUV / true SUV by mirp, or why not."""
    try:
        from mirp import extract_images
    except ImportError:
        return "not installed"
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = extract_images(
                image=str(folder), image_modality="pet", image_export_format="numpy", write_images=False
            )
        except (ValueError, TypeError) as error:
            return f"refuses ({str(error)[:48]}...)"
    values = np.asarray(found[0][0][0])
    return f"{values.min() / SUV:.6f} to {values.max() / SUV:.6f}"


if __name__ == "__main__":
    sys.exit(main())
