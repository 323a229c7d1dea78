import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.comparison.change import GAINED, LOST, DetectChange, expected_sd
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.core.errors import InputError
from MedProcLib.core.statistics import mode_and_sd

from .conftest import grid_of, head

LESION = ((25.0, -30.0, 10.0), 7.0, 70.0)


def arrays(*images):
    return [sitk.GetArrayFromImage(image) for image in images]


def test_matching_undoes_another_scale_and_a_smooth_difference():
    grid = grid_of((3, 3, 3))
    first, mask = head(grid)
    other, _ = head(grid, seed=1)
    z = np.linspace(-1, 1, grid.size[2])[:, None, None]
    spoilt = grid.image_of((sitk.GetArrayFromImage(other) * (3 + 0.4 * z) + 500).astype(np.float32))
    matched = MatchIntensity(bias_mm=20)(first, spoilt, mask, mask)
    a, b, inside = arrays(first, matched, mask)
    assert np.std((b - a)[inside > 0]) < 4
    assert abs(np.mean((b - a)[inside > 0])) < 0.5


def test_matching_keeps_a_new_lesion():
    grid = grid_of((3, 3, 3))
    first, mask = head(grid)
    other, _ = head(grid, lesions=[LESION], seed=1)
    matched = MatchIntensity()(first, other, mask, mask)
    index = tuple(round(v) for v in grid.indices(np.array([LESION[0]]))[0])
    assert matched[index] - first[index] == pytest.approx(LESION[2], rel=0.15)


@pytest.mark.parametrize(("swap", "expected"), [(False, GAINED), (True, LOST)])
def test_a_lesion_is_found_as_gained_or_lost_and_nothing_else(swap, expected):
    grid = grid_of((2, 2, 3))
    first, mask = head(grid)
    other, _ = head(grid, lesions=[LESION], seed=1)
    if swap:
        first, other = other, first
    difference, change = DetectChange()(first, other, mask, mask)
    score, found = arrays(difference, change)
    assert set(np.unique(found)) == {0, expected}
    volume = np.count_nonzero(found) * grid.voxel_volume
    assert volume == pytest.approx(4 / 3 * np.pi * LESION[1] ** 3, rel=0.35)
    center = grid.points(np.argwhere(found > 0).mean(axis=0)[::-1])[0]
    assert np.linalg.norm(center - LESION[0]) < 1.0
    inside = sitk.GetArrayFromImage(mask) > 0
    assert 0.7 < 1.4826 * np.median(np.abs(score[inside])) < 1.4


@pytest.mark.parametrize("unit", [1e-9, 1e6])
def test_the_unit_of_the_values_does_not_matter(unit):
    """As of diffusion in m²/s and in mm²/s."""
    grid = grid_of((3, 3, 3))
    (first, mask), (other, _) = head(grid), head(grid, lesions=[LESION], seed=1)
    plain, plain_change = arrays(*DetectChange()(first, other, mask, mask))
    score, change = arrays(
        *DetectChange()(*(sitk.Cast(v, sitk.sitkFloat32) * unit for v in (first, other)), mask, mask)
    )
    assert plain_change.any() and (change == plain_change).all()
    np.testing.assert_allclose(score, plain, rtol=0.01, atol=0.01)


def test_a_shift_of_half_a_voxel_is_not_change():
    first, mask = head(grid_of((2, 2, 3)))
    other, _ = head(grid_of((2, 2, 3), center=(0.5, 0.5, 0.5)), seed=1)
    other.SetOrigin(first.GetOrigin())
    _, change = DetectChange()(first, other, mask, mask)
    assert not np.any(sitk.GetArrayFromImage(change))


def test_lesions_that_are_a_little_fainter_in_another_scan_did_not_change():
    grid, old = grid_of((3, 3, 3)), ((-25.0, 20.0, 10.0), 9.0)
    first, mask = head(grid, lesions=[(*old, 80.0)])
    other, _ = head(grid, lesions=[(*old, 72.0), LESION], seed=1)
    shape = tuple(reversed(grid.size))
    points = grid.points(np.indices(shape).reshape(3, -1)[::-1].T.astype(float))
    lesion, new = (
        (np.linalg.norm(points - center, axis=1) < radius).reshape(shape) for center, radius in (old, (LESION[0], 10))
    )
    settings = {"low": 0.5, "high": 3.0, "evidence": 1.0}
    plain, alike = (
        sitk.GetArrayFromImage(DetectChange(**settings, contrast_percent=share)(first, other, mask, mask)[1])
        for share in (0, 15)
    )
    assert np.count_nonzero(lesion & (plain == LOST)) > 30
    assert not np.any(lesion & (alike == LOST))
    gained = [np.count_nonzero(new & (change == GAINED)) for change in (plain, alike)]
    assert gained[0] > 50 and gained[1] == pytest.approx(gained[0], rel=0.1)


