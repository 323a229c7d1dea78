import numpy as np
import pytest
from Benchmarks._bodies import ball, box, ellipsoid
from scipy.spatial.distance import pdist

from MedProcLib.quantification.shape.boxes import aligned_box, smallest_box
from MedProcLib.quantification.shape.feret import maximum_diameter, mean_width, minimum_width
from MedProcLib.quantification.shape.hull import border_points, convex_hull


def brick() -> np.ndarray:
    """Voxel points' hull of a full box of 4 x 5 x 6 voxels: a box with its corners cut."""
    return np.ones((6, 5, 4), bool)


def test_hull_volume_and_area_of_one_voxel():
    hull = convex_hull(np.ones((1, 1, 1), bool), (2, 2, 2))
    assert hull.volume == pytest.approx(8 / 6)
    assert hull.area == pytest.approx(4 * np.sqrt(3))


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.5, 0.7, 3.0)])
def test_maximum_diameter_is_that_of_all_pairs(spacing):
    mask = np.random.default_rng(1).random((6, 7, 8)) > 0.9
    length, ends = maximum_diameter(convex_hull(mask, spacing))
    assert length == pytest.approx(pdist(border_points(mask) * spacing).max())
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(length)


def test_widths_of_a_brick():
    hull = convex_hull(brick(), (1, 1, 2))
    width, normal = minimum_width(hull)
    assert width == pytest.approx(4)
    assert np.abs(normal) == pytest.approx([1, 0, 0], abs=1e-9)


def test_an_edge_pair_can_be_the_narrowest():
    """A regular tetrahedron is narrowest between opposite edges, at the side of the cube around it."""
    mask = np.zeros((41, 41, 41), bool)
    z, y, x = np.mgrid[:41, :41, :41] / 40
    mask[(x + y + z >= 1) & (x - y - z <= 0) & (y - x - z <= 0) & (z - x - y <= 0)] = True
    hull = convex_hull(mask, (1, 1, 1))
    width, _ = minimum_width(hull)
    directions = np.random.default_rng(0).normal(size=(20_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    widths = np.ptp(directions @ hull.points.T, axis=1)
    assert width <= widths.min() + 1e-9
    assert width == pytest.approx(41, abs=0.1)
    assert width < np.ptp(hull.normals @ hull.points.T, axis=1).min() + 1e-9


def test_mean_width_is_the_mean_over_directions():
    mask = np.random.default_rng(3).random((5, 6, 7)) > 0.8
    hull = convex_hull(mask, (1.0, 0.8, 2.0))
    directions = np.random.default_rng(4).normal(size=(200_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert mean_width(hull) == pytest.approx(np.ptp(directions @ hull.points.T, axis=1).mean(), rel=2e-3)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.0)])
def test_diameters_of_a_turned_ellipsoid(placed, spacing):
    hull = convex_hull(placed(ellipsoid(40, 30, 24), spacing), spacing)
    assert maximum_diameter(hull)[0] == pytest.approx(40, abs=max(spacing))
    assert minimum_width(hull)[0] == pytest.approx(24, abs=max(spacing))


def test_smallest_box_of_a_turned_box(placed):
    found = smallest_box(convex_hull(placed(box(16, 24, 36)), (1, 1, 1)))
    assert found.sides == pytest.approx([36, 24, 16], abs=1.2)
    assert found.axes @ found.axes.T == pytest.approx(np.eye(3), abs=1e-9)


def test_smallest_box_holds_all_points_and_is_no_larger_than_the_aligned_one(placed):
    hull = convex_hull(placed(ellipsoid(30, 12, 9), (1, 1, 2)), (1, 1, 2))
    found = smallest_box(hull)
    inside = np.abs((hull.points - found.center) @ found.axes.T)
    assert (inside <= found.sides / 2 + 1e-9).all()
    assert found.volume <= np.prod(aligned_box(hull.points)) + 1e-9


def test_a_hull_of_many_corners_is_searched_in_fewer_directions(placed):
    hull = convex_hull(placed(ball(90)), (1, 1, 1))
    assert len(hull.points) > len(hull.coarse.points)
    exact = np.ptp(hull.normals @ hull.points.T, axis=1).min()
    assert minimum_width(hull)[0] == pytest.approx(exact, rel=2e-3)
    assert smallest_box(hull).sides == pytest.approx([90, 90, 90], abs=1.5)
