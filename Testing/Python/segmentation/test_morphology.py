"""Balls in mm on uneven voxels."""

import numpy as np
import pytest

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.common.morphology import closed, dilated, distance_to, eroded, filled, largest, main_piece

GRID = Geometry((60, 50, 24), (1.0, 1.5, 3.0), (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))


def ball(center, radius):
    z, y, x = np.meshgrid(
        *[np.arange(n) * s for n, s in zip(GRID.size[::-1], GRID.spacing[::-1], strict=True)], indexing="ij"
    )
    return (x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2 <= radius**2


def test_distances_are_euclidean_in_mm():
    region = np.zeros(GRID.size[::-1], bool)
    region[12, 20, 30] = True
    distance = distance_to(region, GRID)
    assert distance[12, 20, 30] == 0
    assert distance[14, 24, 33] == pytest.approx(np.sqrt((2 * 3) ** 2 + (4 * 1.5) ** 2 + 3**2), abs=1e-4)
    np.testing.assert_array_equal(dilated(region, GRID, 9.0), ball((30, 30, 36), 9.0))


def test_erosion_and_dilation_of_a_ball():
    assert (
        np.count_nonzero(eroded(ball((30, 36, 36), 25), GRID, 10) ^ ball((30, 36, 36), 15))
        < 0.25 * ball((30, 36, 36), 15).sum()
    )
    assert eroded(np.ones(GRID.size[::-1], bool), GRID, 10).all()
    assert not dilated(np.zeros(GRID.size[::-1], bool), GRID, 10).any()


@pytest.mark.parametrize("center", [(30, 36, 36), (2, 70, 66), (58, 36, 0)])
@pytest.mark.parametrize("radius", [0.0, 1.5, 7.0, 200.0])
def test_distances_of_the_whole_image_say_the_same(center, radius):
    """Inside and at the border of the image: only the part is looked at that matters."""
    region = ball(center, 12) & (np.random.default_rng(0).random(GRID.size[::-1]) < 0.98)
    np.testing.assert_array_equal(dilated(region, GRID, radius), distance_to(region, GRID) <= radius)
    np.testing.assert_array_equal(eroded(region, GRID, radius), distance_to(~region, GRID) > radius)


def test_closing_bridges_a_gap_and_adds_nothing_else():
    left, right = ball((20, 36, 36), 12), ball((46, 36, 36), 12)
    assert closed(left | right, GRID, 6)[12, 24, 33]
    np.testing.assert_array_equal(closed(left | right, GRID, 0.1), left | right)
    at_border = ball((4, 36, 36), 12)
    # beside a border within the radius of the region nothing is filled up to it
    assert np.count_nonzero(closed(at_border, GRID, 8) & ~at_border) < 0.06 * at_border.sum()


def test_a_thin_bridge_is_cut_and_the_large_piece_keeps_its_shape():
    large, small = ball((16, 36, 36), 14), ball((48, 36, 36), 9)
    bridge = np.zeros_like(large)
    bridge[12, 23:26, 16:48] = True
    piece = main_piece(large | small | bridge, GRID, 4.0)
    assert not (piece & small).any()
    assert np.count_nonzero(piece & large) > 0.97 * large.sum()
    assert not main_piece(bridge, GRID, 4.0).any()


def test_holes_and_pieces():
    shell = ball((30, 36, 36), 20) & ~ball((30, 36, 36), 10)
    np.testing.assert_array_equal(filled(shell, GRID), ball((30, 36, 36), 20))
    both = ball((15, 20, 36), 9) | ball((45, 50, 36), 12)
    np.testing.assert_array_equal(largest(both, GRID), ball((45, 50, 36), 12))
