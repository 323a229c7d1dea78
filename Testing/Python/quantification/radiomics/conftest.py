"""The digital phantom of IBSI, lesions of any shape in any grid, and data that may lie beside the repository."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry

SHARED = Path(__file__).resolve().parents[5] / "shared/data/05_ibsi_radiomics"


@pytest.fixture(scope="session")
def phantom() -> tuple[sitk.Image, sitk.Image]:
    """Image and mask of the digital phantom (arXiv 1612.07003), CC BY 4.0: 5 x 4 x 4 voxels of 2 mm, 74 inside."""
    image = sitk.GetImageFromArray(
        np.array(
            [
                [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
                [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
                [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
                [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
            ],
            np.int16,
        )
    )
    mask = sitk.Image(5, 4, 4, sitk.sitkUInt8) + 1
    for outside in ((0, 2, 1), (3, 0, 2), (4, 0, 2), (2, 2, 2), (3, 0, 3), (4, 0, 3)):
        mask[outside] = 0
    image.SetSpacing((2.0, 2.0, 2.0))
    mask.SetSpacing((2.0, 2.0, 2.0))
    return image, mask


@pytest.fixture(scope="session")
def shared():
    """shared("ct_phantom/mask.nii.gz") -> an image of the data beside the repository; skips the test without it."""

    def read(name: str) -> sitk.Image:
        if not (SHARED / name).exists():
            pytest.skip(f"needs {name} of the shared data")
        return sitk.ReadImage(str(SHARED / name))

    return read


@pytest.fixture(scope="session")
def lesion():
    """lesion(size, spacing, direction, seed) -> image of texture and noise, and the mask (1) of a lumpy body in it."""

    def make(size=(26, 22, 18), spacing=(1.0, 1.0, 1.0), direction=None, seed=0, voxels=1500):
        random = np.random.default_rng(seed)
        shape = size[::-1]
        lumps = ndimage.gaussian_filter(random.normal(size=shape), 3)
        middle = [(n - 1) / 2 for n in shape]
        places = np.indices(shape).T - middle
        depth = -np.linalg.norm(places * [1.0, 1.1, 0.8], axis=-1).T + 2 * lumps / lumps.std()
        inside = depth >= np.sort(depth.ravel())[-voxels]
        values = 60 + 40 * ndimage.gaussian_filter(random.normal(size=shape), 1) / 0.2 + random.normal(0, 5, shape)
        grid = Geometry(
            size, spacing, (5.0, -3.0, 40.0), tuple(np.ravel(np.eye(3) if direction is None else direction))
        )
        return grid.image_of(values.astype(np.float32)), grid.image_of(inside)

    return make
