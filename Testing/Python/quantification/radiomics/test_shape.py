"""Ellipsoid, box, hull and autocorrelation against what is known otherwise."""

import itertools
import math

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.bit_mask import BitMask
from MedProcLib.quantification.radiomics import mesh_points, spatial
from MedProcLib.quantification.radiomics.ellipsoid import ellipsoid_area, ellipsoid_volume, smallest_ellipsoid
from MedProcLib.quantification.radiomics.mesh_points import surface_hull
from MedProcLib.quantification.radiomics.oriented_box import smallest_box
from MedProcLib.quantification.radiomics.spatial import moran_and_geary

TURNS = list(Rotation.random(4, random_state=3))
CUBE = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


def box_of(points):
    hull = ConvexHull(points)
    return smallest_box(points[hull.vertices], hull.equations[:, :3])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("sides", [(4.0, 3.0, 2.0), (10.0, 10.0, 0.5), (1e-4, 2e-4, 3e-3), (1e5, 3e4, 2e4)])
def test_box_of_a_turned_box(turn, sides):
    inner = np.random.default_rng(1).uniform(-0.5, 0.5, (300, 3)) * sides
    points = turn.apply(np.concatenate([CUBE / 2 * sides, inner])) + 17 * max(sides)
    assert box_of(points) == pytest.approx(sorted(sides, reverse=True), rel=1e-6)


