"""Hu's and Zernike moments against the peer, against orthogonality and analytic shapes, and under motion."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage, special

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.keypoints.hu_moments import hu_moments
from MedProcLib.quantification.keypoints.zernike_moments import radial_polynomial, zernike_moments

FINE = (0.4, 0.4)


def shape(angle=0.0, size=1.0, spacing=FINE, mirrored=False):
    """A drop without symmetry, of about 40 mm, turned and scaled, on pixels of any sides."""
    rows, columns = (np.arange(int(120 / s)) * s - 60 for s in spacing)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    if mirrored:
        x = -x
    u = (np.cos(angle) * x + np.sin(angle) * y) / size
    v = (np.cos(angle) * y - np.sin(angle) * x) / size
    drop = (u / 24) ** 2 + (v / 12) ** 2 < 1
    return (drop | ((u - 14) ** 2 + (v - 12) ** 2 < 90) | (np.hypot(u + 12, v + 9) < 5)).astype(float)


def test_hu_as_the_peer_has_it():
    measure = pytest.importorskip("skimage.measure")
    for values in (shape(), np.random.default_rng(0).random((30, 41))):
        expected = measure.moments_hu(measure.moments_normalized(measure.moments_central(values)))
        ours = hu_moments(values)
        # the peer's axes are rows first, which is a mirror image: the seventh changes its sign
        assert np.allclose(ours[:6], expected[:6], rtol=1e-8, atol=1e-18)
        assert abs(ours[6]) == pytest.approx(abs(expected[6]), rel=1e-6, abs=1e-18)


def test_hu_of_a_disk():
    y, x = np.mgrid[-60:61, -60:61]
    found = hu_moments((np.hypot(x, y) < 50).astype(float))
    assert found[0] == pytest.approx(1 / (2 * math.pi), rel=1e-3) and np.abs(found[1:]).max() < 1e-12


@pytest.mark.parametrize("change", [{"angle": 0.7}, {"size": 1.4}, {"angle": 2.0, "spacing": (0.3, 0.6)}])
def test_hu_of_a_moved_shape(change):
    found = hu_moments(shape(**change), change.get("spacing", FINE))
    expected = hu_moments(shape(), FINE)
    assert np.allclose(found[:4], expected[:4], rtol=0.06)
    assert np.sign(found[6]) == np.sign(expected[6])


def test_the_seventh_tells_a_mirror_image():
    ours, mirrored = hu_moments(shape(), FINE), hu_moments(shape(mirrored=True), FINE)
    assert mirrored[6] == pytest.approx(-ours[6], rel=0.05) and np.allclose(ours[:6], mirrored[:6], rtol=0.05)


def test_the_radial_polynomials():
    rho = np.linspace(0, 1, 101)
    for n, m in ((0, 0), (1, 1), (2, 0), (3, 1), (8, 4), (15, 3), (20, 0)):
        k = (n - m) // 2
        expected = (-1) ** k * rho**m * special.eval_jacobi(k, m, 0, 1 - 2 * rho**2)
        assert np.allclose(radial_polynomial(n, m, rho), expected, atol=1e-8)
    nodes, weights = special.roots_legendre(30)
    nodes, weights = (nodes + 1) / 2, weights / 2
    for (n, k), m in itertools.product(itertools.product((4, 6, 8), repeat=2), (0, 2, 4)):
        product = (weights * nodes * radial_polynomial(n, m, nodes) * radial_polynomial(k, m, nodes)).sum()
        assert product == pytest.approx(1 / (2 * (n + 1)) if n == k else 0, abs=1e-12)


def test_zernike_of_a_disk_and_of_a_polynomial():
    y, x = np.mgrid[-100:101, -100:101]
    rho, angle = np.hypot(x, y) / 100, np.arctan2(y, x)
    disk = zernike_moments((rho <= 1).astype(float), 6, radius_mm=100)
    assert disk[0, 0] == pytest.approx(1 / math.pi)
    assert max(value for key, value in disk.items() if key != (0, 0)) < 0.01
    # 1 + cos(4 angle) R_44: A_44 of it is half its weight times A_00
    flower = np.where(rho <= 1, 1 + radial_polynomial(4, 4, np.minimum(rho, 1)) * np.cos(4 * angle), 0)
    found = zernike_moments(flower, 6, radius_mm=100)
    assert found[4, 4] == pytest.approx(0.5 / math.pi, rel=0.02) and found[6, 4] < 0.01


@pytest.mark.parametrize("change", [{"angle": 0.7}, {"size": 1.3}, {"angle": 2.0, "spacing": (0.3, 0.6)}])
def test_zernike_of_a_moved_shape(change):
    found = zernike_moments(shape(**change), 8, spacing=change.get("spacing", FINE))
    expected = zernike_moments(shape(), 8, spacing=FINE)
    assert found.keys() == expected.keys() and len(found) == 25
    assert max(abs(found[key] - expected[key]) for key in found) < 0.02
    other = zernike_moments(ndimage.zoom(shape(), (1, 0.6), order=0), 8)
    assert max(abs(other[key] - expected[key]) for key in found) > 0.1


def test_one_pixel_and_none():
    dot = np.zeros((5, 5))
    dot[2, 3] = 1
    assert zernike_moments(dot, 2)[0, 0] == pytest.approx(1 / math.pi) and np.isfinite(hu_moments(dot)).all()
    for values in (np.zeros((4, 4)), np.full((4, 4), np.nan)):
        with pytest.raises(InputError, match="empty"):
            hu_moments(values)
        with pytest.raises(InputError, match="empty"):
            zernike_moments(values)
    with pytest.raises(InputError, match="order 0 to 20"):
        zernike_moments(dot, 21)
