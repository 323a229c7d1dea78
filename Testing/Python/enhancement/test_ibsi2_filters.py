"""Texture filters against their definitions written the plain way, and against closed forms."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import Progress
from MedProcLib.core.registry import create_operation
from MedProcLib.enhancement.texture.patch import Patch
from MedProcLib.enhancement.texture.texture_gabor import gabor_response, wave_angles
from MedProcLib.enhancement.texture.texture_laws import laws_kernel, laws_response
from MedProcLib.enhancement.texture.texture_log import log_response
from MedProcLib.enhancement.texture.texture_mean import mean_response
from MedProcLib.enhancement.texture.texture_riesz import riesz_log_response, riesz_simoncelli_response
from MedProcLib.enhancement.texture.texture_simoncelli import simoncelli_response
from MedProcLib.enhancement.texture.texture_wavelet import wavelet_response
from MedProcLib.enhancement.texture.wavelet_kernels import high_pass, low_pass, spread

NDIMAGE = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
NUMPY = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}
BOUNDARIES = list(NDIMAGE)
POOLS = {"max": np.max, "min": np.min, "average": np.mean}


@pytest.fixture
def noise():
    return np.random.default_rng(3).normal(10, 20, (13, 14, 15))


def turned(kernel):
    """The 24 right-angle rotations of a 3D array (4 of a 2D one), by turning it."""
    if kernel.ndim == 2:
        return [np.rot90(kernel, n) for n in range(4)]
    up = [
        kernel,
        np.rot90(kernel, 2, (0, 1)),
        *(np.rot90(kernel, n, axes) for n in (1, 3) for axes in ((0, 1), (0, 2))),
    ]
    return [np.rot90(k, n, (1, 2)) for k in up for n in range(4)]


def outer(x, y, z):
    return z[:, None, None] * y[:, None] * x


def centered(kernel):
    """In a cube of odd side, with the same center."""
    side = max(kernel.shape)
    return np.pad(kernel, [((side - n) // 2,) * 2 for n in kernel.shape])


def test_rotations_by_turning_are_24():
    assert len({k.tobytes() for k in turned(np.arange(27.0).reshape(3, 3, 3))}) == 24


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("support", [3, 4, 7])
def test_mean_is_the_mean_of_a_box(noise, boundary, support):
    padded = np.pad(noise, 4, mode=NUMPY[boundary])
    # an even support has its extra voxel before the center, as convolution with (1, ..., 1, 0) / M has
    first = 4 - (support - 1 - support // 2) if support % 2 else 4 - support // 2 + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (support,) * 3).mean(axis=(3, 4, 5))
    expected = windows[first : first + 13, first : first + 14, first : first + 15]
    np.testing.assert_allclose(mean_response(noise, support, boundary), expected, atol=1e-9)


def test_log_of_a_parabola_is_its_curvature_whatever_the_spacing():
    """The Laplacian of x^2 is 2 per mm^2, per squared mean spacing 2 (3 x 1 x 1)^(2/3), along each axis alike."""
    spacing = (3.0, 1.0, 1.0)
    for axis in range(3):
        place = np.arange(41) * spacing[axis]
        parabola = np.broadcast_to(np.expand_dims(place**2, [a for a in range(3) if a != axis]), (41, 41, 41))
        response = log_response(parabola, spacing, 4.0, cutoff=4.5)
        assert response[20, 20, 20] == pytest.approx(2 * 3 ** (2 / 3), rel=0.01)
    assert np.abs(log_response(np.full((20, 20, 20), -1000.0), spacing, 4.0)).max() < 1e-9


def test_log_of_an_impulse_is_the_formula():
    impulse = np.zeros((31, 31, 31))
    impulse[15, 15, 15] = 1
    sigma = 2.5
    k2 = sum(g**2 for g in np.mgrid[-15:16, -15:16, -15:16])
    formula = -1 / sigma**2 * (2 * np.pi * sigma**2) ** -1.5 * (3 - k2 / sigma**2) * np.exp(-k2 / (2 * sigma**2))
    formula[np.abs(np.mgrid[-15:16, -15:16, -15:16]).max(axis=0) > 10] = 0
    response = log_response(impulse, (2, 2, 2), 5.0, boundary="zero")
    np.testing.assert_allclose(response, formula, atol=1e-3 * np.ptp(formula))


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("names", [("E5", "L5", "S5"), ("E3", "W5", "R5"), ("L5", "L5", "E5"), ("L3", "S5", "L5")])
@pytest.mark.parametrize("pooling", ["max", "min", "average"])
def test_laws_is_convolution_with_the_turned_kernels(noise, boundary, names, pooling):
    kernel = centered(outer(*(laws_kernel(name) for name in names)))
    maps = [ndimage.convolve(noise, k, mode=NDIMAGE[boundary]) for k in turned(kernel)]
    response = laws_response(noise, names, True, pooling, boundary=boundary)
    np.testing.assert_allclose(response, POOLS[pooling](maps, axis=0), atol=1e-9)


@pytest.mark.parametrize("names", [("E5", "L5"), ("L3", "W5")])
def test_laws_of_two_kernels_is_convolution_in_slices(noise, names):
    x, y = (laws_kernel(name) for name in names)
    kernel = centered(y[:, None] * x)
    maps = [ndimage.convolve(noise[4], k, mode="reflect") for k in turned(kernel)]
    np.testing.assert_allclose(laws_response(noise, names)[4], np.max(maps, axis=0), atol=1e-9)
    np.testing.assert_allclose(laws_response(noise, names, False)[4], maps[0], atol=1e-9)


def test_laws_energy_is_the_mean_absolute_response(noise):
    response = laws_response(noise, ("L5", "E5"), False)
    energy = laws_response(noise, ("L5", "E5"), False, energy_distance=3)
    np.testing.assert_allclose(energy, ndimage.uniform_filter(np.abs(response), (0, 7, 7)), atol=1e-9)


def test_laws_kernels_have_norm_one_and_only_level_sees_a_mean():
    for name in ("L5", "E5", "S5", "W5", "R5", "L3", "E3", "S3"):
        kernel = laws_kernel(name)
        assert (kernel**2).sum() == pytest.approx(1)
        assert (abs(kernel.sum()) > 1) == (name[0] == "L")


@pytest.mark.parametrize("wavelet", ["haar", "db2", "db3", "db4", "db5", "db6", "db8", "coif1", "coif2", "coif3"])
def test_wavelets_are_orthonormal_and_blind_to_polynomials(wavelet):
    low, high = low_pass(wavelet), high_pass(wavelet)
    assert low.sum() == pytest.approx(np.sqrt(2)) and high.sum() == pytest.approx(0, abs=1e-10)
    for shift in range(0, len(low), 2):
        expected = float(shift == 0)
        assert low[shift:] @ low[: len(low) - shift] == pytest.approx(expected, abs=1e-10)
        assert high[shift:] @ high[: len(low) - shift] == pytest.approx(expected, abs=1e-10)
        assert low[shift:] @ high[: len(low) - shift] == pytest.approx(0, abs=1e-10)
    moments = {"h": 1, "d": len(low) // 2, "c": len(low) // 3}[wavelet[0]]
    for power in range(moments):
        place = np.arange(len(low)) - len(low) / 2
        assert high @ place**power == pytest.approx(0, abs=1e-5 * max(1, np.abs(place).max() ** power))


def test_a_level_has_holes_between_its_weights():
    np.testing.assert_allclose(spread(np.array([1.0, 2.0]), 2), [1, 0, 2, 0, 0])
    np.testing.assert_allclose(spread(np.array([1.0, 2.0, 3.0]), 3), [1, 0, 0, 0, 2, 0, 0, 0, 3])


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("wavelet, subband, level", [("db2", "LHL", 1), ("haar", "HHH", 2), ("coif1", "HLL", 1)])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_wavelet_is_convolution_with_the_turned_kernels(noise, boundary, wavelet, subband, level, pooling):
    def kernel(letters, number):
        odd = [np.append(k, np.zeros(1 - len(k) % 2)) for k in (low_pass(wavelet), high_pass(wavelet))]
        step = 2 ** (number - 1)
        holed = [np.array([k[n // step] if n % step == 0 else 0 for n in range(step * (len(k) - 1) + 1)]) for k in odd]
        return outer(*(holed[letter == "H"] for letter in letters))

    stages = [turned(kernel(subband if number == level else "LLL", number)) for number in range(1, level + 1)]
    maps = []
    for kernels in zip(*stages, strict=True):
        values = noise
        for k in kernels:
            values = ndimage.convolve(values, k, mode=NDIMAGE[boundary])
        maps.append(values)
    response = wavelet_response(noise, wavelet, subband, level, True, pooling, boundary)
    np.testing.assert_allclose(response, POOLS[pooling](maps, axis=0), atol=1e-8)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_few_slices_are_those_of_the_whole(noise, boundary):
    kernel = np.array([1.0, 2, 3, 5, 8, 13, 21, 34, 55])
    for axis in range(3):
        whole = Patch.of(noise, boundary).convolved(axis, kernel, slice(0, noise.shape[axis]))
        for first in (0, 5, noise.shape[axis] - 2):
            keep = slice(first, first + 2)
            few = Patch.of(noise, boundary).convolved(axis, kernel, keep)
            np.testing.assert_allclose(few.values, whole.cut(axis, keep).values, rtol=1e-10)
            assert few.box[axis] == keep


def test_subbands_of_two_letters_work_slice_by_slice(noise):
    whole = wavelet_response(noise, "db3", "LH")
    for number in (0, 7):
        np.testing.assert_allclose(whole[number], wavelet_response(noise[number], "db3", "LH"), atol=1e-9)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_gabor_is_convolution_with_the_formula(noise, boundary):
    sigma, wavelength, aspect, angle = 1.5, 3.0, 0.8, 0.7
    radius = int(4 * sigma / aspect + 0.5)
    v, u = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    across, along = u * np.cos(angle) + v * np.sin(angle), u * np.sin(angle) - v * np.cos(angle)
    kernel = np.exp(-(across**2 + aspect**2 * along**2) / (2 * sigma**2) + 2j * np.pi * across / wavelength)
    parts = [ndimage.convolve(noise[5], k, mode=NDIMAGE[boundary]) for k in (kernel.real, kernel.imag)]
    response = gabor_response(noise, (5.0, 2.0, 2.0), 2 * sigma, 2 * wavelength, aspect, [angle], boundary=boundary)
    np.testing.assert_allclose(response[5], np.hypot(*parts), rtol=1e-4, atol=1e-3)


def test_gabor_finds_the_direction_and_width_of_stripes_in_mm():
    y, x = np.mgrid[:60, :80] * np.array([1.0, 0.7])[:, None, None]
    angle = np.pi / 5
    stripes = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / 5)
    along = gabor_response(stripes, (1.0, 0.7), 4, 5, 1, [angle])[30, 40]
    # half the wave's amplitude times the sum of the Gaussian
    assert along == pytest.approx(0.5 * 2 * np.pi * 16 / 0.7, rel=0.01)
    assert gabor_response(stripes, (1.0, 0.7), 4, 5, 1, [angle + np.pi / 2])[30, 40] < 0.02 * along
    assert gabor_response(stripes, (1.0, 0.7), 4, 10, 1, [angle])[30, 40] < 0.1 * along


def test_directions_are_spread_over_half_a_turn():
    np.testing.assert_allclose(np.degrees(wave_angles(10, 1)), [10])
    np.testing.assert_allclose(np.degrees(wave_angles(20, 4)), [20, 65, 110, 155])


@pytest.mark.parametrize(
    "respond",
    [
        lambda v: laws_response(v, ("E5", "L5", "S5"), energy_distance=1),
        lambda v: laws_response(v, ("L5", "W5", "R5"), pooling="min", boundary="zero"),
        lambda v: wavelet_response(v, "db2", "LLH", 2, boundary="periodic"),
        lambda v: wavelet_response(v, "coif1", "LHH", 1, pooling="max"),
        lambda v: gabor_response(v, (1, 1, 1), 1.5, 3, 0.7, wave_angles(0, 4), True, "max"),
        lambda v: log_response(v, (1, 1, 1), 1.2),
        lambda v: simoncelli_response(v, 1, "mirror"),
    ],
)
def test_what_is_rotation_invariant_turns_with_the_image(respond):
    values = np.random.default_rng(5).normal(0, 50, (16, 16, 16))
    response = respond(values)
    for axes in itertools.combinations(range(3), 2):
        np.testing.assert_allclose(
            respond(np.rot90(values, 1, axes)), np.rot90(response, 1, axes), atol=1e-4 * np.ptp(response)
        )


@pytest.mark.parametrize("level, size, wave", [(1, 32, 16), (1, 32, 10), (2, 32, 8), (3, 40, 4), (2, 32, 17)])
def test_simoncelli_passes_a_mirrored_wave_by_its_frequency(level, size, wave):
    """cos(pi k (i + 1/2) / N) is a wave of the mirrored image, of frequency k / N in units of Nyquist's."""
    line = np.cos(np.pi * wave * (np.arange(size) + 0.5) / size)
    frequency, top = wave / size, 2.0 ** (1 - level)
    gain = np.cos(np.pi / 2 * np.log2(2 * frequency / top)) if top / 4 < frequency < top else 0
    values = np.broadcast_to(line, (5, 9, size)) + 100
    np.testing.assert_allclose(simoncelli_response(values, level, "mirror"), gain * (values - 100), atol=1e-9)
    np.testing.assert_allclose(
        simoncelli_response(values, level, "mirror", by_slices=True), gain * (values - 100), atol=1e-9
    )


