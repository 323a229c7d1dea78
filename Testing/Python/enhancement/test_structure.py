"""Edges, blobs, vessels and plates against formulas, and against scipy and scikit-image."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.structure.blobness import Blobness
from MedProcLib.enhancement.structure.canny import Canny
from MedProcLib.enhancement.structure.derivatives import kernel
from MedProcLib.enhancement.structure.difference_of_gaussians import DifferenceOfGaussians
from MedProcLib.enhancement.structure.gradient_magnitude import GradientMagnitude
from MedProcLib.enhancement.structure.hessian import eigenvalues
from MedProcLib.enhancement.structure.laplacian_of_gaussian import LaplacianOfGaussian
from MedProcLib.enhancement.structure.plateness import Plateness
from MedProcLib.enhancement.structure.vesselness import Vesselness

from .phantoms import OBLIQUE


def image_of(values, spacing=None) -> sitk.Image:
    """spacing: mm, x, y, z."""
    image = sitk.GetImageFromArray(np.asarray(values, np.float32))
    if spacing:
        image.SetSpacing(spacing)
    return image


def places(size, spacing):
    """Positions in mm from the middle voxel, per axis z, y, x. size and spacing: x, y, z."""
    return np.meshgrid(*[s * (np.arange(n) - n // 2) for n, s in zip(size[::-1], spacing[::-1], strict=True)],
                       indexing="ij")  # fmt: skip


def profile(shape, radius, size, spacing, axis=(0.0, 0.0, 1.0)):
    """exp(-d^2 / 2 r^2) with d the distance from a point, a line along `axis` or a plane with that normal (z, y, x)."""
    position = np.stack(places(size, spacing))
    normal = np.array(axis) / np.linalg.norm(axis)
    along = np.tensordot(normal, position, 1)
    square = {"ball": (position**2).sum(0), "plate": along**2, "tube": (position**2).sum(0) - along**2}[shape]
    return np.exp(-square / (2 * radius**2))


def values(image):
    return sitk.GetArrayFromImage(image)


def middle(array):
    return array[tuple(n // 2 for n in array.shape)]


@pytest.mark.parametrize("sd", [0.1, 0.4, 0.8, 2.5])
def test_kernels_are_exact_for_polynomials(sd):
    x = np.arange(len(kernel(0, sd))) - len(kernel(0, sd)) // 2
    expected = {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 1, (1, 2): 0, (2, 0): 0, (2, 1): 0, (2, 2): 2}
    for (order, power), moment in expected.items():
        assert (kernel(order, sd) * x.astype(float) ** power).sum() == pytest.approx(moment, abs=1e-9)


def test_kernels_of_small_gaussians_are_differences_of_neighbors():
    np.testing.assert_allclose(kernel(1, 0.1), [-0.5, 0, 0.5], atol=1e-9)
    np.testing.assert_allclose(kernel(2, 0.1), [1, -2, 1], atol=1e-9)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 1.1, 5)])
def test_gradient_of_a_ramp_is_its_slope_per_mm(spacing):
    z, y, x = places((30, 28, 24), spacing)
    image = image_of(100 + 3 * x - 4 * y + 12 * z, spacing)
    image.SetDirection(OBLIQUE)
    inner = values(GradientMagnitude(sd_mm=1.5)(image))[8:-8, 8:-8, 10:-10]
    np.testing.assert_allclose(inner, 13, rtol=1e-4)


@pytest.mark.parametrize("spacing, size", [((1, 1, 1), (44, 44, 44)), ((0.8, 1, 2), (54, 44, 24))])
def test_gradient_and_laplacian_of_a_gaussian_ball_are_the_formulas(spacing, size):
    r, sd = 4.0, 2.0
    wide = r**2 + sd**2
    square = sum(p**2 for p in places(size, spacing))
    smooth = (r**2 / wide) ** 1.5 * np.exp(-square / (2 * wide))
    image = image_of(1000 * profile("ball", r, size, spacing), spacing)
    gradient = 1000 * smooth * np.sqrt(square) / wide
    np.testing.assert_allclose(values(GradientMagnitude(sd_mm=sd)(image)), gradient, atol=0.015 * gradient.max())
    laplacian = -1000 * smooth * (square / wide - 3) / wide
    for normalized, factor in ((True, sd**2), (False, 1)):
        result = values(LaplacianOfGaussian(sd_mm=sd, normalized=normalized)(image))
        np.testing.assert_allclose(result, factor * laplacian, atol=0.015 * factor * laplacian.max())
    negative = values(LaplacianOfGaussian(sd_mm=sd, bright="negative")(image))
    assert middle(negative) == pytest.approx(-(sd**2) * laplacian.max(), rel=0.015)


def test_laplacian_finds_the_size_of_balls_and_disks():
    sds = np.arange(2.0, 6.5, 0.25)
    for size, ratio in (((49, 49, 49), 3), ((49, 49), 2)):
        image = image_of(sum(p**2 for p in places(size, (1,) * len(size))) <= 49)
        answers = [middle(values(LaplacianOfGaussian(sd_mm=sd)(image))) for sd in sds]
        assert sds[np.argmax(answers)] == pytest.approx(7 / np.sqrt(ratio), abs=0.3)


def test_differences_of_gaussians_are_those_of_scipy():
    array = np.random.default_rng(0).normal(size=(20, 24, 28))
    result = values(DifferenceOfGaussians(sd_mm=1.2, ratio=2)(image_of(array, (0.8, 1, 2))))
    plain = [ndimage.gaussian_filter(array, [sd / 2, sd, sd / 0.8], mode="reflect") for sd in (1.2, 2.4)]
    np.testing.assert_allclose(result, plain[0] - plain[1], atol=2e-3)


def test_eigenvalues_are_those_of_numpy():
    rng = np.random.default_rng(1)
    matrices = rng.normal(size=(6000, 3, 3))
    matrices += matrices.transpose(0, 2, 1)
    unit = rng.normal(size=(1000, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    outer = unit[:, :, None] * unit[:, None, :]
    matrices[:1000] = outer - np.eye(3)  # a tube: two alike
    matrices[1000:2000] = outer  # a plate: two zeros
    matrices[2000:2100] = 7 * np.eye(3)
    matrices[2100:2200] = 0
    matrices[2200:2300] *= 1e-15
    matrices[2300:2400] *= 1e8
    matrices = matrices.astype(np.float32)
    upper = [matrices[:, i, j] for i in range(3) for j in range(i, 3)]
    expected = np.linalg.eigvalsh(matrices.astype(float))[:, ::-1]
    scale = np.maximum(np.abs(expected).max(axis=1, keepdims=True), 1e-30)
    assert (np.abs(np.stack(eigenvalues(upper), 1) - expected) / scale).max() < 3e-7
    flat = np.stack(eigenvalues([matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]]), 1)
    expected = np.linalg.eigvalsh(matrices[:, :2, :2].astype(float))[:, ::-1]
    np.testing.assert_allclose(flat, expected, atol=1e-15, rtol=1e-5)


# Responses at the middle of a Gaussian profile of SD r to a scale s: 100 s^2 r^n / (r^2 + s^2)^(1 + n / 2), n = the
# number of axes across; largest at these s^2 / r^2
PEAKS = {"plate": (1, Plateness, 2.0), "tube": (2, Vesselness, 1.0), "ball": (3, Blobness, 2 / 3)}


@pytest.mark.parametrize("shape", PEAKS)
@pytest.mark.parametrize("spacing, axis", [((1, 1, 1), (1, 2, 2)), ((1, 1, 1), (0, 0, 1)), ((0.8, 1, 1.6), (3, 1, 2))])
def test_answers_peak_at_the_scale_of_the_structure(shape, spacing, axis):
    across, operation, peak = PEAKS[shape]
    r = 3.0
    size = tuple(int(40 / s) for s in spacing)
    image = image_of(100 * profile(shape, r, size, spacing, axis), spacing)
    image.SetDirection(OBLIQUE)
    squares = np.array([0.35, 0.6, 1, 1.5, 2.2]) * peak
    answers = []
    for square in squares:
        sd = float(r * np.sqrt(square))
        answer = middle(values(operation(method="Sato", smallest_sd_mm=sd, scales=1)(image)))
        expected = 100 * square / (1 + square) ** (1 + across / 2)
        # the border comes into the widest ones
        assert answer == pytest.approx(expected, rel=0.03 if sd < 5 else 0.1)
        answers.append(answer)
    assert np.argmax(answers) == 2
    together = operation(method="Sato", smallest_sd_mm=r * squares[0] ** 0.5, largest_sd_mm=r * squares[2] ** 0.5)
    assert middle(values(together(image))) == pytest.approx(max(answers), rel=1e-3)


@pytest.mark.parametrize("operation, across", [(Plateness, 1), (Vesselness, 2), (Blobness, 3)])
def test_even_structures_answer_most_to_the_scale_that_is_said(operation, across):
    """Half thickness, or radius: the square root of the number of axes across, in scales; what parameters tell of."""
    places = np.mgrid[-18:18:61j, -18:18:61j, -18:18:61j]
    distance = np.sqrt(sum(p**2 for p in places[:across]))
    answers = []
    for ratio in (0.75, 1, 1.3):
        soft = 100 * np.clip(0.5 - (distance - 2 * across**0.5 * ratio) / 0.6, 0, 1)
        answer = operation(smallest_sd_mm=2, scales=1, contrast=20)(image_of(soft, (0.6,) * 3))
        answers.append(middle(values(answer)))
    assert np.argmax(answers) == 1


@pytest.mark.parametrize("method", ["Frangi", "Sato"])
def test_each_filter_answers_to_its_structure(method):
    size, spacing = (36, 36, 36), (1, 1, 1)
    answers = {}
    for shape in PEAKS:
        image = image_of(100 * profile(shape, 2.5, size, spacing, (1, 2, 3)))
        for name, (_, operation, _) in PEAKS.items():
            made = operation(method=method, smallest_sd_mm=2.5, scales=1, contrast=5)(image)
            answers[shape, name] = middle(values(made))
    for shape in PEAKS:
        for name in PEAKS:
            if name != shape:
                assert answers[shape, name] < 0.2 * answers[shape, shape], (shape, name)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("straight, operation", [(0, Blobness), (1, Vesselness), (2, Plateness)])
def test_frangi_is_the_plain_definition(dimension, straight, operation):
    array = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(22,) * dimension), 1.5) * 100
    sd = 2.0
    matrix = np.empty((*array.shape, dimension, dimension))
    for i in range(dimension):
        for j in range(dimension):
            order = [(axis == i) + (axis == j) for axis in range(dimension)]
            matrix[..., i, j] = sd**2 * ndimage.gaussian_filter(array, sd, order, mode="reflect")
    found = np.linalg.eigvalsh(matrix)
    found = np.take_along_axis(found, np.argsort(np.abs(found), -1), -1)
    size, m = np.abs(found), min(straight, dimension - 1)
    norm = np.sqrt((found**2).sum(-1))
    expected = 1 - np.exp(-(norm**2) / (2 * (norm.max() / 2) ** 2))
    if m < dimension - 1:
        ratio = size[..., m] / np.prod(size[..., m + 1 :], -1) ** (1 / (dimension - m - 1))
        expected *= 1 - np.exp(-2 * ratio**2)
    if m > 0:
        ratio = size[..., m - 1] / np.prod(size[..., m:], -1) ** (1 / (dimension - m))
        expected *= np.exp(-2 * ratio**2)
    expected[(found[..., m:] >= 0).any(-1)] = 0
    result = values(operation(smallest_sd_mm=sd, scales=1)(image_of(array)))
    # scipy's derivatives are off by what is cut off the Gaussian
    assert np.percentile(np.abs(result - expected), 99) < 0.01
    assert np.corrcoef(result.ravel(), expected.ravel())[0, 1] > 0.9995
    dark = operation(smallest_sd_mm=sd, scales=1, polarity="dark")(image_of(-array))
    np.testing.assert_allclose(values(dark), result, atol=1e-5)


def sato(eigenvalues, straight):
    """Sheet, line or blob strength of one voxel as Sato et al. (IEEE TVCG 2000) write it, exponents 1, alpha 1/4."""
    *others, last = sorted(eigenvalues, reverse=True)

    def alike(small, large):  # psi
        return small / large if large <= small < 0 else 0.0

    def flat(small, large):  # omega
        if large <= small <= 0:
            return 1 + small / abs(large)
        return 1 - small / 4 / abs(large) if 0 < small < 4 * abs(large) else 0.0

    if last >= 0:
        return 0.0
    if not others:
        return -last
    if len(others) == 1:
        return -last * (flat if straight else alike)(others[0], last)
    first, second = others
    if straight == 2:
        return -last * flat(second, last) * flat(first, last)
    if second >= 0:
        return 0.0
    return -last * alike(second, last) * (flat if straight == 1 else alike)(first, second)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("straight, operation", [(0, Blobness), (1, Vesselness), (2, Plateness)])
def test_sato_is_the_plain_definition(dimension, straight, operation):
    array = ndimage.gaussian_filter(np.random.default_rng(8).normal(size=(16,) * dimension), 1.5) * 100
    sd = 2.0
    matrix = np.empty((*array.shape, dimension, dimension))
    for i in range(dimension):
        for j in range(dimension):
            order = [(axis == i) + (axis == j) for axis in range(dimension)]
            matrix[..., i, j] = sd**2 * ndimage.gaussian_filter(array, sd, order, mode="reflect")
    found = np.linalg.eigvalsh(matrix).reshape(-1, dimension)
    expected = np.reshape([sato(e, min(straight, dimension - 1)) for e in found], array.shape)
    result = values(operation(method="Sato", smallest_sd_mm=sd, scales=1)(image_of(array)))
    assert (expected > 0).mean() > 0.02
    assert np.percentile(np.abs(result - expected), 99) < 0.01 * expected.max()


def test_vesselness_is_like_that_of_scikit_image():
    filters = pytest.importorskip("skimage.filters")
    size = (40, 40, 40)
    array = 100 * profile("tube", 2, size, (1, 1, 1), (1, 2, 2))
    array += np.random.default_rng(3).normal(0, 3, array.shape)
    peer = filters.frangi(array, sigmas=[2], alpha=0.5, beta=0.5, gamma=None, black_ridges=False, mode="reflect")
    result = values(Vesselness(smallest_sd_mm=2, scales=1)(image_of(array)))
    inner = (slice(8, -8),) * 3
    assert np.corrcoef(result[inner].ravel(), peer[inner].ravel())[0, 1] > 0.99


def test_vessels_across_thick_slices_and_along_them():
    thin, thick = (0.8, 0.8, 0.8), (0.8, 0.8, 3.2)
    for axis in ((1, 0, 0), (0, 1, 0)):
        one = image_of(100 * profile("tube", 4, (50, 50, 48), thin, axis), thin)
        other = image_of(100 * profile("tube", 4, (50, 50, 12), thick, axis), thick)
        filtered = [values(Vesselness(method="Sato", smallest_sd_mm=4, scales=1)(image)) for image in (one, other)]
        assert middle(filtered[1]) == pytest.approx(middle(filtered[0]), rel=0.02)


def test_a_slice_of_a_volume_and_a_2d_image_agree():
    array = np.random.default_rng(4).normal(size=(40, 44)) * 50
    for operation in (Vesselness(), Blobness(method="Sato"), GradientMagnitude(), LaplacianOfGaussian(), Canny()):
        flat = values(operation(image_of(array)))
        np.testing.assert_allclose(values(operation(image_of(array[np.newaxis])))[0], flat, atol=1e-4)
        np.testing.assert_allclose(values(operation(image_of(array[:, np.newaxis])))[:, 0], flat, atol=1e-4)


def test_the_mask_says_what_is_learned_from_and_outside_is_0():
    size, spacing = (40, 40, 40), (1, 1, 1)
    array = 20 * profile("tube", 2, size, spacing, (0, 1, 0))
    array[:, :, :4] = 3000
    mask = np.zeros(array.shape, np.uint8)
    mask[:, :, 18:] = 1
    faint = middle(values(Vesselness()(image_of(array))))
    clear = values(Vesselness()(image_of(array), image_of(mask)))
    assert faint < 0.01 and middle(clear) > 0.7 and not clear[mask == 0].any()
    with pytest.raises(InputError, match="constant"):
        Vesselness()(image_of(np.full((12, 12, 12), 7)))


def edge_distance(edges, radius, spacing):
    """How far (mm) the marked voxels lie from a sphere or circle around the middle voxel."""
    size = edges.shape[::-1]
    return np.abs(np.sqrt(sum(p**2 for p in places(size, spacing)))[edges != 0] - radius)


@pytest.mark.parametrize(
    "spacing, size", [((1, 1), (60, 60)), ((1, 1, 1), (44, 44, 44)), ((0.7, 0.7, 2), (60, 60, 22))]
)
def test_canny_marks_the_border_of_a_ball_thinly(spacing, size):
    radius = 13.3
    square = sum(p**2 for p in places(size, spacing))
    array = 100 / (1 + np.exp(np.sqrt(square) - radius)) + np.random.default_rng(5).normal(0, 2, square.shape)
    for settings in ({"percentile": 90}, {"threshold": "noise", "noise_multiple": 8}):
        edges = values(Canny(sd_mm=1.5, **settings)(image_of(array, spacing)))
        assert set(np.unique(edges)) == {0, 1}
        distance = edge_distance(edges, radius, spacing)
        assert distance.mean() < 0.4 * max(spacing) and np.percentile(distance, 99) < max(spacing)
        # a surface one voxel thick, and without holes
        area = 2 * np.pi * radius if len(size) == 2 else 4 * np.pi * radius**2 / np.prod(spacing) ** (2 / 3)
        assert 0.7 * area < edges.sum() < 1.8 * area
        outside = ndimage.label(edges == 0)[0]
        assert outside[(0,) * len(size)] != middle(outside)


def test_canny_follows_weak_edges_from_strong_ones_only():
    array = np.zeros((60, 60))
    array[20:40, 5:55] = np.linspace(10, 100, 50)  # an edge that fades
    array[48:54, 5:20] = 30  # weak, by itself
    settings = {"sd_mm": 1.0, "percentile": 97.0}
    edges = values(Canny(weak_share=30, **settings)(image_of(array)))
    strict = values(Canny(weak_share=100, **settings)(image_of(array)))
    assert edges[19:21, 13:50].max(axis=0).all() and not strict[19:21, :35].any()
    assert not edges[45:].any()
    assert edges.sum() > strict.sum() > 30


def test_canny_agrees_with_scikit_image():
    feature = pytest.importorskip("skimage.feature")
    y, x = places((80, 80), (1, 1))
    array = 100 * (np.hypot(x, y) < 25) + 60 * (np.abs(x - y) < 8) + np.random.default_rng(6).normal(0, 5, x.shape)
    ours = values(Canny(sd_mm=2, percentile=90, weak_share=100)(image_of(array))) != 0
    peer = feature.canny(array, sigma=2, low_threshold=0.9, high_threshold=0.9, use_quantiles=True)
    for one, other in ((ours, peer), (peer, ours)):
        inner = (slice(4, -4),) * 2
        near = ndimage.binary_dilation(other, np.ones((3, 3)))
        assert near[inner][one[inner]].mean() > 0.9


def test_canny_finds_next_to_nothing_in_noise():
    noise = np.random.default_rng(7).normal(100, 10, (40, 60, 60))
    edges = values(Canny(threshold="noise", noise_multiple=6)(image_of(noise, (0.8, 0.8, 1.5))))
    assert edges.mean() < 1e-3
    assert values(Canny(threshold="noise", noise_multiple=1.5)(image_of(noise, (0.8, 0.8, 1.5)))).mean() > 0.02
