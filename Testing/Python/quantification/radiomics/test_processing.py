"""The steps before the features, and regions and images at the edge of what can be computed."""

import dataclasses
import json
import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.texture.texture_log import TextureLog
from MedProcLib.quantification.radiomics.extract import every_segment, region_features
from MedProcLib.quantification.radiomics.outcome import RegionFeatures, notes_of
from MedProcLib.quantification.radiomics.region import prepared
from MedProcLib.quantification.radiomics.settings import Radiomics

OBLIQUE = sitk.Euler3DTransform((0, 0, 0), 0.4, -0.2, 0.7).GetMatrix()
SIMPLE = "morphology, local_intensity, statistics, histogram, volume_histogram"


def values_of(found):
    return {feature.tag: feature.value for feature in found.features}


def image_of(array, spacing=(1.0, 1.0, 1.0)):
    image = sitk.GetImageFromArray(np.asarray(array))
    image.SetSpacing(spacing[: image.GetDimension()])
    return image


def region_of(image, mask, settings):
    box = tuple(slice(0, n) for n in reversed(mask.GetSize()))
    return prepared(image, mask, 1, box, settings)


def require_alike(found, expected):
    """The search for the smallest box may end elsewhere, that for the smallest ellipsoid has a tolerance."""
    for tag, value in expected.items():
        within = 5e-3 if "ombb" in tag else 1e-5 if "mvee" in tag else 1e-8
        assert found[tag] == pytest.approx(value, rel=within, abs=1e-9, nan_ok=True), tag


@pytest.mark.parametrize("settings", [Radiomics(), Radiomics(spacing_mm=1.5, resegmentation_sd=3)])
def test_where_the_axes_point_does_not_matter(lesion, settings):
    image, mask = lesion(spacing=(1.0, 1.2, 2.0))
    expected = values_of(region_features(image, mask, settings))
    turned, turned_mask = lesion(spacing=(1.0, 1.2, 2.0), direction=OBLIQUE)
    assert values_of(region_features(turned, turned_mask, settings)) == pytest.approx(expected, nan_ok=True)
    for axes in ((True, False, False), (False, True, True), (True, True, True)):
        flipped = [sitk.Flip(each, axes) for each in (image, mask)]  # left-handed for an odd number
        require_alike(values_of(region_features(*flipped, settings)), expected)


def test_order_of_axes_does_not_matter_in_3d(lesion):
    image, mask = lesion(spacing=(1.0, 1.2, 2.0))
    expected = values_of(region_features(image, mask, Radiomics()))
    permuted = [sitk.PermuteAxes(each, (2, 0, 1)) for each in (image, mask)]
    require_alike(values_of(region_features(*permuted, Radiomics())), expected)


def test_only_what_lies_around_the_region_counts(lesion):
    image, mask = lesion()
    large = sitk.ConstantPad(image, (30, 20, 10), (20, 30, 40), 1e4)
    large_mask = sitk.ConstantPad(mask, (30, 20, 10), (20, 30, 40), 0)
    small, small_mask = (each[20:-10, 10:-20, 0:-30] for each in (large, large_mask))
    settings = Radiomics(spacing_mm=1.0, families=SIMPLE)
    expected = region_features(small, small_mask, settings)
    assert values_of(region_features(large, large_mask, settings)) == pytest.approx(values_of(expected))


def size_of(region):
    return tuple(region.diagnostics[f"int_mask_dim_{axis}_interp_roi"] for axis in "zyx")


def test_interpolation_by_slices_leaves_slices_alone(lesion):
    image, mask = lesion(spacing=(1.0, 1.0, 3.0))
    flat, solid = (region_of(image, mask, Radiomics(spacing_mm=2.0, dimension=d)) for d in ("2D", "3D"))
    assert flat.spacing == (2.0, 2.0, 3.0) and size_of(flat) == (18, 11, 13)
    assert solid.spacing == (2.0, 2.0, 2.0) and size_of(solid) == (27, 11, 13)
    uneven = region_of(image, mask, Radiomics(spacing_mm=2.0, slice_spacing_mm=4.0))
    assert uneven.spacing == (2.0, 2.0, 4.0)