def test_simoncelli_and_riesz_of_a_periodic_wave():
    """Of odd size, with frequencies 2k / (N - 1); the Riesz transform makes a sine of a cosine."""
    size, wave = 33, 8
    turn = 2 * np.pi * wave * np.arange(size) / size
    values = np.broadcast_to(np.cos(turn), (9, 11, size))
    sine = np.broadcast_to(np.sin(turn), values.shape)
    np.testing.assert_allclose(simoncelli_response(values, 1), values, atol=1e-9)
    np.testing.assert_allclose(riesz_simoncelli_response(values, 1, (0, 0, 1)), sine, atol=1e-9)
    np.testing.assert_allclose(riesz_simoncelli_response(values, 1, (0, 0, 2)), -values, atol=1e-9)
    np.testing.assert_allclose(riesz_simoncelli_response(values, 1, (0, 1, 0)), 0 * values, atol=1e-9)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_riesz_transforms_of_an_order_keep_the_energy_together(total):
    values = np.random.default_rng(2).normal(0, 1, (15, 17, 19))
    band = simoncelli_response(values, 1)
    orders = [o for o in itertools.product(range(total + 1), repeat=3) if sum(o) == total]
    energy = sum((riesz_simoncelli_response(values, 1, o) ** 2).sum() for o in orders)
    assert energy == pytest.approx((band**2).sum(), rel=1e-9)


