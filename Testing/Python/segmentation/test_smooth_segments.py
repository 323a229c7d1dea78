"""Smoothing several segments: volumes, no gaps, noise gone, against a Gaussian and a majority filter written out."""

import numpy as np
import pytest
from scipy import ndimage

from MedProcLib.segmentation.cleanup.smooth import Smooth
from MedProcLib.segmentation.common.shares import Shares

from .phantoms import UNEVEN, array, ball, label_map, radius_from

SHAPE, CENTER = (32, 64, 76), (30.0, 32.0, 32.0)


def volumes(values):
    return np.bincount(values.ravel(), minlength=10)[1:]


@pytest.fixture(scope="module")
def three():
    """A ball in two halves (1, 2) that touch, and a box (7)."""
    values = ball(SHAPE, UNEVEN, CENTER, 22).astype(np.uint8)
    values[..., 38:] *= 2
    values[10:20, 5:15, 60:72] = 7
    return values


@pytest.mark.parametrize("method", ["gaussian", "median"])
@pytest.mark.parametrize("keep", ["of each segment", "of each piece"])
@pytest.mark.parametrize("width", [1.5, 4.0])
def test_volumes_are_kept_within_a_percent(three, method, keep, width):
    rough = np.where(np.random.default_rng(0).random(SHAPE) < 0.04, 0, three)
    for values in (three, rough) if keep == "of each segment" else (three,):
        after = volumes(array(Smooth(width, method, keep)(label_map(values, UNEVEN))))
        before = volumes(values)
        np.testing.assert_allclose(after[before > 0], before[before > 0], rtol=0.01)
        assert after[before == 0].sum() == 0


def test_no_gap_opens_between_segments_that_touch(three):
    after = array(Smooth(4.0)(label_map(three, UNEVEN)))
    inside = ball(SHAPE, UNEVEN, CENTER, 17)
    assert (after[inside] != 0).all()
    # the plane between the halves stays where it was
    np.testing.assert_array_equal(after[inside], three[inside])


def test_noise_on_the_surface_goes():
    truth = ball(SHAPE, UNEVEN, CENTER, 20)
    band = np.abs(radius_from(SHAPE, UNEVEN, CENTER) - 20) < 2
    noisy = truth ^ (band & (np.random.default_rng(1).random(SHAPE) < 0.25))
    after = array(Smooth(2.0)(label_map(noisy.astype(np.uint8), UNEVEN))) > 0
    assert np.count_nonzero(after ^ truth) < 0.2 * np.count_nonzero(noisy ^ truth)


def test_without_keeping_volume_it_is_the_largest_share(three):
    after = array(Smooth(2.0, keep_volume="no")(label_map(three, UNEVEN)))
    sd = [2.0 / s for s in reversed(UNEVEN)]
    shares = [ndimage.gaussian_filter((three == v).astype(float), sd, mode="nearest") for v in (0, 1, 2, 7)]
    expected = np.array([0, 1, 2, 7])[np.argmax(shares, axis=0)]
    assert np.count_nonzero(after != expected) < 0.002 * np.count_nonzero(expected)


def test_median_is_the_majority_in_the_ball():
    values = (np.random.default_rng(2).random((1, 30, 31)) < 0.5).astype(np.uint8) * 5
    after = array(Smooth(2.0, "median", "no")(label_map(values)))
    disk = np.hypot(*np.ogrid[-2:3, -2:3]) <= 2
    share = ndimage.convolve((values[0] > 0).astype(float), disk / disk.sum(), mode="nearest")
    np.testing.assert_array_equal(after[0] == 5, share > 0.5)


def test_small_things_and_what_is_not_chosen_stay():
    values = np.zeros((20, 30, 30), np.uint8)
    values[5, 5, 5], values[10, 10:12, 10], values[15, 5:25, 20:24] = 1, 2, 3
    after = array(Smooth(3.0)(label_map(values)))
    assert after[5, 5, 5] == 1 and volumes(after)[:2].tolist() == [1, 2]
    only = array(Smooth(3.0, segments="3")(label_map(values)))
    assert np.array_equal(only == 1, values == 1) and np.array_equal(only == 2, values == 2)
    islands = np.zeros((20, 40, 40), np.uint8)
    islands[8:16, 5:25, 5:25], islands[3:5, 32:35, 32:35] = 4, 4
    by_piece = array(Smooth(2.0, keep_volume="of each piece")(label_map(islands)))
    assert np.count_nonzero(by_piece[:, 30:, 30:]) == 18
    assert not array(Smooth(2.0, keep_volume="no")(label_map(islands)))[:, 30:, 30:].any()


def test_shares_of_neighbors_that_answer_each_other():
    """Two segments fill a row and want other volumes than their shares give: the border between them moves."""
    place = np.arange(1000)
    share = 1 / (1 + np.exp((place - 500) / 200))
    shares = Shares()
    shares.add(place, share, 300)
    shares.add(place, 1 - share, 700)
    voxels, winner = shares.decide(True)
    assert np.array_equal(voxels, place) and abs(np.count_nonzero(winner == 0) - 300) <= 2
    assert np.count_nonzero(winner < 0) == 0
