"""Figures of image quality against closed forms, scikit-image, and what blur, noise and shading must do to them."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.special import erf
from skimage import measure, metrics

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.image_quality import compare_quality, histograms, image_quality, reference_quality
from MedProcLib.quantification.mixture import fit_mixture
from MedProcLib.quantification.quality_definitions import FIGURE
from MedProcLib.quantification.quality_regions import find_regions


def image_of(array, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(array))
    image.SetSpacing(spacing[: image.GetDimension()])
    return image


def everywhere(image) -> sitk.Image:
    return sitk.Cast(sitk.Image(image) * 0, sitk.sitkUInt8) + 1


def values(measurements):
    return {m.name: m.value for m in measurements}


def reason(measurements, name):
    (found,) = [m for m in measurements if m.name == name]
    assert math.isnan(found.value)
    return found.parameters["undefined"]


@pytest.fixture(scope="module")
def two_tissues():
    """A ball of tissue of 100 in tissue of 60 on air of 0; the tissues' voxels as labels 1 and 2."""
    z, y, x = np.mgrid[:24, :120, :120]
    radius = np.hypot(np.hypot(x - 60, y - 60), 2.5 * (z - 12))
    labels = (radius < 56).astype(np.uint8) + (radius < 36)
    return np.array([0.0, 60.0, 100.0])[labels], labels


def noisy(array, sd, seed=1):
    return array + np.random.default_rng(seed).normal(0, sd, array.shape)


class TestContrastAndNoise:
    @pytest.mark.parametrize("sd", [1.0, 4.0, 10.0])
    def test_closed_form_in_given_regions(self, two_tissues, sd):
        """Means 60 and 100 with noise of known deviation: CNR 40/sd, CJV 2 sd/40, SNR mean/sd."""
        clean, labels = two_tissues
        mask = (labels > 0).astype(np.uint8)
        image = image_of(noisy(clean, sd), (0.8, 0.8, 2.0))
        regions = find_regions([image], image_of(mask, (0.8, 0.8, 2.0)), image_of(labels, (0.8, 0.8, 2.0)))
        found = values(image_quality(image, regions))
        mean = clean[labels > 0].mean()
        assert found["mean"] == pytest.approx(mean, rel=1e-3)
        assert found["noise"] == pytest.approx(sd, rel=0.05)
        assert found["snr"] == pytest.approx(mean / sd, rel=0.05)
        assert found["cnr"] == pytest.approx(40 / sd, rel=0.05)
        assert found["cjv"] == pytest.approx(2 * sd / 40, rel=0.01)

    @pytest.mark.parametrize("sd", [2.0, 8.0])
    def test_tissues_found_by_themselves_agree_with_the_true_ones(self, two_tissues, sd):
        clean, _ = two_tissues
        image = image_of(noisy(clean, sd))
        found = image_quality(image)
        by_name = {m.name: m for m in found}
        assert by_name["cjv"].value == pytest.approx(2 * sd / 40, rel=0.05)
        assert by_name["cnr"].value == pytest.approx(40 / sd, rel=0.07)
        assert by_name["cjv"].parameters["means"] == pytest.approx([60, 100], abs=1)
        assert by_name["cjv"].parameters["tissues"] == "darker and brighter tissue of the region"
        assert by_name["mean"].parameters["region"] == "foreground (Otsu)"

    def test_shading_and_noise_raise_the_joint_variation(self, two_tissues):
        clean, _ = two_tissues
        shade = 1 + np.linspace(-0.15, 0.15, clean.shape[2])
        cases = [image_of(noisy(clean * field, sd)) for field in (1, shade) for sd in (3, 6)]
        plain, noise, shaded, both = [values(image_quality(image))["cjv"] for image in cases]
        assert plain < noise < both and plain < shaded < both

    def test_tissues_that_do_not_stand_apart_are_not_made_up(self):
        image = image_of(np.random.default_rng(0).normal(100, 10, (8, 80, 80)))
        found = image_quality(image, find_regions([image], everywhere(image)))
        assert "give two labels" in reason(found, "cjv") and "give two labels" in reason(found, "cnr")

    def test_one_tissue_on_air_is_compared_with_the_air(self):
        y, x = np.mgrid[:100, :100]
        ball = np.hypot(x - 50, y - 50) < 30
        found = {m.name: m for m in image_quality(image_of(noisy(np.where(ball, 90.0, 10.0), 4)))}
        assert found["cnr"].parameters["tissues"] == "background and foreground (Otsu)"
        assert found["cnr"].value == pytest.approx(80 / 4, rel=0.1)

    def test_a_low_ratio_is_told_to_be_biased_in_magnitude_images(self):
        image = image_of(np.random.default_rng(0).normal(20, 10, (4, 60, 60)))
        (snr,) = [m for m in image_quality(image, find_regions([image], everywhere(image))) if m.name == "snr"]
        assert snr.value == pytest.approx(2, rel=0.1) and "Rician" in snr.parameters["note"]

    def test_a_ratio_to_hounsfield_units_is_told_to_depend_on_the_tissue(self):
        image = image_of(np.random.default_rng(0).normal(40, 5, (4, 60, 60)))
        found = image_quality(image, find_regions([image], everywhere(image)), "HU")
        by_name = {m.name: m for m in found}
        assert by_name["noise"].unit == by_name["mean"].unit == "HU" and by_name["snr"].unit == ""
        assert "from water" in by_name["snr"].parameters["note"]

    def test_mixture_of_known_normal_distributions(self):
        rng = np.random.default_rng(5)
        drawn = np.concatenate([rng.normal(30, 5, 20000), rng.normal(70, 9, 60000), rng.normal(100, 7, 40000)])
        fit = fit_mixture(drawn, 3)
        assert fit.means == pytest.approx([30, 70, 100], abs=1)
        assert fit.sds == pytest.approx([5, 9, 7], abs=0.7)
        assert fit.shares == pytest.approx([1 / 6, 1 / 2, 1 / 3], abs=0.03)


