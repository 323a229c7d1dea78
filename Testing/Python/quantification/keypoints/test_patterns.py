"""Local binary patterns and oriented gradients as the peer has them, and with pixels that are not square."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.keypoints.local_binary_patterns import local_binary_patterns, pattern_histogram
from MedProcLib.quantification.keypoints.oriented_gradients import orientation_histogram, oriented_gradients


@pytest.mark.parametrize("neighbors, radius", [(8, 1.0), (16, 2.0), (12, 1.5)])
def test_patterns_as_the_peer_has_them(plane, neighbors, radius):
    feature = pytest.importorskip("skimage.feature")
    values = sitk.GetArrayFromImage(plane).astype(np.int64)[60:260, 80:240]
    expected = feature.local_binary_pattern(values, neighbors, radius, "uniform")
    ours = local_binary_patterns(values, radius, neighbors)
    inner = (slice(3, -3), slice(3, -3))
    # neighbors between pixels of one value differ from it by rounding
    assert (ours[inner] == expected[inner]).mean() > 0.995
    assert ours.max() == neighbors + 1 and ours.min() == 0


def test_patterns_do_not_turn_with_the_image():
    values = np.random.default_rng(0).random((40, 40))
    assert np.array_equal(local_binary_patterns(np.rot90(values)), np.rot90(local_binary_patterns(values)))


def test_patterns_of_pixels_that_are_not_square():
    """The same rings on square pixels and on pixels twice as high have the same patterns."""
    shares = []
    for side in (1.0, 2.0):
        y, x = np.meshgrid(np.arange(0, 120, side) - 60, np.arange(120.0) - 60, indexing="ij")
        rings = np.cos(np.hypot(x, y) / 4)
        codes = local_binary_patterns(rings, 4.0, 8, (side, 1.0))
        shares.append(pattern_histogram(codes, np.hypot(x, y) < 45))
        assert shares[-1].sum() == pytest.approx(1)
    assert np.abs(shares[0] - shares[1]).max() < 0.06


def test_flat_and_single_pixels():
    flat = local_binary_patterns(np.full((9, 9), 5.0))
    assert (flat[1:-1, 1:-1] == 8).all()
    spot = np.zeros((9, 9))
    spot[4, 4] = 1
    assert local_binary_patterns(spot)[4, 4] == 0
    assert pattern_histogram(flat, np.zeros((9, 9), bool)).sum() == 0


@pytest.mark.parametrize("cell, block", [((8, 8), (3, 3)), ((6, 10), (2, 2))])
def test_gradients_as_the_peer_has_them(plane, cell, block):
    feature = pytest.importorskip("skimage.feature")
    values = sitk.GetArrayFromImage(plane).astype(float)[60:257, 80:241]
    expected = feature.hog(
        values, 9, pixels_per_cell=cell, cells_per_block=block, block_norm="L2-Hys", feature_vector=False
    )
    ours = oriented_gradients(values, cell, block)
    assert ours.shape == expected.shape and np.abs(ours - expected).max() < 1e-3


def test_directions_are_those_in_mm():
    """A slope at 45 degrees in mm, on pixels twice as high."""
    slope = np.add.outer(np.arange(20) * 2.0, np.arange(30.0))
    region = np.zeros((20, 30), bool)
    region[2:-2, 2:-2] = True
    shares = orientation_histogram(slope, region, 4, (2.0, 1.0))
    assert shares.tolist() == [0, 1, 0, 0]
    assert orientation_histogram(np.ones((20, 30)), region).sum() == 0


def test_an_image_smaller_than_a_block():
    with pytest.raises(InputError, match="choose smaller cells"):
        oriented_gradients(np.zeros((20, 20)))
