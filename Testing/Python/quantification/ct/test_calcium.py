import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage.measure import label, regionprops

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.ct.calcium import CalciumScore


def images(lesions, spacing=(0.5, 0.5, 3.0), direction=None, shape=(8, 30, 30)):
    """CT with blocks ((first, end) along z, y, x: HU) in fat, and a label map that is 1 all over."""
    values = np.full(shape, -100, np.int16)
    for box, hu in lesions.items():
        values[tuple(slice(*side) for side in box)] = hu
    made = []
    for array in (values, np.ones(shape, np.uint8)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing)
        if direction is not None:
            image.SetDirection(np.asarray(direction).ravel())
        made.append(image)
    return made


@pytest.mark.parametrize(
    ("peak", "weight"), [(129, 0), (130, 1), (199, 1), (200, 2), (299, 2), (300, 3), (399, 3), (400, 4), (2000, 4)]
)
def test_weight_by_peak(peak, weight):
    image, labels = images({((2, 3), (5, 9), (5, 10)): 129 if peak == 129 else 130, ((2, 3), (5, 6), (5, 6)): peak})
    assert CalciumScore()(image, labels)[0].value("agatston_score") == pytest.approx(20 * 0.25 * weight)


def test_weight_is_of_each_slice_and_the_score_of_3_mm(direction):
    """Two slices of 5 mm2, one of weight 4, one of weight 1."""
    lesions = {((2, 3), (5, 9), (5, 10)): 500, ((3, 4), (5, 9), (5, 10)): 150}
    for distance in (3.0, 2.5, 1.5):
        row, whole = CalciumScore(calibration=0.8)(*images(lesions, (0.5, 0.5, distance), direction))
        volume = 20 * 0.25 * distance
        assert row.value("agatston_score") == pytest.approx((5 * 4 + 5) * distance / 3)
        assert row.value("calcium_volume") == pytest.approx(2 * volume)
        assert row.value("calcium_mass") == pytest.approx(0.8 * (500 + 150) * volume / 1000)
        assert row.value("calcium_lesions") == 1 and row.value("calcium_peak") == 500
        assert whole.value("agatston_score") == row.value("agatston_score")
        assert row.measurements[0].parameters["slice_distance_mm"] == distance


def test_interpolated_volume_by_hand():
    """A single slice of 350 HU in -90: it reaches 130 HU at half of the way to either side; bone has the other half."""
    block = ((3, 4), (5, 9), (5, 10))
    image, labels = images({((0, 8), (0, 30), (0, 30)): -90, block: 350})
    row, whole = CalciumScore()(image, labels)
    assert row.value("calcium_volume_interpolated") == pytest.approx(20 * 0.75)
    assert whole.value("calcium_volume_interpolated") == pytest.approx(20 * 0.75)
    tight = sitk.Cast(image > 130, sitk.sitkUInt8)  # the segment is the lesion alone
    assert CalciumScore()(image, tight)[0].value("calcium_volume_interpolated") == pytest.approx(20 * 0.75)
    brighter, _ = images({((0, 8), (0, 30), (0, 30)): -90, block: 790, ((4, 5), (5, 9), (5, 10)): 900})
    row = CalciumScore()(brighter, tight)[0]
    assert row.value("calcium_volume_interpolated") == pytest.approx(20 * 0.75 * (0.75 + 0.5))
    ends, labels = images({((0, 8), (0, 30), (0, 30)): -90, ((0, 8), (5, 9), (5, 10)): 350})
    row = CalciumScore()(ends, labels)[0]  # through all slices: as many voxels
    assert row.value("calcium_volume_interpolated") == pytest.approx(row.value("calcium_volume"))