def test_box_of_a_tetrahedron_is_nearly_a_cube():
    # the smallest box around a regular tetrahedron has edges of it as diagonals, and no face on a face of it
    points = np.array([(1.0, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
    for turn in TURNS:
        assert np.prod(box_of(turn.apply(points))) == pytest.approx(8, rel=3e-3)


def test_box_is_as_small_as_the_best_of_many_orientations():
    random = np.random.default_rng(0)
    many = Rotation.random(20_000, random_state=0).as_matrix()
    for _ in range(4):
        points = random.normal(size=(40, 3)) * random.uniform(0.5, 3, 3)
        tried = np.prod(np.ptp(np.einsum("fij,nj->fin", many, points), axis=2), axis=1).min()
        assert np.prod(box_of(points)) <= tried


@pytest.mark.parametrize("turn", TURNS)
def test_smallest_ellipsoid_of_known_bodies(turn):
    # around a box the semi-axes are sqrt(3) times half its sides
    sides = np.array([6.0, 4.0, 1.0])
    assert smallest_ellipsoid(turn.apply(CUBE / 2 * sides) + 5) == pytest.approx(sides / 2 * math.sqrt(3), rel=1e-5)
    on_sphere = Rotation.random(400, random_state=2).apply([0, 0, 1])
    assert smallest_ellipsoid(turn.apply(on_sphere * [5, 2, 1])) == pytest.approx([5, 2, 1], rel=0.02)


def test_smallest_ellipsoid_encloses_and_is_optimal():
    points = np.random.default_rng(4).normal(size=(200, 3)) * [3, 2, 1]
    volume = ellipsoid_volume(smallest_ellipsoid(points))
    # John's theorem: the same ellipsoid from a general-purpose solver of its dual
    lifted = np.column_stack([points, np.ones(200)])
    weights = np.full(200, 1 / 200)
    for _ in range(5_000):
        weights *= np.einsum("ij,jk,ik->i", lifted, np.linalg.inv((lifted.T * weights) @ lifted), lifted) / 4
    middle = weights @ points
    spread = (points.T * weights) @ points - np.outer(middle, middle)
    assert volume == pytest.approx(4 / 3 * math.pi * math.sqrt(np.linalg.det(3 * spread)), rel=1e-4)


def test_surface_of_an_ellipsoid_as_the_standard_has_it():
    assert ellipsoid_area(np.array([2.0, 2, 2])) == pytest.approx(16 * math.pi)
    assert ellipsoid_area(np.zeros(3)) == 0
    # the series of IBSI by its own terms
    from scipy.special import eval_legendre

    a, b, c = 5.0, 3.0, 2.0
    alpha, beta = math.sqrt(1 - b**2 / a**2), math.sqrt(1 - c**2 / a**2)
    terms = [
        (alpha * beta) ** n / (1 - 4 * n**2) * eval_legendre(n, (alpha**2 + beta**2) / (2 * alpha * beta))
        for n in range(21)
    ]
    assert ellipsoid_area(np.array([c, a, b])) == pytest.approx(4 * math.pi * a * b * sum(terms), rel=1e-12)


def faces_to_the_outside(mask, spacing):
    """Middles of all voxel faces between inside and outside: the corners of the surface (x, y, z in mm)."""
    padded = np.pad(mask, 1).astype(np.int8)
    points = []
    for axis in range(3):
        middles = np.argwhere(np.diff(padded, axis=axis)) - 1.0
        middles[:, axis] += 0.5
        points.append(middles[:, ::-1] * spacing)
    return np.concatenate(points)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("lines_at_once", [mesh_points.SLAB_LINES, 1])
def test_hull_is_that_of_all_corners_of_the_surface(share, lines_at_once, monkeypatch):
    monkeypatch.setattr(mesh_points, "SLAB_LINES", lines_at_once)
    mask = np.random.default_rng(8).random((9, 11, 13)) < share
    hull, expected = (
        surface_hull(BitMask.of(mask), (1.0, 2.0, 3.0)),
        ConvexHull(faces_to_the_outside(mask, (1.0, 2.0, 3.0))),
    )
    assert (hull.volume, hull.area) == pytest.approx((expected.volume, expected.area), rel=1e-12)


def test_hull_of_the_surface():
    mask = np.zeros((6, 7, 8), bool)
    mask[2:4, 2:5, 1:7] = True
    assert np.ptp(surface_hull(BitMask.of(mask), (1.0, 2.0, 3.0)).corners, axis=0) == pytest.approx([6, 6, 6])
    one = surface_hull(BitMask.of(np.ones((1, 1, 1), bool)), (2.0, 2.0, 2.0))
    assert one.volume == pytest.approx(8 / 6) and one.area == pytest.approx(4 * math.sqrt(3))
    # far longer than wide, and in a spacing that makes it thinner still
    rod = surface_hull(BitMask.of(np.ones((1, 1, 300), bool)), (10.0, 1e-3, 1e-3))
    assert rod.volume == pytest.approx(299 * 10 * 5e-7 + 10 * 1e-6 / 6, rel=1e-6)


@pytest.mark.parametrize("shape", [(5, 6, 7), (1, 8, 9), (1, 1, 2), (8, 3, 4)])
@pytest.mark.parametrize("scale", [1.0, 1e8, 1e-9])
def test_autocorrelation_is_that_of_all_pairs(shape, scale, monkeypatch):
    random = np.random.default_rng(5)
    values = random.normal(100, 1, shape) * scale
    mask = random.uniform(size=shape) < 0.7 if math.prod(shape) > 2 else np.ones(shape, bool)
    spacing = (0.7, 1.3, 4.0)
    places = np.argwhere(mask)[:, ::-1] * spacing
    x = values[mask]
    with np.errstate(divide="ignore"):
        weights = 1 / np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(weights, 0)
    n, d = len(x), x - x.mean()
    moran = n / weights.sum() * (weights * np.outer(d, d)).sum() / (d @ d)
    geary = (n - 1) / (2 * weights.sum()) * (weights * (x[:, None] - x) ** 2).sum() / (d @ d)
    assert moran_and_geary(x, BitMask.of(mask), spacing) == pytest.approx((moran, geary), rel=1e-9)
    # some frequencies and columns at a time
    monkeypatch.setattr(spatial, "AT_ONCE", 20)
    monkeypatch.setattr(spatial, "COLUMNS_AT_ONCE", 1)
    assert moran_and_geary(x, BitMask.of(mask), spacing) == pytest.approx((moran, geary), rel=1e-9)


def test_autocorrelation_needs_two_unlike_voxels():
    mask = np.ones((2, 2, 2), bool)
    assert all(map(math.isnan, moran_and_geary(np.full(8, 0.1), BitMask.of(mask), (1, 1, 1))))
    assert all(map(math.isnan, moran_and_geary(np.zeros(1), BitMask.of(mask[:1, :1, :1]), (1, 1, 1))))
