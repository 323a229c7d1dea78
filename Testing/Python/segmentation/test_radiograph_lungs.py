"""Lung fields of a chest radiograph made of ellipses."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.anatomy.radiograph_lungs import RadiographLungs

from .radiograph import lungs_of, radiograph


def overlap(found, truth):
    return 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))


@pytest.mark.parametrize("size", [(130, 130), (130, 130, 1)])
@pytest.mark.parametrize("bones", ["bright", "dark"])
def test_both_lungs_whichever_way_bones_are_shown(size, bones):
    image = radiograph(size)
    if bones == "dark":
        image = 1000 - image
    truth = lungs_of(size)
    found = sitk.GetArrayFromImage(RadiographLungs()(image)).squeeze()
    for value in (1, 2):
        assert overlap(found == value, truth == value) > 0.97
    assert not found[115:].any()  # the stomach's air


def test_sides_follow_the_direction_of_the_image():
    image = radiograph((130, 130, 1))
    expected = sitk.GetArrayFromImage(RadiographLungs()(image))
    image.SetDirection((-1, 0, 0, 0, 1, 0, 0, 0, 1))
    turned = sitk.GetArrayFromImage(RadiographLungs()(image))
    np.testing.assert_array_equal(np.array([0, 2, 1])[expected], turned)


@pytest.mark.parametrize("degrees", [37, -20])
def test_a_turned_picture_gives_the_same_lungs(degrees):
    image, lungs = radiograph((130, 130)), sitk.GetImageFromArray(lungs_of((130, 130)))
    lungs.CopyInformation(image)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn, size = np.array([[c, -s], [s, c]]), (180, 180)
    origin = np.array(image.TransformContinuousIndexToPhysicalPoint((64.5, 64.5))) - turn @ np.full(2, 89.5 * 3)
    there = sitk.Transform(2, sitk.sitkIdentity), sitk.sitkLinear, origin.tolist(), (3.0, 3.0), turn.ravel().tolist()
    found = sitk.GetArrayFromImage(RadiographLungs()(sitk.Resample(image, size, *there, 0.0)))
    for value in (1, 2):
        truth = (
            sitk.GetArrayFromImage(sitk.Resample(sitk.Cast(lungs == value, sitk.sitkFloat32), size, *there, 0.0)) > 0.5
        )
        assert overlap(found == value, truth) > 0.93


def test_finer_pixels_give_the_same_outline():
    image = radiograph((130, 130))
    fine = sitk.Expand(image, (2, 2), sitk.sitkLinear)
    found = sitk.GetArrayFromImage(RadiographLungs()(fine))[::2, ::2] > 0
    assert overlap(found, sitk.GetArrayFromImage(RadiographLungs()(image)) > 0) > 0.98


def test_a_picture_taken_from_the_side_is_not_taken_for_a_chest():
    lying = sitk.PermuteAxes(radiograph((130, 130)), (1, 0))
    with pytest.raises(InputError, match="No two lung fields were found: is this a frontal chest radiograph"):
        RadiographLungs()(lying)


def test_a_volume_is_refused():
    with pytest.raises(InputError, match="one picture; this image has 5 slices"):
        RadiographLungs()(sitk.Image(20, 20, 5, sitk.sitkInt16))


def test_a_picture_without_lungs_is_explained():
    y, x = np.mgrid[:120, :120]
    picture = sitk.GetImageFromArray((100.0 * ((x - 60) ** 2 + (y - 60) ** 2 < 900)).astype(np.float32))
    picture.SetSpacing((3.0, 3.0))
    with pytest.raises(InputError, match="No two lung fields"):
        RadiographLungs()(picture)


@pytest.mark.parametrize("white", [(1,), (1, 2)])
def test_lungs_that_are_not_seen_are_not_looked_for_in_shoulders_and_belly(white):
    """Where fluid fills one or both, air and soft tissue passed for lungs of a picture with dark bones."""
    picture = radiograph((130, 130))
    filled = sitk.GetArrayFromImage(picture) + 320 * np.isin(lungs_of((130, 130)), white)
    image = sitk.GetImageFromArray(filled.astype(np.float32))
    image.CopyInformation(picture)
    with pytest.raises(InputError, match="No two lung fields"):
        RadiographLungs()(image)


@pytest.mark.parametrize("density", [160, 240])
def test_the_apex_above_the_clavicle_belongs_to_the_lung(density):
    image = radiograph((130, 130))
    y, x = np.mgrid[:130, :130] / 130
    clavicle = np.abs(y - 0.225 - 0.1 * np.abs(x - 0.5)) < 0.025
    with_clavicle = sitk.GetImageFromArray((sitk.GetArrayFromImage(image) + density * clavicle).astype(np.float32))
    with_clavicle.CopyInformation(image)
    found, truth = sitk.GetArrayFromImage(RadiographLungs()(with_clavicle)), lungs_of((130, 130))
    above = (y < 0.2) & (truth > 0)
    assert np.count_nonzero(found[above]) > 0.8 * np.count_nonzero(above)
    assert overlap(found > 0, truth > 0) > 0.97
    assert not found[:19].any()


def test_air_between_arms_and_body_is_no_lung():
    # in a frame, so that the air does not reach the picture's border
    picture = np.pad(sitk.GetArrayFromImage(radiograph((130, 130))), ((0, 0), (20, 20)), constant_values=0)
    picture[:, :8] = picture[:, -8:] = picture[:25, :22] = picture[:25, -22:] = 700.0
    picture[-8:] = 700.0
    image = sitk.GetImageFromArray(picture)
    image.SetSpacing((2.5, 2.5))
    truth = np.pad(lungs_of((130, 130)), ((0, 0), (20, 20)))
    found = sitk.GetArrayFromImage(RadiographLungs()(image))
    for value in (1, 2):
        assert overlap(found == value, truth == value) > 0.95


def test_a_picture_without_a_pixel_size_is_taken_for_a_chest():
    image = radiograph((130, 130))
    expected = sitk.GetArrayFromImage(RadiographLungs()(image))
    image.SetSpacing((20.0, 20.0))  # 2.6 m wide
    found = RadiographLungs()(image)
    assert found.GetSpacing() == (20.0, 20.0)
    assert overlap(sitk.GetArrayFromImage(found) == 1, expected == 1) > 0.97