def test_resegmentation_leaves_the_shape(lesion):
    image, mask = lesion()
    values = sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(mask) > 0].astype(float)
    low, high = np.percentile(values, (10, 95))
    region = region_of(image, mask, Radiomics(resegmentation_range=json.dumps([low, None])))
    assert region.morphological.count == 1500 and region.intensity.count == (values >= low).sum()
    # both bounds belong to the region
    lowest = float(np.sort(values)[3])
    region = region_of(image, mask, Radiomics(resegmentation_range=json.dumps([lowest, high])))
    assert region.values.min() == lowest
    outliers = region_of(image, mask, Radiomics(resegmentation_sd=1.5))
    kept = np.abs(values - values.mean()) <= 1.5 * values.std()
    assert outliers.intensity.count == kept.sum()
    # mean and deviation are those of the whole region, whatever the range
    both = region_of(image, mask, Radiomics(resegmentation_sd=1.5, resegmentation_range=json.dumps([low, high])))
    assert both.intensity.count == (kept & (values >= low) & (values <= high)).sum()
    found = region_features(image, mask, Radiomics(resegmentation_sd=1.0, families=SIMPLE))
    whole = region_features(image, mask, Radiomics(families=SIMPLE))
    assert found.value("morph_volume") == whole.value("morph_volume")
    assert found.value("stat_range") < whole.value("stat_range")
    assert found.diagnostics["morph_mask_vox_count_reseg_roi"] == 1500
    assert (
        found.diagnostics["int_mask_vox_count_reseg_roi"] < found.diagnostics["int_mask_vox_count_interp_roi"] == 1500
    )


def test_mask_interpolation(lesion):
    image, mask = lesion()
    counts = [
        region_of(image, mask, Radiomics(spacing_mm=0.5, mask_threshold=threshold)).morphological.count / 8
        for threshold in (0.1, 0.5, 0.9)
    ]
    assert counts[0] > counts[1] > counts[2] and counts[1] == pytest.approx(1500, rel=0.02)
    nearest = region_of(image, mask, Radiomics(spacing_mm=0.5, mask_interpolation="nearest"))
    assert nearest.morphological.count == 8 * 1500


def test_rounding(lesion):
    image, mask = lesion()
    region = region_of(image, mask, Radiomics(spacing_mm=0.8, round_intensities=True))
    assert (region.values == np.rint(region.values)).all()


@pytest.mark.parametrize(
    ("kind", "factor", "held"),
    [("int16", 1, "float32"), ("float32", 1, "float32"), ("float32", 1e35, "float64"), ("float64", 1, "float64")],
)
def test_values_are_held_with_as_many_digits_as_the_image_has(lesion, kind, factor, held):
    image, mask = lesion()
    values = (sitk.GetArrayFromImage(image) * np.float32(factor)).astype(kind)
    image = sitk.GetImageFromArray(values)
    mask.SetOrigin((0.0, 0.0, 0.0))
    region = region_of(image, mask, Radiomics())
    assert region.values.dtype == held and (region.values == values[sitk.GetArrayFromImage(mask) > 0]).all()


@pytest.mark.parametrize("boundary", ["mirror", "periodic"])
def test_filter_of_the_interpolated_image(lesion, boundary):
    image, mask = lesion(size=(40, 36, 30))
    step = TextureLog(sigma_mm=1.5, boundary=boundary)
    text = json.dumps({"operation": "enhancement.texture_log", "parameters": dict(step.parameters)})
    region = region_of(image, mask, Radiomics(filter=text, resegmentation_range="[0, null]", spacing_mm=1.0))
    # of a part of the image as of the whole
    expected = sitk.GetArrayFromImage(step(image))
    # re-segmentation is by the image's intensities, and no bound of the response's
    inside = (sitk.GetArrayFromImage(mask) > 0) & (sitk.GetArrayFromImage(image) >= 0)
    assert region.values == pytest.approx(expected[inside], abs=1e-4)
    assert region.intensity.count == inside.sum() and region.bounds == (None, None)
    found = region_features(image, mask, Radiomics(filter=text, spacing_mm=1.0, families="statistics"))
    assert found.features[0].unit == "intensity"


