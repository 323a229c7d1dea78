import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.maps.jacobian import jacobian
from MedProcLib.comparison.maps.volume_change import VolumeChangeMap
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry

from .phantoms import depth, grid_at, points_of

GRIDS = {
    "oblique left-handed": grid_at(),
    "oblique right-handed": grid_at(left_handed=False),
    "straight": grid_at(degrees=(0, 0, 0), left_handed=False),
    "single slice": grid_at(size=(30, 30, 1)),
}


def field_of(grid, displacements):
    image = sitk.GetImageFromArray(np.ascontiguousarray(displacements, float), isVector=True)
    return grid.stamp(image)


def transform_of_field(field):
    return sitk.DisplacementFieldTransform(sitk.Image(field))  # which takes the image over


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_an_affine_transform_has_its_determinant_everywhere(grid):
    matrix = np.array([[1.2, 0.1, 0.0], [-0.05, 0.9, 0.2], [0.0, 0.15, 1.1]])
    affine = sitk.AffineTransform(matrix.ravel().tolist(), (5, -3, 2))
    found = jacobian(affine, grid)
    np.testing.assert_allclose(found.determinant, np.linalg.det(matrix), rtol=1e-6)
    assert not found.folded.any()


def swirl(points, center, strength=0.6, scale=18.0):
    """Displacements of a rotation about an oblique axis by an angle that falls off with the distance to it: volume
    is kept everywhere."""
    axis = np.array([1.0, 2.0, 2.0]) / 3
    away = points - center
    across = away - (away @ axis)[..., None] * axis
    angle = strength * np.exp(-np.sum(across**2, axis=-1) / scale**2)[..., None]
    turned = np.cos(angle) * across + np.sin(angle) * np.cross(axis, across)
    return turned - across


def squeeze(points, center, amount=0.3, scale=12.0):
    """Displacements away from the center, and the determinant of their Jacobian."""
    away = points - center
    r2 = np.sum(away**2, axis=-1)
    g = amount * np.exp(-r2 / scale**2)
    tangential, radial = 1 + g, 1 + g - 2 * r2 / scale**2 * g
    return away * g[..., None], tangential**2 * radial


def test_a_swirl_keeps_volume_and_a_radial_field_has_its_analytic_determinant():
    grid = grid_at(size=(60, 54, 40), spacing=(0.8, 0.9, 1.2))
    points = points_of(grid)
    inner = (slice(2, -2),) * 3
    turned = jacobian(transform_of_field(field_of(grid, swirl(points, grid.center))), grid)
    np.testing.assert_allclose(turned.determinant[inner], 1, atol=0.004)
    displacement, expected = squeeze(points, grid.center)
    found = jacobian(transform_of_field(field_of(grid, displacement)), grid)
    np.testing.assert_allclose(found.determinant[inner], expected[inner], rtol=0.006)
    assert np.sqrt(np.mean((found.determinant - expected)[inner] ** 2)) < 0.002
    assert not found.folded.any()


def test_the_determinant_of_itk_agrees():
    # which leaves the direction out: only on straight grids
    grid = grid_at(size=(40, 36, 24), spacing=(1, 1, 1.5), degrees=(0, 0, 0), left_handed=False)
    field = field_of(grid, squeeze(points_of(grid), grid.center)[0])
    itk = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    mine = jacobian(transform_of_field(field), grid).determinant
    inner = (slice(2, -2),) * 3
    np.testing.assert_allclose(mine[inner], itk[inner], atol=0.02)


def test_the_sum_over_a_region_is_the_volume_of_the_moved_region():
    # a ball of 10 mm becomes one of 10 (1 + g(10)) mm
    grid = grid_at(size=(60, 54, 40), spacing=(0.8, 0.9, 1.2))
    field = field_of(grid, squeeze(points_of(grid), grid.center)[0])
    ball = depth(grid, 10) > 0
    image = grid.image_of(np.zeros(ball.shape, np.float32))
    maps, rows = VolumeChangeMap()(image, transform_of_field(field), fixed_labels=grid.image_of(ball * np.uint8(3)))
    row = rows[1]
    grown = (1 + 0.3 * np.exp(-100 / 144)) ** 3
    assert row.segment == 3
    assert row.value("relative_volume_change") == pytest.approx(100 * (grown - 1), abs=1.0)
    assert row.value("volume_first") == pytest.approx(4 / 3 * np.pi * 1000, rel=0.01)
    assert row.value("volume_change") == pytest.approx(row.value("volume_other") - row.value("volume_first"))
    change, log, ratio = (
        sitk.GetArrayFromImage(maps[n]) for n in ("volume_change_percent", "log_jacobian", "jacobian_determinant")
    )
    np.testing.assert_allclose(change, 100 * (ratio - 1), atol=1e-3)
    np.testing.assert_allclose(log, np.log(ratio), atol=1e-5)


