"""Thresholds against scikit-image, SimpleITK and phantoms with known answers."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import filters

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.threshold.auto_threshold import AutoThreshold, MultiOtsu
from MedProcLib.segmentation.threshold.criteria import CRITERIA, otsu_classes
from MedProcLib.segmentation.threshold.histogram import Histogram
from MedProcLib.segmentation.threshold.hysteresis_threshold import HysteresisThreshold
from MedProcLib.segmentation.threshold.local_threshold import LocalThreshold
from MedProcLib.segmentation.threshold.pet_lesion_threshold import PetLesionThreshold
from MedProcLib.segmentation.threshold.pet_threshold import PetThreshold
from MedProcLib.segmentation.threshold.threshold import CT_RANGES, Threshold


def array(image):
    return sitk.GetArrayFromImage(image)


def normals(*parts, seed=1):
    random = np.random.default_rng(seed)
    return np.concatenate([random.normal(mean, sd, count) for mean, sd, count in parts]).astype(np.float32)


SAMPLES = {
    "alike": normals((50, 10, 60000), (120, 20, 40000)),
    "small object": normals((50, 10, 97000), (140, 15, 3000)),
    "skewed": np.concatenate(
        [np.random.default_rng(2).gamma(2, 10, 90000).astype(np.float32), normals((150, 10, 5000))]
    ),
}
PEERS = {
    "otsu": filters.threshold_otsu,
    "yen": filters.threshold_yen,
    "triangle": filters.threshold_triangle,
    "isodata": filters.threshold_isodata,
}
# Their criteria are coarser: whole intensities in Huang's, an iteration that stops early in the error of Kittler &
# Illingworth, another end of the tail in the triangle.
APART = {"huang", "kittler_illingworth", "triangle"}


def bins_between(values, method, other, bins=256):
    """How many bins that hold anything lie between our threshold and the other."""
    histogram = Histogram.of(values, np.ones(values.shape, bool), bins)
    ours = histogram.value_above(CRITERIA[method](histogram.shares))
    centers = ((histogram.edges[1:] + histogram.edges[:-1]) / 2)[histogram.shares > 0]
    # the peers' thresholds are centers of bins
    return np.count_nonzero((centers > min(ours, other) + 1e-3) & (centers < max(ours, other) - 1e-3))


def cut_of(values, method, bins=256):
    histogram = Histogram.of(values, np.ones(values.shape, bool), bins)
    return histogram.value_above(CRITERIA[method](histogram.shares)), histogram.edges[1] - histogram.edges[0]


@pytest.mark.parametrize("method", PEERS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_automatic_thresholds_are_those_of_scikit_image(method, sample):
    assert bins_between(SAMPLES[sample], method, PEERS[method](SAMPLES[sample], nbins=256)) <= 1


@pytest.mark.parametrize("method", sorted(set(CRITERIA) - APART))
@pytest.mark.parametrize("sample", SAMPLES)
def test_automatic_thresholds_are_those_of_simpleitk(method, sample):
    name = {"isodata": "IsoData"}.get(method, "".join(word.title() for word in method.split("_")))
    peer = getattr(sitk, f"{name}ThresholdImageFilter")()
    peer.SetNumberOfHistogramBins(256)
    peer.Execute(sitk.GetImageFromArray(SAMPLES[sample][np.newaxis]))
    # that of Li iterates, and stops when a step is small
    assert bins_between(SAMPLES[sample], method, peer.GetThreshold()) <= (2 if method == "li" else 1)


def test_li_is_the_minimum_that_scikit_image_finds():
    ours, width = cut_of(SAMPLES["alike"], "li")
    assert ours == pytest.approx(filters.threshold_li(SAMPLES["alike"]), abs=1.1 * width)


def test_least_error_threshold_is_where_two_normal_densities_cross():
    values = normals((50, 10, 200000), (110, 20, 50000))
    # 0.8 N(50, 10) = 0.2 N(110, 20)
    x = np.linspace(50, 110, 60001)
    dark, bright = 0.8 / 10 * np.exp(-((x - 50) ** 2) / 200), 0.2 / 20 * np.exp(-((x - 110) ** 2) / 800)
    crossing = x[np.argmin(np.abs(dark - bright))]
    assert cut_of(values, "kittler_illingworth")[0] == pytest.approx(crossing, abs=1.5)


def test_huang_is_the_least_fuzziness_of_all_cuts():
    values = SAMPLES["alike"]
    histogram = Histogram.of(values, np.ones(values.shape, bool), 64)
    level, shares = np.arange(64) + 0.5, histogram.shares
    used = np.flatnonzero(shares)
    fuzziness = {}
    for cut in range(used[0], used[-1]):
        parts = [(shares * part) for part in (np.arange(64) <= cut, np.arange(64) > cut)]
        total = 0.0
        for part in parts:
            member = 1 / (1 + np.abs(level - np.sum(part * level) / part.sum()) / (used[-1] - used[0]))
            rest = np.where(member < 1, 1 - member, 1)
            total -= np.sum(part * (member * np.log(member) + (1 - member) * np.log(rest)))
        fuzziness[cut] = total
    assert CRITERIA["huang"](shares) == min(fuzziness, key=fuzziness.get)


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
def test_several_classes_are_those_of_scikit_image(classes):
    values = normals((20, 5, 30000), (60, 6, 20000), (110, 8, 20000), (170, 9, 9000))
    histogram = Histogram.of(values, np.ones(values.shape, bool), 64)
    ours = [histogram.value_above(cut) for cut in otsu_classes(histogram.shares, classes)]
    expected = filters.threshold_multiotsu(values, classes, nbins=64)
    np.testing.assert_allclose(ours, expected, atol=1.1 * (histogram.edges[1] - histogram.edges[0]))
    cubes = values.reshape(-1, 100, 10)
    labels = array(MultiOtsu(classes=classes, bins=64)(sitk.GetImageFromArray(cubes)))
    np.testing.assert_array_equal(labels, np.searchsorted(ours, cubes) + 1)


def test_whole_numbers_leave_no_gaps_in_the_histogram():
    values = np.random.default_rng(0).integers(0, 90, 100000).astype(np.float32)
    histogram = Histogram.of(values, np.ones(values.shape, bool), 256)
    assert histogram.shares.size == 90 and histogram.shares.min() > 0


def test_the_threshold_lies_midway_in_an_empty_gap_and_the_mask_decides():
    values = np.zeros((4, 10, 10), np.float32)
    values[1:3] = 100
    values[3] = 5000
    image = sitk.GetImageFromArray(values)
    mask = sitk.GetImageFromArray((values < 1000).astype(np.uint8))
    np.testing.assert_array_equal(array(AutoThreshold()(image, mask)), values == 100)
    np.testing.assert_array_equal(array(AutoThreshold()(image)), values == 5000)
    np.testing.assert_array_equal(array(AutoThreshold(side="dark")(image, mask)), values == 0)


def test_fixed_threshold_and_its_refusals():
    image = sitk.GetImageFromArray(np.arange(-200, 300, dtype=np.int16).reshape(5, 10, 10))
    values = array(image)
    np.testing.assert_array_equal(array(Threshold(lower=10, upper=20)(image)), (values >= 10) & (values <= 20))
    low, high = CT_RANGES["muscle"]
    np.testing.assert_array_equal(array(Threshold(tissue="muscle")(image)), (values >= low) & (values <= high))
    assert Threshold(tissue="bone").structures == {1: "bone"} and not Threshold().structures
    with pytest.raises(InputError, match="-200 to 299"):
        Threshold(lower=5000)(image)
    with pytest.raises(InputError, match="HU"):
        Threshold(tissue="metal")(image)
    with pytest.raises(InputError, match="swap"):
        Threshold(lower=5, upper=2)(image)
    with pytest.raises(InputError, match="widen"):
        Threshold(lower=10.2, upper=10.8)(image)


@pytest.mark.parametrize(
    "method, peer", [("sauvola", filters.threshold_sauvola), ("niblack", filters.threshold_niblack)]
)
def test_local_thresholds_are_those_of_scikit_image(method, peer):
    random = np.random.default_rng(0)
    values = (100 + 60 * np.sin(np.linspace(0, 3, 60)) + random.normal(0, 8, (60, 60))).astype(np.float32)
    values[20:24, 10:50] -= 50
    low, high = np.percentile(values.astype(np.float64), (0.1, 99.9))
    options = {"r": (high - low) / 2} if method == "sauvola" else {}
    expected = values - low < peer(values - low, window_size=15, k=0.3, **options)
    ours = array(LocalThreshold(method=method, side="dark", window_mm=15, k=0.3)(sitk.GetImageFromArray(values)))
    inner = np.s_[8:-8, 8:-8]
    assert np.count_nonzero((ours > 0) != expected, axis=None) < 200
    assert np.count_nonzero((ours[inner] > 0) != expected[inner]) <= 2


def test_local_thresholds_see_only_the_mask_and_mirror_for_bright_objects():
    random = np.random.default_rng(0)
    values = random.normal(100, 5, (40, 40)).astype(np.float32)
    values[18:22, 18:22] += 60
    mask = np.zeros((40, 40), np.uint8)
    mask[5:35, 5:35] = 1
    other = np.where(mask, values, 5000).astype(np.float32)
    settings = LocalThreshold(window_mm=11)
    pair = [array(settings(sitk.GetImageFromArray(v), sitk.GetImageFromArray(mask))) for v in (values, other)]
    np.testing.assert_array_equal(*pair)
    dark = array(LocalThreshold(window_mm=11, side="dark")(sitk.GetImageFromArray(300 - values)))
    np.testing.assert_array_equal(array(settings(sitk.GetImageFromArray(values))), dark)


def test_hysteresis_is_that_of_scikit_image():
    smooth = filters.gaussian(np.random.default_rng(0).normal(0, 1, (20, 40, 40)), 1.5).astype(np.float32)
    ours = array(HysteresisThreshold(outline=0.1, find=0.35, connectivity="face")(sitk.GetImageFromArray(smooth)))
    np.testing.assert_array_equal(ours > 0, filters.apply_hysteresis_threshold(smooth, 0.1, 0.35))
    with pytest.raises(InputError, match="largest value"):
        HysteresisThreshold(outline=1, find=50)(sitk.GetImageFromArray(smooth))


def pet(*balls, background=1.0, size=60, spacing=2.0):
    """Gaussian hot spots (center in voxels, peak above background, SD in mm) on a background."""
    z, y, x = np.mgrid[:size, :size, :size]
    values = np.full((size,) * 3, background)
    for (cz, cy, cx), peak, sd in balls:
        squared = ((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2) * spacing**2
        values += peak * np.exp(-squared / (2 * sd**2))
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((spacing,) * 3)
    return image


def volume(sd, share):
    """mm3 of a Gaussian spot above this share of its peak."""
    return 4 / 3 * np.pi * (sd * np.sqrt(-2 * np.log(share))) ** 3


def test_each_lesion_ends_at_41_percent_of_its_own_maximum():
    image = pet(((20, 20, 20), 20, 8), ((42, 42, 42), 5, 6), background=0.0)
    found = array(PetLesionThreshold()(image))
    assert found.max() == 2 and found[20, 20, 20] == 1 and found[42, 42, 42] == 2
    for number, sd in ((1, 8), (2, 6)):
        assert np.count_nonzero(found == number) * 8 == pytest.approx(volume(sd, 0.41), rel=0.05)
    assert array(PetThreshold(method="percent_of_maximum")(image))[42, 42, 42] == 0
    with pytest.raises(InputError, match="largest value inside is 20"):
        PetLesionThreshold(least_maximum=30)(image)


def test_background_is_taken_into_account():
    image = pet(((30, 30, 30), 8, 6), background=4.0)
    # halfway between background and peak is half of the Gaussian
    found = array(PetLesionThreshold(rule="percent_of_contrast", percent=50)(image))
    assert np.count_nonzero(found == 1) * 8 == pytest.approx(volume(6, 0.5), rel=0.06)
    # mean of what is above 70 % of the peak (8.4): 4 + 8 * mean of the Gaussian above 0.55
    values = array(image)
    core = values[values >= 0.7 * values.max()].mean()
    nestle = array(PetLesionThreshold(rule="nestle", least_maximum=10)(image))
    np.testing.assert_array_equal(nestle > 0, values >= 0.15 * core + np.float32(4.0))


def test_neighbors_are_parted_at_the_valley_or_are_one():
    image = pet(((30, 30, 18), 10, 6), ((30, 30, 42), 6, 6), background=0.2)
    found = array(PetLesionThreshold()(image))
    assert found.max() == 2
    near = array(PetLesionThreshold()(pet(((30, 30, 26), 10, 6), ((30, 30, 33), 9, 6), background=0.2)))
    assert near.max() == 1
    # the shell of the hotter one, hotter than 41 % of the other, does not go to the other
    assert np.nonzero(found == 2)[2].min() > 26


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1.0, 1.0])])
def test_a_focus_hardly_hotter_than_the_organ_around_it_does_not_flood_it(direction):
    random = np.random.default_rng(5)
    z, y, x = np.mgrid[:44, :44, :44] * 4.0
    liver = (z - 60) ** 2 + (y - 80) ** 2 + (x - 80) ** 2 < 50**2
    values = np.where(liver, 2.0, 0.5)
    for sd, peak, center in ((8, 2.5, (60, 80, 80)), (8, 2.9, (140, 80, 80))):
        squares = (z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2
        values = values + peak * np.exp(-squares / (2 * sd**2))
    image = sitk.GetImageFromArray((values + random.normal(0, 0.1, values.shape)).astype(np.float32))
    image.SetSpacing((4.0,) * 3)
    image.SetDirection(direction.ravel().tolist())
    inside, outside = (20, 20, 15), (20, 20, 35)
    found = array(PetLesionThreshold(least_maximum=3.0)(image))
    assert found.max() == 2
    volumes = [np.count_nonzero(found == found[at[::-1]]) * 64 for at in (inside, outside)]
    # above 2 SD of the liver, 2.2: much of the focus and none of the liver's 520 ml
    assert volume(8, 0.41) * 0.7 < volumes[0] < volume(8, 0.05)
    # in the open it ends at 41 % of its maximum, which is a smaller share of what it is above 0.5
    peak = array(image)[30:].max()
    assert volumes[1] == pytest.approx(volume(8, (0.41 * peak - 0.5) / 2.9), rel=0.1)
    flooded = array(PetLesionThreshold(least_maximum=3.0, above_tissue=0)(image))
    assert np.count_nonzero(flooded == flooded[inside[::-1]]) * 64 > 400_000
    for thin in (image[:, :, 15], image[:, :, 13:17]):  # of the liver's 7,850 mm2 in a slice none either
        found = array(PetLesionThreshold(least_maximum=3.0)(thin))
        assert 0 < np.count_nonzero(found == found[..., 20, 20].max()) * 16 < 1_500 * (found.size / 44**2)


def test_an_even_mass_below_the_least_maximum_is_outlined_whole():
    """Most of it is not hotter than its own usual uptake: with the limit made for organs half of it was found."""
    random = np.random.default_rng(1)
    mass = np.sum((np.indices((36, 36, 36)) - 17.5) ** 2, axis=0) < 8**2
    grains = ndimage.gaussian_filter(random.normal(0, 1, mass.shape), 1.0)
    values = ndimage.gaussian_filter(np.where(mass, 2.6, 0.6), 1.0) + 0.2 * grains / grains.std()
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((4.0,) * 3)
    found = array(PetLesionThreshold(least_maximum=3.0)(image)) > 0
    assert np.count_nonzero(found & mass) > 0.98 * np.count_nonzero(mass)
    assert np.count_nonzero(found) < 1.2 * np.count_nonzero(mass)


def test_percist_threshold_from_a_point_and_from_a_painted_region():
    random = np.random.default_rng(0)
    values = random.normal(2.0, 0.2, (40, 40, 40)).astype(np.float32)
    values[:5, :5, :5] = 6
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((4.0,) * 3)
    seeds = np.zeros(values.shape, np.uint8)
    seeds[20, 20, 20] = 1
    z, y, x = np.mgrid[:40, :40, :40] - 20
    liver = values[(z**2 + y**2 + x**2) * 16 <= 15**2]
    aorta = values[((y**2 + x**2) * 16 <= 25) & (np.abs(z) * 4 <= 10)]
    grid = Geometry.of(image)
    for method, part, factor in (("percist_liver", liver, 1.5), ("percist_blood_pool", aorta, 2.0)):
        threshold = factor * part.mean() + 2 * part.std()
        found = array(PetThreshold(method=method)(image, seeds=grid.image_of(seeds)))
        np.testing.assert_array_equal(found > 0, values >= threshold)
    painted = grid.image_of((values < 5).astype(np.uint8))
    found = array(PetThreshold(method="percist_liver")(image, seeds=painted))
    np.testing.assert_array_equal(found > 0, values >= 1.5 * values[values < 5].mean() + 2 * values[values < 5].std())
    with pytest.raises(InputError, match="liver"):
        PetThreshold(method="percist_liver")(image)
