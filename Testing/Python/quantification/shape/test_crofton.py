import numpy as np
import pytest
from Benchmarks._bodies import ball, box, cylinder, ellipsoid, torus

from MedProcLib.quantification.shape import crofton
from MedProcLib.quantification.shape.crofton import crofton_area

BODIES = [ball(10.5), ellipsoid(20, 14, 10.5), box(10.5, 12, 16), cylinder(10.5, 14), torus(26, 10.5)]


def scaled(body, factor):
    """The body as many times as large."""
    makers = {"ball": ball, "ellipsoid": ellipsoid, "box": box, "cylinder": cylinder, "torus": torus}
    a, b, c = (2 * factor * half for half in body.half)
    sides = {"ball": (a,), "cylinder": (a, c), "torus": (a - c, c)}.get(body.name, (a, b, c))
    return makers[body.name](*sides)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5)], ids=["cubes", "slices"])
def test_within_two_percent_from_ten_voxels_across(placed, body, spacing):
    rng = np.random.default_rng(7)
    body = scaled(body, max(spacing))
    errors = [crofton_area(placed(body, spacing, rng), spacing) / body.area - 1 for _ in range(12)]
    assert abs(np.mean(errors)) < 0.007
    assert np.percentile(np.abs(errors), 90) < 0.02


def test_axes_order_direction_and_unit_do_not_matter(placed):
    mask, spacing = placed(box(9, 12, 15), (1.0, 1.5, 2.0)), (1.0, 1.5, 2.0)
    area = crofton_area(mask, spacing)
    assert crofton_area(mask[::-1, :, ::-1], spacing) == pytest.approx(area)
    assert crofton_area(mask.transpose(2, 0, 1), (1.5, 2.0, 1.0)) == pytest.approx(area)
    assert crofton_area(mask, tuple(1e-3 * side for side in spacing)) == pytest.approx(1e-6 * area)


def test_a_large_mask_is_sampled(placed, monkeypatch):
    mask = placed(ellipsoid(70, 60, 50))
    whole = crofton_area(mask, (1, 1, 1))
    monkeypatch.setattr(crofton, "ENOUGH_VOXELS", mask.size // 5)
    assert crofton_area(mask, (1, 1, 1)) == pytest.approx(whole, rel=0.01)
    assert whole == pytest.approx(ellipsoid(70, 60, 50).area, rel=0.005)


def test_a_thin_sheet_keeps_both_its_sides():
    sheet = np.ones((2, 60, 60), bool)
    assert crofton_area(sheet, (1, 1, 1)) == pytest.approx(2 * 3600 + 4 * 120, rel=0.2)


def test_one_voxel_has_an_area():
    assert 2 < crofton_area(np.ones((1, 1, 1), bool), (1, 1, 1)) < 6
