"""Filters by frequency, deconvolution and removal of artifacts against analytic phantoms and known truth."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage, special

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.enhancement.frequency.frequency_filter import FrequencyFilter
from MedProcLib.enhancement.frequency.gibbs_reduction import GibbsReduction
from MedProcLib.enhancement.frequency.metal_streak_reduction import MetalStreakReduction
from MedProcLib.enhancement.frequency.notch import Notch
from MedProcLib.enhancement.frequency.richardson_lucy import RichardsonLucy
from MedProcLib.enhancement.frequency.ring_reduction import RingReduction
from MedProcLib.enhancement.frequency.stripes import RemoveStripes
from MedProcLib.enhancement.frequency.wiener import Wiener


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def run(enhance, values, spacing=None):
    return sitk.GetArrayFromImage(enhance(image_of(np.asarray(values), spacing))).astype(float)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


# Pass filters


@pytest.mark.parametrize("wavelength, passed", [(40, 0.9406), (10, 0.5), (5, 0.0588)])
def test_a_wave_passes_as_the_formula_has_it(wavelength, passed):
    """Butterworth of order 2 at 10 mm: 1 / (1 + (10 / wavelength)^4) = 0.9961, 0.5, 0.0588; Gaussian 2^-(10 / w)^2."""
    butterworth = 1 / (1 + (10 / wavelength) ** 4)
    gaussian = 2 ** -((10 / wavelength) ** 2)
    x = (np.arange(160) + 0.5) * 0.5
    wave = np.broadcast_to(np.cos(2 * np.pi * x / wavelength), (12, 160))
    for shape, expected in (("butterworth", butterworth), ("gaussian", gaussian)):
        low = run(FrequencyFilter(kind="low_pass", shape=shape, shortest_mm=10), 7 + wave, (0.5, 0.5))
        np.testing.assert_allclose(low, 7 + expected * wave, atol=1e-5)
        high = run(FrequencyFilter(kind="high_pass", shape=shape, longest_mm=10), 7 + wave, (0.5, 0.5))
        np.testing.assert_allclose(high, (1 - expected) * wave, atol=1e-5)
    assert butterworth == pytest.approx(passed, abs=0.06)


def test_the_gaussian_low_pass_is_a_gaussian_in_space():
    values = np.random.default_rng(0).normal(0, 1, (20, 30, 40))
    sd_mm = 4.0
    # 2^-(f c)^2 = exp(-2 pi^2 sd^2 f^2)
    cut_off = np.pi * sd_mm * np.sqrt(2 / np.log(2))
    result = run(FrequencyFilter(kind="low_pass", shortest_mm=float(cut_off)), values, (1.0, 0.8, 2.0))
    expected = ndimage.gaussian_filter(values, (2.0, 5.0, 4.0), mode="reflect", truncate=8)
    np.testing.assert_allclose(result, expected, atol=2e-5)


def test_a_band_and_its_stop_add_up_to_the_image():
    values = np.random.default_rng(0).normal(50, 10, (10, 31, 23))
    bands = {"shape": "butterworth", "shortest_mm": 4.0, "longest_mm": 12.0}
    parts = [run(FrequencyFilter(kind=kind, **bands), values) for kind in ("band_pass", "band_stop")]
    np.testing.assert_allclose(sum(parts), values, atol=1e-3)
    assert abs(parts[0].mean()) < 1e-4 and parts[1].mean() == pytest.approx(values.mean(), abs=1e-4)


def test_borders_do_not_ring():
    ramp = np.broadcast_to(np.linspace(0, 100, 64), (64, 64))
    result = run(FrequencyFilter(kind="low_pass", shortest_mm=6), ramp)
    assert result.min() > -0.01 and result.max() < 100.01
    assert np.all(np.diff(result, axis=1) > 0)


def test_cut_offs_in_the_wrong_order_are_refused():
    with pytest.raises(InputError, match="below the longest"):
        FrequencyFilter(kind="band_pass", shortest_mm=20, longest_mm=10)(image_of(np.eye(16)))


# Deconvolution


def sphere_blurred(noise):
    """Activity 100 in a sphere of 20 mm on 10, blurred by 6 mm FWHM, voxels of 2 mm."""
    axis = (np.arange(40 * 4) - 79.5) / 2
    fine = sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)) < 100
    truth = 10 + 90 * fine.reshape(40, 4, 40, 4, 40, 4).mean((1, 3, 5))
    blurred = ndimage.gaussian_filter(truth, 6 / 2.3548 / 2)
    return truth, blurred + np.random.default_rng(0).normal(0, noise, truth.shape)


@pytest.mark.parametrize("enhance", [Wiener(fwhm_mm=6), RichardsonLucy(fwhm_mm=6)], ids=["wiener", "lucy"])
def test_deconvolution_recovers_what_blur_took_from_a_sphere(enhance):
    truth, values = sphere_blurred(1.0)
    result = run(enhance, values, (2, 2, 2))
    hot, cold = truth > 99, truth < 11
    assert values[hot].mean() < 84 < 92 < result[hot].mean() < 105
    assert rms((result - truth)[~cold]) < 0.75 * rms((values - truth)[~cold])
    # more noise would be no gain
    assert result[:4].std() < 1.8 * values[:4].std()
    assert result.mean() == pytest.approx(values.mean(), rel=2e-3)


@pytest.mark.parametrize("make", [Wiener, RichardsonLucy])
def test_without_a_width_the_blur_is_that_of_the_voxels(make):
    """It was 5 mm of any image: the edges of an MR in voxels of 0.7 mm overshot by as much as they were high."""
    values = ndimage.gaussian_filter(np.pad(np.full((6, 20, 20), 100.0), ((0, 0), (10, 10), (10, 10))) + 100, 0.64)
    spacing = (0.7, 0.7, 4.0)
    result = run(make(), values, spacing)
    np.testing.assert_allclose(result, run(make(fwhm_mm=1.05), values, spacing), atol=1e-3)
    assert values[3].max() < result[3].max() < 215 and result[3].min() > 85
    slab = run(make(), values[:1], (5.0, 5.0, 1.0))
    np.testing.assert_allclose(slab, run(make(fwhm_mm=7.5), values[:1], (5.0, 5.0, 1.0)), atol=1e-3)


def test_richardson_lucy_is_the_plain_iteration():
    _, values = sphere_blurred(1.0)
    values = np.maximum(values, 0.1)[10:30]
    blur = lambda a: ndimage.gaussian_filter(a, 6 / 2.3548 / 2, truncate=3.2)  # noqa: E731
    expected = values.copy()
    for _ in range(5):
        expected = expected * blur(values / blur(expected))
    result = run(RichardsonLucy(fwhm_mm=6, iterations=5, damping=0), values, (2, 2, 2))
    np.testing.assert_allclose(result, expected, rtol=2e-3)


def test_richardson_lucy_in_parts_is_the_same(monkeypatch):
    from MedProcLib.enhancement.frequency import richardson_lucy

    _, values = sphere_blurred(1.0)
    whole = run(RichardsonLucy(iterations=4), values, (2, 2, 2))
    monkeypatch.setattr(richardson_lucy, "CHUNK_VOXELS", 1)
    np.testing.assert_allclose(run(RichardsonLucy(iterations=4), values, (2, 2, 2)), whole, rtol=1e-5)


def test_without_signal_above_the_noise_wiener_gives_the_mean():
    values = np.random.default_rng(0).normal(50, 5, (24, 32, 32))
    result = run(Wiener(fwhm_mm=3, noise=5), values)
    assert result.std() < 1.0 and result.mean() == pytest.approx(values.mean(), abs=1e-3)


# Stripes and periodic patterns


@pytest.mark.parametrize("stripes, axis", [("horizontal", 1), ("vertical", 2)])
def test_stripes_go_and_the_head_stays(real_flair, stripes, axis):
    truth = sitk.GetArrayFromImage(real_flair)[16:20].astype(float)
    shape = [4, 1, 1]
    shape[axis] = 320
    lines = 15 * np.random.default_rng(0).choice([-1, 0, 0, 1], shape)
    spacing = real_flair.GetSpacing()
    detail = lines - ndimage.gaussian_filter1d(lines.astype(float), 3 / spacing[0], axis)
    left = run(RemoveStripes(stripes=stripes), truth + lines, spacing) - truth
    # what is broader than the widest stripe cannot be told from anatomy
    assert rms(left - (lines - detail)) < 0.5 * rms(detail)
    untouched = run(RemoveStripes(stripes=stripes), truth, spacing) - truth
    assert rms(untouched) < 0.02 * truth.max()


def test_slices_of_other_gain_are_evened():
    z, y, x = np.mgrid[:24, :40, :40]
    truth = 100 + 2.0 * z + 30 * ((y - 20) ** 2 + (x - 20) ** 2 < 100)
    offsets = np.where(np.arange(24) % 2, 6.0, -6.0)[:, None, None]
    result = run(RemoveStripes(stripes="slices", length_mm=100), truth + offsets, (2, 2, 4))
    inner = slice(4, -4)
    assert rms((result - truth)[inner]) < 0.1 * 6


@pytest.mark.parametrize("wavelength, angle", [(4.3, 20), (3.1, 0), (6, -63), (5, 90)])
@pytest.mark.parametrize("found", [True, False])
def test_a_wave_over_a_real_image_is_removed(real_flair, wavelength, angle, found):
    truth = sitk.GetArrayFromImage(real_flair)[16:18].astype(float)
    spacing = real_flair.GetSpacing()
    y, x = np.mgrid[:320, :320] * spacing[0]
    turned = np.deg2rad(angle)
    wave = 12 * np.cos(2 * np.pi * (x * np.cos(turned) + y * np.sin(turned)) / wavelength + 0.7)
    enhance = Notch() if found else Notch(wavelength_mm=wavelength, angle_deg=angle)
    result = run(enhance, truth + wave, spacing)
    assert rms(result - truth) < 0.25 * rms(wave)
    assert rms((result - truth)[:, :, :8]) < 0.2 * rms(wave)
    if found:
        grid = Geometry.of(real_flair[:, :, 16:18])
        waves = enhance.learn((truth + wave).astype(np.float32), truth >= 0, grid)
        assert len(waves) == 1
        assert 1 / np.hypot(*waves[0]) == pytest.approx(wavelength, rel=2e-3)


def test_nothing_periodic_is_found_in_a_head(real_flair):
    values = sitk.GetArrayFromImage(real_flair).astype(np.float32)
    assert Notch().learn(values, values >= 0, Geometry.of(real_flair)) == []


def test_straight_borders_of_a_limb_are_no_pattern_and_hide_none():
    """Saturated beside it: multiples of the limb's width stood out of the spectrum, and were subtracted."""
    y, x = np.mgrid[:300, :300]
    across = x - 150 + 0.03 * y
    limb = 500 - 0.03 * across**2 + np.random.default_rng(0).normal(0, 3, across.shape)
    image = np.where(np.abs(across) > 60, 1023, limb)
    grid = Geometry.of(image_of(image, (1, 1)))
    assert Notch().learn(image.astype(np.float32), image > 0, grid) == []
    lines = image + 2 * np.cos(2 * np.pi * (0.9 * x + 0.2 * y) / 5)
    (wave,) = Notch().learn(lines.astype(np.float32), image > 0, grid)
    assert wave == pytest.approx((0.04, 0.18), abs=0.0005)