def test_interpolated_volume_is_that_of_small_voxels():
    """Against counting voxels of a fortieth of the slice distance; where slices lie matters less than without."""
    z, y, x = (np.arange(n) * s for n, s in zip((20, 30, 30), (3.0, 0.5, 0.5), strict=True))
    found = []
    for shift in (0.0, 0.8, 1.5, 2.2):
        distance = np.sqrt((z[:, None, None] - 28 - shift) ** 2 + (y[:, None] - 7.5) ** 2 + (x - 7.5) ** 2)
        values = -50 + 700 / (1 + np.exp((distance - 3.5) / 0.8))
        image, labels = images({}, shape=values.shape)
        ct = sitk.GetImageFromArray(np.round(values).astype(np.int16))
        ct.CopyInformation(image)
        row = CalciumScore()(ct, labels)[0]
        fine = ndimage.zoom(np.round(values), (40 - 39 / 20, 1, 1), order=1)  # ends stay the ends
        step = 3.0 * 19 / (fine.shape[0] - 1)
        counted = np.count_nonzero(fine >= 130) * 0.25 * step
        assert row.value("calcium_volume_interpolated") == pytest.approx(counted, rel=0.01)
        found.append([row.value(name) for name in ("calcium_volume", "calcium_volume_interpolated")])
    spread = np.ptp(found, axis=0) / np.mean(found, axis=0)
    assert spread[1] < 0.5 * spread[0]


def test_small_specks_are_noise_and_corners_connect():
    speck, diagonal = ((1, 2), (3, 4), (3, 6)), [((4, 5), (y, y + 1), (y, y + 1)) for y in range(10, 14)]
    image, labels = images({speck: 900, **dict.fromkeys(diagonal, 140)})
    row = CalciumScore()(image, labels)[0]
    assert row.value("agatston_score") == pytest.approx(1.0) and row.value("calcium_volume") == pytest.approx(3.0)
    assert CalciumScore(smallest_mm2=0)(image, labels)[0].value("agatston_score") == pytest.approx(1 + 4 * 0.75)


def test_segments_slices_and_the_sum():
    image, labels = images({((2, 4), (5, 9), (5, 10)): 250, ((5, 6), (20, 24), (20, 25)): 450})
    vessels = sitk.GetArrayFromImage(labels)
    vessels[:, 15:] = 7
    split = sitk.GetImageFromArray(vessels)
    split.CopyInformation(labels)
    rows = CalciumScore(slices=True)(image, split)
    assert [(row.segment, row.slice, row.value("agatston_score")) for row in rows] == [
        (1, None, 20),
        (1, 2, 10),
        (1, 3, 10),
        (7, None, 20),
        (7, 5, 20),
        (0, None, 40),
    ]
    assert rows[-1].measurements[0].parameters["category"] == "CAC-DRS A1"
    assert rows[-1].value("calcium_lesions") == 2


def test_a_lesion_across_two_vessels_is_one():
    """Of 1.5 mm2, 450 HU at its end: each vessel alone holds less than 1 mm2, and one of them nothing above 160 HU."""
    image, labels = images({((3, 4), (5, 6), (12, 17)): 160, ((3, 4), (5, 6), (17, 18)): 450})
    vessels = sitk.GetArrayFromImage(labels)
    vessels[:, :, 15:] = 7
    split = sitk.GetImageFromArray(vessels)
    split.CopyInformation(labels)
    left, right, whole = CalciumScore()(image, split)
    assert [row.value("agatston_score") for row in (left, right, whole)] == pytest.approx([3.0, 3.0, 6.0])
    assert [row.value("calcium_lesions") for row in (left, right, whole)] == [1, 1, 1]
    assert whole.value("calcium_volume") == pytest.approx(4.5) and left.value("calcium_peak") == 160
    assert whole.value("agatston_score") == CalciumScore()(image, labels)[0].value("agatston_score")


def test_slices_that_are_not_transverse_are_told():
    progress = Progress()
    coronal = np.eye(3)[[0, 2, 1]]
    box = ((2, 4), (5, 9), (5, 10))
    for direction in (None, coronal):
        CalciumScore()(*images({box: 250}, direction=direction), progress=progress)
        assert len(progress.notes) == (direction is not None)
    assert "transverse" in progress.notes[0]


