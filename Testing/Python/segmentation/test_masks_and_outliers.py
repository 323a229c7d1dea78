"""Masks and outliers on phantoms with known truth and on real images with reference masks."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT
from MedProcLib.segmentation.anatomy import brain_mask
from MedProcLib.segmentation.anatomy.body_mask import BodyMask
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask
from MedProcLib.segmentation.anatomy.brain_surface import Levels
from MedProcLib.segmentation.anatomy.head import UPPER_MM, Head, ball
from MedProcLib.segmentation.common.morphology import distance_to
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers
from MedProcLib.segmentation.presets.presets import preset_named


def array(image):
    return sitk.GetArrayFromImage(image)


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@pytest.fixture(scope="module")
def real_brain(real_flair) -> sitk.Image:
    return BrainMask()(real_flair)


@pytest.mark.parametrize("study", [1, 2])
def test_brain_mask_of_a_real_head(shared_data, study, real_brain):
    folder = shared_data / "03_longitudinal" / "ms_patient01"
    mask = real_brain if study == 1 else BrainMask()(sitk.ReadImage(str(folder / f"study{study}_FLAIR.nii.gz")))
    reference = sitk.ReadImage(str(folder / "brainmask_common_space.nii.gz"))
    there = sitk.ReadTransform(str(folder / f"study{study}_FLAIR_to_common_space.txt"))
    result = array(sitk.Resample(mask, reference, there, sitk.sitkNearestNeighbor)) > 0
    assert dice(result, array(reference) > 0) > 0.95


def test_brain_mask_does_not_depend_on_the_scale_of_intensities(real_flair, real_brain):
    as_scanned = sitk.GetArrayFromImage(real_brain)
    standardized = (sitk.Cast(real_flair, sitk.sitkFloat32) - 400) / 90
    again = sitk.GetArrayFromImage(BrainMask()(standardized))
    assert as_scanned.sum() * Geometry.of(real_flair).voxel_volume > 8e5  # mm3
    assert (again != as_scanned).mean() < 1e-3


def test_brain_mask_needs_a_fitting_radius():
    ball = np.zeros((30, 30, 30), np.float32)
    ball[10:20, 10:20, 10:20] = 100
    with pytest.raises(InputError, match="smaller opening radius"):
        BrainMask(opening_mm=15)(sitk.GetImageFromArray(ball))


@pytest.mark.parametrize("side_mm, found", [(1.0, "40 x 40 x 40 mm, 34 ml"), (5.0, "201 x 201 x 201 mm, 4,233 ml")])
def test_what_has_not_the_size_of_a_brain_is_none(side_mm, found):
    z, y, x = np.mgrid[:60, :60, :60] - 29.5
    image = sitk.GetImageFromArray(np.where(x**2 + y**2 + z**2 < 20**2, 100, 0).astype(np.float32))
    image.SetSpacing((side_mm,) * 3)
    with pytest.raises(InputError, match=f"No brain was found: what looks most like one is {found}"):
        BrainMask()(image)
    if side_mm == 1.0:
        assert array(BrainMask(smallest_mm=0)(image)).any()


@pytest.mark.parametrize(
    "shape, spacing, said",
    [
        ((120, 120), (1, 1), "in a picture"),
        ((1, 120, 120), (1, 1, 5), "5 mm thick"),
        ((120, 1, 120), (1, 5, 1), "5 mm thick"),
        ((30, 120, 120), (1, 1, 0.5), "15 mm thick"),
    ],
)
@pytest.mark.parametrize("preset", ["mr_brain", "mr_white_matter_lesions"])
def test_a_slice_shows_no_head(preset, shape, spacing, said):
    distance = sum((m - (n - 1) / 2) ** 2 for m, n in zip(np.indices(shape), shape, strict=True))
    image = sitk.GetImageFromArray(np.where(distance < 45**2, 100, 0).astype(np.float32))
    image.SetSpacing(spacing)
    with pytest.raises(InputError, match=f"{said}.* choose a volume of at least 20 mm"):
        preset_named(preset).recipe().run(image=image)


def test_brain_mask_holds_back_fat():
    """Behind a skull of 2.5 mm, scalp twice as bright as the brain, joined to it by a nerve and by a tumor at the rim.

    The tumor is bright in most of the middle, as fluid is in T2, but not on both sides: fat was kept (Dice 0.85).
    """
    z, y, x = np.mgrid[-40:40, -50:50, -50:50] * 1.5
    radius = np.sqrt(x**2 + y**2 + (1.25 * z) ** 2)
    brain, scalp = radius < 50, (radius > 52.5) & (radius < 68)
    tumor = brain & (np.sqrt(x**2 + (y + 22) ** 2 + (z - 12) ** 2) < 28)
    bridges = ((np.hypot(y, z) < 3) & (x > 0) & (radius < 60), (np.hypot(x, z) < 3) & (y < -40) & (radius < 60))
    values = np.select([scalp | tumor | bridges[1], brain | bridges[0]], [220.0, 100.0], 5.0)
    values = ndimage.gaussian_filter(values, 0.7) + np.random.default_rng(0).normal(0, 3, values.shape)
    grid = Geometry((100, 100, 80), (1.5,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    found = array(BrainMask()(grid.image_of(values.astype(np.float32)))) > 0
    assert dice(found, brain) > 0.96
    assert found[tumor].mean() > 0.99


def test_bright_fluid_and_cortex_are_brain():
    """T2-like, in a coil's shading: cortex, fluid and scalp are twice as bright as the white matter in the middle."""
    z, y, x = np.mgrid[-40:40, -40:40, -40:40] * 1.8
    radius = np.sqrt(x**2 + y**2 + z**2)
    shells = {14: 230.0, 45: 100.0, 52: 170.0, 55: 210.0, 60: 5.0, 68: 240.0}
    values = np.select([radius < outer for outer in shells], list(shells.values()), 0.0)
    values += np.where(radius < 68, np.random.default_rng(2).normal(0, 3, values.shape), 0)
    grid = Geometry((80,) * 3, (1.8,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert dice(array(BrainMask()(grid.image_of(values.astype(np.float32)))) > 0, radius < 55) > 0.97


def test_scalp_and_brain_that_mix_across_the_skull_are_told_apart():
    """Slices of 8.4 mm, a skull of 3 mm: by the usual limit of brightness they were one, and too large for a brain."""
    z, y, x = np.mgrid[-50:50, -50:50, -50:50] * 2.1
    radius = np.sqrt(x**2 + y**2 + z**2)
    values = np.select([radius < 72, radius < 75, radius < 98], [100.0, 5.0, 65.0], 0.0)
    values += np.where(radius < 98, np.random.default_rng(0).normal(0, 2, values.shape), 0)
    thick = ndimage.uniform_filter1d(values, 4, axis=0)[2::4]
    grid = Geometry((100, 100, 25), (2.1, 2.1, 8.4), (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert dice(array(BrainMask()(grid.image_of(thick.astype(np.float32)))) > 0, radius[2::4] < 72) > 0.92


def test_a_surface_that_fluid_in_the_brain_stopped_grows_on():
    """A bowl of fluid, 12 mm wide, behind the front of the brain: the surface stops there, too small for a brain."""
    grid = Geometry((62,) * 3, (3.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    z, y, x = (np.indices((62,) * 3) - 30.5) * 3.0
    radius, off = np.sqrt(x**2 + y**2 + z**2), np.sqrt(x**2 + (y + 20) ** 2 + z**2)
    brain, whole = radius < 66, int(np.count_nonzero(radius < 84))
    values = np.select([brain & (np.abs(off - 36) < 6) & (y < -12), brain, radius < 72], [15.0, 100.0, 5.0], 60.0)
    values[radius >= 84] = 0
    start, sure = (ball(np.array([30.5] * 3), mm, grid) for mm in (64.4, 38.6))
    core = distance_to(~brain, grid) > brain_mask.ROUGH_DEEP_MM
    grown = brain_mask._grown(values, start, sure, core, whole, grid, Levels(0.0, 10.0, 100.0), 0.6, SILENT)
    assert dice(grown, brain) > 0.97  # 0.891 from what lies deep in the surface alone


def test_fat_far_brighter_than_white_matter_beside_wide_ventricles():
    """T1-like: the middle is dark by fluid and gray matter, so that white matter counted as fat; no skull below."""
    z, y, x = np.mgrid[-29:29, -29:29, -29:29] * 3.0
    radius = np.sqrt(x**2 + y**2 + z**2)
    layers = [radius < 20, radius < 34, radius < 58, radius < 64, (radius < 68) & (z > -20), radius < 84]
    values = np.select(layers, [12.0, 60.0, 100.0, 60.0, 5.0, 160.0], 0.0)
    values += np.where(values > 0, np.random.default_rng(1).normal(0, 4, values.shape), 0)
    grid = Geometry((58,) * 3, (3.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    head, settings = Head.of(values.astype(np.float32), grid), BrainMask()
    usual = brain_mask._rough_brain(settings, head, grid, SILENT)
    assert dice(brain_mask._likely_brain(settings, head, usual, grid, SILENT), radius < 64) > 0.99  # a ball: 0.976


def test_gray_matter_less_than_half_as_bright_as_white_matter_is_brain():
    """What is brighter than usual limits ask for is then too small for a brain."""
    z, y, x = np.mgrid[-45:45, -45:45, -45:45] * 2.0
    radius = np.sqrt(x**2 + y**2 + z**2)
    values = np.select([radius < 28, radius < 60, radius < 67, radius < 78], [100.0, 42.0, 5.0, 45.0], 0.0)
    values += np.where(radius < 78, np.random.default_rng(0).normal(0, 2, values.shape), 0)
    grid = Geometry((90,) * 3, (2.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    image = grid.image_of(values.astype(np.float32))
    assert dice(array(BrainMask()(image)) > 0, radius < 60) > 0.97


def test_brain_above_bright_shoulders_with_wide_ventricles():
    """T1-like: a cortex of 60 %, dark ventricles of 18 mm, and a neck and shoulders twice as bright as the brain."""
    z, y, x = np.mgrid[-50:30, -28:28, -28:28] * 3.0
    radius, neck = np.sqrt(x**2 + y**2 + z**2), np.hypot(x, y) < np.where(z < -120, 84, 45)
    ventricles = (np.hypot(np.abs(x) - 20, z) < 18) & (np.abs(y) < 30)
    head = np.select(
        [ventricles, radius < 50, radius < 64, radius < 72, radius < 84], [12.0, 100.0, 60.0, 5.0, 70.0], 0
    )
    values = np.where((radius >= 84) & (z < 0) & neck, 200.0, head)
    values += np.where(values > 0, np.random.default_rng(1).normal(0, 4, values.shape), 0)
    grid = Geometry((56, 56, 80), (3.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert dice(array(BrainMask()(grid.image_of(values.astype(np.float32)))) > 0, radius < 64) > 0.98


@pytest.mark.parametrize("right_way_up", [True, False])
def test_the_upper_part_is_the_one_where_the_head_ends(right_way_up):
    """Below it is a neck that the image cuts, which counted as the upper part in files with wrong directions."""
    z, y, x = np.mgrid[-50:30, -32:32, -30:30] * 3.0
    head = np.where((np.sqrt(x**2 + y**2 + z**2) < 80) | ((z < 0) & (np.hypot(x, y) < 60)), 100.0, 0.0)
    top, way = 79.5, 1 if right_way_up else -1
    grid = Geometry((60, 64, 80), (3.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    upper = Head.of(np.ascontiguousarray(head[::way]), grid).upper[::way]
    lowest = z[upper].min()
    assert top - UPPER_MM - 6 < lowest < top - UPPER_MM + 6 and z[upper].max() > 70


def test_brain_beside_bright_eyes_and_scalp_in_a_head_cut_at_the_top():
    """As of proton density: nothing is much darker than the brain but the skull; the image ends 14 mm below its top."""
    z, y, x = np.mgrid[-30:17, -30:30, -30:30] * 3.0
    radius, behind_face = np.sqrt(x**2 + y**2 + z**2), (np.hypot(x, y + 20) < 60) & (z < -30)
    eyes = np.sqrt((np.abs(x) - 32) ** 2 + (y + 66) ** 2 + (z + 30) ** 2) < 13
    values = np.select(
        [radius < 56, radius < 64, eyes, radius < 71, radius < 84, behind_face],
        [100.0, 115.0, 120.0, 10.0, 140.0, 90.0],
        0.0,
    )
    values += np.where(values > 0, np.random.default_rng(1).normal(0, 4, values.shape), 0)
    grid = Geometry((60, 60, 47), (3.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert dice(array(BrainMask()(grid.image_of(values.astype(np.float32)))) > 0, radius < 64) > 0.97


def body_ct(spacing=(2.0, 2.0, 4.0)):
    """A trunk with two lungs that the end slices cut open, an airway to the outside, and a table, in HU."""
    size = (140, 110, 20)
    grid = Geometry(size, spacing, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    z, y, x = np.meshgrid(*[np.arange(n) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)], indexing="ij")
    body = ((x - 140) / 110) ** 2 + ((y - 90) / 70) ** 2 <= 1
    lungs = (((np.abs(x - 140) - 50) / 35) ** 2 + ((y - 90) / 45) ** 2 <= 1) & (z < 60)
    values = np.where(body, 40.0, -1000.0)
    values[lungs] = -850
    values[(np.abs(y - 190) < 8)] = 100
    values += np.random.default_rng(0).normal(0, 20, values.shape)
    return grid, values, body


def test_body_mask_of_ct_fills_lungs_and_leaves_the_table():
    grid, values, body = body_ct()
    result = array(BodyMask()(grid.image_of(values.astype(np.int16)))) > 0
    assert dice(result, body) > 0.99
    turned = sitk.PermuteAxes(grid.image_of(values.astype(np.int16)), (2, 0, 1))
    assert dice(array(sitk.PermuteAxes(BodyMask()(turned), (1, 2, 0))) > 0, body) > 0.99


def test_body_mask_of_a_real_ct_is_the_body(shared_data):
    folder = shared_data / "01_ct" / "totalseg_example"
    result = array(BodyMask()(sitk.ReadImage(str(folder / "ct.nii.gz")))) > 0
    organs = array(sitk.ReadImage(str(folder / "labels_total117.nii.gz"))) > 0
    assert np.count_nonzero(organs & ~result) < 0.001 * np.count_nonzero(organs)
    assert 0.4 < result.mean() < 0.75


@pytest.mark.parametrize("unit, noise", [(5000.0, 1500.0), (1.0, 0.3), (5000.0, 150.0)])
def test_body_mask_of_pet_with_negative_noise_leaves_the_air(unit, noise):
    z, y, x = np.mgrid[:40, :48, :64] * 4.0
    body = ((x - 126) / 90) ** 2 + ((y - 94) / 60) ** 2 <= 1
    lungs = ((np.abs(x - 126) - 40) / 25) ** 2 + ((y - 94) / 35) ** 2 + ((z - 60) / 40) ** 2 <= 1
    values = np.where(body, unit, 0.0) - np.where(lungs, 0.7 * unit, 0)
    values[(x - 126) ** 2 + (y - 94) ** 2 + (z - 140) ** 2 <= 15**2] = 40 * unit  # bladder
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    grid = Geometry((64, 48, 40), (4.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert dice(array(BodyMask()(grid.image_of(values.astype(np.float32)))) > 0, body) > 0.94


def outlier_phantom(bias=0.0):
    """Tissue of 100 with noise of 5, three bright balls and a dark one, and a gain from 1 - bias to 1 + bias."""
    z, y, x = np.mgrid[:48, :64, :64].astype(float)

    def ball(cx, cy, cz, r):
        return (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= r**2

    bright = ball(16, 16, 24, 6) | ball(48, 48, 24, 4) | ball(63, 30, 10, 5)
    dark = ball(16, 48, 24, 5)
    values = 100 + 60.0 * bright - 60.0 * dark + np.random.default_rng(0).normal(0, 5, x.shape)
    values *= 1 + bias * (x / 31.5 - 1)
    grid = Geometry((64, 64, 48), (1.0,) * 3, (0.0,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return grid.image_of(values.astype(np.float32)), bright, dark


@pytest.mark.parametrize("bias", [0.0, 0.15])
@pytest.mark.parametrize("tissue", ["mode", "median"])
def test_outliers_of_both_kinds_are_found(bias, tissue):
    image, bright, dark = outlier_phantom(bias)
    found = array(BrightOutliers(tissue=tissue, low=4, high=8)(image))
    assert found.max() == 3 and dice(found > 0, bright) > 0.85
    assert [np.count_nonzero(found == n) for n in (1, 2, 3)] == sorted(np.bincount(found.ravel())[1:], reverse=True)
    low = array(BrightOutliers(tissue=tissue, low=4, high=8, polarity="dark")(image))
    assert low.max() == 1 and dice(low > 0, dark) > 0.85


def test_hysteresis_keeps_the_weak_rim_of_the_strong_and_drops_the_weak():
    values = np.random.default_rng(0).normal(0, 1, (20, 40, 40)).astype(np.float32)
    values[8:12, 8:16, 8:16] = 6
    values[9:11, 10:14, 10:14] = 20
    values[8:12, 24:32, 24:32] = 6
    settings = {"rim": 0, "smoothing_mm": 0, "background_mm": 0, "minimum_volume_mm3": 20}
    found = array(BrightOutliers(low=4, high=12, **settings)(sitk.GetImageFromArray(values)))
    assert found.max() == 1 and np.count_nonzero(found) == 4 * 8 * 8
    assert array(BrightOutliers(low=4, high=5, **settings)(sitk.GetImageFromArray(values))).max() == 2


def test_outliers_stay_inside_the_mask_and_its_tissue_is_the_measure():
    image, bright, _ = outlier_phantom()
    mask = np.zeros(bright.shape, np.uint8)
    mask[:, :32] = 1
    values = array(image)
    values[mask == 0] += 500
    grid = Geometry.of(image)
    found = array(BrightOutliers(low=4, high=8)(grid.image_of(values), grid.image_of(mask)))
    assert dice(found > 0, bright & (mask > 0)) > 0.85 and not found[mask == 0].any()


def test_real_lesions(shared_data):
    folder = shared_data / "02_mr" / "ms_cross_sectional_patient26"
    image = sitk.ReadImage(str(folder / "FLAIR.nii.gz"))
    found = array(BrightOutliers()(image, image > 0)) > 0
    assert dice(found, array(sitk.ReadImage(str(folder / "lesions_gt.nii.gz"))) > 0) > 0.65


def test_refusals():
    image, _, _ = outlier_phantom()
    with pytest.raises(InputError, match="swap"):
        BrightOutliers(low=5, high=2)(image)
    with pytest.raises(InputError, match="constant"):
        BrightOutliers()(image, Geometry.of(image).image_of(array(image) == array(image).max()))
