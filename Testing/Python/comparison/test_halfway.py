import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.halfway import half, half_way, half_way_grid, matrix_of, transform_of
from MedProcLib.core.errors import InputError

from .conftest import grid_of, rigid

angles = st.tuples(*[st.floats(-50, 50)] * 3)
shifts = st.tuples(*[st.floats(-200, 200)] * 3)


@settings(max_examples=30, deadline=None)
@given(angles, shifts)
def test_half_done_twice_is_the_whole_and_rigid(degrees, millimeters):
    matrix = rigid(degrees, millimeters)
    root = half(matrix)
    assert np.allclose(root @ root, matrix, atol=1e-7)
    assert np.allclose(root[:3, :3] @ root[:3, :3].T, np.eye(3), atol=1e-7)
    assert np.allclose(half(np.linalg.inv(matrix)), np.linalg.inv(root), atol=1e-7)


def test_transforms_from_the_half_way_space_meet_the_transform():
    matrix = rigid((20, -10, 5), (30, 2, -8))
    to_first, to_other = half_way(transform_of(matrix))
    point = (12.0, -40.0, 33.0)
    there = to_other.TransformPoint(to_first.GetInverse().TransformPoint(point))
    assert np.allclose(there, transform_of(matrix).TransformPoint(point), atol=1e-9)


def test_matrix_of_a_nonlinear_transform_is_refused():
    with pytest.raises(InputError, match="not linear"):
        matrix_of(sitk.BSplineTransform(3))


def test_half_turn_has_no_half_way_space():
    with pytest.raises(InputError, match="half turn"):
        half(np.diag([1.0, -1.0, -1.0 + 1e-13, 1.0]) @ np.diag([-1.0, 1, 1, 1]))


@pytest.mark.parametrize(
    "direction",
    [np.eye(3), np.diag([1.0, 1, -1]), np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]])],
    ids=["straight", "left-handed", "sagittal"],
)
def test_grid_covers_both_studies_with_the_finer_spacing_of_each_axis(direction):
    matrix = rigid((10, 5, -20), (15, -10, 4))
    root = half(matrix)
    back = np.linalg.inv(root)
    first = grid_of((0.8, 0.9, 4.0), extent=(80, 90, 60))
    spacing = np.abs(direction.T @ [1.0, 0.7, 3.0])
    other = grid_of(spacing, matrix[:3, :3] @ direction, (15, -10, 4), (80, 90, 60))
    grid = half_way_grid(first, other, back, root)
    assert np.allclose(sorted(grid.spacing), [0.7, 0.8, 3.0], atol=1e-9)
    for geometry, from_half in ((first, back), (other, root)):
        corners = geometry.corners() @ np.linalg.inv(from_half)[:3, :3].T + np.linalg.inv(from_half)[:3, 3]
        indices = grid.indices(corners)
        assert indices.min() > -1e-6
        assert np.all(indices.max(axis=0) < np.array(grid.size) - 1 + 1e-6)


def test_grid_does_not_depend_on_which_study_is_first():
    root = half(rigid((10, 5, -20), (15, -10, 4)))
    back = np.linalg.inv(root)
    a, b = grid_of((0.8, 0.9, 4.0), extent=(80, 90, 60)), grid_of((1, 1, 3), extent=(70, 90, 60))
    one, two = half_way_grid(a, b, back, root), half_way_grid(b, a, root, back)
    assert one.same_grid(two)


def test_huge_grids_are_coarsened():
    one = grid_of((0.1, 0.1, 0.1), extent=(200, 200, 200))
    grid = half_way_grid(one, one, np.eye(4), np.eye(4))
    assert np.prod(grid.size) < 65_000_000
    assert np.allclose(grid.extent, 200, atol=2)
