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
sys.path.append(str(ROOT / "Testing"))  # pet_cases

from pet_cases import CASES, REFUSED, SLICES, write_object  # noqa: E402

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.core.files import read_image, read_image_file  # noqa: E402
from MedProcLib.core.geometry import Geometry, resample  # noqa: E402
from MedProcLib.quantification.suv.suv_image import SuvImage, suv_image  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
EXPECTED = ("0.20", "1.00", "4.00")


def main() -> int:
    """0 when all objects and phantoms give the values expected, and what allows none is refused with the reason."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = [name for name in CASES if not phantom_is_right(name, Path(folder) / name)]
        wrong += [name for name in REFUSED if not refusal_is_right(name, Path(folder) / f"refused {name}")]
        if (DATA / "04_pet").is_dir():
            wrong += [path.stem for path in _objects() if not object_is_right(path, Path(folder) / path.stem)]
            print_patient(Path(folder) / "patient")
    print(f"wrong: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


def phantom_is_right(name: str, folder: Path) -> bool:
    write_object([CASES[name](i) for i in range(SLICES)], folder)
    try:
        found = _low_middle_high(sitk.GetArrayFromImage(series(folder).image))
    except InputError as error:
        print(f"{name:42} refused: {error}")
        return False
    print(f"{name:42} {' / '.join(found)}   mirp {_mirp(folder)}")
    return found == EXPECTED


def refusal_is_right(name: str, folder: Path) -> bool:
    make, word = REFUSED[name]
    write_object([(make(i), 1.0) for i in range(SLICES)], folder)
    try:
        found = _low_middle_high(sitk.GetArrayFromImage(series(folder).image))
    except InputError as error:
        print(f"{name:42} refused: {error}")
        return word in str(error)
    print(f"{name:42} {' / '.join(found)}, not refused")
    return False


def object_is_right(archive: Path, folder: Path) -> bool:
    unpack(archive, folder)
    mask = read_image(next(folder.rglob("DRO_mask.nii.gz")))
    suv = series(folder).image
    values = sitk.GetArrayFromImage(suv)[sitk.GetArrayFromImage(_on(mask, suv)) > 0]
    found = _low_middle_high(values)
    print(f"{archive.stem:42} {' / '.join(found)}")
    return found == EXPECTED


def _low_middle_high(values: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{value:.2f}" for value in (values.min(), np.median(values), values.max()))


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
        except (ValueError, TypeError, AttributeError) as error:
            return f"refuses ({str(error)[:48]}...)"
    return " / ".join(_low_middle_high(np.asarray(found[0][0][0])))


if __name__ == "__main__":
    sys.exit(main())
