"""Along which axes a scan is worked on; and lung beside bowel gas behind a wall that the voxels hardly show."""

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._placed import turned
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.ct_lungs import CtLungs
from MedProcLib.segmentation.common.upright import nearest_axes, upright

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