class TestSharpness:
    def test_every_figure_falls_or_rises_with_blur(self, two_tissues):
        clean, labels = two_tissues
        textured = clean + 5 * np.random.default_rng(0).normal(size=clean.shape)
        region = image_of(np.ones_like(labels))
        found = []
        for sd in (0.5, 1.0, 1.5, 2.5):
            image = image_of(ndimage.gaussian_filter(textured, (0, sd, sd)))
            found.append(values(image_quality(image, find_regions([image], region))))
        for name, sign in (("blur", 1), ("edge_spread", 1), ("acutance", -1)):
            assert (np.diff([sign * one[name] for one in found]) > 0).all(), name

    @pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 4.0), (0.9, 1.3, 2.0)])
    @pytest.mark.parametrize("sd_mm", [1.0, 2.0, 3.0])
    @pytest.mark.parametrize("noise", [0.0, 4.0])
    def test_edge_spread_is_the_blur_in_mm(self, spacing, sd_mm, noise):
        """A cylinder's edge of height 100, blurred by a Gaussian in mm, whatever the voxels are."""
        y, x = np.mgrid[:120, :120]
        distance = np.hypot((x - 60) * spacing[0], (y - 60) * spacing[1]) - 30
        edge = 50 * (1 - erf(distance / (sd_mm * np.sqrt(2))))
        image = image_of(noisy(np.stack([edge] * 4), noise), spacing)
        found = values(image_quality(image, find_regions([image], everywhere(image))))
        assert found["edge_spread"] == pytest.approx(sd_mm, rel=0.17 if noise else 0.08)

    def test_perceptual_blur_equals_scikit_image(self):
        array = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(90, 110)), (1, 2)) + 5
        found = values(image_quality(image_of(array), find_regions([image_of(array)], image_of(np.ones((90, 110))))))
        assert found["blur"] == pytest.approx(measure.blur_effect(array), abs=1e-6)

    def test_acutance_of_a_wave(self):
        """A wave of wavelength L: RMS gradient over SD is 2 pi / L (times the sinc of central differences)."""
        x = np.arange(200) * 0.5
        image = image_of(np.tile(np.sin(2 * np.pi * x / 10), (200, 1)), (0.5, 0.5))
        inner = np.zeros((200, 200), np.uint8)
        inner[20:180, 20:180] = 1
        mask = image_of(inner, (0.5, 0.5))
        found = values(image_quality(image, find_regions([image], mask)))
        k = 2 * np.pi / 10
        assert found["acutance"] == pytest.approx(np.sin(k * 0.5) / 0.5, rel=1e-3)

    def test_figures_are_taken_in_the_plane_of_the_finest_axes(self, two_tissues):
        """The same anatomy with its slices along another axis has the same figures."""
        clean, _ = two_tissues
        array = noisy(clean, 3).astype(np.float32)
        first = image_of(array, (0.8, 0.8, 3.0))
        other = image_of(np.moveaxis(array, 0, 2), (3.0, 0.8, 0.8))
        a, b = (values(image_quality(image)) for image in (first, other))
        assert a == pytest.approx(b, rel=1e-6)


