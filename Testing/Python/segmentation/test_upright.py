"""Along which axes a scan is worked on; and lung beside bowel gas behind a wall that the voxels hardly show."""

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._placed import turned
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.ct_lungs import CtLungs
from MedProcLib.segmentation.anatomy.lung_sides import middle_of_body
from MedProcLib.segmentation.common.field_of_view import outside_field
from MedProcLib.segmentation.common.patient_grid import on_patient_grid
from MedProcLib.segmentation.common.upright import nearest_axes, upright

from .torso import torso, truth

AIR, TURN = -1024, sitk.VersorTransform((0.48, 0.6, 0.64), np.radians(37.0)).GetMatrix()


def trunk(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)) -> sitk.Image:
    """An elliptic cylinder of soft tissue that ends where the image ends."""
    _z, y, x = np.mgrid[:24, :30, :40]
    values = np.where(((x - 19.5) / 18) ** 2 + ((y - 14.5) / 13) ** 2 < 1, 40, AIR).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((10.0, 10.0, 12.0))
    image.SetDirection(direction)
    return image


@pytest.mark.parametrize("mirror", [(1, 1, 1), (-1, 1, -1), (1, 1, -1)])
def test_a_patient_who_lies_turned_is_set_upright_about_the_middle(mirror):
    direction = np.reshape(TURN, (3, 3)) @ np.diag(mirror)
    image = trunk(direction.ravel().tolist())
    found = upright(image, -800)
    assert np.reshape(found.GetDirection(), (3, 3)).tolist() == np.diag(mirror).tolist()
    middle = (np.array(image.GetSize()) - 1) / 2
    np.testing.assert_allclose(Geometry.of(found).points(middle[None]), Geometry.of(image).points(middle[None]))


def test_an_upright_patient_on_a_turned_grid_stays():
    image = turned(trunk(), AIR)
    assert upright(image, -800).GetDirection() == image.GetDirection()


@pytest.mark.parametrize("corner", [AIR, 0])
def test_corners_that_a_turned_grid_adds_are_no_part_of_the_field(corner):
    image = sitk.Clamp(trunk(), sitk.sitkInt16, AIR + 24, 40)
    field = turned(sitk.Cast(image * 0 + 1, sitk.sitkUInt8), 0)
    found = outside_field(turned(image, corner))
    assert found.tolist() == (sitk.GetArrayViewFromImage(field) == 0).tolist()


@pytest.mark.parametrize(("voxel_mm", "grid_mm"), [(3.0, 2.0), (1.0, 2.0), (1.0, 4.0)])  # up to 4 voxels are averaged
def test_the_whole_cut_body_is_on_the_upright_grid_and_no_value_of_the_corners(voxel_mm, grid_mm):
    sides = np.array([60, 72, 84])
    image = sitk.GetImageFromArray(np.full((sides / voxel_mm).astype(int), 40, np.int16))
    image.SetSpacing((voxel_mm,) * 3)
    grid, values = on_patient_grid(turned(image, AIR), grid_mm, AIR, -800)
    assert grid.spacing == (grid_mm,) * 3
    body = values > -1000
    assert np.abs(values[body] - 40).max() < 2
    half_around = np.prod(sides + grid_mm) - sides.prod()  # sides that cut a voxel in half may cost it
    assert abs(np.count_nonzero(body) * grid.voxel_volume - sides.prod()) < half_around


def test_lungs_do_not_go_on_where_a_turned_grid_has_nothing():
    _z, y, x = np.mgrid[:30, :60, :70]
    values = np.where(((x - 35) / 32) ** 2 + ((y - 30) / 27) ** 2 < 1, 40, -1000)
    lung = ((x - 20) / 10) ** 2 + ((y - 30) / 14) ** 2 < 1
    values[lung] = -850
    image = sitk.GetImageFromArray(values.astype(np.int16))
    image.SetSpacing((3.0, 3.0, 3.0))
    mask = sitk.GetImageFromArray(lung.astype(np.float32))
    mask.CopyInformation(image)
    found = sitk.GetArrayFromImage(CtLungs(leave_out_airways=False)(turned(image, AIR))) > 0
    truth = sitk.GetArrayFromImage(turned(mask, 0.0)) > 0.5
    assert 2 * np.count_nonzero(found & truth) / (found.sum() + truth.sum()) > 0.98


