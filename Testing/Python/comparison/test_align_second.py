"""A second image is put where it belongs beside the first, on whatever grid it lies."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.align_second import AlignSecond
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe

from .conftest import grid_of, head, rigid

MATRIX = rigid((12, -9, 15), (10, -20, 12))
FLIPPED = rigid((5, -8, 12), (0, 0, 0))[:3, :3] * (1, 1, -1)


def test_it_comes_to_lie_on_the_image_and_keeps_its_voxels():
    first, _ = head(grid_of((3.5, 3.5, 3.5)))
    other, _ = head(grid_of((3, 3, 4), FLIPPED, center=(10, -20, 12)), MATRIX, seed=1)
    placed = Recipe.of(AlignSecond()).run(image=first, second=other)["second"]
    grid, was = Geometry.of(placed), Geometry.of(other)
    assert sitk.Hash(placed) == sitk.Hash(other) and grid.spacing == was.spacing
    assert np.linalg.det(np.reshape(grid.direction, (3, 3))) == pytest.approx(-1)
    # what lies at a point of the other study lies where the matrix takes it from
    back = np.linalg.inv(MATRIX)
    wanted = was.corners() @ back[:3, :3].T + back[:3, 3]
    assert np.linalg.norm(grid.corners() - wanted, axis=1).max() < 1.0


def test_what_lies_there_already_is_left_as_it_is():
    first, _ = head(grid_of((3.5, 3.5, 3.5)))
    assert AlignSecond()(first) is None
    other = first * 2
    assert AlignSecond()(first, other) is other
    plane = sitk.Image(20, 20, sitk.sitkFloat32)
    assert AlignSecond()(plane, plane) is plane


def test_another_part_or_dimension_is_refused_with_the_reason():
    first, _ = head(grid_of((3.5, 3.5, 3.5)))
    noise = np.random.default_rng(0).normal(100, 20, (40, 40, 40)).astype(np.float32)
    with pytest.raises(InputError, match=r"cannot be aligned with the image: [A-Z]"):
        AlignSecond()(first, Geometry.of(first[:40, :40, :40]).image_of(noise))
    with pytest.raises(InputError, match="second image is 2D"):
        AlignSecond()(first, first[:, :, 3])
