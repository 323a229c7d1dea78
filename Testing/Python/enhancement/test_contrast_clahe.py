"""Adaptive histogram equalization: its mappings against their definition, and a peer."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.enhancement.contrast.clahe import Clahe
from MedProcLib.enhancement.contrast.tile_mapping import TileMapping, histograms, limited_slopes, tiles_along


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(np.asarray(values, np.float32))
    image.SetSpacing(spacing or (1.0,) * np.ndim(values))
    return image


def run(operation, values, spacing=None, mask=None):
    mask = None if mask is None else image_of(mask, spacing)
    return sitk.GetArrayFromImage(operation(image_of(values, spacing), None if mask is None else sitk.Cast(mask, 1)))


def test_a_gain_limit_of_one_changes_nothing():
    values = np.random.default_rng(0).gamma(2, 50, (20, 30, 40))
    np.testing.assert_allclose(run(Clahe(gain_limit=1, tile_mm=10), values), values, rtol=1e-5, atol=1e-3)


def test_one_tile_without_limit_is_plain_equalization():
    exposure = pytest.importorskip("skimage.exposure")
    values = np.random.default_rng(0).gamma(2, 50, (60, 70)).astype(np.float32)
    low, high = np.percentile(values, (0.1, 99.9))
    result = run(Clahe(gain_limit=20, tile_mm=200), values)
    inside = (values > low) & (values < high)
    expected = low + (high - low) * exposure.equalize_hist(values.clip(low, high), nbins=4096)
    assert np.abs(result - expected)[inside].max() < 0.01 * (high - low)
    np.testing.assert_allclose(result[~inside], values[~inside], rtol=1e-4)


@pytest.mark.parametrize("limit", [1.5, 3.0, 8.0])
def test_slopes_are_what_clipping_and_spreading_gives(limit):
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 40, (5, 4, 64)).astype(np.float32) ** 3
    counts[0, 0] = 0
    counts[0, 0, 17] = 900000
    slopes = limited_slopes(counts.copy(), limit)
    assert slopes.max() <= limit * (1 + 1e-4)
    np.testing.assert_allclose(slopes.mean(axis=-1), 1, atol=1e-5)
    # the plain way: bisection for the level
    shares = 64 * counts[2, 1].astype(float) / counts[2, 1].sum()
    low, high = 0.0, limit
    for _ in range(60):
        level = (low + high) / 2
        excess = np.maximum(shares - level, 0).mean()
        low, high = (level, high) if level + excess < limit else (low, level)
    np.testing.assert_allclose(slopes[2, 1], np.minimum(shares, level) + excess, atol=1e-4)


def test_histograms_count_each_tile():
    rng = np.random.default_rng(2)
    values, region = rng.uniform(0, 10, (7, 11, 13)).astype(np.float32), rng.random((7, 11, 13)) < 0.7
    edges = [tiles_along(n, count) for n, count in zip(values.shape, (2, 3, 1), strict=True)]
    counts = histograms(values, region, edges, (2.0, 8.0), 12)
    for k, j in np.ndindex(2, 3):
        box = (slice(*edges[0][k : k + 2]), slice(*edges[1][j : j + 2]))
        inside = values[box][region[box]].clip(2, 7.9999)
        np.testing.assert_array_equal(counts[k, j, 0], np.histogram(inside, 12, (2, 8))[0])


def test_mappings_are_interpolated_between_the_centers_of_tiles():
    rng = np.random.default_rng(3)
    shape, tiles, bins = (12, 20, 30), (3, 4, 2), 8
    edges = [tiles_along(n, count) for n, count in zip(shape, tiles, strict=True)]
    slopes = rng.uniform(0, 2, (*tiles, bins)).astype(np.float32)
    slopes /= slopes.mean(axis=-1, keepdims=True)
    values = rng.uniform(-1, 5, shape).astype(np.float32)
    result = TileMapping(edges, (0.0, 4.0), slopes).applied(values.copy(), (0, 0, 0))
    for voxel in [(0, 0, 0), (11, 19, 29), (5, 7, 14), (6, 12, 22), (3, 16, 7)]:
        corners = []
        for index, e in zip(voxel, edges, strict=True):
            centers = (e[:-1] + e[1:] - 1) / 2
            place = np.interp(index, centers, range(len(centers)))
            k = min(int(place), len(centers) - 2)
            corners.append([(k, 1 - place + k), (k + 1, place - k)])
        value = values[voxel]
        inside = value.clip(0, 4)
        expected = value - inside
        for z, wz in corners[0]:
            for y, wy in corners[1]:
                for x, wx in corners[2]:
                    points = 4 * np.cumsum([0, *slopes[z, y, x]]) / bins
                    expected += wz * wy * wx * np.interp(inside, np.linspace(0, 4, bins + 1), points)
        assert result[voxel] == pytest.approx(expected, abs=1e-4)


def test_noise_is_amplified_by_the_gain_limit_at_most_and_weak_contrast_grows():
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:128, :128]
    truth = 100 + 4.0 * ((x // 8 + y // 8) % 2) + 400.0 * (x > 100)
    noisy = truth + rng.normal(0, 1, truth.shape)
    for limit in (2.0, 4.0):
        result = run(Clahe(gain_limit=limit, tile_mm=32, tiles="each slice"), noisy)
        dark, bright = (result[:90, :90][(truth == v)[:90, :90]] for v in (100, 104))
        assert (bright.mean() - dark.mean()) / 4 == pytest.approx(limit, rel=0.15)
        assert dark.std() <= 1.1 * limit


def test_agrees_with_scikit_image_on_a_real_slice(real_flair):
    exposure = pytest.importorskip("skimage.exposure")
    plane = sitk.GetArrayFromImage(real_flair)[18].astype(np.float32)
    low, high = np.percentile(plane, (0.1, 99.9))
    scaled = ((plane - low) / (high - low)).clip(0, 1)
    # 8 tiles of 40 voxels a side; its clip limit is a share of a tile's voxels, in one of 256 bins
    peer = exposure.equalize_adapthist(scaled, kernel_size=40, clip_limit=3 / 256, nbins=256)
    spacing = real_flair.GetSpacing()[:2]
    ours = run(Clahe(tile_mm=40 * spacing[0], gain_limit=3), plane, spacing)
    head = scaled > 0.1
    inside = head & (plane < high)
    assert np.corrcoef(peer[inside], ours[inside])[0, 1] > 0.98
    local = [ndimage.generic_filter(v[140:180, 140:180], np.std, 9)[5:-5, 5:-5] for v in (plane, ours)]
    assert 1.2 < np.median(local[1] / local[0]) < 3
    assert ((ours - low) / (high - low))[inside].std() == pytest.approx(peer[inside].std(), rel=0.1)


def test_slices_by_themselves_whatever_axis_they_are_stacked_along():
    values = np.random.default_rng(5).gamma(2, 50, (6, 40, 50))
    operation = Clahe(tiles="each slice", tile_mm=10)
    axial = run(operation, values, (1, 1, 4))
    again = run(operation, np.moveaxis(values, 0, 2), (4, 1, 1))
    np.testing.assert_allclose(np.moveaxis(again, 2, 0), axial, rtol=1e-4)
    changed = values.copy()
    changed[3] = values[3][::-1]
    other = run(operation, changed, (1, 1, 4))
    np.testing.assert_allclose(other[[0, 1, 2, 4, 5]], axial[[0, 1, 2, 4, 5]], rtol=1e-4)
    assert (
        np.abs(run(Clahe(tile_mm=10), changed, (1, 1, 4))[2] - run(Clahe(tile_mm=10), values, (1, 1, 4))[2]).max() > 5
    )


def test_what_lies_outside_the_mask_does_not_count():
    rng = np.random.default_rng(6)
    values = rng.normal(100, 10, (24, 32, 32))
    mask = np.zeros(values.shape)
    mask[6:18, 8:25, 8:25] = 1
    other = np.where(mask > 0, values, rng.uniform(0, 5000, values.shape))
    operation = Clahe(tile_mm=8)
    first, second = (run(operation, v, mask=mask) for v in (values, other))
    np.testing.assert_allclose(first[mask > 0], second[mask > 0], rtol=1e-5)
    np.testing.assert_allclose(second[mask == 0], other[mask == 0], rtol=1e-6)


def test_a_constant_region_is_refused():
    values, mask = np.random.default_rng(0).normal(0, 1, (8, 8, 8)), np.zeros((8, 8, 8))
    values[:4], mask[:4] = 3, 1
    with pytest.raises(InputError, match="constant"):
        run(Clahe(), values, mask=mask)