class TestEntropy:
    @pytest.mark.parametrize("levels", [2, 4, 16, 64])
    def test_of_equally_frequent_levels(self, levels):
        array = np.tile(np.arange(levels), 4096 // levels * 4).reshape(128, 128).astype(np.float32)
        image = image_of(array)
        assert values(image_quality(image, find_regions([image], everywhere(image))))["entropy"] == pytest.approx(
            math.log2(levels), abs=1e-9
        )

    def test_of_unequal_shares(self):
        array = np.repeat([0.0, 1.0, 2.0], [2048, 1024, 1024]).reshape(64, 64)
        image = image_of(array)
        assert values(image_quality(image, find_regions([image], everywhere(image))))["entropy"] == pytest.approx(1.5)

    def test_of_the_ibsi_phantom(self, shared_data):
        """Intensity histogram entropy (TLU2) of the digital phantom: 1.27 (IBSI reference manual, consensus)."""
        folder = shared_data / "05_ibsi_radiomics" / "digital_phantom"
        image, mask = (sitk.ReadImage(str(folder / f"{name}.nii.gz")) for name in ("phantom", "mask"))
        found = values(image_quality(image, find_regions([image], mask)))
        assert found["entropy"] == pytest.approx(1.27, abs=0.005)
        assert found["mean"] == pytest.approx(2.15, abs=0.005)


@pytest.fixture(scope="module", params=[(30, 50, 60), (80, 90)], ids=["3D", "2D"])
def pair(request):
    """An image and its reference: texture, blurred and with noise."""
    rng = np.random.default_rng(4)
    reference = 100 * ndimage.gaussian_filter(rng.normal(size=request.param), 2) + 50
    return ndimage.gaussian_filter(reference, 0.7) + rng.normal(0, 1, request.param), reference


class TestAgainstReference:
    def test_equal_to_scikit_image(self, pair):
        a, b = pair
        image, reference = image_of(a), image_of(b)
        found = reference_quality(image, reference, find_regions([image, reference], everywhere(image)))
        by_name = values(found)
        span = np.ptp(b)
        similar = metrics.structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=span
        )
        assert by_name["ssim"] == pytest.approx(similar, abs=1e-6)
        assert by_name["psnr"] == pytest.approx(metrics.peak_signal_noise_ratio(b, a, data_range=span), abs=1e-6)
        assert by_name["rmse"] == pytest.approx(np.sqrt(np.mean((a - b) ** 2)), rel=1e-6)
        assert by_name["normalized_mutual_information"] == pytest.approx(
            metrics.normalized_mutual_information(a, b), abs=1e-4
        )
        joint = np.histogram2d(a.ravel(), b.ravel(), 100)[0]
        information = metrics_mutual_information(joint) / np.log(2)
        assert by_name["mutual_information"] == pytest.approx(information, abs=1e-3)
        gradients = [np.sqrt(np.sum(np.square(np.gradient(values)), axis=0)).ravel() for values in (a, b)]
        assert by_name["edge_preservation"] == pytest.approx(np.corrcoef(*gradients)[0, 1], abs=1e-6)
        (ssim,) = [m for m in found if m.name == "ssim"]
        assert ssim.parameters["data_range"] == pytest.approx(span) and ssim.parameters["axes"] == "zyx"[-a.ndim :]

    def test_only_the_mask_counts(self, pair):
        a, b = pair
        inside = np.zeros(a.shape, np.uint8)
        inside[(slice(8, -8),) * a.ndim] = 1
        spoilt = np.where(inside, a, 1e4)
        mask = image_of(inside)
        images = [image_of(a), image_of(spoilt), image_of(b)]
        first, other = (
            values(reference_quality(image, images[2], find_regions([image, images[2]], mask))) for image in images[:2]
        )
        for name in ("rmse", "psnr", "mutual_information", "normalized_mutual_information"):
            assert first[name] == pytest.approx(other[name], rel=1e-9), name
        chosen = inside > 0
        assert first["rmse"] == pytest.approx(np.sqrt(np.mean((a - b)[chosen] ** 2)))

    def test_slabs_do_not_show(self, pair, monkeypatch):
        from MedProcLib.quantification import quality_regions, similarity

        a, b = map(image_of, pair)
        whole = values(reference_quality(a, b))
        monkeypatch.setattr(similarity, "SLAB_VOXELS", 7000)
        monkeypatch.setattr(quality_regions.slabs, "__defaults__", (7000,))
        assert values(reference_quality(a, b)) == pytest.approx(whole, rel=1e-9)

    def test_very_large_volumes_are_sampled(self, pair, monkeypatch):
        from MedProcLib.quantification import similarity

        a, b = map(image_of, pair)
        whole = values(reference_quality(a, b))
        monkeypatch.setattr(similarity, "SLAB_VOXELS", 3000)
        monkeypatch.setattr(similarity, "ENOUGH_VOXELS", 30000)
        found = {m.name: m for m in reference_quality(a, b)}
        for name in ("ssim", "edge_preservation"):
            assert found[name].value == pytest.approx(whole[name], abs=0.03)
            assert ("slices" in found[name].parameters) == (a.GetDimension() == 3)

    def test_thin_axes_are_left_out_of_the_window(self):
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(2, 5, 40, 40))
        image, reference = image_of(a), image_of(b)
        found = reference_quality(image, reference, find_regions([image, reference], everywhere(image)))
        (ssim,) = [m for m in found if m.name == "ssim"]
        slices = [
            metrics.structural_similarity(
                one, other, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=np.ptp(b)
            )
            for one, other in zip(a, b, strict=True)
        ]
        assert ssim.parameters["axes"] == "yx" and ssim.value == pytest.approx(np.mean(slices), abs=1e-6)


