"""A real slice and volume, and images of known blobs on any grid."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

DATA = Path(__file__).resolve().parents[3] / "Data" / "ms_patient01"


@pytest.fixture(scope="session")
def flair() -> sitk.Image:
    """A FLAIR of 0.72 x 0.72 x 4 mm."""
    return sitk.ReadImage(str(DATA / "study1_FLAIR.nii.gz"), sitk.sitkFloat32)


@pytest.fixture(scope="session")
def plane(flair) -> sitk.Image:
    """A slice of it as a 2D image of its own, turned in its plane."""
    image = flair[:, :, 18]
    image.SetOrigin((3.0, -50.0))
    cos, sin = np.cos(0.3), np.sin(0.3)
    image.SetDirection((cos, -sin, sin, cos))
    return image


@pytest.fixture
def blobs():
    """blobs(grid, [(point, sd, height), ...]) -> image of Gaussians at points in LPS mm."""

    def make(grid: Geometry, found) -> sitk.Image:
        indices = np.stack(np.meshgrid(*[np.arange(n) for n in grid.size], indexing="ij"), axis=-1)
        places = grid.points(indices.reshape(-1, grid.dimension))
        values = np.zeros(len(places))
        for point, sd, height in found:
            values += height * np.exp(-((places - point) ** 2).sum(axis=1) / (2 * sd**2))
        return grid.image_of(values.reshape(grid.size).transpose())

    return make
