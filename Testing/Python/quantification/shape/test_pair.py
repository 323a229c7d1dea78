import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.shape.pair import pair_distances


def two_rods() -> tuple[np.ndarray, np.ndarray]:
    """One along x, one along y, 4 voxels of background apart in z."""
    first, second = np.zeros((12, 20, 20), bool), np.zeros((12, 20, 20), bool)
    first[2, 10, 3:17] = True
    second[7, 3:18, 10] = True
    return first, second


def test_distances_and_angle_in_any_orientation(direction):
    grid = Geometry((20, 20, 12), (0.8, 0.8, 2.0), (5.0, -3.0, 9.0), tuple(direction.ravel()))
    found = pair_distances(*two_rods(), grid)
    assert found.surface_distance == pytest.approx(8)
    assert np.linalg.norm(found.nearest[1] - found.nearest[0]) == pytest.approx(8)
    assert found.axis_angle == pytest.approx(90)
    assert found.centroid_distance == pytest.approx(np.hypot(10, np.hypot(0.8 * 0.5, 0.0)), abs=0.01)


def test_touching_and_overlapping_segments_are_no_distance_apart():
    grid = Geometry((10, 10, 10), (1, 1, 1), (0, 0, 0), tuple(np.eye(3).ravel()))
    first, second = np.zeros((10, 10, 10), bool), np.zeros((10, 10, 10), bool)
    first[2:5], second[5:8] = True, True
    assert pair_distances(first, second, grid).surface_distance == 0
    second[4] = True
    assert pair_distances(first, second, grid).surface_distance == 0


def test_an_empty_segment_is_refused():
    grid = Geometry((4, 4, 4), (1, 1, 1), (0, 0, 0), tuple(np.eye(3).ravel()))
    with pytest.raises(InputError, match="empty"):
        pair_distances(np.ones((4, 4, 4), bool), np.zeros((4, 4, 4), bool), grid)


def test_one_voxel_has_no_direction():
    grid = Geometry((4, 4, 4), (1, 1, 1), (0, 0, 0), tuple(np.eye(3).ravel()))
    first, second = np.zeros((4, 4, 4), bool), np.zeros((4, 4, 4), bool)
    first[0, 0, 0], second[3, 3, 3] = True, True
    assert np.isnan(pair_distances(first, second, grid).axis_angle)
