import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.shape.axes import angle_between, principal_axes


def test_axes_of_an_ellipsoid_in_any_orientation_of_the_grid(ellipsoid, direction):
    labels, center = ellipsoid((20, 12, 8), (1.0, 1.2, 0.8), direction)
    found = principal_axes(sitk.GetArrayFromImage(labels) > 0, Geometry.of(labels))
    # a solid ellipsoid's variance along an axis of half length a is a^2 / 5
    assert found.lengths == pytest.approx(4 * np.array([20, 12, 8]) / np.sqrt(5), rel=0.02)
    assert found.centroid == pytest.approx(center, abs=0.05)
    for axis, vector in zip(direction.T, found.directions, strict=True):
        assert angle_between(axis, vector) < 1
    assert (found.elongation, found.flatness) == pytest.approx((0.6, 0.4), abs=0.01)


def test_one_voxel_has_no_elongation():
    found = principal_axes(
        np.ones((1, 1, 1), bool), Geometry((1, 1, 1), (1, 1, 1), (0, 0, 0), tuple(np.eye(3).ravel()))
    )
    assert np.isnan(found.elongation) and np.isnan(found.flatness)
    assert found.lengths.tolist() == [0, 0, 0]


def test_angles_between_lines():
    assert angle_between(np.array([1, 0, 0]), np.array([-2, 0, 0])) == 0
    assert angle_between(np.array([1, 0, 0]), np.array([1, 1, 0])) == pytest.approx(45)
    assert angle_between(np.array([0, 0, 3]), np.array([0, 1e-8, 0])) == pytest.approx(90)
    assert np.isnan(angle_between(np.zeros(3), np.ones(3)))