def test_a_wide_faint_change_speaks_as_loudly_as_a_small_strong_one():
    grid = grid_of((3, 3, 3))
    first, mask = head(grid, lesions=[(LESION[0], 12.0, 40.0)])
    other, _ = head(grid, lesions=[(LESION[0], 12.0, 43.0)], seed=1)
    found = {
        (high, evidence): np.count_nonzero(
            sitk.GetArrayFromImage(DetectChange(low=0.5, high=high, evidence=evidence)(first, other, mask, mask)[1])
        )
        for high, evidence in ((5.0, 0.0), (2.0, 1.0), (2.0, 500.0))
    }
    assert found[2.0, 1.0] * grid.voxel_volume > 3000
    assert found[5.0, 0.0] == found[2.0, 500.0] == 0


@pytest.mark.parametrize(("height", "found"), [(-50.0, False), (25.0, True), (5.0, False)])
def test_tissue_that_is_fairly_bright_has_changed_where_no_doubt_is_left(height, found):
    """A lesion below the brightness asked for; in fluid, or as faint, nothing counts."""
    grid = grid_of((3, 3, 3))
    first, mask = head(grid)
    other, _ = head(grid, lesions=[(LESION[0], LESION[1], height)], seed=1)
    a, b, inside = arrays(first, other, mask)
    values = np.concatenate([a[inside > 0], b[inside > 0]])
    mode, sd = mode_and_sd(values)
    change = sitk.GetArrayFromImage(
        DetectChange(brightness=(values.max() - mode) / sd + 1)(first, other, mask, mask)[1]
    )
    assert np.any(change == GAINED) == found
    assert not np.any(change == LOST)


def test_the_difference_that_voxels_make_of_fine_detail_is_expected():
    """Two interpolations of one noisy pattern differ where it has detail along the slices' normal, and only there."""
    grid = grid_of((1, 1, 1), extent=(48, 48, 48))
    random = np.random.default_rng(0)
    z, y, x = np.mgrid[:48, :48, :48].astype(np.float32)
    pattern = np.where(x < 24, 40 * np.sin(2 * np.pi * z / 9), 40 * np.sin(2 * np.pi * y / 9))
    first = pattern + random.normal(0, 0.5, pattern.shape)
    other = pattern * (0.95 + 0.05 * (x >= 24)) + random.normal(0, 0.5, pattern.shape)
    axis = np.reshape(grid.direction, (3, 3))[:, 2]
    region = np.ones(pattern.shape, bool)
    expected = expected_sd(first, other, region, grid, 4.0 * np.outer(axis, axis))
    along, across = np.s_[8:-8, 8:-8, 8:16], np.s_[8:-8, 8:-8, 32:40]
    assert expected[along].mean() > 1.5 * expected[across].mean()
    for place in (along, across):
        assert 0.6 < np.sqrt(np.mean((other - first)[place] ** 2)) / np.sqrt(np.mean(expected[place] ** 2)) < 1.7


def test_slices_that_lie_a_little_otherwise_are_expected_beside_edges_and_not_in_flat_tissue():
    """Each slice of the other study is shifted by 0.15 mm (SD); scatter of the places varies widely about its mean."""
    grid = grid_of((1, 1, 1), extent=(48, 48, 48))
    random = np.random.default_rng(0)
    _, y, x = np.mgrid[:48, :48, :48].astype(np.float32)
    first, other = (
        (np.where(x < 38, 0, 40 * np.sin(2 * np.pi * (y + shift) / 9)) + random.normal(0, 0.7, x.shape)).astype(
            np.float32
        )
        for shift in (0, random.normal(0, 0.15, (48, 1, 1)))
    )
    expected = expected_sd(first, other, np.ones(first.shape, bool), grid)
    for place in (np.s_[4:-4, 4:-4, 4:34], np.s_[4:-4, 4:-4, 41:45]):
        scatter = np.sqrt(np.mean((other - first)[place] ** 2))
        assert np.sqrt(np.mean(expected[place] ** 2)) == pytest.approx(scatter, rel=0.2)
        assert np.mean(np.abs(other - first)[place] > 3 * expected[place]) < 0.015


