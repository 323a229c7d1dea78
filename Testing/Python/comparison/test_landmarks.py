import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.halfway import matrix_of, transform_of
from MedProcLib.comparison.registration.from_landmarks import register_landmarks
from MedProcLib.comparison.registration.landmarks import (
    Landmarks,
    fit_landmarks,
    judge_landmarks,
    landmark_figures,
    left_out_errors,
    paired,
    target_registration_errors,
)
from MedProcLib.comparison.result import Verdict
from MedProcLib.core.errors import InputError

from .conftest import rigid

POINTS = np.random.default_rng(1).uniform(-80, 80, (7, 3))


def marked(matrix, points=POINTS, noise=0.0) -> Landmarks:
    there = points @ matrix[:3, :3].T + matrix[:3, 3]
    return Landmarks(points, there + np.random.default_rng(2).normal(0, noise, points.shape))


def test_rigid_and_affine_transforms_are_recovered_exactly():
    turned = rigid((170, -20, 35), (300, -40, 12))
    assert np.allclose(fit_landmarks(marked(turned)), turned, atol=1e-9)
    sheared = turned @ np.array([[1.1, 0.1, 0, 0], [0, 0.9, 0.05, 0], [0, 0, 1.02, 0], [0, 0, 0, 1]])
    assert np.allclose(fit_landmarks(marked(sheared), "affine"), sheared, atol=1e-9)
    assert np.allclose(fit_landmarks(marked(turned, POINTS[:3])), turned, atol=1e-9)


def test_fit_is_the_least_squares_one_of_scipy():
    from scipy.spatial.transform import Rotation

    landmarks = marked(rigid((10, 20, -30), (5, 6, 7)), noise=2.0)
    centred = [side - side.mean(axis=0) for side in (landmarks.moving, landmarks.fixed)]
    assert np.allclose(fit_landmarks(landmarks)[:3, :3], Rotation.align_vectors(*centred)[0].as_matrix(), atol=1e-9)


@pytest.mark.parametrize(
    ("points", "kind", "message"),
    [
        (POINTS[:2], "rigid", "at least 3 landmarks.*there are 2"),
        (POINTS[:3], "affine", "at least 4"),
        (np.outer(np.arange(4.0), [1, 2, 3]), "rigid", "on one line"),
        (np.zeros((4, 3)), "rigid", "on one line"),
        (POINTS * [1, 1, 0], "affine", "in one plane"),
    ],
)
def test_too_few_or_flat_landmarks_are_refused(points, kind, message):
    with pytest.raises(InputError, match=message):
        fit_landmarks(marked(np.eye(4), points), kind)


def test_a_mirrored_patient_is_refused_or_never_fitted():
    mirror = np.diag([-1.0, 1, 1, 1])
    with pytest.raises(InputError, match="mirror image"):
        fit_landmarks(marked(mirror), "affine")
    assert np.isclose(np.linalg.det(fit_landmarks(marked(mirror))[:3, :3]), 1)


@pytest.mark.parametrize("bad", [np.full((3, 3), np.nan), np.zeros((3, 2)), np.zeros(3)])
def test_positions_that_are_not_finite_points_are_refused(bad):
    with pytest.raises(InputError, match="three finite numbers"):
        Landmarks(bad, bad)


def test_unequal_numbers_and_none_are_refused():
    with pytest.raises(InputError, match="7 landmarks in the first image and 6 in the other"):
        Landmarks(POINTS, POINTS[1:])
    with pytest.raises(InputError, match="No landmarks"):
        Landmarks(np.zeros((0, 3)), np.zeros((0, 3)))


def test_pairing_is_by_name_where_names_agree_and_else_by_order():
    first = [((0, 0, 0), "nose"), ((1, 0, 0), "ear"), ((0, 1, 0), "chin")]
    by_name = paired(first, [((0, 1, 9), "chin"), ((0, 0, 9), "nose"), ((1, 0, 9), "ear")])
    assert np.allclose(by_name.moving - by_name.fixed, [0, 0, 9])
    assert by_name.names == ("nose", "ear", "chin")
    by_order = paired(first, [((0, 0, 5), "M-1"), ((1, 0, 5), "M-2"), ((0, 1, 5), "M-3")])
    assert np.allclose(by_order.moving - by_order.fixed, [0, 0, 5])


def test_errors_are_distances_in_the_other_study():
    landmarks = Landmarks(POINTS, POINTS + np.array([3, 0, -4]))
    errors = target_registration_errors(sitk.Transform(3, sitk.sitkIdentity), landmarks)
    assert np.allclose(errors, 5)
    assert np.allclose(target_registration_errors(transform_of(fit_landmarks(landmarks)), landmarks), 0, atol=1e-9)
    figures = {(f.name, f.parameters.get("landmark")): f for f in landmark_figures(errors, landmarks.names, "check")}
    assert figures["landmark_error_mean", None].value == pytest.approx(5)
    assert figures["landmark_error", "7"].unit == "mm"


def test_left_out_errors_see_the_one_landmark_that_is_wrong():
    moving = POINTS.copy()
    moving[4] += [30, 0, 0]
    errors = left_out_errors(Landmarks(POINTS, moving))
    assert np.argmax(errors) == 4
    assert errors[4] == pytest.approx(30)
    assert np.isnan(left_out_errors(marked(np.eye(4), POINTS[:3]))).all()


@pytest.mark.parametrize(
    ("millimeters", "verdict"), [(2.9, Verdict.GOOD), (3.1, Verdict.DOUBTFUL), (10.1, Verdict.FAILED)]
)
def test_verdict_by_the_mean_error(millimeters, verdict):
    found, reasons = judge_landmarks(np.full(4, millimeters), marked(np.eye(4), POINTS[:4]))
    assert found is verdict
    assert bool(reasons) is (verdict is not Verdict.GOOD)


def test_registration_by_landmarks_alone_is_judged_by_those_left_out():
    matrix = rigid((5, 100, 0), (20, 0, 0))
    good = register_landmarks(marked(matrix, noise=0.5))
    assert good.verdict is Verdict.GOOD
    assert np.allclose(matrix_of(good.transform), matrix, atol=1)
    assert np.allclose(
        matrix_of(good.to_other) @ np.linalg.inv(matrix_of(good.to_first)), matrix_of(good.transform), atol=1e-8
    )
    swapped = Landmarks(POINTS, POINTS[[1, 0, 2, 3, 4, 5, 6]])
    refused = register_landmarks(swapped)
    assert refused.verdict is Verdict.FAILED
    # which ones were marked for each other is found where another order fits
    assert "fit to 0.0 mm (of the first image and the other: 1 is 2, 2 is 1)" in refused.reasons[0]
    moved = Landmarks(POINTS, POINTS + np.array([[0, 0, 40]] * 3 + [[0, 0, -40]] * 4))
    assert "another order" not in register_landmarks(moved).reasons[0]
    assert register_landmarks(marked(matrix, POINTS[:3])).verdict is Verdict.DOUBTFUL
    with pytest.raises(InputError, match="not 'deformable'"):
        register_landmarks(marked(matrix), "deformable")