def test_filter_needs_only_its_surroundings(lesion):
    image, mask = lesion(size=(90, 80, 70))
    text = json.dumps({"operation": "enhancement.texture_log", "parameters": {"sigma_mm": 2}})
    settings = Radiomics(filter=text, families="statistics")
    expected = values_of(region_features(image, mask, settings))
    crop = tuple(slice(14, -14) for _ in range(3))
    assert values_of(region_features(image[crop], mask[crop], settings)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("value", [3, -7.25, 0])
def test_flat_region(value):
    image = image_of(np.full((6, 6, 6), value, np.float32))
    mask = image_of(np.pad(np.ones((4, 4, 4), np.uint8), 1))
    found = values_of(region_features(image, mask, Radiomics()))
    assert (found["stat_var"], found["stat_skew"], found["stat_kurt"], found["ih_entropy"]) == (0, 0, 0, 0)
    assert found["stat_mean"] == value and found["ih_uniformity"] == 1 and found["morph_vol_approx"] == 64
    assert all(math.isnan(found[tag]) for tag in ("morph_moran_i", "ivh_v10", "ivh_auc", "ih_max_grad"))
    assert math.isnan(found["stat_cov"]) == (value == 0)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 1, 2), (1, 3, 3), (2, 1, 5)])
@pytest.mark.parametrize("at_border", [True, False])
def test_tiny_regions(size, at_border):
    random = np.random.default_rng(0)
    margin = 0 if at_border else 2
    mask = image_of(np.pad(np.ones(size, np.uint8), margin), (1.0, 2.0, 3.0))
    image = image_of(random.normal(size=sitk.GetArrayFromImage(mask).shape), (1.0, 2.0, 3.0))
    found = values_of(region_features(image, mask, Radiomics()))
    assert found["morph_vol_approx"] == 6 * np.prod(size)
    assert 0 < found["morph_volume"] <= found["morph_vol_approx"] and found["morph_diam"] > 0
    assert math.isnan(found["morph_pca_maj_axis"]) == (size == (1, 1, 1))
    assert not any(math.isinf(value) for value in found.values())


def test_values_without_number(lesion):
    image, mask = lesion()
    inside = np.argwhere(sitk.GetArrayFromImage(mask) > 0)
    array = sitk.GetArrayFromImage(image)
    array[tuple(inside[:40].T)] = np.nan
    array[0, 0, 0] = np.inf
    holed = Geometry.of(image).image_of(array)
    found = region_features(holed, mask, Radiomics(families=SIMPLE))
    assert found.value("morph_vol_approx") == 1500
    assert found.value("stat_mean") == pytest.approx(np.nanmean(array[tuple(inside.T)]))
    assert found.notes == ("40 voxels of the region hold no number and are left out of all but its shape",)
    assert all(math.isfinite(f.value) for f in found.features)
    resampled = region_features(holed, mask, Radiomics(families=SIMPLE, spacing_mm=0.7))
    assert all(math.isfinite(f.value) for f in resampled.features) and len(resampled.notes) == 1
    with pytest.raises(InputError, match="hold no number"):
        region_features(image_of(np.full((3, 3, 3), np.nan)), image_of(np.ones((3, 3, 3), np.uint8)), Radiomics())


@pytest.mark.parametrize("scale", [1e-20, 1e30])
def test_huge_and_tiny_values(lesion, scale):
    image, mask = lesion()
    expected = values_of(region_features(image, mask, Radiomics(families="statistics, morphology")))
    scaled = Geometry.of(image).image_of(sitk.GetArrayFromImage(image).astype(float) * scale)
    found = values_of(region_features(scaled, mask, Radiomics(families="statistics, morphology")))
    for tag in ("stat_skew", "stat_kurt", "stat_cov", "morph_moran_i", "morph_com"):
        assert found[tag] == pytest.approx(expected[tag], rel=1e-6)
    assert found["stat_mean"] == pytest.approx(expected["stat_mean"] * scale)
    with pytest.raises(InputError, match="too large"):
        region_features(
            Geometry.of(image).image_of(sitk.GetArrayFromImage(image).astype(float) * 1e70), mask, Radiomics()
        )