def test_riesz_of_the_laplacian_of_gaussian_keeps_its_energy_too():
    values = np.random.default_rng(2).normal(0, 1, (15, 17, 19))
    plain = log_response(values, (2, 2, 2), 3.0, boundary="periodic")
    energy = sum((riesz_log_response(values, (2, 2, 2), 3.0, o) ** 2).sum() for o in np.eye(3, dtype=int))
    assert energy == pytest.approx((plain**2).sum(), rel=1e-9)


@pytest.mark.parametrize("boundary", ["periodic", "mirror"])
def test_the_mean_of_the_image_has_no_response(boundary):
    values = np.random.default_rng(2).normal(0, 1, (8, 10, 12))
    for make in (
        lambda v: simoncelli_response(v, 2, boundary),
        lambda v: riesz_simoncelli_response(v, 2, (0, 1, 1), boundary),
        lambda v: riesz_log_response(v, (1, 1, 1), 1.0, (2, 0, 0), boundary=boundary),
    ):
        np.testing.assert_allclose(make(values + 1000), make(values), atol=1e-9)


@pytest.mark.parametrize("boundary", ["zero", "nearest"])
def test_padding_is_seen_near_the_border_only(boundary):
    values = np.zeros((41, 41))
    values[20, 20] = 1
    for make in (
        lambda b: simoncelli_response(values, 1, b),
        lambda b: riesz_log_response(values, (1, 1), 1.0, (1, 0), boundary=b),
    ):
        center = (slice(15, 26), slice(15, 26))
        np.testing.assert_allclose(make(boundary)[center], make("periodic")[center], atol=0.03 * np.ptp(make(boundary)))


