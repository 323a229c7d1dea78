import numpy as np
import pytest
from Benchmarks._bodies import ball, box, cylinder
from scipy import ndimage
from scipy.spatial import cKDTree

from MedProcLib.quantification.shape.centerline import centerline
from MedProcLib.quantification.shape.even_grid import even_mask
from MedProcLib.quantification.shape.inscribed_ball import ball_radii
from MedProcLib.quantification.shape.thickness import thickness


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.0)])
@pytest.mark.parametrize("width", [6, 14])
def test_thickness_of_a_ball_is_its_diameter(placed, spacing, width):
    found = [thickness(placed(ball(width), spacing, np.random.default_rng(seed)), spacing) for seed in range(4)]
    mean, largest = np.mean(found, axis=0) - width
    assert abs(largest) < 0.4 * max(spacing) and abs(mean) < 0.45 * max(spacing)


def test_thickness_of_a_plate_and_of_a_rod(placed):
    mean, largest = thickness(placed(box(26, 26, 8)), (1, 1, 1))
    assert mean == pytest.approx(8, abs=0.4) and largest == pytest.approx(8, abs=0.8)
    mean, largest = thickness(placed(cylinder(9, 30)), (1, 1, 1))
    assert (mean, largest) == pytest.approx((9, 9), abs=0.4)


def test_balls_have_their_center_between_voxels(placed):
    even = even_mask(placed(ball(8)), (1, 1, 1), 200_000, 12)
    start = np.argwhere(even.depth == even.depth.max())[:1]
    assert ball_radii(even, start)[0] * even.step == pytest.approx(4, abs=0.2)
    assert ball_radii(even, np.add(start, (1, 0, 0)))[0] == pytest.approx(ball_radii(even, start)[0], rel=0.1)


def test_a_plate_along_the_grid_in_any_spacing():
    assert thickness(np.ones((6, 24, 24), bool), (0.5, 0.5, 1.0))[1] == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize("mask", [np.ones((1, 1, 1), bool), np.ones((1, 9, 9), bool), np.ones((2, 1, 30), bool)])
def test_thin_masks_have_a_thickness_and_a_length(mask):
    mean, largest = thickness(mask, (1, 1, 3))
    assert 0 < mean <= largest <= 3 * max(mask.shape)
    assert centerline(mask, (1, 1, 3)).length > 0


def test_a_thin_vessel_that_winds_through_a_large_box():
    """3 mm thick in 122 x 90 x 90 mm: on a grid of 1.7 mm it was -0.1 mm thick."""
    t = np.linspace(0, 1, 700)
    course = np.stack([6 + 110 * t, 45 + 42 * np.cos(7 * t), 45 + 42 * np.sin(7 * t)], axis=-1)
    mask = np.zeros((91, 91, 123), bool)
    z, y, x = np.mgrid[-2:3, -2:3, -2:3]
    for place in course:
        near = np.rint(place).astype(int)
        apart = np.stack([x, y, z], axis=-1) + near - place
        corner = near[::-1] - 2
        mask[tuple(slice(c, c + 5) for c in corner)] |= np.linalg.norm(apart, axis=-1) <= 1.5
    mean, largest = thickness(mask, (1, 1, 1))
    assert (mean, largest) == pytest.approx((2.4, 2.9), abs=0.3)
    length = np.linalg.norm(np.diff(course, axis=0), axis=1).sum() + 3
    assert centerline(mask, (1, 1, 1)).length == pytest.approx(length, rel=0.02)


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


@pytest.mark.parametrize("rise", [9, 12])
def test_a_vessel_as_thin_as_its_slices_does_not_fall_to_pieces(rise):
    """3 mm thick in slices of 3 mm, one piece in the mask; half and a quarter of its length were measured."""
    t = np.linspace(0, 1, 600)
    course = np.stack([60 * t, 12 * np.sin(9 * t), rise * t], axis=-1)
    places = np.stack(np.mgrid[-3 : rise + 4 : 3, -15:16, -3:64], axis=-1)[..., ::-1]
    mask = cKDTree(course).query(places)[0] <= 1.5
    length = np.linalg.norm(np.diff(course, axis=0), axis=1).sum() + 3
    assert ndimage.label(mask, np.ones((3, 3, 3)))[1] == 1
    assert centerline(mask, (1, 1, 3)).length == pytest.approx(length, rel=0.04)


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


@pytest.mark.parametrize("spacing", [(0.8, 1.1, 2.5), (1.2, 0.7, 3.3)])
def test_spacings_as_float_and_as_double_give_the_same(spacing):
    """NIfTI keeps spacing as float, NRRD as double."""
    z, y, x = np.mgrid[-12:13, -12:13, -12:13]
    mask = (z / 5) ** 2 + (y / 9) ** 2 + (x / 6) ** 2 < 1
    rounded = tuple(float(np.float32(side)) for side in spacing)
    assert np.allclose(thickness(mask, spacing), thickness(mask, rounded), rtol=1e-5)
    assert np.isclose(centerline(mask, spacing).length, centerline(mask, rounded).length, rtol=1e-5)
