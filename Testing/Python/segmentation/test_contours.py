"""Contours on balls whose size is known, against scikit-image, and what they do with several objects."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.contour import level_set
from MedProcLib.segmentation.contour.canny_regions import CannyRegions
from MedProcLib.segmentation.contour.chan_vese import ChanVese
from MedProcLib.segmentation.contour.geodesic_active_contour import GeodesicActiveContour
from MedProcLib.segmentation.contour.laplacian_level_set import LaplacianLevelSet
from MedProcLib.segmentation.contour.start import each_object
from MedProcLib.segmentation.contour.threshold_level_set import ThresholdLevelSet

from .case import OBLIQUE

RADIUS = 12.0
GRIDS = [((44, 44, 44), (1.0, 1.0, 1.0)), ((44, 44, 16), (1.0, 1.0, 3.0)), ((100, 100), (0.5, 0.5))]


def array(image):
    return sitk.GetArrayFromImage(image)


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def distances(size, spacing, center=None):
    """mm of each voxel (z, y, x) from a center (x, y, z), that of the grid by default."""
    center = center or [(n - 1) / 2 * s for n, s in zip(size, spacing, strict=True)]
    axes = [np.arange(n) * s - c for n, s, c in zip(size[::-1], spacing[::-1], center[::-1], strict=True)]
    return np.sqrt(sum(m**2 for m in np.meshgrid(*axes, indexing="ij")))


def grid_of(size, spacing):
    direction = OBLIQUE if len(size) == 3 else (0.8, -0.6, 0.6, 0.8)
    return Geometry(tuple(size), tuple(spacing), tuple(5.0 for _ in size), tuple(direction))


def ball(size, spacing, radius=RADIUS, noise=8.0, centers=(None,)):
    """Balls of 100 on 20, soft over a third of a mm, and a seed for each in its middle."""
    grid = grid_of(size, spacing)
    values, seeds = np.full(size[::-1], 20.0), np.zeros(size[::-1], np.uint8)
    for number, center in enumerate(centers, 1):
        away = distances(size, spacing, center)
        values += 80 / (1 + np.exp((away - radius) / 0.3))
        seeds[np.unravel_index(np.argmin(away), away.shape)] = number
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    return grid.image_of(values.astype(np.float32)), grid.image_of(seeds)


def radius_of(mask, spacing):
    size = np.count_nonzero(mask) * np.prod(spacing)
    return (0.75 * size / np.pi) ** (1 / 3) if len(spacing) == 3 else (size / np.pi) ** 0.5


CONTOURS = [
    GeodesicActiveContour(),
    GeodesicActiveContour(smoothness_mm=3),
    ThresholdLevelSet(limits="given", lower=60, upper=300),
    LaplacianLevelSet(start_radius_mm=10),
    ChanVese(),
    ChanVese(local_mm=10),
]


@pytest.mark.parametrize("size, spacing", GRIDS, ids=["cubes", "thick slices", "2D"])
@pytest.mark.parametrize("contour", CONTOURS, ids=lambda c: c.declaration.name.split(".")[1])
def test_a_contour_finds_the_ball_to_a_part_of_a_voxel(contour, size, spacing):
    image, seeds = ball(size, spacing)
    found = array(contour(image, seeds)) == 1
    truth = distances(size, spacing) < RADIUS
    assert abs(radius_of(found, spacing) - RADIUS) < 0.35
    assert dice(found, truth) > 0.95


def test_the_edge_of_an_object_as_small_as_the_start_stops_a_contour():
    """What counted as an edge was steeper than what the start holds: of a nodule of 14 mm 116 ml were outlined."""
    size, spacing = (40, 40, 15), (1.0, 1.0, 4.0)
    image, seeds = ball(size, spacing, 4.5)
    found = array(GeodesicActiveContour(start_radius_mm=4)(image, seeds)) == 1
    assert 0.7 < np.count_nonzero(found) / np.count_nonzero(distances(size, spacing) < 4.5) < 1.5


def test_noise_is_no_edge_where_one_value_fills_most_of_the_image():
    """Around a body that was cut out the gradient is 0 in most voxels; Dice was 0.28 then."""
    away = distances((45, 45, 45), (1.0,) * 3)
    values = np.where(away < 16, np.random.default_rng(1).normal(size=away.shape) + 1.5 * (away < 8), 0)
    seeds = sitk.GetImageFromArray((away < 0.5).astype(np.uint8))
    found = GeodesicActiveContour(start_radius_mm=4)(sitk.GetImageFromArray(values.astype(np.float32)), seeds)
    assert dice(array(found) == 1, away < 8) > 0.9


@pytest.mark.parametrize(
    ("side", "radius", "voxels"), [(1.0, 3.0, 123), (3.0, 3.0, 19), (3.0, 0.0, 1)], ids=["fine", "wide", "as marked"]
)
def test_a_click_in_wide_voxels_starts_with_more_than_its_neighbors(side, radius, voxels):
    """A start of 7 voxels of 3 mm was held by their noise: 4 voxels of a spleen, nothing of a tumor in PET."""
    image, seeds = ball((20, 20, 20), (side,) * 3)
    starts = []

    def find(patch, share):
        starts.append(np.count_nonzero(patch.start))
        return patch.start

    each_object(image, seeds, None, None, radius, 10.0, find)
    assert starts == [voxels]


def test_the_speed_of_a_front_is_what_it_says():
    """Growing at speed 1, and shrinking by the mean of its curvatures: dr/dt = 1 and -1/r."""
    away = distances((48, 48, 48), (1.0,) * 3).astype(np.float32)
    ones = np.ones_like(away)
    grown = level_set.evolved(away - 10, level_set.Forces(ones, 0.0), time=8)
    assert radius_of(grown < 0, (1, 1, 1)) == pytest.approx(18, abs=0.5)
    # a tenth or so too fast, for the function is restored to a distance from voxel to voxel
    bent = level_set.evolved(away - 16, level_set.Forces(0 * ones, 2.0), time=30)
    assert 16 - radius_of(bent < 0, (1, 1, 1)) == pytest.approx(16 - (16**2 - 2 * 2.0 * 30) ** 0.5, rel=0.2)


def test_smoothness_closes_a_gap_that_a_contour_would_leak_through():
    size, spacing = (80, 80), (1.0, 1.0)
    away = distances(size, spacing)
    wall = (away > 18) & (away < 21)
    wall[:, 38:42] &= distances(size, spacing)[:, 38:42] < 0
    values = np.where(wall, 100.0, 20) + np.random.default_rng(0).normal(0, 3, away.shape)
    grid = grid_of(size, spacing)
    seeds = grid.image_of((away < 1).astype(np.uint8))
    image = grid.image_of(values)
    tight = array(ThresholdLevelSet(limits="given", lower=0, upper=60, smoothness_mm=5)(image, seeds)) > 0
    loose = array(ThresholdLevelSet(limits="given", lower=0, upper=60, smoothness_mm=0)(image, seeds)) > 0
    assert not tight[away > 25].any() and tight[away < 14].mean() > 0.98
    assert loose[away > 25].any()


@pytest.mark.parametrize("contrast", [60.0, -60.0])
def test_a_thing_that_fades_ends_halfway_to_its_surroundings(contrast):
    """The range of values at the start ended within it, or was so wide that it held the surroundings."""
    size, spacing = (48, 48, 48), (1.0, 1.0, 1.0)
    away = distances(size, spacing)
    values = 100 + contrast / (1 + np.exp((away - 10) / 2)) + np.random.default_rng(0).normal(0, 3, away.shape)
    grid = grid_of(size, spacing)
    found = array(ThresholdLevelSet()(grid.image_of(values), grid.image_of((away < 1).astype(np.uint8))))
    assert dice(found > 0, away < 10) > 0.95


def test_two_objects_that_touch_share_their_voxels():
    size, spacing = (64, 40, 30), (1.0, 1.0, 1.0)
    image, seeds = ball(size, spacing, 10, centers=((21, 20, 15), (41, 20, 15)))
    labels = array(ThresholdLevelSet(limits="given", lower=60, upper=300)(image, seeds))
    for value, center in ((1, (21, 20, 15)), (2, (41, 20, 15))):
        assert dice(labels == value, distances(size, spacing, center) < 10) > 0.93


def test_a_contour_corrects_a_segment_and_stays_within_reach():
    size, spacing = GRIDS[0]
    image, seeds = ball(size, spacing)
    truth = distances(size, spacing) < RADIUS
    rough = grid_of(size, spacing).image_of(distances(size, spacing, (24, 22, 20)) < 11)
    before = dice(array(rough) > 0, truth)
    after = dice(array(LaplacianLevelSet()(image, labels=rough)) > 0, truth)
    assert before < 0.88 and after > 0.97
    near = array(ThresholdLevelSet(limits="given", lower=0, upper=200, reach_mm=5)(image, seeds)) > 0
    assert distances(size, spacing)[near].max() <= 3 + 5 + 1.5


def test_contours_say_why_they_find_nothing():
    size, spacing = GRIDS[2]
    image, seeds = ball(size, spacing)
    with pytest.raises(InputError, match="start from"):
        GeodesicActiveContour()(image)
    with pytest.raises(InputError, match="shrank to nothing"):
        ThresholdLevelSet(limits="given", lower=500, upper=600)(image, seeds)
    with pytest.raises(InputError, match="no edge"):
        GeodesicActiveContour(edge_step=5000)(image, seeds)
    elsewhere = grid_of(size, spacing).image_of(distances(size, spacing) > 20)
    with pytest.raises(InputError, match="outside the mask"):
        ChanVese()(image, seeds, mask=elsewhere)
    with pytest.raises(InputError, match="smoothness"):
        ChanVese(smoothness_mm=50)(image)


def test_chan_vese_against_scikit_image():
    """A noisy disk (noise as large as two thirds of the contrast): both come near the truth, ours at least as near."""
    segmentation = pytest.importorskip("skimage.segmentation")
    size, spacing = (120, 120), (1.0, 1.0)
    image, _ = ball(size, spacing, 30, noise=50)
    truth = distances(size, spacing) < 30
    peer = segmentation.chan_vese(array(image), mu=0.05, tol=1e-6, max_num_iter=1000, init_level_set="small disk")
    peer = peer if peer[60, 60] else ~peer
    ours = array(ChanVese()(image)) > 0
    assert dice(ours, truth) > 0.98
    assert dice(ours, truth) > dice(peer, truth) - 0.005


@pytest.mark.parametrize("dimension", [2, 3])
def test_chan_vese_smooths_away_what_is_smaller_than_it_says(dimension):
    kept = []
    for radius in (3.0, 8.0):
        image, _ = ball((64,) * dimension, (0.5,) * dimension, radius, noise=0)
        try:
            kept.append(radius_of(array(ChanVese(smoothness_mm=5)(image)) > 0, (0.5,) * dimension))
        except InputError:
            kept.append(0.0)
    assert kept[0] == 0 and kept[1] == pytest.approx(8, abs=0.8)


def test_local_means_see_through_uneven_brightness():
    size, spacing = (100, 100), (1.0, 1.0)
    image, _ = ball(size, spacing, 25, noise=4)
    shaded = image + grid_of(size, spacing).image_of(np.broadcast_to(np.linspace(0, 150, 100), (100, 100)).astype("f4"))
    truth = distances(size, spacing) < 25
    assert dice(array(ChanVese()(shaded)) > 0, truth) < 0.8
    start = grid_of(size, spacing).image_of(distances(size, spacing) < 20)
    assert dice(array(ChanVese(local_mm=8)(shaded, labels=start)) > 0, truth) > 0.95


@pytest.mark.parametrize("size, spacing", GRIDS, ids=["cubes", "thick slices", "2D"])
def test_canny_regions_fill_the_ball(size, spacing):
    image, _ = ball(size, spacing)
    labels = array(CannyRegions(brightness="bright")(image))
    assert dice(labels == 1, distances(size, spacing) < RADIUS) > 0.95


def test_canny_regions_close_gaps_and_tell_bright_from_dark():
    size, spacing = (90, 60), (1.0, 1.0)
    grid = grid_of(size, spacing)
    bright, dark = distances(size, spacing, (25, 30)) < 14, distances(size, spacing, (65, 30)) < 10
    values = 50.0 + 50 * bright - 40 * dark
    # a stroke as bright as the disk joins it to the border: its edge has a gap of 3 mm
    values[29:32, :20] = 100
    image = grid.image_of(values + np.random.default_rng(0).normal(0, 2, values.shape))
    both = array(CannyRegions(gap_mm=6)(image))
    assert both.max() == 2 and dice(both == 1, bright) > 0.95 and dice(both == 2, dark) > 0.95
    only = array(CannyRegions(gap_mm=6, brightness="dark")(image))
    assert only.max() == 1 and dice(only == 1, dark) > 0.95
    open_one = array(CannyRegions(gap_mm=0)(image))
    assert open_one.max() == 1 and dice(open_one == 1, dark) > 0.95
    with pytest.raises(InputError, match="enclosed regions"):
        CannyRegions(minimum_volume_mm3=5000)(image)
