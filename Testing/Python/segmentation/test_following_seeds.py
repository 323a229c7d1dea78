"""Fronts from seeds that change against all of it computed anew."""

import numpy as np
import pytest

from MedProcLib.segmentation.region.marching import Fronts, march

SPACING = (2.0, 1.0, 1.0)


def strokes(shape, changes):
    seeds = np.zeros(shape, np.int32)
    for place, number in changes:
        seeds[place] = number
    return seeds


START = [((3, slice(5, 12), 8), 1), ((9, slice(30, 38), 30), 2), ((5, 2, slice(5, 40)), 3)]
MORE = {
    "a stroke inside its own region": [((4, slice(9, 14), 12), 1)],
    "a stroke in another's region": [((8, 34, slice(20, 24)), 1)],
    "a new object": [((10, slice(10, 14), 36), 4)],
    "a stroke erased": [((9, slice(30, 38), 30), 0)],
    "a part of a stroke erased": [((3, slice(5, 8), 8), 0)],
    "a stroke given to another object": [((3, slice(5, 12), 8), 2)],
    "two strokes far apart": [((1, 1, 1), 2), ((11, 44, 44), 1)],
    "nothing": [],
}


@pytest.mark.parametrize("at_once", [10**9, 4000])
@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_what_changed_seeds_reach_is_as_if_all_was_computed_anew(more, at_once):
    shape = (12, 48, 46)
    rng = np.random.default_rng(3)
    cost = rng.uniform(0.5, 3, shape).astype(np.float32)
    cost[:, 20:22, :35] = np.inf
    cost[:, :, 25] *= 20
    fronts = Fronts(cost, SPACING, at_once=at_once)
    fronts.run(strokes(shape, START))
    changes = [*START]
    # one after the other, so that what is kept is what was followed
    for part in [more[:1], more]:
        changes = [*START, *part]
        time, label = fronts.follow(strokes(shape, changes))
        expected_time, expected_label = march(cost, strokes(shape, changes), SPACING, at_once=at_once)
        np.testing.assert_array_equal(label, expected_label)
        np.testing.assert_array_equal(time, expected_time)


def test_many_random_strokes_one_after_the_other_in_2d():
    shape = (90, 80)
    rng = np.random.default_rng(5)
    cost = rng.uniform(0.5, 3, shape).astype(np.float32)
    cost[40, :60] = np.inf
    fronts = Fronts(cost, (1.0, 1.0), at_once=1500)
    seeds = np.zeros(shape, np.int32)
    seeds[10, 10], seeds[80, 70] = 1, 2
    for _ in range(25):
        row, column = rng.integers(0, 80, 2)
        seeds = seeds.copy()
        seeds[row : row + 3, column : column + 3] = rng.integers(0, 4)
        if not seeds.any():
            seeds[10, 10] = 1
        time, label = fronts.follow(seeds)
        expected = march(cost, seeds, (1.0, 1.0), at_once=1500)
        np.testing.assert_array_equal(label, expected[1])
        np.testing.assert_array_equal(time, expected[0])
