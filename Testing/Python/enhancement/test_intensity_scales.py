"""Scales on which a tissue has the same value everywhere: Nyul, WhiteStripe, Hounsfield units."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import stats

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.intensity.ct_to_hu import CtToHu
from MedProcLib.enhancement.intensity.nyul import Nyul
from MedProcLib.enhancement.intensity.standard_scale import PERCENTILES, StandardScale, learn_standard_scale
from MedProcLib.enhancement.intensity.white_stripe import WhiteStripe


def image_of(values):
    return sitk.GetImageFromArray(np.asarray(values, np.float32))


def array_of(image):
    return sitk.GetArrayFromImage(image)


def brain(seed, white=160.0, grey=110.0, fluid=40.0, shape=(20, 40, 40)):
    """Voxels of a T1-weighted brain: 45 % white matter, 40 % grey matter, 15 % fluid."""
    rng = np.random.default_rng(seed)
    tissue = rng.choice(3, shape, p=(0.15, 0.40, 0.45))
    return np.array([fluid, grey, white])[tissue] + rng.normal(0, 6, shape), tissue


class TestNyul:
    def test_landmarks_of_all_training_images_become_the_standard_ones(self):
        images = [g * brain(n)[0] ** p for n, (g, p) in enumerate(((1, 1), (0.02, 1.4), (9, 0.8), (300, 1)))]
        masks = [np.ones(v.shape) for v in images]
        scale = learn_standard_scale(map(image_of, images), map(image_of, masks))
        assert scale.images == 4 and scale.masked and scale.percentiles == PERCENTILES
        assert (scale.landmarks[0], scale.landmarks[-1]) == (0, 100)
        expected = np.mean(
            [100 * (m - m[0]) / (m[-1] - m[0]) for m in np.percentile(images, PERCENTILES, (1, 2, 3)).T], 0
        )
        np.testing.assert_allclose(scale.landmarks, expected, atol=1e-3)
        for values, mask in zip(images, masks, strict=True):
            result = array_of(Nyul(standard_scale=scale.to_json())(image_of(values), image_of(mask)))
            np.testing.assert_allclose(np.percentile(result, PERCENTILES), scale.landmarks, atol=0.02)

    def test_one_tissue_gets_one_intensity(self):
        """An affine change of units is undone for all voxels, beyond the landmarks too."""
        values, _ = brain(0)
        scale = learn_standard_scale([image_of(values), image_of(brain(1)[0])])
        first, other = (array_of(Nyul(standard_scale=scale.to_json())(image_of(v))) for v in (values, 7 * values - 90))
        np.testing.assert_allclose(first, other, atol=0.01)
        assert first.max() > 100

    def test_the_map_is_numpys_between_the_landmarks(self):
        values, _ = brain(3)
        scale = StandardScale((5.0, 50.0, 95.0), (10.0, 20.0, 90.0), 1)
        mask = image_of(np.ones(values.shape))
        result = array_of(Nyul(standard_scale=scale.to_json())(image_of(values), mask))
        marks = np.percentile(values.astype(np.float32), scale.percentiles)
        inner = (values > marks[0]) & (values < marks[-1])
        np.testing.assert_allclose(result[inner], np.interp(values, marks, scale.landmarks)[inner], atol=1e-3)
        top = values > marks[-1]
        straight = 90 + (values - marks[-1]) * 70 / (marks[2] - marks[1])
        np.testing.assert_allclose(result[top], straight[top], atol=1e-3)

    def test_images_of_few_values(self):
        """Landmarks coincide: the scale still grows strictly, and the map is one."""
        values = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 5] * 40).reshape(10, 40)
        scale = learn_standard_scale([image_of(values)], [image_of(np.ones(values.shape))])
        assert (np.diff(scale.landmarks) > 0).all()
        result = array_of(Nyul(standard_scale=scale.to_json())(image_of(values), image_of(np.ones(values.shape))))
        assert len(np.unique(result)) == 3

    def test_the_file_and_the_parameter(self, tmp_path):
        scale = learn_standard_scale([image_of(brain(0)[0])])
        scale.save(tmp_path / "scale.json")
        assert StandardScale.load(tmp_path / "scale.json") == scale
        assert "\n" not in scale.to_json()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"standard_scale": 2}, '"standard_scale": 1'),
            ({"percentiles": [1, 50, 40, 99]}, "'percentiles' must be two or more increasing"),
            ({"landmarks": [0, 10, "x", 100]}, "'landmarks' must be two or more increasing"),
            ({"landmarks": [0, 100]}, "as many landmarks as percentiles"),
            ({"percentiles": [-1, 20, 40, 99]}, "from 0 to 100"),
            ({"landmarks": [0, 10, float("nan"), 100]}, "increasing numbers"),
            ({"images": 0}, "how many 'images'"),
            ({"more": 1}, "unknown entry 'more'"),
        ],
    )
    def test_faulty_scales_are_refused(self, change, message):
        data = {"standard_scale": 1, "percentiles": [1, 20, 40, 99], "landmarks": [0, 10, 30, 100], "images": 2}
        StandardScale.from_json(json.dumps(data))
        with pytest.raises(InputError, match=message):
            StandardScale.from_json(json.dumps(data | change))

    def test_what_is_no_scale_is_refused(self, tmp_path):
        image = image_of(brain(0)[0])
        with pytest.raises(InputError, match="learn-scale"):
            Nyul()(image)
        with pytest.raises(InputError, match="not by the file's name"):
            Nyul(standard_scale="scale.json")(image)
        with pytest.raises(InputError, match="not valid JSON"):
            Nyul(standard_scale='{"standard_scale": 1,')(image)
        with pytest.raises(InputError, match="cannot be read"):
            StandardScale.load(tmp_path / "none.json")
        with pytest.raises(InputError, match="name at least one"):
            learn_standard_scale([])
        with pytest.raises(InputError, match="Image 2 has no mask"):
            learn_standard_scale([image, image], [sitk.Cast(image > 0, sitk.sitkUInt8)])
        with pytest.raises(InputError, match="more masks than images"):
            learn_standard_scale([image], [sitk.Cast(image > 0, sitk.sitkUInt8)] * 2)


class TestWhiteStripe:
    @pytest.mark.parametrize("gain, offset", [(1, 0), (12, 300), (0.01, -3)])
    def test_white_matter_is_found_in_t1(self, gain, offset):
        values, tissue = brain(1)
        mask = image_of(np.ones(values.shape))
        result = array_of(WhiteStripe()(image_of(gain * values + offset), mask))
        stripe_sd = np.std(_stripe(values, 160, 0.05))
        assert np.median(result[tissue == 2]) * stripe_sd == pytest.approx(0, abs=1.0)
        np.testing.assert_allclose(np.std(_stripe(result, 0, 0.05)), 1, rtol=0.05)

    def test_flair_takes_the_highest_peak(self):
        """In FLAIR white matter is darker than grey matter, and a few bright lesions are not the white matter."""
        values, tissue = brain(2, white=100, grey=140, fluid=20)
        values[:1] += 150
        mask = image_of(np.ones(values.shape))
        highest, last = (array_of(WhiteStripe(contrast=c)(image_of(values), mask)) for c in ("flair", "t1"))
        assert abs(np.median(highest[1:][tissue[1:] == 2])) < 1 < abs(np.median(last[1:][tissue[1:] == 2]))

    def test_whole_numbers_have_no_false_peaks(self):
        values, tissue = brain(3)
        mask = image_of(np.ones(values.shape))
        smooth, whole = (array_of(WhiteStripe()(image_of(v), mask)) for v in (values, np.round(values)))
        assert np.abs(np.median(whole[tissue == 2]) - np.median(smooth[tissue == 2])) < 0.5

    def test_on_a_real_t1_brain(self, shared_data):
        """The last peak of the brain's density, estimated apart from it, is at 0, and the stripe's deviation is 1."""
        folder = shared_data / "02_mr/brats_2013_pat0005_1"
        image = sitk.ReadImage(str(folder / "T1c_subtrMeanDivStd.nii.gz"))
        mask = sitk.Cast(sitk.ReadImage(str(folder / "brainmask.nii.gz")) != 0, sitk.sitkUInt8)
        brain_values = array_of(WhiteStripe()(image, mask))[array_of(mask) > 0].astype(float)
        # white matter is wider than the stripe: its peak is found on a grid of a whole SD of it
        grid = np.arange(-40, 40, 0.5)
        density = stats.gaussian_kde(brain_values[::200], 0.02)(grid)
        peaks = 1 + np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] > density[2:]))
        last = [p for p in peaks if density[p] > 0.2 * density.max()][-1]
        assert abs(grid[last]) < 1.5
        assert np.std(_stripe(brain_values, 0, 0.05)) == pytest.approx(1, rel=0.06)

    def test_refused(self):
        with pytest.raises(InputError, match="constant"):
            WhiteStripe()(sitk.Image(8, 8, 8, sitk.sitkInt16) + 5)
        values = np.r_[np.zeros(200), np.full(700, 50.0), np.arange(100)].reshape(10, 100)
        with pytest.raises(InputError, match="one intensity only"):
            WhiteStripe()(image_of(values), image_of(np.ones(values.shape)))


def _stripe(values, mode, half):
    share = np.mean(values < mode)
    low, high = np.quantile(values, (max(share - half, 0), min(share + half, 1)))
    return values[(values >= low) & (values <= high)]


def body(seed=0, shape=(12, 64, 64)):
    """CT of a body in air, HU: fat, muscle, a lung, bone; noise of 15 HU."""
    z, y, x = np.mgrid[: shape[0], -1 : 1 : 1j * shape[1], -1 : 1 : 1j * shape[2]]
    radius = np.hypot(y, x)
    hu = np.where(radius < 0.8, -95.0, -1000.0)
    hu[radius < 0.7] = 50
    hu[np.hypot(y, x - 0.3) < 0.2] = -820
    hu[np.hypot(y - 0.4, x) < 0.12] = 500
    return np.round(hu + np.random.default_rng(seed).normal(0, 15, shape) + 0 * z)


class TestCtToHu:
    @pytest.mark.parametrize("offset", [0, 1024, 1000])
    def test_stored_offsets_are_found(self, offset):
        hu = np.maximum(body(), -offset if offset else -1100)
        result = array_of(CtToHu()(sitk.GetImageFromArray((hu + offset).astype(np.int16))))
        if offset == 1000:  # noise of air below 0 was cut off at -1000
            assert np.mean(result == hu) > 0.99
        np.testing.assert_array_equal(result, hu)

    @pytest.mark.parametrize("padding", [-2000, -3024])
    def test_padding_becomes_air(self, padding):
        hu = body().astype(np.int16)
        corners = np.zeros(hu.shape, bool)
        corners[:, :6, :6] = True
        hu[corners] = padding
        result = array_of(CtToHu()(sitk.GetImageFromArray(hu)))
        assert (result[corners] == -1000).all()
        np.testing.assert_array_equal(result[~corners], hu[~corners])

    def test_the_headers_slope_and_intercept_are_applied(self):
        hu = np.maximum(body(), -1024)
        stored = (hu + 1024) * 2
        result = array_of(CtToHu(slope=0.5, intercept=-1024)(sitk.GetImageFromArray(stored.astype(np.uint16))))
        np.testing.assert_array_equal(result, hu)

    def test_what_the_header_says_is_believed_where_the_image_does_not_tell(self):
        bone = np.random.default_rng(0).normal(600, 100, (12, 12, 12)).round()
        with pytest.raises(InputError, match="give slope and intercept"):
            CtToHu()(image_of(bone + 1024))
        np.testing.assert_array_equal(array_of(CtToHu(intercept=-1024)(image_of(bone + 1024))), bone.astype(np.float32))
        with pytest.raises(InputError, match="below -1200"):
            CtToHu(intercept=-3024)(image_of(bone + 1024))

    def test_a_crop_without_air_is_left_as_it_is(self):
        crop = body()[:, 8:24, 26:38].astype(np.int16)
        np.testing.assert_array_equal(array_of(CtToHu()(sitk.GetImageFromArray(crop))), crop)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda hu: (hu + 1024) / 16, "No value is negative"),
            (lambda hu: np.clip((hu + 160) / 400, 0, 1), "rescaled"),
            (lambda hu: (hu + 1024)[:, 22:30, 20:34], "No value is negative"),
            (lambda hu: np.maximum(hu + 1024, 0) * (hu > -900), "No value is negative"),
            (lambda hu: hu * 0.1 - 3000, "below -1200"),
            (lambda hu: hu * 2 + 300, "below -1200"),
            (lambda hu: hu * 0.6 - 200, "look like a CT"),
        ],
        ids=["divided", "windowed", "no air", "air cut off", "too low", "stretched", "squeezed"],
    )
    def test_what_cannot_be_told_is_refused(self, change, message):
        with pytest.raises(InputError, match=message):
            CtToHu()(image_of(change(body())))

    def test_magnetic_resonance_is_refused(self, real_flair):
        with pytest.raises(InputError, match=r"not HU|no CT|look like"):
            CtToHu()(real_flair)

    @pytest.mark.parametrize(
        "name",
        [
            "02_mr/ms_cross_sectional_patient26/FLAIR.nii.gz",
            "02_mr/pyradiomics_brain1/image.nrrd",
            "03_longitudinal/ms_patient01/study2_T1W.nii.gz",
            "03_longitudinal/cmb_crc_MSB-06489/t2_1959-12-09.nrrd",
        ],
    )
    def test_magnetic_resonance_whose_values_look_like_a_ct_is_refused(self, shared_data, name):
        """Dark voxels near 0 and tissue near 1000, or negative values from interpolation."""
        with pytest.raises(InputError, match=r"not HU|look like"):
            CtToHu()(sitk.ReadImage(str(shared_data / name)))

    @pytest.mark.parametrize("name", ["pyradiomics_lung1/image.nrrd", "totalseg_example/ct.nii.gz"])
    def test_real_cts_are_in_hu(self, shared_data, name):
        image = sitk.ReadImage(str(shared_data / "01_ct" / name))
        values = array_of(image)
        result = array_of(CtToHu()(image))
        np.testing.assert_array_equal(result, np.where(values < -1200, -1000, values))
        shifted = sitk.GetImageFromArray((np.maximum(values, -1024).astype(np.int32) + 1024).astype(np.uint16))
        np.testing.assert_allclose(array_of(CtToHu()(shifted)), np.maximum(values, -1024), atol=1e-3)

    def test_parts_of_a_real_ct_are_in_hu(self, shared_data):
        image = sitk.ReadImage(str(shared_data / "01_ct/totalseg_example/ct.nii.gz"))
        rng = np.random.default_rng(0)
        for _ in range(8):
            start = [int(rng.integers(0, n - 40)) for n in image.GetSize()]
            part = image[tuple(slice(a, a + 40) for a in start)]
            values = array_of(part)
            np.testing.assert_array_equal(array_of(CtToHu()(part)), np.where(values < -1200, -1000, values))
