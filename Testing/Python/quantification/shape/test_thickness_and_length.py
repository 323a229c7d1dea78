import numpy as np
import pytest
from Benchmarks._bodies import ball, box, cylinder

from MedProcLib.quantification.shape.centerline import centerline
from MedProcLib.quantification.shape.thickness import thickness


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.0)])
def test_thickness_of_a_ball_is_its_diameter(placed, spacing):
    mean, largest = thickness(placed(ball(24), spacing), spacing)
    assert largest == pytest.approx(24, abs=2)
    assert mean == pytest.approx(largest, rel=0.08)


def test_thickness_of_a_plate_and_of_a_rod(placed):
    mean, largest = thickness(placed(box(40, 40, 8)), (1, 1, 1))
    assert (mean, largest) == pytest.approx((8, 8), abs=1)
    mean, largest = thickness(placed(cylinder(9, 50)), (1, 1, 1))
    assert (mean, largest) == pytest.approx((9, 9), abs=1.2)


def test_a_plate_along_the_grid_in_any_spacing():
    assert thickness(np.ones((6, 40, 40), bool), (0.5, 0.5, 1.0))[1] == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize("mask", [np.ones((1, 1, 1), bool), np.ones((1, 9, 9), bool), np.ones((2, 1, 30), bool)])
def test_thin_masks_have_a_thickness_and_a_length(mask):
    mean, largest = thickness(mask, (1, 1, 3))
    assert 0 < mean <= largest <= 3 * max(mask.shape)
    assert centerline(mask, (1, 1, 3)).length > 0


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.0)])
def test_length_of_a_turned_rod(placed, spacing):
    found = centerline(placed(cylinder(8, 60), spacing), spacing)
    assert found.length == pytest.approx(60, abs=2.5)


def test_length_of_a_bent_tube():
    """Half a ring: its center runs along half a circle, and ends at the two cut faces."""
    z, y, x = np.mgrid[:11, :36, :71]
    across = np.hypot(x - 35, y) - 28
    mask = np.hypot(across, z - 5) <= 4.5
    # the first row of voxels reaches half a voxel beyond y = 0, at both ends
    assert centerline(mask, (1, 1, 1)).length == pytest.approx(np.pi * 28 + 1, rel=0.04)


def test_the_line_runs_through_the_middle():
    mask = np.zeros((15, 15, 60), bool)
    mask[3:12, 3:12, 2:58] = True
    found = centerline(mask, (1, 1, 1))
    middle = found.points[(found.points[:, 0] > 10) & (found.points[:, 0] < 50)]
    assert np.abs(middle[:, 1:] - 7).max() < 1
    assert found.length == pytest.approx(56, abs=1)


def test_of_two_pieces_the_larger_is_measured():
    mask = np.zeros((9, 9, 80), bool)
    mask[2:7, 2:7, 2:32] = True
    mask[3:6, 3:6, 60:70] = True
    assert centerline(mask, (1, 1, 1)).length == pytest.approx(30, abs=1)