def metrics_mutual_information(joint):
    """In nats, from its definition."""
    share = joint / joint.sum()
    product = np.outer(share.sum(1), share.sum(0))
    there = share > 0
    return float(np.sum(share[there] * np.log(share[there] / product[there])))


class TestOddImages:
    def test_a_constant_image_has_reasons_instead_of_figures(self):
        image = image_of(np.full((12, 20, 20), 7, np.int16))
        found = image_quality(image)
        assert (values(found)["mean"], values(found)["noise"]) == (7.0, 0.0)
        for name in ("snr", "cnr", "cjv", "blur", "edge_spread", "acutance", "entropy"):
            assert reason(found, name)
        other = reference_quality(image, image)
        assert values(other)["rmse"] == 0
        assert "constant" in reason(other, "psnr") and "constant" in reason(other, "ssim")

    def test_an_image_equal_to_its_reference(self, two_tissues):
        image = image_of(two_tissues[0])
        found = reference_quality(image, image)
        assert values(found)["ssim"] == pytest.approx(1) and values(found)["edge_preservation"] == pytest.approx(1)
        assert values(found)["normalized_mutual_information"] == pytest.approx(2)
        assert "infinite" in reason(found, "psnr")

    @pytest.mark.parametrize("shape", [(1, 1), (3, 4), (2, 2, 2), (1, 1, 9), (1, 40, 40), (40, 1, 40), (300, 2, 2)])
    def test_small_and_flat_images_do_not_crash(self, shape):
        rng = np.random.default_rng(0)
        a, b = (image_of(rng.normal(100, 10, shape)) for _ in range(2))
        compared = compare_quality(a, b)
        for measurement in (*compared.before, *compared.after, *compared.between):
            assert math.isfinite(measurement.value) or measurement.parameters["undefined"]

    def test_voxels_without_a_number_are_left_out(self, two_tissues):
        clean, _ = two_tissues
        array = noisy(clean, 4)
        holes = array.copy()
        holes[:, ::9, ::7] = np.nan
        holes[3, 4, 5] = np.inf
        plain, pitted = (values(image_quality(image_of(one))) for one in (array, holes))
        for name in ("mean", "cjv", "entropy"):
            assert pitted[name] == pytest.approx(plain[name], rel=0.02), name
        found = reference_quality(image_of(holes), image_of(array))
        assert values(found)["rmse"] == 0

    def test_scale_and_type_do_not_matter(self, two_tissues):
        """Ratios are those of any unit of intensity, and the others follow it."""
        array = np.round(noisy(two_tissues[0], 4) + 50).astype(np.int16)
        plain = values(image_quality(image_of(array)))
        for factor in (1e-30, 1e30, 1e200):
            scaled = values(image_quality(image_of(array * factor)))
            for name, value in plain.items():
                expected = value * factor if FIGURE[name].unit == "intensity" else value
                assert scaled[name] == pytest.approx(expected, rel=1e-3), (name, factor)
        huge = reference_quality(image_of(array * 1e200), image_of((array + 1) * 1e200))
        assert values(huge)["rmse"] == pytest.approx(1e200, rel=1e-6)

    def test_an_image_without_numbers_is_refused(self):
        with pytest.raises(InputError, match="holds no number"):
            image_quality(image_of(np.full((4, 4, 4), np.nan)))