@pytest.mark.parametrize(("pixels", "category"), [(0, "A0"), (99, "A1"), (100, "A2"), (300, "A3")])
def test_category_of_the_whole(pixels, category):
    image, labels = images({((0, 1), (0, 1), (0, pixels)): 130}, (1.0, 1.0, 3.0), shape=(2, 2, 400))
    whole = CalciumScore()(image, labels)[-1]
    assert whole.value("agatston_score") == pixels
    assert whole.measurements[0].parameters["category"] == f"CAC-DRS {category}"
    assert math.isnan(whole.value("calcium_peak")) == (pixels == 0)


def test_random_lesions_as_by_hand():
    """Against scikit-image's regions, slice by slice."""
    rng = np.random.default_rng(0)
    values = ndimage.gaussian_filter(rng.normal(size=(6, 40, 40)), (0.5, 1.2, 1.2))
    values = np.round(values / values.std() * 180 - 50).astype(np.int16)
    spacing = (0.6, 0.7, 2.0)
    image, labels = images({}, spacing, shape=values.shape)
    ct = sitk.GetImageFromArray(values)
    ct.CopyInformation(image)
    score = volume = 0.0
    for plane in values:
        for lesion in regionprops(label(plane >= 130, connectivity=2), plane):
            area = lesion.num_pixels * 0.42
            if area >= 1:
                score += area * min(4, lesion.intensity_max // 100) * 2 / 3
                volume += area * 2
    row = CalciumScore()(ct, labels)[0]
    assert score > 100
    assert row.value("agatston_score") == pytest.approx(score) and row.value("calcium_volume") == pytest.approx(volume)


def test_what_cannot_be_scored_is_refused():
    image, labels = images({})
    with pytest.raises(InputError, match="empty"):
        CalciumScore()(image, labels * 0)
    with pytest.raises(InputError, match="not in Hounsfield units"):
        CalciumScore()(image + 1124, labels)
    stored = image + 1024
    stored[0, 0, 0] = -100  # as interpolation makes
    with pytest.raises(InputError, match="not in Hounsfield units"):
        CalciumScore()(stored, labels)
    with pytest.raises(InputError, match="3D"):
        CalciumScore()(image[:, :, 0], labels[:, :, 0])


def test_a_value_that_is_no_number_is_no_calcium():
    block = ((2, 3), (5, 9), (5, 10))
    image, labels = images({block: 500})
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    values[2, 5, 5], values[3, 5:9, 5:10], values[1, 6, 6] = np.nan, np.inf, -np.inf
    broken = sitk.GetImageFromArray(values)
    broken.CopyInformation(image)
    whole = CalciumScore(calibration=0.8)(broken, labels)[-1]
    assert whole.value("agatston_score") == pytest.approx(19 * 0.25 * 4) and whole.value("calcium_peak") == 500
    assert whole.value("calcium_mass") == pytest.approx(0.8 * 500 * 19 * 0.75 / 1000)
    # to fat on one side, nothing to -inf; half of the way to what is unknown on the other
    assert whole.value("calcium_volume_interpolated") == pytest.approx(0.75 * (18 * 370 / 600 + 19 * 0.5))


def test_calcium_of_an_artery_within_the_heart_counts_once():
    image, heart = images({((2, 3), (5, 9), (5, 10)): 500, ((5, 6), (20, 24), (5, 10)): 250})
    artery = sitk.GetImageFromArray(np.zeros((8, 30, 30), np.uint8))
    artery.CopyInformation(image)
    artery[:, :15, :] = 2
    rows = CalciumScore().of_maps(image, [heart, artery])
    scores = {row.segment: row.value("agatston_score") for row in rows}
    assert scores == pytest.approx({1: 20 * 0.25 * (4 + 2), 2: 20 * 0.25 * 4, 0: 20 * 0.25 * (4 + 2)})
