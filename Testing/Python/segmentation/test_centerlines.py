"""Lengths, radii and trees of tubes that are known, on oblique uneven grids."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.tube.branch import as_rows
from MedProcLib.segmentation.tube.centerlines import Centerlines

from .tubes import centered_grid, cylinder, distance_to_line, positions

SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.7, 1.5), (1.0, 1.0, 3.0)]
FIRST, LAST = np.array([-16.0, -14, -18]), np.array([14.0, 16, 19])


def found(region, grid, **settings):
    labels, branches = Centerlines(**settings)(grid.image_of(region))
    return sitk.GetArrayFromImage(labels), branches


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("radius", [2.0, 4.0, 7.0])
def test_a_cylinder(spacing, radius):
    grid = centered_grid(70, spacing)
    labels, (branch,) = found(cylinder(positions(grid), FIRST, LAST, radius), grid)
    assert branch.length_mm == pytest.approx(np.linalg.norm(LAST - FIRST), rel=0.02)
    assert np.median(branch.radii_mm) == pytest.approx(radius, abs=0.3 * min(spacing))
    assert branch.tortuosity == pytest.approx(1, abs=0.01)
    off = distance_to_line(branch.points, FIRST, LAST)
    assert np.median(off) < 0.5 * max(spacing) and off.max() < 1.2 * max(spacing)
    volume = np.pi * radius**2 * np.linalg.norm(LAST - FIRST)
    assert branch.volume_mm3 == pytest.approx(volume, rel=0.06 if max(spacing) < radius else 0.18)
    assert set(np.unique(labels)) == {0, 1} and np.count_nonzero(labels) < 3 * branch.length_mm / min(spacing)


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_a_torus_is_a_ring(spacing):
    grid = centered_grid(64, spacing)
    points = positions(grid)
    axis = np.array([0.3, 0.5, 0.81]) / np.linalg.norm([0.3, 0.5, 0.81])
    height = points @ axis
    around = np.linalg.norm(points - height[..., np.newaxis] * axis, axis=-1)
    _, (ring,) = found(np.hypot(around - 22, height) <= 5, grid)
    assert ring.closed and ring.tortuosity is None
    assert ring.length_mm == pytest.approx(2 * np.pi * 22, rel=0.02)
    assert np.median(ring.radii_mm) == pytest.approx(5, abs=0.3 * min(spacing))


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_a_fork(spacing):
    """The lengths from the root to the tips; how much of them is trunk is a matter of where it begins to fork."""
    grid = centered_grid(74, spacing)
    points = positions(grid)
    root, left, right = np.array([0, 0, 30.0]), np.array([25, 0, -25.0]), np.array([-20, 10, -25.0])
    region = np.linalg.norm(points, axis=-1) <= 6
    for end, radius in ((root, 6), (left, 4.5), (right, 3)):
        region |= cylinder(points, (0, 0, 0), end, radius)
    labels, branches = found(region, grid)
    trunk, first, second = branches
    assert [b.parent for b in branches] == [0, 1, 1] and trunk.children == (2, 3)
    assert [b.generation for b in branches] == [0, 1, 1]
    for branch, end, radius in ((trunk, root, 6), (first, left, 4.5), (second, right, 3)):
        assert np.median(branch.radii_mm) == pytest.approx(radius, abs=0.3 * min(spacing))
        tip = branch.points[0] if branch is trunk else branch.points[-1]
        assert np.linalg.norm(tip - end) < 2 * max(spacing)
    for branch, end in ((first, left), (second, right)):
        way = np.linalg.norm(root) + np.linalg.norm(end)
        assert trunk.length_mm + branch.length_mm == pytest.approx(way, rel=0.04)
        np.testing.assert_allclose(branch.points[0], trunk.points[-1], atol=1e-6)
    assert set(np.unique(labels)) == {0, 1, 2, 3}


def test_the_tree_begins_at_the_seed():
    grid = centered_grid(60, (1.0, 1.0, 1.0))
    region = cylinder(positions(grid), FIRST, LAST, 3.0)
    for end in (FIRST, LAST):
        seeds = np.zeros(region.shape, np.uint8)
        seeds[tuple(np.rint(grid.indices(end)[0]).astype(int)[::-1])] = 1
        _, (branch,) = Centerlines()(grid.image_of(region), grid.image_of(seeds))
        assert np.linalg.norm(branch.points[0] - end) < 2


def test_a_rough_surface_makes_no_branches():
    grid = centered_grid(64, (0.8, 0.8, 1.2))
    rough = np.random.default_rng(0).normal(0, 0.3, tuple(reversed(grid.size)))
    region = distance_to_line(positions(grid), FIRST, LAST) + rough <= 5
    _, branches = found(region, grid)
    assert len(branches) == 1
    assert branches[0].length_mm == pytest.approx(np.linalg.norm(LAST - FIRST) + 10, rel=0.04)


def test_pieces_are_trees_of_their_own_and_the_thickest_comes_first():
    grid = centered_grid(60, (1.0, 1.0, 1.0))
    points = positions(grid)
    region = cylinder(points, (-15, -15, -20), (-15, -15, 20), 3) | cylinder(points, (10, 10, -20), (10, 10, 20), 5)
    _, branches = found(region, grid)
    assert [b.parent for b in branches] == [0, 0]
    assert [round(float(np.median(b.radii_mm))) for b in branches] == [5, 3]


def test_in_2d_and_in_a_slice_the_radius_is_half_the_width():
    y, x = np.mgrid[:60, :80] * 0.5
    strip = (np.abs(y - 15 - 0.2 * (x - 20)) <= 3 * np.hypot(1, 0.2)) & (x > 4) & (x < 36)
    flat = Geometry((80, 60), (0.5, 0.5), (3.0, 4.0), (0.0, -1.0, 1.0, 0.0))
    _, (branch,) = found(strip, flat)
    assert branch.points.shape[1] == 2
    assert branch.length_mm == pytest.approx(32 * np.hypot(1, 0.2), rel=0.03)
    assert np.median(branch.radii_mm) == pytest.approx(3, abs=0.15)
    solid = Geometry((80, 60, 1), (0.5, 0.5, 4.0), (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    _, (again,) = found(strip[np.newaxis], solid)
    assert again.length_mm == pytest.approx(branch.length_mm, rel=0.01)


def test_rows_are_plain_values():
    grid = centered_grid(60, (1.0, 1.0, 1.0))
    _, branches = found(cylinder(positions(grid), FIRST, LAST, 3.0), grid)
    (row,) = json.loads(json.dumps(as_rows(branches)))
    assert row["length_mm"] == pytest.approx(branches[0].length_mm) and row["parent"] == 0


def test_points_blobs_and_nothing():
    grid = centered_grid(20, (1.0, 1.0, 1.0))
    point = np.zeros((20, 20, 20), bool)
    with pytest.raises(InputError, match="no segment"):
        found(point, grid)
    point[3, 4, 5] = True
    labels, (branch,) = found(point, grid)
    assert branch.length_mm == 0 and labels[3, 4, 5] == 1 and branch.tortuosity is None
    _, branches = found(np.linalg.norm(positions(grid), axis=-1) < 7, grid)
    assert len(branches) == 1 and branches[0].length_mm < 15
    with pytest.raises(InputError, match="segment 7"):
        found(point, grid, segment=7)
