import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.ct.body_composition import BodyComposition


def torso(direction=None, spacing=(2.0, 3.0, 5.0)):
    """Ten slices in air: fat under the skin (label 1) of 100 pixels, inside (2) of 40, muscle (3) of 60 + its index."""
    values = np.full((10, 20, 30), -1000.0, np.float32)
    labels = np.zeros(values.shape, np.uint8)
    for index in range(10):
        for label, count, row, hu in ((1, 100, 0, -100), (2, 40, 8, -80), (3, 60 + index, 12, 40)):
            flat = slice(30 * row, 30 * row + count)
            values[index].reshape(-1)[flat] = hu
            labels[index].reshape(-1)[flat] = label
    made = []
    for array in (values, labels):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing)
        image.SetOrigin((0, 0, 100))
        if direction is not None:
            image.SetDirection(np.asarray(direction).ravel())
        made.append(image)
    return made


PIXEL_CM2 = 0.06


def test_areas_are_pixels_counted(direction):
    whole, *slices = BodyComposition(height_m=1.8)(*torso(direction))
    assert [row.slice for row in slices] == list(range(10))
    assert whole.value("subcutaneous_fat_area") == pytest.approx(100 * PIXEL_CM2)
    assert whole.value("visceral_fat_area") == pytest.approx(40 * PIXEL_CM2)
    assert whole.value("visceral_to_subcutaneous") == pytest.approx(0.4)
    assert whole.value("muscle_area") == pytest.approx(64.5 * PIXEL_CM2)
    assert whole.value("muscle_index") == pytest.approx(64.5 * PIXEL_CM2 / 1.8**2)
    assert whole.value("muscle_density") == pytest.approx(40)
    assert [row.value("muscle_area") for row in slices] == pytest.approx([(60 + i) * PIXEL_CM2 for i in range(10)])
    np.testing.assert_allclose(np.diff([row.value("slice_position") for row in slices]), 5)


def test_only_what_has_the_density_of_the_tissue_counts():
    image, labels = torso()
    values = sitk.GetArrayFromImage(image)
    values[0, 0, :5], values[0, 0, 5] = 300, np.nan
    values[0, 12, :2] = -29.4, 200
    changed = sitk.GetImageFromArray(values)
    changed.CopyInformation(image)
    first = BodyComposition()(changed, labels)[1]
    assert first.value("subcutaneous_fat_area") == pytest.approx(94 * PIXEL_CM2)
    assert first.value("muscle_area") == pytest.approx(59 * PIXEL_CM2)
    assert first.value("muscle_density") == pytest.approx((58 * 40 - 29.4) / 59)


@pytest.mark.parametrize(
    ("level", "slab", "slices"), [(121, 0, [4]), (122, 15, [3, 4, 5]), (120, 1, [4]), (99, 0, [0]), (146, 12, [8, 9])]
)
def test_slices_at_a_level(level, slab, slices):
    settings = BodyComposition(at_level=True, level_mm=level, slab_mm=slab)
    whole, *rows = settings(*torso())
    assert [row.slice for row in rows] == slices
    assert whole.value("muscle_area") == pytest.approx(np.mean([60 + i for i in slices]) * PIXEL_CM2)
    assert whole.measurements[0].parameters["slices"] == len(slices)


def test_level_from_head_to_feet():
    flipped = torso(np.diag([1.0, -1.0, -1.0]))
    rows = BodyComposition(at_level=True, level_mm=80)(*flipped)
    assert rows[1].slice == 4


def test_tissues_that_are_not_given_have_no_figure():
    names = {m.name for m in BodyComposition(visceral_label=0, subcutaneous_label=0)(*torso())[0].measurements}
    assert names == {"muscle_area", "muscle_density"}
    image, labels = torso()
    only_fat = BodyComposition()(image, labels * sitk.Cast(labels < 3, sitk.sitkUInt8))[0]
    assert only_fat.value("muscle_area") == 0 and math.isnan(only_fat.value("muscle_density"))


def test_what_cannot_be_measured_is_refused():
    image, labels = torso()
    with pytest.raises(InputError, match=r"its slices go from S = 100\.0 to 145\.0 mm"):
        BodyComposition(at_level=True, level_mm=400)(image, labels)
    with pytest.raises(InputError, match="do not lie across"):
        BodyComposition(at_level=True)(*torso(np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])))
    with pytest.raises(InputError, match="no fat or muscle"):
        BodyComposition()(image, labels * 0)
    with pytest.raises(InputError, match="Hounsfield"):
        BodyComposition()(image + 2000, labels)


def test_a_label_of_something_else_is_said_or_refused():
    image, labels = torso()
    progress = Progress()
    BodyComposition()(image, labels, progress=progress)
    assert progress.notes == []
    mixed = sitk.GetArrayFromImage(labels)
    fat, muscle = np.argwhere(mixed == 1), np.argwhere(mixed == 3)
    mixed[:] = 0
    mixed[tuple(fat[:100].T)] = mixed[tuple(muscle[:300].T)] = 1
    partly = sitk.GetImageFromArray(mixed)
    partly.CopyInformation(labels)
    BodyComposition(visceral_label=0, muscle_label=0)(image, partly, progress=progress)
    assert progress.notes == [
        "Label 1 is taken for fat under the skin, but 75 % of it has another density: is it the right label?",
    ]
    with pytest.raises(InputError, match="Label 3 is not visceral fat: only 0 % of it has its density"):
        BodyComposition(visceral_label=3, muscle_label=0)(image, labels)


def test_other_lean_tissue_is_no_muscle():
    image, labels = torso()
    organs = sitk.GetArrayFromImage(labels)
    organs[:, 12, 20:30] = 4  # of the 60 pixels of muscle density and more
    parted = sitk.GetImageFromArray(organs)
    parted.CopyInformation(labels)
    assert BodyComposition()(image, parted)[1].value("muscle_area") == pytest.approx(50 * PIXEL_CM2)
    assert BodyComposition(muscle_label=4)(image, parted)[1].value("muscle_area") == pytest.approx(10 * PIXEL_CM2)
    # a segmentation of three labels is measured as it is
    assert BodyComposition()(image, labels)[1].value("muscle_area") == pytest.approx(60 * PIXEL_CM2)