class TestInputs:
    def test_other_grids_are_refused(self, two_tissues):
        image, shifted = image_of(two_tissues[0]), image_of(two_tissues[0], (1, 1, 2))
        for call in (reference_quality, compare_quality):
            with pytest.raises(InputError, match="resample one onto the other"):
                call(image, shifted)
        with pytest.raises(InputError, match="its mask"):
            find_regions([image], everywhere(shifted))

    def test_labels_are_chosen_or_refused(self, two_tissues):
        image, labels = image_of(two_tissues[0]), image_of(two_tissues[1])
        assert find_regions([image], None, labels).tissues == "labels 1 and 2"
        assert find_regions([image], None, labels, 2, 1).tissues == "labels 2 and 1"
        with pytest.raises(InputError, match="Label 7 is nowhere in the label map; it has: 1, 2"):
            find_regions([image], None, labels, 1, 7)
        with pytest.raises(InputError, match="Two different labels"):
            find_regions([image], None, labels, 1, 1)
        with pytest.raises(InputError, match="Say which two labels"):
            find_regions([image], None, image_of((two_tissues[1] > 0).astype(np.uint8)))
        with pytest.raises(InputError, match="mask selects no voxel"):
            find_regions([image], image_of(np.zeros_like(two_tissues[1])))

    def test_the_rim_of_a_body_is_no_tissue(self):
        """Of the dim rim of a body 0.06 % of it are left away from the body itself: no contrast is of so few voxels."""
        _z, y, x = np.mgrid[:10, :140, :140]
        radius = np.hypot(x - 70, y - 70)
        body = np.where(radius < 59, 300.0, np.where(radius < 60, 160.0, 0.0))
        body[5, 40:48, 40:48] = 160
        regions = find_regions([image_of(noisy(body, 5))])
        assert regions.tissues == "background and foreground (Otsu)"

    def test_cancel(self, two_tissues):
        progress = Progress()
        progress.cancel()
        with pytest.raises(Cancelled):
            image_quality(image_of(two_tissues[0]), progress=progress)
        with pytest.raises(Cancelled):
            find_regions([image_of(two_tissues[0])], progress=progress)


