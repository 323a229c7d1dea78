"""The skeleton keeps the topology and runs in the middle; scikit-image's is the peer."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import euler_number
from skimage.morphology import skeletonize

from MedProcLib.segmentation.common.thinning import NEIGHBORS, simple, thinned

z, y, x = np.mgrid[:44, :44, :44] - 21.5
RADIUS = np.sqrt(x**2 + y**2 + z**2)
NOISE = np.random.default_rng(0).normal(size=(40, 44, 50))
SHAPES = {
    "torus": np.hypot(np.hypot(x, y) - 13, z) < 5,
    "shell": (RADIUS < 16) & (RADIUS > 11),
    "ball": RADIUS < 16,
    "box": np.ones((10, 20, 30), bool),
    "sponge": ndimage.gaussian_filter(NOISE, 2) > 0.02,
    "white noise": NOISE[:20, :20, :20] > 0.5,
    "2D": ndimage.gaussian_filter(NOISE.reshape(220, -1), 3) > 0,
    "slice": ndimage.gaussian_filter(NOISE.reshape(220, -1), 3)[np.newaxis] > 0,
    "line": np.ones((1, 1, 9), bool),
    "point": np.ones((1, 1, 1), bool),
}


def topology(region):
    """Pieces, cavities (holes in 2D) and Euler number."""
    flat = np.squeeze(region) if region.shape[0] == 1 and min(region.shape[1:]) > 1 else region
    pieces = ndimage.label(flat, np.ones((3,) * flat.ndim))[1]
    cavities = ndimage.label(~np.pad(flat, 1))[1] - 1
    return pieces, cavities, int(euler_number(flat, flat.ndim))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("spacing", [None, (3.0, 1.0, 1.0)], ids=["even", "uneven"])
def test_topology_is_kept(name, spacing):
    region = SHAPES[name]
    result = thinned(region, spacing[-region.ndim :] if spacing else None)
    assert not (result & ~region).any()
    assert topology(result) == topology(region)


def test_no_longer_than_the_peers():
    for name in ("torus", "sponge", "2D", "shell"):
        region = SHAPES[name]
        assert thinned(region).sum() < 1.2 * np.count_nonzero(skeletonize(region)), name


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_a_torus_becomes_the_circle_in_its_middle(spacing):
    z, y, x = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * s for n, s in zip((31, 61, 61), spacing, strict=True)], indexing="ij"
    )
    skeleton = thinned(np.hypot(np.hypot(x, y) - 20, z) < 7, spacing)
    off = np.hypot(np.hypot(x, y) - 20, z)[skeleton]
    assert off.max() < 1.5 and np.mean(off) < 0.8 * max(spacing)


def test_a_skeleton_is_its_own_skeleton():
    once = thinned(SHAPES["sponge"])
    np.testing.assert_array_equal(thinned(once), once)


def test_simple_points_are_those_whose_deletion_keeps_the_topology():
    """Against counting pieces, cavities and the Euler number of the neighborhood with and without its center."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        block = rng.random((3, 3, 3)) < rng.choice([0.2, 0.5, 0.8])
        block[1, 1, 1] = True
        bits = sum(1 << i for i, n in enumerate(NEIGHBORS) if block[tuple(np.add(n, 1))])
        without = block.copy()
        without[1, 1, 1] = False
        assert bool(simple(np.array([bits], np.int32))[0]) == (topology(block) == topology(without))
