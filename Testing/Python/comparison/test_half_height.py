"""Outlines at half height: volumes of blurred bodies of known size, on two grids, brighter, moved, and not there."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.special import ndtr
from scipy.stats import norm

from MedProcLib.comparison.half_height import HalfHeightOutlines
from MedProcLib.comparison.halfway import transform_of
from MedProcLib.core.geometry import Geometry

from .conftest import grid_of, rigid

SIDE, BLUR_MM, TISSUE = (52, 48, 44), 0.8, 100.0
MOVE = rigid((12, -8, 20), (4, -3, 6))
FIRST, OTHER = grid_of((1, 1.2, 2), extent=SIDE), grid_of((0.9, 2.1, 1), MOVE[:3, :3] * (1, 1, -1), (4, -3, 6), SIDE)


def ball_volume(radius):
    return 4 / 3 * np.pi * radius**3


def scene(grid, balls, matrix=None, gain=1.0, reach=2.5, seed=0):
    """(image, label map): blurred balls (center, radius, brightness) as the first study has them, and what detection
    makes of them: regions that reach too far, numbered from 1; those without brightness are not there."""
    back = np.linalg.inv(np.eye(4) if matrix is None else matrix)
    points = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float))
    points = points @ back[:3, :3].T + back[:3, 3]
    values = np.random.default_rng(seed).normal(TISSUE, 2.0, len(points))
    labels = np.zeros(len(points), np.int32)
    for number, (center, radius, added) in enumerate(balls, 1):
        far = np.maximum(np.linalg.norm(points - center, axis=1), 1e-6)
        above, below = (radius - far) / BLUR_MM, (radius + far) / BLUR_MM
        # a ball convolved with a Gaussian
        share = ndtr(above) - ndtr(-below) - BLUR_MM / far * (norm.pdf(above) - norm.pdf(below))
        values += added * share
        labels[(far < radius + reach) & (added > 0)] = number
    shape = tuple(reversed(grid.size))
    return grid.image_of((gain * values).reshape(shape).astype(np.float32)), grid.image_of(labels.reshape(shape))


def volumes(labels: sitk.Image) -> dict[int, float]:
    counts = np.bincount(sitk.GetArrayViewFromImage(labels).ravel())
    return {n: c * Geometry.of(labels).voxel_volume for n, c in enumerate(counts) if n and c}


def outlined(before, after, gain=1.4, **settings):
    """Volumes in the first and in the other study: on grids of their own, the other one moved and brighter."""
    images, labels = zip(scene(FIRST, before), scene(OTHER, after, MOVE, gain, seed=1), strict=True)
    found = HalfHeightOutlines(**settings)(*images, *labels, transform_of(MOVE))
    return tuple(volumes(each) for each in found), tuple(volumes(each) for each in labels)


def test_a_blurred_body_has_its_volume_though_its_region_reached_too_far():
    places = [((-12, 0, 0), 6.0, 60.0), ((12, 3, 0), 4.0, 40.0)]
    (first, other), regions = outlined(places, places)
    assert regions[0][1] > 2.5 * ball_volume(6)
    for found in (first, other):
        # where the border is curved, half of the height lies a little inside
        assert 0.9 < found[1] / ball_volume(6) < 1.02
        assert 0.83 < found[2] / ball_volume(4) < 1.02


def test_an_uneven_body_is_as_large_as_an_even_one():
    """Its brightest parts are not its height, which made it 8 % smaller."""
    image, labels = scene(FIRST, [((0, 0, 0), 7.0, 60.0)])
    grid, values = Geometry.of(image), sitk.GetArrayFromImage(image)
    added, images = values - TISSUE, [image]
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(size=values.shape)
        texture = ndimage.gaussian_filter(noise, 1.5 / np.array(grid.spacing[::-1]))
        texture = (texture - texture[added > 30].mean()) / texture[added > 30].std()
        images.append(grid.image_of(TISSUE + added * (1 + 0.15 * texture)))
    even, *uneven = (volumes(HalfHeightOutlines()(each, each, labels, labels)[0])[1] for each in images)
    assert np.mean(uneven) / even == pytest.approx(1, abs=0.06)


def test_the_height_of_a_small_body_is_its_own_though_its_region_is_mostly_other_tissue():
    balls = [((0, 0, 0), 2.6, 60.0)]
    (first, other), regions = outlined(balls, balls)
    reaching = [volumes(scene(grid, balls, matrix, reach=6.0)[1])[1] for grid, matrix in ((FIRST, None), (OTHER, MOVE))]
    images, labels = zip(scene(FIRST, balls, reach=6.0), scene(OTHER, balls, MOVE, 1.4, 6.0, 1), strict=True)
    wide = HalfHeightOutlines()(*images, *labels, transform_of(MOVE))
    for near, far, region, reached in zip((first, other), wide, regions, reaching, strict=True):
        assert reached > 4 * region[1]
        assert volumes(far)[1] == pytest.approx(near[1], rel=0.1)


def test_growth_is_recovered_and_what_was_flooded_is_found_in_the_first_study():
    grown = [((0, 0, 0), 6.5, 60.0)]
    (first, other), _ = outlined([((0, 0, 0), 5.0, 60.0)], grown)
    assert other[1] / first[1] == pytest.approx((6.5 / 5) ** 3, rel=0.07)
    # change was seen all over it, so that the first study's outline was lost
    image, _ = scene(FIRST, [((0, 0, 0), 5.0, 60.0)])
    after, labels = scene(OTHER, grown, MOVE, 1.4, seed=1)
    empty = Geometry.of(image).empty_image(sitk.sitkInt32)
    one, two = HalfHeightOutlines()(image, after, empty, labels, transform_of(MOVE))
    assert volumes(one)[1] == pytest.approx(first[1], rel=0.02)
    assert volumes(two)[1] == pytest.approx(other[1], rel=0.02)


def test_the_height_is_that_of_the_study_that_shows_more():
    """One that fades to 40 % of its height is gone; one that keeps 70 % is smaller, by its blurred border."""
    for left, least, most in ((24.0, 0.0, 0.0), (42.0, 0.5, 0.95)):
        (first, other), _ = outlined([((0, 0, 0), 5.0, 60.0)], [((0, 0, 0), 5.0, left)])
        assert first[1] == pytest.approx(ball_volume(5), rel=0.15)
        assert least <= other.get(1, 0.0) / first[1] <= most


def test_new_is_not_there_before_and_gone_not_after():
    (first, other), _ = outlined(
        [((-12, 0, 0), 5.0, 60.0), ((12, 0, 0), 5.0, 0.0)], [((-12, 0, 0), 5.0, 0.0), ((12, 0, 0), 5.0, 60.0)]
    )
    assert set(first) == {1} and set(other) == {2}


@pytest.mark.parametrize("zero", [TISSUE - 3, TISSUE, 1000.0])
def test_new_is_not_there_before_whatever_zero_is(zero):
    """Normalized images and HU: nothing is in proportion there, and noise has some height, too."""
    balls = [((-12, 0, 0), 5.0, 0.0), ((12, 0, 0), 5.0, 60.0)], [((-12, 0, 0), 5.0, 60.0), ((12, 0, 0), 4.0, 60.0)]
    images, labels = zip(scene(FIRST, balls[0]), scene(OTHER, balls[1], MOVE, seed=1), strict=True)
    one, two = (
        volumes(each) for each in HalfHeightOutlines()(*(image - zero for image in images), *labels, transform_of(MOVE))
    )
    assert set(one) == {2} and set(two) == {1, 2}
    assert one[2] == pytest.approx(ball_volume(5), rel=0.15) and two[2] == pytest.approx(ball_volume(4), rel=0.18)


def test_what_was_not_outlined_before_has_to_be_a_good_part_of_the_other():
    """A spot of 3.2 mm in a region that grew to 6 mm is less than a sixth of it."""
    image, _ = scene(FIRST, [((0, 0, 0), 3.2, 60.0)])
    after, labels = scene(OTHER, [((0, 0, 0), 6.0, 60.0)], MOVE, 1.4, seed=1)
    empty = Geometry.of(image).empty_image(sitk.sitkInt32)
    for least, there in ((5.0, True), (30.0, False)):
        rule = HalfHeightOutlines(least_percent=least)
        one, _ = rule(image, after, empty, labels, transform_of(MOVE))
        assert bool(volumes(one)) is there
    known = scene(FIRST, [((0, 0, 0), 3.2, 60.0)], reach=0)[1]
    one, _ = HalfHeightOutlines().outlined((image, after), (empty, labels), (known, labels), transform_of(MOVE), ())
    assert 0.6 < volumes(one)[1] / ball_volume(3.2) < 1


@pytest.mark.parametrize("radius, there", [(8.0, False), (5.0, True)])
def test_a_remnant_that_was_outlined_before_is_nothing_beside_a_large_finding(radius, there):
    """A bright spot of 26 mm3 that is known: 1 % of a ball of 8 mm radius, 5 % of one of 5 mm."""
    spot = [((0, 0, 0), 1.7, 150.0)]
    (image, known), (after, labels) = (
        scene(FIRST, spot, reach=0),
        scene(OTHER, [((0, 0, 0), radius, 60.0)], MOVE, seed=1),
    )
    empty = Geometry.of(image).empty_image(sitk.sitkInt32)
    one, two = HalfHeightOutlines().outlined((image, after), (empty, labels), (known, labels), transform_of(MOVE), ())
    assert bool(volumes(one)) is there and volumes(two)[1] == pytest.approx(ball_volume(radius), rel=0.15)
    assert not there or 15 < volumes(one)[1] < 40


def test_unchanged_keeps_the_other_outline_and_flat_ones_stay():
    balls = [((-12, 0, 0), 6.0, 60.0), ((12, 0, 0), 5.0, 60.0)]
    images, labels = zip(scene(FIRST, balls), scene(OTHER, balls, MOVE, 1.4, seed=1), strict=True)
    one, two = HalfHeightOutlines().outlined(images, labels, labels, transform_of(MOVE), {1})
    assert volumes(two)[1] == volumes(labels[1])[1] > 2 * volumes(one)[1]
    assert volumes(two)[2] == pytest.approx(ball_volume(5), rel=0.15)
    dark = [image * -1 + 1000 for image in images]
    for given, found in zip(labels, HalfHeightOutlines()(*dark, *labels, transform_of(MOVE)), strict=True):
        np.testing.assert_array_equal(sitk.GetArrayFromImage(given), sitk.GetArrayFromImage(found))


def test_voxels_without_a_number_are_left_out():
    image, labels = scene(FIRST, [((0, 0, 0), 6.0, 60.0)])
    values = sitk.GetArrayFromImage(image)
    values[:, :, : values.shape[2] // 2] = np.nan
    holed = FIRST.image_of(values)
    one, _ = HalfHeightOutlines()(holed, holed, labels, labels)
    assert volumes(one)[1] == pytest.approx(ball_volume(6) / 2, rel=0.1)
