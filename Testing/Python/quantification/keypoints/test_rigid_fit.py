"""Matches, and the rigid transform they agree on."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.quantification.keypoints.key_points import KeyPoints
from MedProcLib.quantification.keypoints.match import match
from MedProcLib.quantification.keypoints.rigid_fit import fit_rigid, least_squares
from MedProcLib.quantification.keypoints.rigid_start import rigid_start

RANDOM = np.random.default_rng(0)


def pairs_of(dimension, right=40, wrong=60, noise=0.3):
    """Points, their partners under a rotation and a shift, of which some are wrong."""
    if dimension == 2:
        turn = np.array([[0.28, -0.96], [0.96, 0.28]])
    else:
        turn = Rotation.from_euler("xyz", [100, -30, 70], degrees=True).as_matrix()
    shift = np.array([30.0, -12.0, 7.0])[:dimension]
    first = RANDOM.uniform(-80, 80, (right + wrong, dimension))
    other = first @ turn.T + shift + RANDOM.normal(0, noise, first.shape)
    other[right:] = RANDOM.uniform(-80, 80, (wrong, dimension))
    return first, other, turn, shift


@pytest.mark.parametrize("dimension", [2, 3])
def test_wrong_pairs_do_not_count(dimension):
    first, other, turn, shift = pairs_of(dimension)
    found = fit_rigid(first, other, 1.5)
    assert found.inliers[:40].all() and found.inliers[40:].sum() <= 2
    assert np.allclose(np.reshape(found.transform.GetMatrix(), (dimension, dimension)), turn, atol=0.01)
    assert np.allclose(found.transform.GetTranslation(), shift, atol=0.4)
    assert found.rms_mm == pytest.approx(0.3 * dimension**0.5, rel=0.3)
    assert np.array_equal(fit_rigid(first, other, 1.5).inliers, found.inliers)


def test_least_squares_against_scipy():
    first, other, _, _ = pairs_of(3, wrong=0, noise=5.0)
    expected, _ = Rotation.align_vectors(other - other.mean(axis=0), first - first.mean(axis=0))
    rotation, shift = least_squares(first, other)
    assert np.allclose(rotation, expected.as_matrix()) and np.allclose(shift, other.mean(0) - rotation @ first.mean(0))
    mirrored = first * [1, 1, -1]
    assert np.linalg.det(least_squares(first, mirrored)[0]) == pytest.approx(1)


@pytest.mark.parametrize("right", [0, 5])
def test_chance_is_no_transform(right):
    first, other, _, _ = pairs_of(3, right=right, wrong=50)
    with pytest.raises(InputError, match="agree on a rigid transform, 6 are needed"):
        fit_rigid(first, other, 1.0)
    with pytest.raises(InputError, match="Only 0 pairs"):
        fit_rigid(np.zeros((0, 3)), np.zeros((0, 3)), 1.0)


@pytest.mark.parametrize("tolerance", [3.0, 30.0])
def test_many_pairs_agree_by_chance(tolerance):
    first, other = RANDOM.uniform(0, 60, (2, 400, 2))
    with pytest.raises(InputError, match="agree on a rigid transform"):
        fit_rigid(first, other, tolerance)


def key_points(descriptors, signs=None, places=None):
    count = len(descriptors)
    descriptors = np.array(descriptors, float)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    signs = np.ones(count, int) if signs is None else np.array(signs)
    places = np.arange(count) if places is None else np.array(places)
    plain = np.zeros((count, 2)), np.ones(count)
    return KeyPoints(*plain, signs, np.ones(count), np.zeros((count, 2, 2)), descriptors, places)


def test_rules_of_matching():
    first = key_points([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    clear = match(first, key_points([[0, 1, 0.1], [1, 0.1, 0]]))
    assert sorted(zip(clear.first.tolist(), clear.other.tolist(), strict=True)) == [(0, 1), (1, 0)]
    twins = key_points([[1, 0.1, 0], [1, -0.1, 0]])
    assert not len(match(first.only(np.array([0])), twins).first)
    # two orientations of one place are no rivals
    one_place = key_points([[1, 0.1, 0], [1, -0.1, 0], [0, 1, 1]], places=[0, 0, 1])
    assert len(match(first.only(np.array([0])), one_place).first) == 1
    dark = key_points([[1, 0, 0], [0, 1, 0]], signs=[-1, -1])
    assert not len(match(first, dark).first)
    nothing = first.only(np.zeros(0, int))
    assert not len(match(nothing, first).first) and not len(match(first, nothing).first)


def test_a_slice_turned_by_half(plane):
    turn = sitk.Euler2DTransform([float(x) for x in Geometry.of(plane).center], 3.0, (12.0, -7.0))
    other = resample(plane, Geometry.of(plane), turn)
    found = rigid_start(plane, other)
    corners = Geometry.of(plane).corners()
    moved = np.array([found.transform.TransformPoint(p.tolist()) for p in corners])
    expected = np.array([turn.GetInverse().TransformPoint(p.tolist()) for p in corners])
    assert np.linalg.norm(moved - expected, axis=1).max() < 0.5 and found.count > 40


def test_a_volume_far_away_on_another_grid(flair):
    grid = Geometry.of(flair)
    turn = sitk.Euler3DTransform([float(x) for x in grid.center], 0.3, -0.2, 1.5, (12, -8, 20))
    size, spacing = (130, 125, 75), (1.6, 1.5, 2.0)
    axes = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.2, 0.1, 0).GetMatrix(), (3, 3)) @ np.diag([1, -1, 1])
    other = Geometry(size, spacing, (0.0, 0.0, 0.0), tuple(axes.ravel()))
    other = Geometry(size, spacing, tuple(grid.center - other.center), other.direction)
    found = rigid_start(sitk.BinShrink(flair, (2, 2, 1)), resample(flair, other, turn), smallest_mm=3.0)
    corners = grid.corners()
    moved = np.array([found.transform.TransformPoint(p.tolist()) for p in corners])
    expected = np.array([turn.GetInverse().TransformPoint(p.tolist()) for p in corners])
    assert np.linalg.norm(moved - expected, axis=1).max() < 3.0
    assert found.transform.GetDimension() == 3 and found.count >= 6


def test_images_of_other_dimensions(plane, flair):
    with pytest.raises(InputError, match="both 3D"):
        rigid_start(plane, flair)
