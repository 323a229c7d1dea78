"""The outline of a region in a plane, point after point."""

import numpy as np

from MedProcLib.segmentation.common.ordered_outline import ordered_outline


def area_of(points):
    """Signed area in pixels: above 0 where the region lies to the right of the way, rows down."""
    (y, x), (next_y, next_x) = points.T, np.roll(points, -1, axis=0).T
    return float((x * next_y - next_x * y).sum() / 2)


def test_a_rectangle_that_fills_the_picture():
    points = ordered_outline(np.ones((2, 3), bool))
    assert len(points) == 10
    np.testing.assert_allclose([points.min(axis=0), points.max(axis=0)], [[-0.5, -0.5], [1.5, 2.5]])
    assert area_of(points) == 6


def test_every_step_is_one_edge_and_the_area_that_of_the_pixels():
    y, x = np.mgrid[:40, :50]
    region = ((y - 18) / 11) ** 2 + ((x - 25) / 17) ** 2 < 1
    region &= ~(((y - 10) / 8) ** 2 + ((x - 25) / 5) ** 2 < 1)
    points = ordered_outline(region)
    steps = np.abs(np.diff(points, axis=0, append=points[:1])).sum(axis=1)
    assert np.all(steps == 1)
    assert area_of(points) == np.count_nonzero(region)


def test_of_pieces_and_holes_the_longest():
    region = np.zeros((30, 30), bool)
    region[2:5, 2:5] = region[8:28, 8:28] = True
    region[12:20, 12:20] = False
    points = ordered_outline(region)
    assert len(points) == 80
    assert area_of(points) == 400


def test_corners_that_touch():
    region = np.zeros((6, 6), bool)
    region[:3, :3] = region[3:, 3:] = True
    assert len(ordered_outline(region)) == 12


def test_nothing_has_no_outline():
    assert ordered_outline(np.zeros((4, 4), bool)).shape == (0, 2)
