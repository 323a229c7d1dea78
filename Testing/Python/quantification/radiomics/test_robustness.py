import dataclasses
import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.radiomics.extract import boxes_of_labels
from MedProcLib.quantification.radiomics.perturbation import Extent, perturbed, source_of
from MedProcLib.quantification.radiomics.robustness import intraclass_correlation, robust_features
from MedProcLib.quantification.radiomics.settings import Radiomics

QUICK = Radiomics(families="morphology, statistics")
STILL = Extent(rotation_deg=0, translation=0, growth=0, contour=0, noise=0)


def rows_of(found, label=1):
    return {row.tag: row for row in found.rows if row.label == label}


def test_icc_of_shrout_and_fleiss():
    # their table 2: six targets, four judges; ICC(1,1) is .17
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    icc, low, high = intraclass_correlation(ratings)
    assert icc == pytest.approx(0.1657, abs=1e-4)
    # the interval of R's psych::ICC for these
    assert (low, high) == pytest.approx((-0.1329, 0.7226), abs=1e-3)
    assert intraclass_correlation(np.array([[1.0, 1], [2, 2]])) == (1, 1, 1)
    assert all(map(math.isnan, intraclass_correlation(ratings[:1])))
    with_gap = np.column_stack([ratings, [1, np.nan, 3, 4, 5, 6]])
    assert intraclass_correlation(with_gap)[0] == icc


def test_no_perturbation_is_none(lesion):
    image, mask = lesion()
    source = source_of(image, mask, 1, boxes_of_labels(mask)[1])
    again, region = perturbed(source, STILL, np.random.default_rng(0))
    assert sitk.GetArrayFromImage(again) == pytest.approx(sitk.GetArrayFromImage(image), abs=1e-3)
    assert (sitk.GetArrayFromImage(region) == sitk.GetArrayFromImage(mask)).all()
    for row in robust_features(image, mask, QUICK, 3, extent=STILL).rows:
        assert row.low == pytest.approx(row.high, rel=1e-9) and row.count == 3
        assert row.value == pytest.approx(row.low, rel=1e-4), row.tag


@pytest.mark.parametrize(
    ("extent", "moves", "stays"),
    [
        (dataclasses.replace(STILL, noise=1), "stat_var", "morph_volume"),
        (dataclasses.replace(STILL, growth=0.2), "morph_vol_approx", None),
        (dataclasses.replace(STILL, contour=1), "morph_area_mesh", "morph_vol_approx"),
        (dataclasses.replace(STILL, rotation_deg=10), "morph_area_mesh", "morph_vol_approx"),
        (dataclasses.replace(STILL, translation=0.5), "stat_max", "morph_vol_approx"),
    ],
)
def test_each_perturbation_does_what_it_says(lesion, extent, moves, stays):
    image, mask = lesion()
    rows = rows_of(robust_features(image, mask, QUICK, 6, extent=extent))
    assert rows[moves].low < rows[moves].high and rows[moves].cov > 0
    if stays:
        assert rows[stays].low == pytest.approx(rows[stays].high)
    if extent.growth:
        assert 1200 <= rows[moves].low < 1500 < rows[moves].high <= 1800


def test_corners_that_turn_out_of_the_image_are_not_the_region():
    y, x = np.mgrid[-90:91, -90:91]
    disc = np.repeat(np.hypot(x, y)[np.newaxis] <= 60, 12, axis=0)
    disc[[0, 1, -2, -1]] = False
    image, mask = (sitk.GetImageFromArray(each) for each in (disc.astype(np.float32) * 100, disc.astype(np.uint8)))
    source = source_of(image, mask, 1, boxes_of_labels(mask)[1])
    turned = dataclasses.replace(STILL, rotation_deg=10, growth=0.1)
    for seed in (8, 12):  # turned far and grown, by less than 3 mm; the corners are 50 mm from the disc
        values, region = map(sitk.GetArrayFromImage, perturbed(source, turned, np.random.default_rng(seed)))
        places = np.argwhere(region)[:, 1:] - (np.array(region.shape[1:]) - 1) / 2
        assert np.hypot(*places.T).max() < 65 and values[region > 0].min() > -20


def test_the_border_of_the_image_is_no_surface():
    """Of a ball that the first slice cuts in half, the cut grows as a section does: by volume ** (2 / 3)."""
    z, y, x = np.mgrid[0:20, -16:17, -16:17]
    ball = (np.sqrt(z**2 + y**2 + x**2) <= 12).astype(np.uint8)
    image, mask = sitk.GetImageFromArray(100.0 * ball), sitk.GetImageFromArray(ball)
    source = source_of(image, mask, 1, boxes_of_labels(mask)[1])
    for seed in range(4):
        drawn = perturbed(source, dataclasses.replace(STILL, growth=0.25), np.random.default_rng(seed))[1]
        grown = sitk.GetArrayFromImage(drawn)
        share = (grown.sum() / ball.sum()) ** (2 / 3)
        assert abs(share - 1) > 0.01 and grown[0].sum() / ball[0].sum() == pytest.approx(share, rel=0.06)


def test_a_region_that_fills_the_image_cannot_grow():
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 5, (6, 8, 8)).astype(np.float32))
    rows = rows_of(robust_features(image, sitk.Cast(image > 0, sitk.sitkUInt8), QUICK, 6))
    assert rows["morph_vol_approx"].value == rows["morph_vol_approx"].high == 384


def test_turned_grids_and_seeds(lesion):
    direction = sitk.Euler3DTransform((0, 0, 0), 0.4, -0.2, 0.7).GetMatrix()
    straight, oblique = (
        rows_of(robust_features(*lesion(spacing=(1.0, 1.0, 2.0), direction=d), QUICK, 3)) for d in (None, direction)
    )
    for tag, row in straight.items():
        assert oblique[tag].high == pytest.approx(row.high, rel=1e-3, abs=1e-6), tag
    image, mask = lesion()
    first, same, other = (robust_features(image, mask, QUICK, 2, seed=seed) for seed in (0, 0, 1))
    assert repr(first) == repr(same) != repr(other)


def test_icc_over_regions(lesion):
    images, masks = zip(*(lesion(seed=seed, voxels=300 + 400 * seed) for seed in range(3)), strict=True)
    image = sitk.Tile(images, (3, 1, 1))
    labels = sitk.Tile([sitk.Cast(mask, sitk.sitkUInt8) * (n + 1) for n, mask in enumerate(masks)], (3, 1, 1))
    found = robust_features(image, labels, QUICK, 4)
    row = rows_of(found, 2)["morph_volume"]
    assert row.icc_low < row.icc < row.icc_high <= 1 and row.icc > 0.9
    assert row.icc == rows_of(found, 3)["morph_volume"].icc
    assert math.isnan(robust_features(image, labels, QUICK, 2, only=[2]).rows[0].icc)


def test_bad_input_and_cancel(lesion):
    image, mask = lesion()
    for count in (1, 1001):
        with pytest.raises(InputError, match="2 to 1000"):
            robust_features(image, mask, QUICK, count)
    with pytest.raises(InputError, match="2D"):
        robust_features(image[:, :, 9], mask[:, :, 9], QUICK, 2)
    value = float(sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(mask) > 0][0])
    narrow = dataclasses.replace(QUICK, resegmentation_range=f"[{value - 1e-5}, {value + 1e-5}]")
    with pytest.raises(InputError, match="No perturbation left anything"):
        robust_features(image, mask, narrow, 3)
    progress = Progress(lambda fraction, message: progress.cancel() if fraction > 0.3 else None)
    with pytest.raises(Cancelled):
        robust_features(image, mask, QUICK, 50, progress=progress)