def test_2d_image():
    random = np.random.default_rng(1)
    image, mask = image_of(random.normal(size=(30, 40)), (0.5, 0.5)), image_of(np.ones((30, 40), np.uint8), (0.5, 0.5))
    found = region_features(image, mask, Radiomics(dimension="2D"))
    tags = values_of(found)
    assert "stat_mean" in tags and "cm_contrast_2D_avg" in tags
    assert not any(tag.startswith(("morph", "loc")) or "3D" in tag for tag in tags)
    assert "2D" in found.notes[0]
    # the settings of volumes give textures of the one slice
    resampled = region_features(image, mask, Radiomics(spacing_mm=0.25))
    assert "cm_contrast_2D_comb" in values_of(resampled)
    assert resampled.diagnostics["int_mask_vox_count_interp_roi"] == 4 * 1200


def test_single_slice_volume():
    random = np.random.default_rng(1)
    image = image_of(random.normal(size=(1, 30, 40)), (0.5, 0.5, 4.0))
    mask = image_of(np.ones((1, 30, 40), np.uint8), (0.5, 0.5, 4.0))
    found = values_of(region_features(image, mask, Radiomics()))
    assert found["morph_vol_approx"] == 1200 and found["morph_pca_least_axis"] == 0
    assert math.isnan(found["morph_vol_dens_aee"])
    assert values_of(region_features(image, mask, Radiomics(spacing_mm=1.0)))["morph_vol_approx"] == 1200


def test_anisotropic_voxels_are_noted(lesion):
    image, mask = lesion(spacing=(1.0, 1.0, 4.0))
    assert "isotropic" in region_features(image, mask, Radiomics()).notes[0]
    assert region_features(image, mask, Radiomics(dimension="2D")).notes == ()
    assert region_features(image, mask, Radiomics(spacing_mm=1)).notes == ()


def test_labels(lesion):
    image, mask = lesion()
    labels = sitk.Cast(mask, sitk.sitkInt32) * 7
    labels[0:3, 0:3, 0:3] = -4
    found = every_segment(image, labels, Radiomics(families="statistics"))
    assert [region.label for region in found] == [-4, 7]
    alone = region_features(image, mask, Radiomics(families="statistics"))
    assert values_of(found[1]) == values_of(alone)
    # one that a step empties does not cost the others theirs
    low = sitk.GetArrayFromImage(image)[:3, :3, :3].max()
    ranged = Radiomics(families="statistics", resegmentation_range=f"[{low + 0.5}, null]")
    emptied, kept = every_segment(image, labels, ranged)
    assert emptied.features == () and emptied.notes[0].startswith("left out: Re-segmentation left no voxel")
    assert kept.features
    (only,) = every_segment(image, labels, Radiomics(families="statistics"), only=[7])
    assert only == found[1]
    with pytest.raises(InputError, match="no label 3; it has: -4, 7"):
        every_segment(image, labels, Radiomics(), only=[3])


def test_what_empties_the_region_is_said(lesion):
    image, mask = lesion()
    with pytest.raises(InputError, match="is empty"):
        region_features(image, mask * 0, Radiomics())
    with pytest.raises(InputError, match=r"Re-segmentation .* widen resegmentation_range"):
        region_features(image, mask, Radiomics(resegmentation_range="[9000, 9001]"))
    for place in range(6, 12):  # beside and between the middles of new voxels
        one = mask * 0
        one[place, 10, 10] = 1
        with pytest.raises(InputError, match=r"Interpolation left no voxel .* smaller spacing_mm"):
            region_features(image, one, Radiomics(spacing_mm=6, families="statistics"))
    with pytest.raises(InputError, match="resample one onto the other"):
        region_features(image, mask[1:, :, :], Radiomics())
    with pytest.raises(InputError, match="fractions"):
        every_segment(image, sitk.Cast(mask, sitk.sitkFloat32) * 0.5, Radiomics())
    with pytest.raises(InputError, match="The mask has 2 values per voxel"):
        every_segment(image, sitk.Compose(mask, mask), Radiomics())


