"""Cutting touching objects apart, and thinning segments."""

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.cleanup.skeleton import Skeleton
from MedProcLib.segmentation.cleanup.split_touching import SplitTouching

from .phantoms import UNEVEN, array, ball, label_map

SHAPE = (20, 60, 100)
CENTERS = ((20, 30, 20), (39, 30, 20), (58, 30, 20))
RADII = (12, 12, 8)
BALLS = [ball(SHAPE, UNEVEN, center, radius) for center, radius in zip(CENTERS, RADII, strict=True)]


def chain(label=3):
    return label_map(np.any(BALLS, axis=0).astype(np.uint8) * label, UNEVEN)


def test_balls_that_touch_are_cut_at_the_neck():
    parts = array(SplitTouching()(chain()))
    assert parts.max() == 3
    for number, center in enumerate(CENTERS):
        inner = ball(SHAPE, UNEVEN, center, RADII[number] - 3)
        others = np.any([b for other, b in enumerate(BALLS) if other != number], axis=0)
        assert np.unique(parts[inner & ~others]).size == 1
    # the neck between the first two is the circle in the middle between them
    edge = np.flatnonzero(np.diff(parts[10, 30, 25:55].astype(int)))[0] + 25.5
    assert edge * 0.8 == pytest.approx(29.5, abs=0.8)
    assert np.all(np.diff(np.bincount(parts.ravel())[1:]) <= 0)


@pytest.mark.parametrize("depth, expected", [(0.5, 3), (2.5, 3), (4.0, 2), (6.0, 1)])
def test_depth_is_the_difference_of_radii(depth, expected):
    """Ball 1 and 2: radius 12, neck sqrt(12^2 - 9.5^2) = 7.3, 4.7 less; ball 3: radius 8, neck about 5."""
    assert array(SplitTouching(depth_mm=depth)(chain())).max() == expected


def test_a_gap_keeps_the_numbers_and_other_segments_stay():
    values = array(chain())
    values[:, :8, :8] = 9
    values[:, 8:12, 5:12] = 9
    result = array(SplitTouching(result="gap", segments="3")(label_map(values, UNEVEN)))
    np.testing.assert_array_equal(result == 9, values == 9)
    lost = np.count_nonzero((values == 3) & (result != 3))
    assert 0 < lost < 0.05 * np.count_nonzero(values == 3)
    assert array(SplitTouching(depth_mm=0)(label_map((result == 3).astype(np.uint8), UNEVEN))).max() == 3


def test_single_objects_are_not_cut():
    assert array(SplitTouching()(label_map(BALLS[0].astype(np.uint8), UNEVEN))).max() == 1
    assert array(SplitTouching()(label_map(np.ones((4, 5, 6), np.uint8)))).max() == 1
    lines = np.zeros((1, 30, 30), np.uint8)
    lines[0, 4], lines[0, :, 20] = 1, 1
    assert array(SplitTouching()(label_map(lines))).max() == 1


def test_by_intensity():
    labels = np.zeros((1, 20, 60), np.uint8)
    labels[0, 4:16, 4:56] = 1
    x = np.arange(60)
    profile = 100 * (np.exp(-(((x - 17) / 7) ** 2)) + np.exp(-(((x - 43) / 7) ** 2)))
    image = label_map(np.broadcast_to(profile, (1, 20, 60)).astype(np.float32).copy())
    parts = array(SplitTouching("bright centers")(label_map(labels), image))
    assert parts.max() == 2 and np.flatnonzero(np.diff(parts[0, 10, 4:56].astype(int))).tolist() in ([25], [26])
    dark = array(SplitTouching("dark centers", depth_percent=10)(label_map(labels), -image))
    assert dark.max() == 2
    assert array(SplitTouching()(label_map(labels))).max() == 1
    with pytest.raises(InputError, match="image"):
        SplitTouching("bright centers")(label_map(labels))


def test_many_small_objects():
    values = np.zeros((30, 100, 100), np.uint8)
    values[1::3, 1::4, 1::4] = 1
    assert array(SplitTouching()(label_map(values))).max() == np.count_nonzero(values)


def test_skeletons_of_a_tube_a_ring_and_two_segments():
    z, y, x = np.ogrid[:20, :60, :80]
    tube = np.broadcast_to(np.hypot((z - 10) * 2.0, y - 15.0) <= 6, (20, 60, 80)) & (x >= 10) & (x < 70)
    ring = np.hypot((z - 10) * 2.0, np.hypot(y - 42, (x - 40) * 0.8) - 12) <= 4
    values = np.where(ring, 5, np.where(tube, 2, 0)).astype(np.uint8)
    result = array(Skeleton()(label_map(values, UNEVEN)))
    line = np.argwhere(result == 2)
    assert 45 <= len(line) <= 60
    assert np.abs(line[:, 0] - 10).max() <= 1 and np.abs(line[:, 1] - 15).max() <= 1
    circle = np.argwhere(result == 5)
    away = np.hypot(circle[:, 1] - 42, (circle[:, 2] - 40) * 0.8)
    assert np.abs(away - 12).max() < 1.5 and np.count_nonzero(result == 5) > 40
    kept = array(Skeleton("5")(label_map(values, UNEVEN)))
    np.testing.assert_array_equal(kept == 2, values == 2)