def test_functions_leave_their_input_alone(noise):
    before = noise.copy()
    simoncelli_response(noise, 1, "mirror")
    simoncelli_response(noise, 1, "periodic")
    riesz_simoncelli_response(noise, 1, (1, 0, 0))
    riesz_log_response(noise, (1, 1, 1), 1.0, (1, 0, 0))
    np.testing.assert_array_equal(noise, before)


def test_what_cannot_be_done_is_said():
    image = sitk.GetImageFromArray(np.random.default_rng(1).normal(0, 1, (20, 21)).astype(np.float32))
    with pytest.raises(InputError, match="order of at least 1"):
        create_operation("enhancement.texture_riesz", {"order_y": 0})(image)
    with pytest.raises(InputError, match="no derivative along z"):
        create_operation("enhancement.texture_riesz", {"order_z": 1})(image)
    with pytest.raises(InputError, match="not one of zero, nearest, periodic, mirror"):
        mean_response(np.zeros((4, 4)), 3, "reflect")


@pytest.mark.parametrize(
    "name, size, spacing, parameters, said",
    [
        ("gabor", (20, 18, 4), (3, 3, 3), {"wavelength_mm": 4.0}, "stripes 4 mm apart"),
        ("gabor", (20, 18, 4), (1, 1, 5), {"wavelength_mm": 4.0}, ""),
        ("gabor", (20, 18, 4), (1, 1, 5), {"wavelength_mm": 4.0, "planes": "all"}, "stripes 4 mm apart"),
        ("log", (20, 18, 4), (4, 4, 3), {"sigma_mm": 1.5}, "Voxels of 4 mm"),
        ("log", (20, 18, 4), (1, 1, 5), {"sigma_mm": 1.5, "dimension": "2D"}, ""),
        ("wavelet", (20, 18), (1, 1), {}, "low-pass alone"),
        ("wavelet", (20, 18, 4), (1, 1, 1), {}, ""),
    ],
)
def test_a_response_that_is_not_what_its_name_says_is_noted(name, size, spacing, parameters, said):
    image = sitk.AdditiveGaussianNoise(sitk.Image(size, sitk.sitkFloat32), 20.0, 10.0, 1)
    image.SetSpacing(spacing)
    progress = Progress()
    create_operation(f"enhancement.texture_{name}", parameters)(image, progress=progress)
    assert len(progress.notes) == bool(said) and said in "".join(progress.notes)


def test_a_kernel_far_larger_than_the_image_is_refused():
    """A picture of cells, 0.2 mm wide, at settings for organs took all memory."""
    image = sitk.AdditiveGaussianNoise(sitk.Image((30, 20), sitk.sitkFloat32), 20.0, 10.0, 1)
    image.SetSpacing((0.00065, 0.00065))
    with pytest.raises(InputError, match="18462 voxels"):
        create_operation("enhancement.texture_gabor", {})(image)
