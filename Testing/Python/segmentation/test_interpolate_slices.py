"""Filling between painted slices, on shapes whose slices in between are known."""

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.cleanup.interpolate_slices import InterpolateSlices

from .phantoms import array, ball, label_map

SHAPE = (60, 80, 90)
Z, Y, X = np.ogrid[:60, :80, :90]
BALL = ball(SHAPE, (1, 1, 1), (45, 40, 30), 25)
CONE = (np.hypot(Y - 40, X - 45) <= (Z - 3) * 0.55) & (Z >= 5) & (Z <= 53)
SLANT = (np.hypot(Y - 40, X - 12 - 1.5 * Z) < 5) & (Z >= 3)


def painted(truth, axis, every=5):
    values = truth.astype(np.uint8) * 3
    np.moveaxis(values, axis, 0)[np.arange(truth.shape[axis]) % every != 0] = 0
    ends = np.flatnonzero(np.moveaxis(values, axis, 0).any(axis=(1, 2)))[[0, -1]]
    return values, (slice(None),) * axis + (slice(ends[0], ends[1] + 1),)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("truth", [BALL, CONE], ids=["ball", "cone"])
def test_every_fifth_slice_gives_the_shape_whatever_the_direction(truth, axis):
    values, between = painted(truth, axis)
    result = array(InterpolateSlices()(label_map(values)))
    found, expected = result[between] == 3, truth[between]
    assert np.count_nonzero(found) == pytest.approx(np.count_nonzero(expected), rel=0.03)
    assert 2 * np.count_nonzero(found & expected) / (found.sum() + expected.sum()) > 0.975
    np.testing.assert_array_equal(result[values != 0], values[values != 0])


def test_a_slanting_rod_is_followed():
    values, between = painted(SLANT, 0, 12)
    found = array(InterpolateSlices()(label_map(values)))[between] == 3
    expected = SLANT[between]
    assert 2 * np.count_nonzero(found & expected) / (found.sum() + expected.sum()) > 0.97


def test_several_segments_fill_without_gaps_and_share_by_distance():
    truth = np.where(BALL, np.where(Y + 0 * X > 36 + Z / 6, 2, 1), 0).astype(np.uint8)
    values = truth.copy()
    values[np.arange(60) % 5 != 0] = 0
    result = array(InterpolateSlices()(label_map(values, (1, 1, 1))))
    inner = ball(SHAPE, (1, 1, 1), (45, 40, 30), 22)
    inner[:10] = inner[51:] = False
    assert (result[inner] != 0).mean() > 0.999
    assert (result[inner] == truth[inner]).mean() > 0.99


def test_gaps_that_are_too_wide_stay_and_nothing_to_fill_says_so():
    values = np.zeros((20, 10, 10), np.uint8)
    values[[2, 5, 15], 3:7, 3:7] = 1
    result = array(InterpolateSlices(maximum_gap_mm=4.0)(label_map(values, (1, 1, 2))))
    assert np.flatnonzero(result.any(axis=(1, 2))).tolist() == [2, 3, 4, 5, 15]
    assert array(InterpolateSlices()(label_map(values))).any(axis=(1, 2))[2:16].all()
    mask = np.zeros_like(values)
    mask[:4] = 1
    assert not array(InterpolateSlices()(label_map(values), label_map(mask)))[4].any()
    with pytest.raises(InputError, match="no gap"):
        InterpolateSlices("sagittal")(label_map(values))
    with pytest.raises(InputError, match="no gap"):
        InterpolateSlices()(label_map(np.ones((4, 5, 6), np.uint8)))