def test_b_splines_and_composites_are_taken_and_the_identity_is_no_change():
    grid = GRIDS["oblique left-handed"]
    image = grid.empty_image(sitk.sitkFloat32)
    spline = sitk.BSplineTransformInitializer(image, [4, 4, 4], 3)
    spline.SetParameters(np.random.default_rng(0).normal(0, 1.0, len(spline.GetParameters())).tolist())
    scale = sitk.AffineTransform((np.eye(3) * 1.1).ravel().tolist(), (0, 0, 0))
    alone = jacobian(spline, grid).determinant
    both = jacobian(sitk.CompositeTransform([scale, spline]), grid).determinant
    np.testing.assert_allclose(both, 1.331 * alone, rtol=1e-4)
    assert np.ptp(alone) > 0.2
    np.testing.assert_allclose(jacobian(sitk.Transform(3, sitk.sitkIdentity), grid).determinant, 1, rtol=1e-9)


def test_folds_are_counted_also_those_that_central_differences_step_over():
    grid = grid_at(size=(20, 20, 20), spacing=(1, 1, 1))
    zigzag = np.zeros((20, 20, 20, 3))
    zigzag[..., 8:12, :] = 0.8 * np.where(np.arange(4) % 2, 1, -1)[:, None] * np.reshape(grid.direction, (3, 3))[:, 0]
    image = grid.empty_image(sitk.sitkFloat32)
    _, rows = VolumeChangeMap()(image, transform_of_field(field_of(grid, zigzag)))
    assert rows[0].value("folded_voxels") == 2 * 400
    mirrored = sitk.AffineTransform(np.diag([-1.0, 1, 1]).ravel().tolist(), (0, 0, 0))
    maps, rows = VolumeChangeMap()(image, mirrored)
    assert rows[0].value("folded_voxels") == 8000
    assert sitk.GetArrayFromImage(maps["log_jacobian"]).max() == pytest.approx(-np.log(100))


def test_slabs_join_without_a_seam(monkeypatch):
    grid = GRIDS["oblique left-handed"]
    transform = transform_of_field(field_of(grid, squeeze(points_of(grid), grid.center)[0]))
    whole = jacobian(transform, grid).determinant
    monkeypatch.setattr("MedProcLib.comparison.maps.jacobian.SLAB_VOXELS", 7 * grid.size[0] * grid.size[1])
    np.testing.assert_allclose(jacobian(transform, grid).determinant, whole, rtol=1e-5)


def test_planes_have_a_determinant_of_area():
    grid = Geometry((24, 20), (1.5, 0.8), (3.0, -2.0), (0.6, 0.8, 0.8, -0.6))  # oblique and left-handed
    matrix = np.array([[1.2, 0.1], [-0.05, 0.9]])
    found = jacobian(sitk.AffineTransform(matrix.ravel().tolist(), (5, -3)), grid)
    np.testing.assert_allclose(found.determinant, np.linalg.det(matrix), rtol=1e-6)
    assert found.determinant.shape == (20, 24) and not found.folded.any()
    points = grid.points(np.indices((20, 24)).reshape(2, -1)[::-1].T)
    shift = np.zeros((20, 24, 2))
    shift[..., 0] = (4 * np.sin(2 * np.pi * points[:, 0] / 20)).reshape(20, 24)
    folding = jacobian(transform_of_field(field_of(grid, shift)), grid)
    expected = 1 + 4 * 2 * np.pi / 20 * np.cos(2 * np.pi * points[:, 0] / 20).reshape(20, 24)
    np.testing.assert_allclose(folding.determinant[1:-1, 1:-1], expected[1:-1, 1:-1], atol=0.06)
    assert folding.folded[expected < -0.1].all() and not folding.folded[expected > 0.4].any()


def test_what_does_not_fit_or_is_not_finite_is_refused():
    with pytest.raises(InputError, match="2D and the image 3D"):
        jacobian(sitk.Transform(2, sitk.sitkIdentity), GRIDS["straight"])
    broken = np.full((*reversed(GRIDS["straight"].size), 3), np.nan)
    with pytest.raises(InputError, match="not numbers"):
        jacobian(transform_of_field(field_of(GRIDS["straight"], broken)), GRIDS["straight"])
