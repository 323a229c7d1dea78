"""Lesion-wise figures on layouts counted by hand, and the rules that decide what a lesion and a match is."""

import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.segmentation.scoring.score import Score, score


def row_of(reference, test, spacing=(1.0, 1.0, 1.0), **settings):
    images = [sitk.GetImageFromArray(np.asarray(array, np.uint8)) for array in (reference, test)]
    for image in images:
        image.SetSpacing(spacing[: image.GetDimension()])
    return score(*images, Score(**settings)).rows[0]


def lesions(*boxes, shape=(12, 40, 40)):
    """Boxes of (z, y, x) from..to."""
    array = np.zeros(shape, np.uint8)
    for box in boxes:
        array[tuple(slice(*side) for side in box)] = 1
    return array


def values(row, *names):
    return [row.value(name) for name in names]


# four lesions: found well (IoU 0.6), found badly (IoU 1/3), missed, and found in two pieces; one false alarm
REFERENCE = lesions(
    ((2, 4), (2, 6), (2, 12)),
    ((2, 4), (20, 24), (2, 10)),
    ((8, 10), (2, 6), (2, 10)),
    ((8, 10), (20, 24), (2, 12)),
)
TEST = lesions(
    ((2, 4), (2, 6), (2, 8)),
    ((2, 4), (20, 24), (6, 14)),
    ((8, 10), (20, 24), (2, 5)),
    ((8, 10), (20, 24), (6, 12)),
    ((8, 10), (34, 36), (30, 35)),
)


def test_one_to_one_matches_above_the_threshold():
    row = row_of(REFERENCE, TEST)
    assert values(row, "reference_lesions", "test_lesions") == [4, 5]
    # pairs: the first (0.6) and the larger piece of the fourth (6 of 10 columns: 0.6)
    assert values(row, "lesion_sensitivity", "lesion_precision") == [0.5, 0.4]
    assert row.value("lesion_f1") == pytest.approx(2 * 2 / 9)
    assert row.value("recognition_quality") == pytest.approx(2 * 2 / 9)
    assert row.value("segmentation_quality") == pytest.approx(0.6)
    assert row.value("panoptic_quality") == pytest.approx(0.6 * 2 * 2 / 9)


def test_any_overlap_is_a_match():
    row = row_of(REFERENCE, TEST, match="overlap")
    assert values(row, "lesion_sensitivity", "lesion_precision") == [0.75, 0.8]
    assert row.value("lesion_f1") == pytest.approx(2 * 0.75 * 0.8 / 1.55)
    # panoptic quality stays that of one-to-one pairs
    assert row.value("panoptic_quality") == pytest.approx(0.6 * 2 * 2 / 9)


def test_a_lower_threshold_lets_worse_pairs_in_but_none_twice():
    row = row_of(REFERENCE, TEST, iou_threshold=0.2)
    assert values(row, "lesion_sensitivity", "lesion_precision") == [0.75, 0.6]
    assert row.value("segmentation_quality") == pytest.approx((0.6 + 1 / 3 + 0.6) / 3)
    # an IoU of just the threshold is not above it
    assert row_of(REFERENCE, TEST, iou_threshold=0.6).value("lesion_sensitivity") == 0


def test_lesion_wise_dice_counts_missed_and_false_lesions_as_zero():
    row = row_of(REFERENCE, TEST)
    expected = [2 * 48 / (80 + 48), 2 * 32 / (64 + 64), 0, 2 * (24 + 48) / (80 + 72), 0]
    assert row.value("lesion_dice") == pytest.approx(np.mean(expected))


def test_near_lesions_of_the_reference_count_as_one_for_lesion_wise_dice():
    parts = lesions(((5, 7), (10, 14), (5, 10)), ((5, 7), (10, 14), (12, 17)))
    whole = lesions(((5, 7), (10, 14), (5, 17)))
    apart, together = row_of(parts, whole), row_of(parts, whole, merge_mm=1)
    assert apart.value("lesion_dice") == pytest.approx(2 * 40 / (40 + 96))
    assert together.value("lesion_dice") == pytest.approx(2 * 80 / (80 + 96))
    assert together.value("reference_lesions") == 2  # the other figures keep them apart


def test_small_lesions_are_left_out_by_volume():
    row = row_of(REFERENCE, TEST, spacing=(0.5, 0.5, 2.0), smallest_lesion_mm3=12)
    # 0.5 mm3 a voxel: of the test the false alarm (20 voxels) goes and the smaller piece (24 voxels, 12 mm3) stays
    assert values(row, "reference_lesions", "test_lesions") == [4, 4]
    assert row.value("lesion_precision") == 0.5
    assert row_of(REFERENCE, TEST, smallest_lesion_mm3=1000).value("lesion_f1") == 1  # none is left in either


def test_connectivity_decides_what_touches():
    corner = lesions(((2, 4), (2, 4), (2, 4)), ((4, 6), (4, 6), (4, 6)))
    assert row_of(corner, corner).value("reference_lesions") == 1
    assert row_of(corner, corner, connectivity="face").value("reference_lesions") == 2


def test_where_one_or_both_have_none():
    one = lesions(((2, 4), (2, 4), (2, 4)))
    none = np.zeros_like(one)
    names = ("lesion_sensitivity", "lesion_precision", "lesion_f1", "panoptic_quality", "lesion_dice")
    missed = row_of(one, none)
    assert values(missed, *names) == [0, 0, 0, 0, 0] and math.isnan(missed.value("segmentation_quality"))
    false = row_of(none, one)
    assert math.isnan(false.value("lesion_sensitivity")) and values(false, *names[1:]) == [0, 0, 0, 0]
    images = [sitk.GetImageFromArray(none)] * 2
    neither = score(*images, labels=[1]).rows[0]
    assert values(neither, *names[2:]) == [1, 1, 1] and math.isnan(neither.value("lesion_precision"))


def test_ten_thousand_lesions():
    """On a lattice, every third shifted by a voxel, every fifth missing in the test."""
    places = np.array(list(np.ndindex(10, 32, 32)))
    reference, test = np.zeros((2, 30, 128, 128), np.uint8)
    for number, (z, y, x) in enumerate(places):
        reference[3 * z, 4 * y : 4 * y + 2, 4 * x : 4 * x + 2] = 1
        if number % 5:
            shift = number % 3 == 0
            test[3 * z, 4 * y : 4 * y + 2, 4 * x + shift : 4 * x + shift + 2] = 1
    row = row_of(reference, test, connectivity="face")
    there = np.arange(len(places))
    kept, shifted = there % 5 != 0, (there % 5 != 0) & (there % 3 == 0)
    assert values(row, "reference_lesions", "test_lesions") == [10240, kept.sum()]
    assert row.value("lesion_sensitivity") == pytest.approx((kept.sum() - shifted.sum()) / 10240)
    dice = kept.sum() - shifted.sum() + 0.5 * shifted.sum()
    assert row.value("lesion_dice") == pytest.approx(dice / 10240)
    assert row_of(reference, test, connectivity="face", match="overlap").value("lesion_precision") == 1
