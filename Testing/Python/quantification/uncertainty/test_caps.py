"""What the outermost sections tell of a volume's error."""

import numpy as np
import pytest
from Benchmarks._bodies import ball, box, ellipsoid
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.uncertainty.caps import caps_of

SLICES = (0.7, 0.7, 2.5)


def test_what_slices_miss_of_round_bodies_is_told_by_their_ends():
    """8 to 15 slices of 2.5 mm: half of the variance is left and less."""
    rng, errors, told = np.random.default_rng(3), [], []
    for _ in range(60):
        body = ellipsoid(*rng.uniform(20, 36, 3))
        mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3) * SLICES, SLICES)
        errors.append(body.volume / np.prod(SLICES) - np.count_nonzero(mask))
        found = caps_of(mask, SLICES)
        told.append(found.round + found.diagonal)
    assert np.std(np.subtract(errors, told)) < 0.72 * np.std(errors)


def test_round_ends_and_corners_are_told_apart():
    rng, bends = np.random.default_rng(4), {"ball": [], "box": []}
    for _ in range(20):
        turn, shift = Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3)
        for name, body in (("ball", ball(14)), ("box", box(12, 13, 14))):
            bends[name].append(caps_of(body.on_grid(turn, shift, (1.0, 1.0, 1.0)), (1.0, 1.0, 1.0)).bend)
    assert max(bends["ball"]) < 0 < np.mean(bends["box"])


def test_axes_and_diagonals_are_each_counted_once():
    rng = np.random.default_rng(5)
    body = ellipsoid(9, 12, 15)
    mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3), (1.0, 1.0, 1.0))
    found = caps_of(mask, (1.0, 1.0, 2.0))
    for axes in ((2, 0, 1), (1, 2, 0), (0, 2, 1)):
        spacing = tuple((2.0, 1.0, 1.0)[axis] for axis in reversed(axes))
        np.testing.assert_allclose(caps_of(np.transpose(mask, axes)[::-1], spacing), found, rtol=1e-9)


def test_ends_are_counted():
    """A horseshoe, open above: one end below and two above along its legs, two along either other axis."""
    mask = np.zeros((6, 3, 7), bool)
    mask[:2] = mask[2:, :, :2] = mask[2:, :, 5:] = True
    found = caps_of(mask, (1.0, 1.0, 2.0))
    assert (found.coarse_tips, found.tips) == (1.5, pytest.approx(3.5 / 3))
