import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.profile.line_profile import full_width_at_half_maximum, line_profile

SPACING = (0.8, 1.1, 2.0)


def image_of(function, direction, size=(40, 36, 24)):
    """Values of a function of LPS points (n, 3)."""
    grid = Geometry(size, SPACING, (5.0, -8.0, 40.0), tuple(np.asarray(direction).ravel()))
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1).reshape(-1, 3)
    return grid.image_of(function(grid.points(indices)).reshape(size).transpose(2, 1, 0)), grid


def test_a_plane_is_a_straight_line_in_any_grid(direction):
    slope = np.array([0.5, -1.0, 2.0])
    image, grid = image_of(lambda p: p @ slope, direction)
    start, end = grid.points(np.array([[3.2, 4.1, 2.7], [33, 30.5, 20]]))
    for interpolation in ("linear", "cubic"):
        found = line_profile(image, start, end, 0.3, width_mm=3.0, interpolation=interpolation)
        # splines with a mirrored border are not straight near it
        tolerance = 1e-9 if interpolation == "linear" else 0.02
        np.testing.assert_allclose(found.values, found.points @ slope, atol=tolerance)
        assert found.positions[-1] == pytest.approx(np.linalg.norm(end - start))
        np.testing.assert_allclose(np.linalg.norm(found.points - start, axis=1), found.positions, atol=1e-9)


def test_width_of_a_gaussian(direction):
    """A tube along the third axis of the grid, crossed at right angles."""
    center, sd = np.array([19.5, 17.5, 11]), 2.5
    image, grid = image_of(lambda p: np.zeros(len(p)), direction)
    middle = grid.points(center)[0]
    axis = np.asarray(direction)[:, 2]

    def tube(points):
        offset = points - middle
        return 10 + 90 * np.exp(-(np.sum(offset**2, axis=1) - (offset @ axis) ** 2) / (2 * sd**2))

    image, _ = image_of(tube, direction)
    half = 14 * np.asarray(direction)[:, 0]
    expected = 2 * sd * math.sqrt(2 * math.log(2))
    widths = {}
    for interpolation in ("linear", "cubic"):
        found = line_profile(image, middle - half, middle + half, 0.1, interpolation=interpolation)
        widths[interpolation] = full_width_at_half_maximum(found)
    assert widths["linear"].value == pytest.approx(expected, rel=0.03)
    assert widths["cubic"].value == pytest.approx(expected, rel=0.003)
    assert widths["cubic"].unit == "mm" and widths["cubic"].parameters["peak"] == pytest.approx(100, abs=0.1)
    dark = line_profile(100 - image, middle - half, middle + half, 0.1, interpolation="cubic")
    assert full_width_at_half_maximum(dark, dark=True).value == pytest.approx(widths["cubic"].value)


def test_averaging_across_lessens_noise():
    noise = np.random.default_rng(0)
    image, grid = image_of(lambda p: noise.normal(size=len(p)), np.eye(3))
    ends = grid.points(np.array([[5, 17, 12], [34, 17, 12]]))
    thin, thick = (line_profile(image, *ends, 0.8, width) for width in (0.0, 10.0))
    assert thick.values.std() < thin.values.std() / 3


def test_of_a_2d_image():
    image = sitk.GetImageFromArray(np.tile(np.arange(20.0), (10, 1)))
    image.SetSpacing((0.5, 2.0))
    found = line_profile(image, (1.0, 3.0), (8.0, 3.0), 0.25, width_mm=4.0)
    np.testing.assert_allclose(found.values, found.positions * 2 + 2)
    assert found.points.shape[1] == 2


def test_outside_and_voxels_without_number_have_no_value():
    values = np.tile(np.arange(12.0), (3, 3, 1))
    values[:, :, 6] = np.nan
    image = sitk.GetImageFromArray(values)
    found = line_profile(image, (-3.0, 1, 1), (11.0, 1, 1), 0.5)
    lost = (found.positions - 3 < -0.5) | (np.abs(found.positions - 9) < 1)
    np.testing.assert_array_equal(np.isnan(found.values), lost)
    cubic = line_profile(image, (0.0, 1, 1), (11.0, 1, 1), 0.5, interpolation="cubic")
    assert np.nanmax(cubic.values) < 12.5
    single = line_profile(image[:, :, 1:2], (0.0, 1, 1), (4.0, 1, 1), 1.0)
    np.testing.assert_allclose(single.values, np.arange(5))


def test_a_flat_profile_and_a_peak_at_the_end_have_no_width():
    flat = sitk.GetImageFromArray(np.full((3, 3, 30), 4.0))
    assert math.isnan(full_width_at_half_maximum(line_profile(flat, (0, 1, 1), (29, 1, 1))).value)
    rising = sitk.GetImageFromArray(np.tile(np.exp(np.arange(30.0)), (3, 3, 1)))
    assert math.isnan(full_width_at_half_maximum(line_profile(rising, (0, 1, 1), (29, 1, 1))).value)


def test_lines_that_are_none_are_refused():
    image = sitk.GetImageFromArray(np.zeros((5, 5, 5)))
    with pytest.raises(InputError, match="no length"):
        line_profile(image, (1, 1, 1), (1, 1, 1))
    with pytest.raises(InputError, match="3 numbers each"):
        line_profile(image, (1, 1), (2, 2))
    with pytest.raises(InputError, match="passes the image by"):
        line_profile(image, (50, 1, 1), (60, 1, 1))
    with pytest.raises(InputError, match="step above 0"):
        line_profile(image, (0, 1, 1), (4, 1, 1), -1.0)
    with pytest.raises(InputError, match="too many"):
        line_profile(image, (0, 1, 1), (4, 1, 1), 1e-3, 3.0)