def test_whole_numbers_of_any_type_are_labels(lesion):
    image, mask = lesion()
    (found,) = every_segment(image, sitk.Cast(mask, sitk.sitkFloat32) * 70_000, Radiomics(families="statistics"))
    assert found.label == 70_000
    assert values_of(found) == values_of(region_features(image, mask, Radiomics(families="statistics")))


def test_discretization(lesion):
    image, mask = lesion()
    low = float(np.sort(sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(mask) > 0])[0])
    base = Radiomics(families="histogram", discretization="fixed bin size", bin_size=10)
    free = region_features(image, mask, base)
    assert free.diagnostics["level_first_edge"] == low and free.value("ih_min") == 1
    start = math.floor(low / 10) * 10 - 30
    bounded = region_features(image, mask, dataclasses.replace(base, resegmentation_range=f"[{start}, null]"))
    assert bounded.diagnostics["level_first_edge"] == start and bounded.value("ih_min") == 4
    number = region_features(image, mask, Radiomics(families="histogram", bin_number=16))
    assert (number.value("ih_min"), number.value("ih_max"), number.diagnostics["levels"]) == (1, 16, 16)
    with pytest.raises(InputError, match="whole numbers from 1"):
        region_features(image, mask, dataclasses.replace(base, discretization="none"))
    with pytest.raises(InputError, match="larger bin size"):
        region_features(image, mask, dataclasses.replace(base, bin_size=1e-4))


def test_volume_histogram_of_known_intensities():
    # 1 to 100, each in as many voxels
    image = image_of(np.arange(1, 101, dtype=np.float32).reshape(4, 5, 5))
    mask = image_of(np.ones((4, 5, 5), np.uint8))

    def of(**settings):
        return values_of(region_features(image, mask, Radiomics(families="volume_histogram", **settings)))

    found = of()
    # 10 % of the range 1 to 100 is 10.9: 11 to 100 are 90 voxels
    assert (found["ivh_v10"], found["ivh_v90"]) == pytest.approx((0.9, 0.1))
    assert (found["ivh_i10"], found["ivh_i90"]) == (91, 11)
    assert found["ivh_auc"] == pytest.approx(0.505)
    half = of(resegmentation_range="[1, 200]")
    assert half["ivh_v10"] == pytest.approx(0.8) and half["ivh_v90"] == 0
    bins = of(ivh_discretization="fixed bin size", ivh_bin_size=10, resegmentation_range="[1, 101]")
    assert bins["ivh_i10"] == 96 and bins["ivh_diff_i10_i90"] == 80
    numbers = of(ivh_discretization="fixed bin number", ivh_bin_number=10)
    assert (numbers["ivh_i10"], numbers["ivh_i90"]) == (10, 2)
    image = image_of(sitk.GetArrayFromImage(image) / 8 + 0.01)
    continuous = of()
    assert continuous["ivh_i10"] == pytest.approx(91 / 8 + 0.01) and continuous["ivh_v10"] == pytest.approx(0.9)


def test_is_a_step_of_a_recipe(lesion):
    image, mask = lesion()
    settings = Radiomics(families="statistics", resegmentation_sd=2)
    recipe = Recipe.from_json(Recipe.of(settings).to_json())
    assert recipe.run(image=image, labels=mask)["table"] == every_segment(image, mask, settings)


def test_notes_name_few_regions():
    def told(*labels_of_note):
        return [RegionFeatures(label, (), {}, ("so",) if label in labels_of_note else ()) for label in range(1, 101)]

    assert notes_of(told(*range(1, 101))) == ["All segments: so"]
    assert notes_of(told(*range(2, 101)), "S{}".format) == ["S2, S3, S4 and 96 more: so"]
    assert notes_of(told(7, 9)) == ["7, 9: so"] and notes_of(told()) == []
    assert notes_of(told(1)[:1]) == ["1: so"]
