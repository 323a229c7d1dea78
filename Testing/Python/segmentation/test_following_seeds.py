"""Fronts from seeds that change against all of it computed anew."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.region.beyond import Beyond
from MedProcLib.segmentation.region.grow_from_seeds import GrowFromSeeds
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


def image_of(values):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    return image


def ball_in_noise():
    """A ball of radius 12 mm of 100 on 40, and strokes in it (1) and around it (2)."""
    z, y, x = np.mgrid[:24, :60, :60]
    ball = (2 * z - 24) ** 2 + (y - 30) ** 2 + (x - 30) ** 2 <= 144
    values = np.where(ball, 100, 40) + np.random.default_rng(1).normal(0, 10, ball.shape)
    seeds = np.zeros(ball.shape, np.uint8)
    seeds[12, 28:32, 30], seeds[12, 5, 10:50] = 1, 2
    return image_of(values.astype(np.float32)), seeds


STROKES = (
    ((10, slice(20, 24), 28), 1),
    ((4, 50, slice(20, 40)), 2),
    ((14, slice(28, 32), 36), 1),
    ((12, 5, slice(10, 20)), 0),
)


@pytest.mark.parametrize(
    "settings",
    [
        {"likeness": 0, "reach_mm": 0},
        {"likeness": 0},
        {},
        {"background_seed": 2},
        {"background_seed": 2, "reach_mm": 9},
    ],
)
def test_growing_follows_strokes_to_the_same_label_map(settings):
    image, seeds = ball_in_noise()
    operation = GrowFromSeeds(**settings)
    following = operation.following()
    following(image, image_of(seeds))
    for place, number in STROKES:
        seeds[place] = number
        drawn = image_of(seeds)
        first, exact = following(image, drawn), following.exact
        expected = sitk.GetArrayFromImage(operation(image, image_of(seeds)))
        if settings == {"likeness": 0, "reach_mm": 0}:
            assert exact
        if not exact:  # what is like the seeds changed a little: the first look is close
            close = sitk.GetArrayFromImage(first)
            assert np.count_nonzero(close != expected) < 0.02 * expected.size
            first = following(image, drawn)
            assert following.exact
        np.testing.assert_array_equal(sitk.GetArrayFromImage(first), expected)
    assert first.GetDirection() == image.GetDirection() and first.GetOrigin() == image.GetOrigin()


def test_following_goes_on_after_an_error_a_cancel_and_in_another_image():
    image, seeds = ball_in_noise()
    operation = GrowFromSeeds(likeness=0)
    following = operation.following()
    following(image, image_of(seeds))
    with pytest.raises(InputError, match="numbered"):
        following(image, image_of(seeds.astype(np.int16) * -1))
    cancelled = Progress()
    cancelled.cancel()
    seeds[14, 28:32, 36] = 1
    with pytest.raises(Cancelled):
        following(image, image_of(seeds), progress=cancelled)
    expected = sitk.GetArrayFromImage(operation(image, image_of(seeds)))
    drawn = image_of(seeds)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(following(image, drawn)), expected)
    other = sitk.SmoothingRecursiveGaussian(image, 1.0)
    expected = sitk.GetArrayFromImage(operation(other, image_of(seeds)))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(following(other, image_of(seeds))), expected)


def test_what_is_beyond_a_reach_follows_objects_that_come_and_go():
    grid = Geometry((70, 60, 20), (1.0, 1.0, 2.5), (0.0,) * 3, (1.0, 0, 0, 0, 1, 0, 0, 0, 1))
    rng = np.random.default_rng(0)
    objects = np.zeros((20, 60, 70), bool)
    beyond = Beyond(grid, 11.0)
    for _ in range(6):
        z, y, x = rng.integers(0, (19, 55, 65))
        objects = objects.copy()
        objects[z, y : y + 4, x : x + 4] ^= True
        z, y, x = np.ogrid[:20, :60, :70]
        near = np.zeros(objects.shape, bool)
        for at in np.argwhere(objects):
            near |= (2.5 * (z - at[0])) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2 <= 11.0**2
        np.testing.assert_array_equal(beyond.of(objects), ~near)


def test_slices_are_looked_at_before_the_rest_is_followed():
    side, middle = 80, 40
    z, y, x = np.mgrid[:side, :side, :side]
    ball = (z - middle) ** 2 + (y - middle) ** 2 + (x - middle) ** 2 <= 20**2
    values = np.where(ball, 100, 40) + np.random.default_rng(4).normal(0, 8, ball.shape)
    image, seeds = sitk.GetImageFromArray(values.astype(np.float32)), np.zeros(ball.shape, np.uint8)
    seeds[middle, 38:42, middle], seeds[middle, 5, 10:70] = 1, 2
    following = GrowFromSeeds(reach_mm=0).following()
    layer = np.array([(0, 0), (0, side - 1), (side - 1, side - 1), (side - 1, 0)], float)
    planes = [np.insert(layer, axis, middle, axis=1) for axis in range(3)]
    assert following.look(image, sitk.GetImageFromArray(seeds), None, planes) == [None] * 3
    before = sitk.GetArrayFromImage(following(image, sitk.GetImageFromArray(seeds)))
    seeds[middle, middle, 62:66] = 1  # beyond the border, so that it moves
    drawn = sitk.GetImageFromArray(seeds)
    oblique = planes[2] + np.linspace(-30, 30, 4)[:, None] * (0, 0, 1)
    assert following.look(image, drawn, None, [*planes, oblique]) == [None] * 4
    *parts, none = following.look(image, drawn, None, [*planes, planes[0] + 1000])
    assert none is None
    followed = following(image, drawn)
    index = [(slice(None), slice(None), middle), (slice(None), middle), (middle,)]
    for part, plane, name in zip(parts, index, "xyz", strict=True):
        seen = sitk.GetArrayFromImage(part).reshape(side, side)
        there = sitk.GetArrayFromImage(followed)[plane]
        assert np.sum(seen != there) < 0.05 * np.sum(before[plane] != there), name
    assert parts[2].TransformIndexToPhysicalPoint((0, 0, 0)) == (0, 0, middle)
