import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.maps.difference import DifferenceMap
from MedProcLib.comparison.maps.relative import RelativeChangeMap
from MedProcLib.core.errors import InputError

from .phantoms import depth, grid_at, noisy

GRID = grid_at()
BALL = depth(GRID, 10) > 0


def array(image):
    return sitk.GetArrayFromImage(image)


def test_the_difference_and_its_limits_of_agreement_have_the_unit_of_the_image():
    first = noisy(GRID, np.full(BALL.shape, 40.0), 5, 0)
    other = noisy(GRID, 40 + 12.0 * BALL, 5, 1)
    maps, rows = DifferenceMap(intensity_unit="HU")(first, other, fixed_labels=GRID.image_of(BALL))
    np.testing.assert_array_equal(array(maps["difference"]), array(other) - array(first))
    assert maps["difference"].GetDirection() == first.GetDirection()
    whole, ball = rows
    assert (whole.segment, ball.segment) == (0, 1)
    assert ball.value("mean_difference") == pytest.approx(12, abs=0.3)
    assert ball.value("sd_difference") == pytest.approx(5 * 2**0.5, rel=0.03)
    assert ball.value("upper_limit_of_agreement") == pytest.approx(12 + 1.96 * 5 * 2**0.5, rel=0.03)
    assert {m.unit for m in ball.measurements} == {"HU"}


def test_outside_the_masks_and_where_a_value_is_missing_the_difference_is_0():
    values = np.full(BALL.shape, 3.0, np.float32)
    values[BALL & (np.arange(BALL.shape[0]) < 15)[:, None, None]] = np.nan
    missing, five = GRID.image_of(values), GRID.image_of(np.full(BALL.shape, 5.0, np.float32))
    maps, rows = DifferenceMap()(missing, five, GRID.image_of(BALL), GRID.image_of(BALL))
    there = BALL & np.isfinite(values)
    np.testing.assert_array_equal(array(maps["difference"]), np.where(there, 2, 0))
    assert rows[0].value("mean_difference") == 2


def test_huge_values_do_not_overflow():
    first, other = (GRID.image_of(np.full(BALL.shape, v)) for v in (1e300, -1e300))
    maps, rows = DifferenceMap(smoothing_mm=2)(first, other)
    assert rows[0].value("mean_difference") == pytest.approx(-2e300)
    assert rows[0].value("sd_difference") == pytest.approx(0, abs=1e292)
    assert np.isfinite(array(maps["difference"])).all()


def test_a_single_slice_and_constant_images_are_compared():
    grid = grid_at(size=(20, 20, 1))
    maps, rows = DifferenceMap(smoothing_mm=1)(*(grid.image_of(np.full((1, 20, 20), v)) for v in (1, 4)))
    np.testing.assert_allclose(array(maps["difference"]), 3)
    assert rows[0].value("sd_difference") == 0


def test_images_on_two_grids_are_refused():
    with pytest.raises(InputError, match="resample"):
        DifferenceMap()(noisy(GRID, 1.0 * BALL, 1, 0), grid_at(degrees=(0, 0, 0)).image_of(1.0 * BALL))


def test_relative_change_of_a_known_factor_and_its_sign_when_swapped():
    first, other = noisy(GRID, np.full(BALL.shape, 200.0), 2, 0), noisy(GRID, 200 * np.where(BALL, 1.5, 1), 2, 1)
    labels = GRID.image_of(BALL)
    maps, rows = RelativeChangeMap()(first, other, fixed_labels=labels)
    assert rows[1].value("mean_log_ratio") == pytest.approx(np.log(1.5), abs=0.002)
    assert rows[1].value("mean_symmetric_change") == pytest.approx(40, abs=0.1)
    swapped, _ = RelativeChangeMap()(other, first, fixed_labels=labels)
    for name, image in maps.items():
        np.testing.assert_allclose(array(swapped[name]), -array(image), atol=1e-5)


def test_a_ratio_of_noise_is_limited():
    # air: both are noise, of which a plain ratio is anything
    first, other = (abs(noisy(GRID, 300.0 * BALL, 6, seed)) for seed in (0, 1))
    maps, rows = RelativeChangeMap()(first, other)
    ratio = array(maps["log_ratio"])
    plain = np.log(array(other) / array(first))
    assert np.abs(plain[~BALL]).max() > 4 and np.mean(np.abs(plain[~BALL])) > 0.5
    assert np.abs(ratio[~BALL]).max() < 1.2 and np.mean(np.abs(ratio[~BALL])) < 0.05
    assert np.std(ratio[BALL]) == pytest.approx(6 * 2**0.5 / 300, rel=0.05)
    assert rows[0].value("limited_by_noise") == pytest.approx(100 * np.mean(~BALL), abs=1)


def test_a_scale_without_a_zero_is_refused():
    with pytest.raises(InputError, match="negative"):
        RelativeChangeMap()(*(noisy(GRID, np.where(BALL, 40.0, -1000), 10, seed) for seed in (0, 1)))


def test_nothing_is_no_relative_change():
    nothing = GRID.empty_image()
    maps, rows = RelativeChangeMap()(nothing, nothing)
    assert not array(maps["log_ratio"]).any() and rows[0].value("limited_by_noise") == 100