class TestBeforeAndAfter:
    def test_denoising_shows_where_it_should(self, two_tissues):
        clean, _ = two_tissues
        before = image_of(noisy(clean, 8).astype(np.float32))
        after = image_of(ndimage.median_filter(sitk.GetArrayFromImage(before), (1, 3, 3)))
        compared = compare_quality(before, after)
        old, new = values(compared.before), values(compared.after)
        assert new["noise"] < 0.7 * old["noise"] and new["snr"] > 1.4 * old["snr"]
        assert new["cnr"] > 1.4 * old["cnr"] and new["cjv"] < old["cjv"]
        voxels = {m.parameters["voxels"] for m in (*compared.before, *compared.after) if m.name == "mean"}
        assert len(voxels) == 1
        between = reference_quality(after, before, compared.regions)
        assert values(compared.between) == values(between)

    @pytest.mark.parametrize("harm", ["shading", "noise"])
    def test_on_a_real_head_the_tissues_are_the_same_before_and_after(self, data, harm):
        """Shading and noise raise the joint variation, and which image comes first makes no difference."""
        flair = sitk.ReadImage(str(data / "ms_patient01" / "study1_FLAIR.nii.gz"), sitk.sitkFloat32)[::2, ::2, 8:28]
        array = sitk.GetArrayFromImage(flair)
        shade = 1 + 0.3 * np.linspace(-1, 1, array.shape[2])
        worse = array * shade if harm == "shading" else noisy(array, 40)
        harmed = sitk.GetImageFromArray(worse.astype(np.float32))
        harmed.CopyInformation(flair)
        there, back = compare_quality(flair, harmed), compare_quality(harmed, flair)
        old, new = values(there.before), values(there.after)
        assert new["cjv"] > 1.05 * old["cjv"]
        assert harm == "shading" or (new["cnr"] < 0.6 * old["cnr"] and new["noise"] > 2 * old["noise"])
        assert values(back.after) == pytest.approx(old, rel=1e-6) and values(back.before) == pytest.approx(
            new, rel=1e-6
        )

    def test_histograms_share_their_bins_and_add_up(self):
        region = np.ones((10, 40, 50), bool)
        rng = np.random.default_rng(0)
        first, other = rng.normal(100, 10, region.shape), rng.normal(130, 5, region.shape)
        found = histograms(image_of(first), image_of(other), region)
        width = found.values[1] - found.values[0]
        assert len(found.values) == 128 and np.allclose(np.diff(found.values), width)
        assert found.before.sum() == pytest.approx(99.9, abs=0.02) and found.after.sum() == pytest.approx(
            99.9, abs=0.02
        )
        for shares, mean, sd in ((found.before, 100, 10), (found.after, 130, 5)):
            assert np.average(found.values, weights=shares) == pytest.approx(mean, abs=0.5)
            expected = 100 * width / (sd * math.sqrt(2 * math.pi))
            assert shares.max() == pytest.approx(expected, rel=0.12)

    def test_histograms_of_whole_numbers_have_no_teeth(self):
        """270 grey values in 128 bins would fill some with three of them and some with two."""
        array = np.random.default_rng(0).integers(0, 271, (40, 200, 200)).astype(np.int16)
        found = histograms(image_of(array), image_of(array + 0.25), np.ones(array.shape, bool))
        assert np.ptp(found.before[1:-1]) < 0.1 * found.before[1:-1].mean()

    def test_histograms_of_constant_images(self):
        image = image_of(np.full((4, 4), 3.0))
        found = histograms(image, image, np.ones((4, 4), bool))
        assert found.before.sum() == pytest.approx(100) and found.after.sum() == pytest.approx(100)


def test_a_standardized_image_is_measured_on_the_scale_before(two_tissues):
    truth, labels = two_tissues
    before = image_of(noisy(truth, 8).astype(np.float32))
    smooth = ndimage.gaussian_filter(sitk.GetArrayFromImage(before), 0.7)
    mask = image_of((labels > 0).astype(np.uint8))
    regions = find_regions([before], mask)
    same = compare_quality(before, image_of(smooth), regions)
    assert same.scale is None and "Intensities" not in same.description
    moved = compare_quality(before, image_of((smooth - 70) / 17), regions)
    assert moved.scale.factor == pytest.approx(17, rel=0.05) and "brought to the scale" in moved.description
    for name in ("mean", "noise", "snr"):
        assert values(moved.after)[name] == pytest.approx(values(same.after)[name], rel=0.05)
    assert values(moved.between)["ssim"] == pytest.approx(values(same.between)["ssim"], abs=0.02)
    assert values(moved.between)["psnr"] == pytest.approx(values(same.between)["psnr"], abs=0.5)


def test_a_brighter_image_and_another_one_keep_their_scale(two_tissues):
    truth, labels = two_tissues
    before = image_of(noisy(truth, 8).astype(np.float32))
    regions = find_regions([before], image_of((labels > 0).astype(np.uint8)))
    assert compare_quality(before, before * 1.3, regions).scale is None
    other = image_of(np.random.default_rng(9).normal(5, 1, truth.shape).astype(np.float32))
    assert compare_quality(before, other, regions).scale is None
