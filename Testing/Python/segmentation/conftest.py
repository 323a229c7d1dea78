"""The real image that segmentation is tried on."""

from pathlib import Path

import pytest
import SimpleITK as sitk

FLAIR = Path(__file__).resolve().parents[2] / "Data/ms_patient01/study1_FLAIR.nii.gz"


@pytest.fixture(scope="session")
def real_flair() -> sitk.Image:
    """Raw FLAIR of a head, 320 x 320 x 36 voxels of 0.72 x 0.72 x 4 mm."""
    return sitk.ReadImage(str(FLAIR))
