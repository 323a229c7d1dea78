"""A tree of bright tubes that touches a large bright ball: followed to its ends, and stopped at the ball."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.tube.tree_from_seed import TreeFromSeed

from .tubes import centered_grid, distance_to_line, positions

BALL_CENTER, BALL_RADIUS = np.array([20.0, 0, -22]), 12.0
ENDS = {"root": (0, 0, 30), "left": (-25, 6, -25), "right": (12, -2, -12)}


def phantom(spacing=(1.0, 1.0, 1.5), noise=5.0, ball=True):
    """Image, lumen, and the ball that the right branch runs into."""
    grid = centered_grid(76, spacing)
    points = positions(grid)
    tree = distance_to_line(points, (0, 0, 0), ENDS["root"]) <= 4
    tree |= distance_to_line(points, (0, 0, 0), ENDS["left"]) <= 2.5
    tree |= distance_to_line(points, (-12, 3, -12), (-25, -15, -20)) <= 2
    tree |= distance_to_line(points, (0, 0, 0), ENDS["right"]) <= 3
    solid = (np.linalg.norm(points - BALL_CENTER, axis=-1) <= BALL_RADIUS) & ball
    sharp = 40 + 160.0 * (tree | solid)
    values = ndimage.gaussian_filter(sharp, [0.6 / s for s in reversed(spacing)])
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    return grid.image_of(values.astype(np.float32)), tree, solid & ~tree


def seed(image, point=(0, 0, 20)):
    grid = Geometry.of(image)
    marks = np.zeros(tuple(reversed(grid.size)), np.uint8)
    marks[tuple(np.rint(grid.indices(np.array(point, float))[0]).astype(int)[::-1])] = 1
    return grid.image_of(marks)


def followed(image, **settings):
    labels, rows = TreeFromSeed(**settings)(image, seed(image))
    return sitk.GetArrayFromImage(labels) > 0, rows


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.5)], ids=str)
def test_a_tree_without_a_leak_is_taken_whole(spacing):
    image, tree, _ = phantom(spacing, ball=False)
    result, rows = followed(image)
    assert dice(result, tree) > 0.94 and rows == []


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.5)], ids=str)
def test_what_is_no_tube_is_not_filled_and_the_place_is_told(spacing):
    image, tree, ball = phantom(spacing)
    result, rows = followed(image)
    assert np.count_nonzero(result & ball) < 0.1 * np.count_nonzero(ball)
    assert np.count_nonzero(result & tree) > 0.85 * np.count_nonzero(tree)
    place = np.array([rows[0][f"{axis}_lps_mm"] for axis in "xyz"])
    assert np.linalg.norm(place - BALL_CENTER) < BALL_RADIUS + 12 and "leak control" in rows[0]["stopped"]
    everything, _ = followed(image, most_widening=100)
    assert np.count_nonzero(everything & ball) > 0.9 * np.count_nonzero(ball)


def test_dark_is_bright_of_the_negative():
    image, _, _ = phantom()
    bright, _ = followed(image)
    dark, _ = followed(image * -1.0, polarity="dark")
    np.testing.assert_array_equal(bright, dark)


def test_fainter_branches_come_in_below_one_half():
    image, tree, _ = phantom(ball=False, noise=3.0)
    grid = Geometry.of(image)
    faint = distance_to_line(positions(grid), (-25, 6, -25), (-30, 20, -28)) <= 2
    values = np.where(faint & ~tree, 40 + 160 * 0.45, sitk.GetArrayFromImage(image)).astype(np.float32)
    reached = [np.count_nonzero(followed(grid.image_of(values), faintest=f)[0] & faint & ~tree) for f in (0.5, 0.35)]
    assert reached[0] < 0.2 * np.count_nonzero(faint & ~tree) < 0.7 * np.count_nonzero(faint & ~tree) < reached[1]


def test_a_mask_bounds_the_tree():
    image, tree, _ = phantom()
    grid = Geometry.of(image)
    upper = positions(grid)[..., 2] > 0
    labels, _ = TreeFromSeed()(image, seed(image), grid.image_of(upper))
    result = sitk.GetArrayFromImage(labels) > 0
    assert not (result & ~upper).any() and dice(result, tree & upper) > 0.9


def test_in_2d():
    y, x = np.mgrid[:90, :110].astype(float)
    points = np.stack([x, y], axis=-1)
    tree = distance_to_line(points, (8, 45), (50, 45)) <= 4
    tree |= (distance_to_line(points, (50, 45), (90, 15)) <= 3) | (distance_to_line(points, (50, 45), (75, 70)) <= 3)
    disk = np.linalg.norm(points - (88, 76), axis=-1) < 12
    values = 20 + 100.0 * (tree | disk) + np.random.default_rng(0).normal(0, 4, x.shape)
    flat = Geometry((110, 90), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
    image = flat.image_of(values.astype(np.float32))
    labels, rows = TreeFromSeed()(image, seed(image, (15, 45)))
    result = sitk.GetArrayFromImage(labels) > 0
    assert np.count_nonzero(result & tree) > 0.85 * np.count_nonzero(tree)
    assert np.count_nonzero(result & disk & ~tree) < 0.2 * np.count_nonzero(disk & ~tree)
    assert set(rows[0]) >= {"x_lps_mm", "y_lps_mm"} and "z_lps_mm" not in rows[0]


def test_a_wide_vessel_between_lung_and_soft_tissue_is_followed():
    """What most of its surroundings are (lung) is not what bounds it, and 10 mm around the seed are all vessel."""
    grid = centered_grid(110, (2.0, 2.0, 2.5))
    points = positions(grid)
    vessel = distance_to_line(points, (0, 0, -80), (0, 0, 80)) <= 15
    lung = (points[..., 0] > -5) & ~(distance_to_line(points, (0, 0, -80), (0, 0, 80)) <= 18)
    values = np.select([vessel, lung], [190.0, -820.0], 40.0) + np.random.default_rng(0).normal(0, 15, vessel.shape)
    result, _ = followed(grid.image_of(values.astype(np.float32)))
    assert dice(result, vessel) > 0.95


def test_seeds_beside_the_tube_are_explained():
    image, _, _ = phantom()
    with pytest.raises(InputError, match="not brighter"):
        TreeFromSeed(smoothing_mm=0)(image * 0 + 5.0, seed(image))
    with pytest.raises(InputError, match="not brighter"):  # it was all of the surroundings, or one voxel
        followed(image * -1.0)
    with pytest.raises(InputError, match="mask"):
        TreeFromSeed()(image, seed(image), seed(image, (0, 0, -30)))


def test_what_hardly_stands_out_of_the_noise_is_refused_or_told_of():
    """Noise that neighbors share, as in CT: what noise alone raises at a seed was followed as a tree, 2.4 ml of it."""
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(40, 40, 40)), 1)
    tube = np.hypot(*(np.indices(noise.shape)[1:] - 20)) <= 3
    notes = []
    for contrast in (0, 1, 3, 6):
        image = sitk.GetImageFromArray((contrast * tube + noise / noise.std()).astype(np.float32))
        progress = Progress()
        try:
            labels, _ = TreeFromSeed()(image, seed(image, (20, 20, 5)), progress=progress)
        except InputError as error:
            assert "times the noise only" in str(error)
            notes.append("refused")
        else:
            assert dice(sitk.GetArrayFromImage(labels) > 0, tube) > (0.95 if contrast == 6 else 0.7)
            notes.append("told" if "noise" in "".join(progress.notes) else "")
    assert notes == ["refused", "refused", "told", ""]
