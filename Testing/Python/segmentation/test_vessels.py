"""Tubes by the line filter: what is found of known ones, what of noise, and where they end."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.tube.piece_lengths import piece_lengths
from MedProcLib.segmentation.tube.vessels import Vessels, noise_of

from .tubes import centered_grid, distance_to_line, positions

GRID = centered_grid(56, (0.8, 0.8, 1.2))
POINTS = positions(GRID)
# a thick and a thin tube, a short one, a ball and a sheet
THICK = distance_to_line(POINTS, (-20, -20, -20), (20, 10, 20)) <= 3
THIN = distance_to_line(POINTS, (-20, 18, -10), (20, 18, 15)) <= 1.2
SHORT = distance_to_line(POINTS, (12, -18, 0), (15, -18, 0)) <= 1.5
BALL = np.linalg.norm(POINTS - (-15, 0, 18), axis=-1) <= 5
NOISE = np.random.default_rng(0).normal(0, 1, THICK.shape)


def phantom(noise=8.0, bright=100.0):
    sharp = np.where(THICK | THIN | SHORT | BALL, bright, 0.0)
    values = ndimage.gaussian_filter(sharp, [0.5 / s for s in reversed(GRID.spacing)]) + noise * NOISE
    return GRID.image_of(values.astype(np.float32))


def found(image, **settings):
    return sitk.GetArrayFromImage(Vessels(**settings)(image)) > 0


def test_tubes_are_found_and_balls_and_short_pieces_are_not():
    result = found(phantom(), minimum_length_mm=15.0)
    for tube, least in ((THICK, 0.9), (THIN, 0.8)):
        assert np.count_nonzero(result & tube) > least * np.count_nonzero(tube)
    assert np.count_nonzero(result & ~(THICK | THIN)) < 0.1 * np.count_nonzero(result)
    assert not (result & SHORT).any()
    assert not (result & BALL).any()


def test_tubes_end_half_way_down():
    both = THICK | THIN
    for outline, least in (("half height", 0.95), ("answer", 0.7)):
        result = found(phantom(noise=3.0), outline=outline, minimum_length_mm=20)
        share = 2 * np.count_nonzero(result & both) / (result.sum() + both.sum())
        assert share > least, outline


def test_dark_tubes_are_bright_ones_of_the_negative():
    bright = found(phantom())
    np.testing.assert_array_equal(bright, found(phantom() * -1.0 + 7, polarity="dark"))
    assert not np.array_equal(bright, np.zeros_like(bright))


@pytest.mark.parametrize("smooth", [0.0, 1.0], ids=["white", "smooth"])
def test_noise_alone_has_no_tubes(smooth):
    noise = ndimage.gaussian_filter(NOISE, smooth) if smooth else NOISE
    with pytest.raises(InputError, match=r"No line stands out|No piece"):
        Vessels()(GRID.image_of(noise.astype(np.float32)))


def test_the_sd_of_a_halved_normal_distribution():
    half = np.abs(np.random.default_rng(1).normal(0, 2.5, 100_000))
    half[:30_000] = 0
    assert noise_of(half) == pytest.approx(2.5, rel=0.02)
    assert noise_of(np.zeros(10)) == 0


def test_lines_in_2d():
    y, x = np.mgrid[:120, :160] * 0.5
    line = np.abs(y - 20 - 8 * np.sin(x / 12)) <= 1.2
    values = 60.0 * line + np.random.default_rng(0).normal(0, 8, line.shape)
    flat = Geometry((160, 120), (0.5, 0.5), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
    result = found(flat.image_of(values.astype(np.float32)), smallest_radius_mm=0.8, largest_radius_mm=1.6)
    assert 2 * np.count_nonzero(result & line) / (result.sum() + line.sum()) > 0.8


def test_a_mask_limits_the_result_and_makes_no_lines_of_its_border():
    mask = np.linalg.norm(POINTS, axis=-1) < 20
    image = phantom()
    result = sitk.GetArrayFromImage(Vessels()(image, GRID.image_of(mask))) > 0
    assert not (result & ~mask).any()
    whole = found(image)
    assert np.count_nonzero((result ^ whole) & mask) < 0.15 * np.count_nonzero(whole & mask)


def test_lengths_of_pieces():
    numbers = np.zeros(THICK.shape, int)
    numbers[distance_to_line(POINTS, (-20, 18, -10), (20, 18, 15)) <= 1.2] = 1
    numbers[distance_to_line(POINTS, (12, -18, 0), (17, -18, 0)) <= 1.0] = 2
    lengths = piece_lengths(numbers, 2, GRID)
    assert lengths[0] == 0 and lengths[1] == pytest.approx(47.2 + 2.4, abs=1.5)
    assert lengths[2] == pytest.approx(7, abs=1.5)


def test_refusals_say_what_to_do():
    with pytest.raises(InputError, match="swap"):
        Vessels(low=9, high=3)(phantom())
    with pytest.raises(InputError, match="swap"):
        Vessels(smallest_radius_mm=5, largest_radius_mm=3)(phantom())
    with pytest.raises(InputError, match="Lower"):
        Vessels(minimum_length_mm=500)(phantom())
