"""Kinds of image pairs that registration is tried on, and the accuracy that is asked for."""

import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk
from _brain_phantom import brain_phantom

from MedProcLib.core.files import read_image

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared/data"
FLAIR = ROOT / "Testing/Data/ms_patient01/study1_FLAIR.nii.gz"
CT = SHARED / "01_ct/totalseg_example/ct.nii.gz"
PET = SHARED / "04_pet/sts001_fdg/pet_dicom.zip"
THIGH_CT = SHARED / "05_ibsi_radiomics/sts_validation/STS_001/CT_image.nii.gz"
T1, FLAIR_OF_T1 = (SHARED / f"02_mr/ms_cross_sectional_patient26/{name}.nii.gz" for name in ("T1", "FLAIR"))
Pair = tuple[sitk.Image, sitk.Image]


@dataclass(frozen=True)
class Kind:
    """read: the first image and the one that is misplaced, None without ../shared/data; goal_mm: largest error asked.

    hard: what is hard about it (see `misplaced`); such cases are to be right or flagged.
    """

    name: str
    read: Callable[[], Pair | None]
    metric: str
    goal_mm: float
    hard: str = ""


def kinds() -> tuple[Kind, ...]:
    """Kinds within the range of the search first, then harder ones."""
    one, two = "correlation_ratio", "mutual_information"
    return (
        Kind("FLAIR", lambda: _files(FLAIR, FLAIR), one, 0.5),
        Kind("CT", lambda: _files(CT, CT), one, 1.0),
        Kind("PET", lambda: _files(PET, PET), one, 1.0),
        Kind("T1 FLAIR", lambda: _files(T1, FLAIR_OF_T1), one, 0.5),
        Kind("T1 FLAIR, information", lambda: _files(T1, FLAIR_OF_T1), two, 0.5),
        Kind("T1 FLAIR, phantom", _phantom, one, 0.5),
        Kind("T1 FLAIR, phantom, information", _phantom, two, 0.5),
        Kind("CT PET", lambda: _files(THIGH_CT, PET), two, 1.0),
        Kind("CT PET, near", lambda: _files(THIGH_CT, PET), two, 1.0, "near"),
        Kind("FLAIR, far turned", lambda: _files(FLAIR, FLAIR), one, 0.5, "turned"),
        Kind("FLAIR, half the field", lambda: _files(FLAIR, FLAIR), one, 0.5, "half"),
        Kind("FLAIR, a quarter", lambda: _files(FLAIR, FLAIR), one, 0.5, "quarter"),
        Kind("FLAIR, one slice", lambda: _files(FLAIR, FLAIR), one, 0.5, "slice"),
        Kind("CT, a quarter", lambda: _files(CT, CT), one, 1.0, "quarter"),
        Kind("CT of head T1", lambda: _files(CT, T1), two, 0.5, "other"),
    )


def _files(first: Path, other: Path) -> Pair | None:
    if not (first.exists() and other.exists()):
        return None
    return _image(first), _image(other)


def _image(path: Path) -> sitk.Image:
    if path.suffix != ".zip":
        return sitk.ReadImage(str(path), sitk.sitkFloat32)
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(path).extractall(folder)
        return sitk.Cast(read_image(next(Path(folder).rglob("*.dcm")).parent), sitk.sitkFloat32)


def _phantom() -> Pair:
    phantom = brain_phantom()
    return phantom.image("T1", 3, 30, 1), phantom.image("FLAIR", 3, 30, 2)