def test_a_body_that_grew_does_not_make_its_own_growth_expected():
    """A cube of 12 voxels, 33 SD of the noise brighter, is 16 wide in the other study: where it grew all voxels differ,
    and flat tissue is as sure as without it."""
    rng, grid = np.random.default_rng(0), grid_of((1, 1, 1), extent=(28, 28, 28))
    bodies = [np.zeros((28, 28, 28), bool) for _ in range(2)]
    for body, side in zip(bodies, (12, 16), strict=True):
        body[6 : 6 + side, 6 : 6 + side, 6 : 6 + side] = True
    first, other = (ndimage.gaussian_filter(100.0 * b + rng.normal(100, 3, b.shape), 0.6) for b in bodies)
    grown = bodies[1] & ~bodies[0]
    expected = expected_sd(first, other, np.ones(first.shape, bool), grid)
    assert np.median(((other - first) / expected)[grown]) > 10
    flat = ~ndimage.binary_dilation(bodies[1], iterations=4)
    assert np.sqrt(np.mean(expected[flat] ** 2)) == pytest.approx(np.std((other - first)[flat]), rel=0.25)


def test_dark_change_counts_only_when_any_contrast_is_looked_for():
    grid = grid_of((2, 2, 3))
    first, mask = head(grid)
    other, _ = head(grid, lesions=[(LESION[0], LESION[1], -50.0)], seed=1)
    assert not np.any(sitk.GetArrayFromImage(DetectChange()(first, other, mask, mask)[1]))
    change = sitk.GetArrayFromImage(DetectChange(contrast="any")(first, other, mask, mask)[1])
    assert set(np.unique(change)) == {0, LOST}


def test_studies_on_other_grids_or_without_shared_region_are_refused():
    first, mask = head(grid_of((5, 5, 5)))
    other, _ = head(grid_of((5, 5, 4)))
    with pytest.raises(InputError, match="resample"):
        DetectChange()(first, other)
    half = sitk.GetArrayFromImage(mask)
    half[: half.shape[0] // 2] = 0
    rest = sitk.GetArrayFromImage(mask)
    rest[half.shape[0] // 2 :] = 0
    a, b = (sitk.GetImageFromArray(v) for v in (half, rest))
    a.CopyInformation(mask)
    b.CopyInformation(mask)
    with pytest.raises(InputError, match="share no region"):
        MatchIntensity()(first, first, a, b)


def test_consistent_outlines_differ_only_by_change():
    grid = grid_of((1, 1, 1), extent=(20, 20, 20))
    one, two, change = (np.zeros((20, 20, 20), np.uint8) for _ in range(3))
    one[5:10, 5:10, 5:10] = 1
    two[5:10, 5:10, 6:13] = 1
    change[5:10, 5:10, 10:13] = GAINED
    one[15:17, 15:17, 15:17] = 1  # only one study shows it, without significant change
    first, other = arrays(*ConsensusLabels()(*(grid.image_of(v) for v in (one, two, change))))
    assert np.count_nonzero(first) == 5 * 5 * 5
    assert np.count_nonzero(other) == 5 * 5 * 8
    assert not first[15:17].any()


def test_a_gain_at_one_end_of_a_lesion_leaves_the_outline_at_the_other_end_alike():
    grid = grid_of((1, 1, 1), extent=(40, 20, 20))
    one, two, change = (np.zeros((20, 20, 40), np.uint8) for _ in range(3))
    one[8:12, 8:12, 5:30] = two[8:12, 8:12, 4:32] = 1  # a rim at either end that only noise makes
    change[8:12, 8:12, 32:36] = GAINED
    first, other = arrays(*ConsensusLabels()(*(grid.image_of(v) for v in (one, two, change))))
    assert np.count_nonzero(other) == 4 * 4 * (36 - 4)
    assert np.count_nonzero(first) == 4 * 4 * (30 - 4)


@pytest.mark.parametrize("peak, apart", [(5.9, False), (6.1, True), (-6.1, True)])
def test_only_a_certain_change_makes_outlines_differ(peak, apart):
    grid = grid_of((1, 1, 1), extent=(20, 20, 20))
    one, two, change = (np.zeros((20, 20, 20), np.uint8) for _ in range(3))
    one[5:10, 5:10, 5:10] = 1
    two[5:10, 5:10, 5:13] = 1
    change[5:10, 5:10, 10:13] = GAINED
    difference = np.where(change > 0, 3.0, 0.0).astype(np.float32)
    difference[7, 7, 11] = peak
    images = [grid.image_of(v) for v in (one, two, change, difference)]
    first, other = arrays(*ConsensusLabels()(*images))
    assert (first != other).any() == apart
    first, other = arrays(*ConsensusLabels(certain=0)(*images))
    assert (first != other).any()