def test_a_lung_that_a_side_of_a_turned_image_cuts_is_a_lung():
    whole = torso()
    lungs = truth(whole)["lung_right"] | truth(whole)["lung_left"]
    known = Geometry.of(whole).image_of(lungs.astype(np.float32))[24:]  # 30 mm of the right lung are cut off
    found = sitk.GetArrayFromImage(CtLungs()(turned(whole[24:], AIR)))
    there = sitk.GetArrayFromImage(turned(known, 0.0)) > 0.5
    assert 2 * np.count_nonzero((found > 0) & there) / (np.count_nonzero(found) + np.count_nonzero(there)) > 0.95
    assert min(np.bincount(found.ravel())[1:]) > 0.2 * np.count_nonzero(there)


def test_the_spine_and_no_hip_kidney_or_bowel_is_the_middle():
    """The spine is bent to the back; kidney and bowel are full of contrast."""
    z, y, x = np.mgrid[:60, :60, :100]
    body = ((x - 50) / 48) ** 2 + ((y - 30) / 28) ** 2 < 1
    values = np.where(body, 40.0, AIR)
    values[(x - 54) ** 2 + (y - 38 - 6 * np.sin(z / 10)) ** 2 < 25] = 300
    values[((x - 30) ** 2 + (y - 40) ** 2 < 90) & (z > 30)] = 500
    values[(np.abs(x - 28) < 12) & (np.abs(y - 16) < 7)] = 500
    for hip in (22, 78):
        values[((x - hip) ** 2 + (y - 30) ** 2 < 90) & (z < 30)] = 500
    grid = Geometry.of(sitk.GetImageFromArray(values))
    grid = Geometry(grid.size, (3.0, 3.0, 3.0), grid.origin, grid.direction)
    assert abs(middle_of_body(values, body, grid) - 54) < 3
    # hips or thighs alone: it was one of them
    values[(x - 54) ** 2 + (y - 38 - 6 * np.sin(z / 10)) ** 2 < 25] = 40
    pelvis = Geometry((100, 60, 30), grid.spacing, grid.origin, grid.direction)
    assert abs(middle_of_body(values[:30], body[:30], pelvis) - 50) < 3


def test_axes_are_exchanged_where_they_lie_so():
    direction = np.reshape(TURN, (3, 3)) @ np.array([[0, 0, -1], [1, 0, 0], [0, 1, 0]])
    assert nearest_axes(direction).tolist() == [[0, 0, -1], [1, 0, 0], [0, 1, 0]]


def test_bowel_gas_behind_a_blurred_wall_is_no_lung():
    z, y, x = np.mgrid[:40, :60, :70]
    values = np.where(((x - 35) / 32) ** 2 + ((y - 30) / 27) ** 2 < 1, 40.0, AIR)
    lung = ((x - 20) / 10) ** 2 + ((y - 30) / 14) ** 2 + ((z - 26) / 11) ** 2 < 1
    gas = ((x - 20) / 9) ** 2 + ((y - 30) / 9) ** 2 + ((z - 8) / 6.8) ** 2 < 1
    values[lung], values[gas] = -850, -1000
    # a blur of the width of the wall leaves -600 HU in it: lung and gas are one piece of air
    image = sitk.GetImageFromArray(ndimage.gaussian_filter(values, 1.0).astype(np.int16))
    image.SetSpacing((3.0, 3.0, 3.0))
    assert ndimage.label(sitk.GetArrayViewFromImage(image)[:, 20:41, 8:33] < -400)[1] == 1
    found = sitk.GetArrayFromImage(CtLungs(leave_out_airways=False)(image)) > 0
    assert np.count_nonzero(found & gas) < 0.03 * gas.sum()
    assert np.count_nonzero(found & lung) > 0.93 * lung.sum()
