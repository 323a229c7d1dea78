from dataclasses import replace

import numpy as np
import pytest

from MedProcLib.report.layers import Layers
from MedProcLib.report.picture import gray
from MedProcLib.report.view import direction_letters, slice_view, views

LEFT, BACK, HEAD = np.eye(3)
# plane -> what is at the right and at the bottom of the picture, by radiological convention
CONVENTION = {"Axial": (LEFT, BACK), "Coronal": (LEFT, -HEAD), "Sagittal": (BACK, -HEAD)}


@pytest.mark.parametrize("towards", [LEFT, BACK, HEAD, -LEFT, -BACK, -HEAD])
def test_a_marker_is_on_the_side_its_letter_says(comparison, ball, direction, towards):
    made = comparison(changes=(), direction=direction)
    pair = made.pairs[0]
    grid = pair.grid
    marker = ball(grid, grid.center + 30 * towards, 8)
    layers = Layers(pair)
    layers.images = (grid.image_of(marker.astype(np.float32)),) * 2
    for view in views(grid):
        center = grid.center + view.normal * float(30 * towards @ view.normal)
        values = layers.values(layers.whole_slice(view, center, 101), 0)
        y, x = np.argwhere(values > 0.5).mean(axis=0) - 50
        right, down = CONVENTION[view.name]
        assert np.sign(x) == np.sign(towards @ right) or abs(towards @ right) < 0.5
        assert np.sign(y) == np.sign(towards @ down) or abs(towards @ down) < 0.5
        left_letter, right_letter, top_letter, bottom_letter = view.letters
        for offset, letters in ((x, (left_letter, right_letter)), (y, (top_letter, bottom_letter))):
            if abs(offset) > 20:
                assert letters[int(offset > 0)][0] == direction_letters(towards)


def test_letters_by_convention(centered_grid, direction):
    for view in views(centered_grid(direction)):
        expected = {"Axial": "RLAP", "Coronal": "RLSI", "Sagittal": "APSI"}[view.name]
        assert "".join(letter[0] for letter in view.letters) == expected


def test_slices_keep_their_plane(centered_grid):
    assert slice_view(centered_grid()).name == "Axial"
    assert slice_view(centered_grid(np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]))).name == "Sagittal"
    assert slice_view(centered_grid(np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]))).name == "Coronal"


def test_oblique_directions_have_two_letters():
    assert direction_letters(np.array([0.8, -0.6, 0])) == "LA"
    assert direction_letters(np.array([0, 0.1, -0.99])) == "I"


def test_pixels_are_square_in_mm_whatever_the_spacing(comparison, ball, centered_grid):
    grid = centered_grid(size=(80, 40, 20), spacing=(1.0, 2.0, 4.0))
    layers = Layers(comparison(changes=(), grid=grid).pairs[0])
    layers.images = (grid.image_of(ball(grid, grid.center, 20).astype(np.float32)),) * 2
    for view in views(grid):
        picture = view.picture(grid.center, 80, 80, 0.5)
        inside = layers.values(picture, 0) > 0.5
        assert inside.shape == (160, 160)
        heights, widths = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        assert np.ptp(widths) * 0.5 == pytest.approx(40, abs=4.1)
        assert np.ptp(heights) * 0.5 == pytest.approx(40, abs=4.1)


def test_beyond_a_study_there_is_nothing_but_its_own_zeros_stay(comparison, centered_grid):
    """In HU, 0 is water: the comparison fills with it what a study does not show, which is not to be seen as gray."""
    grid = centered_grid(size=(40, 40, 40), spacing=(2.0, 2.0, 2.0))
    pair = comparison(changes=(), grid=grid).pairs[0]
    upper = grid.image_of(np.zeros((40, 40, 40), np.uint8))[:, :, 20:]
    values = np.full((40, 40, 40), -1000, np.float32)
    values[:20], values[:, 10:30, 10:30] = 0, 0
    layers = Layers(replace(pair, moving_labels=upper, moving_image=grid.image_of(values)))
    sagittal = views(grid)[0]
    first, other = (layers.values(sagittal.picture(grid.center, 120, 120, 1.0), side) for side in (0, 1))
    seen = np.argwhere(np.isfinite(other))
    assert np.ptp(seen, axis=0) == pytest.approx((39, 79), abs=2)
    assert np.isfinite(first).sum() == pytest.approx(80 * 80, rel=0.05)
    assert (other[np.isfinite(other)] == 0).mean() == pytest.approx(0.5, abs=0.05)
    edge = gray(other, (-1000, 500))[~np.isfinite(other)]
    assert not edge.any()
