"""Objects of known size in grids of any spacing and direction."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.core.geometry import Geometry

DIRECTIONS = {
    "straight": np.eye(3),
    "oblique": Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix(),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "oblique left-handed": Rotation.from_euler("xyz", [5, 80, -10], degrees=True).as_matrix() @ np.diag([-1.0, 1, 1]),
}


@pytest.fixture(params=list(DIRECTIONS))
def direction(request) -> np.ndarray:
    return DIRECTIONS[request.param]


@pytest.fixture
def ellipsoid():
    """ellipsoid(radii_mm, spacing, direction, shift_mm) -> (label map with value 1, its center in LPS)."""

    def make(radii, spacing=(1.0, 1.0, 1.0), direction=None, shift=(0.0, 0.0, 0.0)):
        direction = np.eye(3) if direction is None else direction
        size = tuple(int(2 * r / s) + 7 for r, s in zip(radii, spacing, strict=True))
        grid = Geometry(size, tuple(spacing), (11.0, -7.0, 30.0), tuple(direction.ravel()))
        center = (np.array(size) - 1) / 2 * spacing + shift
        axes = [np.arange(n) * s for n, s in zip(size, spacing, strict=True)]
        x, y, z = np.meshgrid(*axes, indexing="ij")
        inside = sum(((p - c) / r) ** 2 for p, c, r in zip((x, y, z), center, radii, strict=True)) <= 1
        labels = grid.image_of(inside.transpose(2, 1, 0))
        return labels, grid.points((center / spacing)[np.newaxis])[0]

    return make


@pytest.fixture
def flat():
    """flat(labels, value) -> an image of one value on the label map's grid."""

    def make(labels: sitk.Image, value: float = 5.0) -> sitk.Image:
        image = sitk.Image(labels.GetSize(), sitk.sitkFloat32) + value
        return Geometry.of(labels).stamp(image)

    return make


@pytest.fixture
def ibsi_phantom() -> tuple[np.ndarray, np.ndarray]:
    """Values and region (z, y, x) of the digital phantom of IBSI (arXiv 1612.07003, CC BY 4.0), in voxels of 2 mm."""
    values = np.array(
        [
            [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
            [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
            [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
            [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
        ]
    )
    inside = np.ones(values.shape, bool)
    for x, y, z in ((0, 2, 1), (3, 0, 2), (4, 0, 2), (2, 2, 2), (3, 0, 3), (4, 0, 3)):
        inside[z, y, x] = False
    return values, inside
