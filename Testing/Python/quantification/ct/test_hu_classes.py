import math

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.ct.hu_classes import hu_classes, hu_measurements


def shares(values, text=None):
    classes = hu_classes() if text is None else hu_classes(text)
    return {m.name: m.value for m in hu_measurements(np.asarray(values), classes)}


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_usual_classes_include_both_ends(dtype):
    values = np.array([-2000, -901, -900, -500, -499, -190, -30, -29, 150, 151], dtype)
    assert shares(values) == pytest.approx(
        {"share_air": 20, "share_lung": 20, "share_fat": 20, "share_muscle": 20, "share_dense": 10}
    )


def test_shares_are_those_of_numpy():
    values = np.random.default_rng(0).normal(0, 200, 100_000).astype(np.float32)
    expected = 100 * np.mean((np.round(values) >= -20) & (np.round(values) <= 40))
    assert shares(values, " soft : -20 .. 40 ;all:..") == pytest.approx({"share_soft": expected, "share_all": 100})


def test_no_value_falls_between_two_ranges_that_follow_each_other():
    assert shares([-29.6, -29.4, -30.2, 150.7]) == pytest.approx(
        {"share_air": 0, "share_lung": 0, "share_fat": 50, "share_muscle": 25, "share_dense": 25}
    )


def test_ranges_are_said_and_voxels_without_number_left_out():
    found = hu_measurements(np.array([np.nan, -100.0, 50.0]), hu_classes("fat: -190..-30; more: 0.."))
    assert [m.value for m in found] == [50, 50]
    rounded = {"ends": "included", "values": "rounded to whole HU", "voxels_without_number": 1}
    assert found[0].parameters == {"from_HU": -190, "to_HU": -30, **rounded}
    assert "to_HU" not in found[1].parameters and found[0].unit == "%"
    assert all(math.isnan(m.value) for m in hu_measurements(np.full(3, np.nan), hu_classes()))


@pytest.mark.parametrize("text", ["fat -190..-30", "fat: 3..2", "fat: low..3", "a b: 1..2", "", "fat:1..2; fat:3..4"])
def test_ranges_that_are_none_are_refused(text):
    with pytest.raises(InputError, match=r"range of HU"):
        hu_classes(text)
