import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.maps.jacobian import jacobian
from MedProcLib.comparison.registration.deformation import deformation_figures, judge_deformation
from MedProcLib.comparison.result import Verdict

from .conftest import grid_of, rigid

GRID = grid_of((4, 4, 5), rigid((10, 20, -5), (0, 0, 0))[:3, :3] @ np.diag([1.0, 1, -1]), extent=(100, 80, 60))


def wave(height: float) -> sitk.Transform:
    """y + height sin(2 pi y / 80): its Jacobian is 1 + height 2 pi / 80 cos(2 pi y / 80)."""
    around = grid_of((2, 2, 2), extent=(200, 200, 200))
    points = around.points(np.indices(tuple(reversed(around.size))).reshape(3, -1)[::-1].T)
    shift = np.zeros((*reversed(around.size), 3))
    shift[..., 1] = (height * np.sin(2 * np.pi * points[:, 1] / 80)).reshape(shift.shape[:3])
    return sitk.DisplacementFieldTransform(around.stamp(sitk.GetImageFromArray(shift, isVector=True)))


def figures(transform) -> dict[str, float]:
    return {figure.name: figure.value for figure in deformation_figures(transform, GRID)}


def test_linear_transforms_have_one_jacobian_and_an_exact_inverse():
    matrix = rigid((10, -40, 20), (30, 0, 5)) @ np.diag([1.1, 0.9, 1.2, 1])
    assert np.allclose(jacobian(transform_of(matrix), GRID).determinant, 1.1 * 0.9 * 1.2, atol=1e-6)
    found = figures(transform_of(matrix))
    assert found["folded"] == 0
    assert found["inverse_error"] < 1e-9


def test_jacobian_of_a_wave_is_the_analytic_one():
    inner = (slice(1, -1),) * 3
    y = GRID.points(np.indices(tuple(reversed(GRID.size))).reshape(3, -1)[::-1].T)[:, 1].reshape(GRID.size[::-1])
    expected = 1 + 5 * 2 * np.pi / 80 * np.cos(2 * np.pi * y / 80)
    assert np.allclose(jacobian(wave(5), GRID).determinant[inner], expected[inner], atol=0.015)
    found = figures(wave(5))
    assert found["jacobian_min"] == pytest.approx(expected.min(), abs=0.02)
    assert found["jacobian_max"] == pytest.approx(expected.max(), abs=0.02)
    assert found["folded"] == 0
    assert found["inverse_error"] < 0.2


def test_folding_is_seen():
    found = figures(wave(20))
    assert found["jacobian_min"] < 0
    assert 10 < found["folded"] < 50
    verdict, reasons = judge_deformation(deformation_figures(wave(20), GRID))
    assert verdict is Verdict.FAILED
    assert "folds in" in reasons[0]
    assert judge_deformation(deformation_figures(wave(5), GRID)) == (Verdict.GOOD, ())