# Gibbs ringing


def measured_disc(side, radius, refined=1):
    """A disc as MR measures it: its analytic Fourier transform up to side / 2 cycles, and each voxel's distance."""
    n = side * refined
    k = np.fft.fftfreq(n) * n
    ky, kx = k[:, None], k[None]
    q = np.hypot(kx, ky) / side
    spectrum = np.where(q > 0, radius * special.j1(2 * np.pi * radius * q) / np.where(q > 0, q, 1), np.pi * radius**2)
    spectrum = spectrum * np.exp(-2j * np.pi * (kx * (0.3 / side + 0.5) + ky * (-0.2 / side + 0.5)))
    spectrum[(np.abs(kx) >= side / 2) | (np.abs(ky) >= side / 2)] = 0
    y, x = (np.mgrid[:n, :n] - n / 2) / refined
    return np.real(np.fft.ifft2(spectrum)) * refined**2, np.hypot(y + 0.2, x - 0.3)


@pytest.mark.parametrize("refined", [1, 2])
def test_ringing_of_an_analytic_disc_goes_and_its_edge_stays(refined):
    values, distance = measured_disc(96, 25.37, refined)
    result = run(GibbsReduction(interpolation=refined), values)
    for where, level in ((distance < 22, 1), (distance > 28.5, 0)):
        assert np.abs(values[where] - level).max() > 0.03
        assert rms(result[where] - level) < 0.12 * rms(values[where] - level)
        assert np.abs(result[where] - level).max() < 0.25 * np.abs(values[where] - level).max()
    area = np.pi * 25.37**2 * refined**2
    assert np.sum(result > 0.5) == pytest.approx(area, rel=3e-3)
    assert np.sum(result[distance < 40]) == pytest.approx(area, rel=1e-3)
    # as steep as the untouched edge
    steepest = [np.abs(np.gradient(v[v.shape[0] // 2])).max() for v in (values, result)]
    assert steepest[1] > 0.75 * steepest[0]


def test_gibbs_reduction_works_in_the_plane_of_the_finest_axes():
    plane, _ = measured_disc(48, 12.3)
    axial = np.stack([plane, 2 * plane, plane])
    expected = run(GibbsReduction(), axial, (1, 1, 4))
    sagittal = run(GibbsReduction(), np.moveaxis(axial, 0, 2), (4, 1, 1))
    np.testing.assert_allclose(np.moveaxis(sagittal, 2, 0), expected, atol=1e-4)


# CT


@pytest.mark.parametrize("center", [(0.0, 0.0), (12.0, -9.0)])
def test_rings_around_the_axis_go(center):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:200, :200] - 99.5
    truth = np.where(np.hypot(x / 85, y / 70) < 1, 40.0, -1000.0) + 60 * (np.hypot(x - 35, y - 20) < 12)
    truth = truth + rng.normal(0, 8, truth.shape)
    radius = np.hypot(x - center[0], y - center[1])
    strength = np.where(np.arange(300) % 9 == 0, rng.choice([-40, 40], 300), 0)
    rings = np.interp(radius, np.arange(300), strength) * (truth > -500)
    result = run(RingReduction(center_x_mm=center[0], center_y_mm=center[1]), truth + rings)
    body = (np.hypot(x / 78, y / 63) < 1) & (radius > 20)
    assert rms((result - truth)[body]) < 0.45 * rms(rings[body])
    clean = run(RingReduction(center_x_mm=center[0], center_y_mm=center[1]), truth)
    assert rms((clean - truth)[body]) < 2
    lesion = np.hypot(x - 35, y - 20) < 9
    assert result[lesion].mean() == pytest.approx(truth[lesion].mean(), abs=3)


def test_an_axis_outside_the_image_is_refused():
    with pytest.raises(InputError, match="axis of rotation"):
        RingReduction(center_x_mm=50)(image_of(np.eye(32)))


def test_thin_metal_streaks_fade_and_bone_air_and_metal_stay():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :160] - 80.0
    truth = np.full((160, 160), 40.0)
    truth[(np.hypot(x - 30, y) < 8)] = 900
    truth[(np.hypot(x + 30, y) < 8)] = -950
    metal = np.hypot(x, y) < 4
    truth[metal] = 8000
    noise = rng.normal(0, 10, truth.shape)
    streaks = 80 * np.sin(24 * np.arctan2(y, x)) * np.exp(-np.hypot(x, y) / 40) * ~metal
    values = truth + noise + streaks
    result = run(MetalStreakReduction(), values)
    tissue = (truth == 40) & (np.hypot(x, y) > 8) & (np.hypot(x, y) < 40)
    assert rms((result - truth)[tissue]) < 0.55 * rms((values - truth)[tissue])
    assert (result[metal] == values.astype(np.float32)[metal]).all()
    for level, low, high in ((900, 860, 940), (-950, -990, -910)):
        inside = truth == level
        assert low < result[inside].mean() < high
        assert np.sum(np.abs(result - level) < 200) == pytest.approx(inside.sum(), rel=0.03)


def test_slices_without_metal_stay_as_they_are():
    values = np.random.default_rng(0).normal(40, 30, (2, 32, 32)).astype(np.float32)
    np.testing.assert_array_equal(run(MetalStreakReduction(), values), values)
