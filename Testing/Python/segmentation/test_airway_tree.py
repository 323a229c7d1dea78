"""The trachea and the tree that grows from it: a chest with a known tree, real images, and images without a trachea."""

import functools

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._placed import dice, there, turned
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.tube.airway_tree import airway_tree
from MedProcLib.segmentation.tube.airways import Airways
from MedProcLib.segmentation.tube.trachea import find_trachea

from .tubes import distance_to_line, positions

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.35).GetMatrix()
# LPS mm from the fork of the trachea, and the radius
TUBES = [
    ((0, -4, 90), (0, 0, 0), 8.0),
    ((0, 0, 0), (-28, 4, -16), 6.0),
    ((0, 0, 0), (28, 4, -22), 5.5),
    ((-28, 4, -16), (-42, -14, -30), 4.0),
    ((-28, 4, -16), (-46, 16, -34), 4.0),
    ((28, 4, -22), (44, -10, -38), 3.5),
    ((28, 4, -22), (42, 20, -44), 3.5),
]
SPACING = (1.6, 1.6, 2.0)


def chest(direction=UPRIGHT, top=85.0):
    """HU (int16) of a chest on a grid, its tree of air (only to be read), and the grid. The top is cut at z = top."""
    values, lumen, grid = _drawn(direction, top)
    return values.copy(), lumen, grid


@functools.cache
def _drawn(direction, top):
    size = (110, 92, 90)
    grid = Geometry(size, SPACING, (0.0,) * 3, direction)
    middle = grid.points((np.array(size) - 1) / 2)[0]
    grid = Geometry(size, SPACING, tuple(-middle + (0, 0, top - 90)), direction)
    points = positions(grid)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    values = np.where((x / 85) ** 2 + (y / 68) ** 2 <= 1, 40.0, -1000.0)
    for side in (-1, 1):
        lung = ((x - side * 44) / 32) ** 2 + (y / 50) ** 2 + ((z + 10) / 90) ** 2 <= 1
        values[lung] = -860
    off = [(distance_to_line(points, first, last), radius) for first, last, radius in TUBES]
    for distance, radius in off:
        values[distance <= radius + 1.6] = 0
    lumen = np.any([distance <= radius for distance, radius in off], axis=0)
    values[lumen] = -990
    values = ndimage.gaussian_filter(values, [0.7 / s for s in reversed(SPACING)])
    values += np.random.default_rng(0).normal(0, 30, values.shape)
    return values.astype(np.int16), lumen, grid


@pytest.mark.parametrize("direction", [UPRIGHT, OBLIQUE], ids=["upright", "oblique"])
def test_the_trachea_is_found_however_the_image_lies(direction):
    values, _, grid = chest(direction)
    axis = find_trachea(values, grid)
    assert len(axis) > 25 and (np.diff(axis[:, 2]) > 0).all()
    upper = axis[axis[:, 2] > 10]
    assert distance_to_line(upper, (0, -4, 90), (0, 0, 0)).max() < 2.5


@pytest.mark.parametrize("top", [85.0, 40.0], ids=["whole", "cut in the lungs"])
@pytest.mark.parametrize("direction", [UPRIGHT, OBLIQUE], ids=["upright", "oblique"])
def test_the_tree_is_followed_and_does_not_leak(direction, top):
    values, lumen, grid = chest(direction, top=top)
    tree = airway_tree(values, grid)
    near = ndimage.distance_transform_edt(~lumen, grid.spacing[::-1])
    assert 2 * np.count_nonzero(tree & lumen) / (tree.sum() + lumen.sum()) > 0.85
    assert np.count_nonzero(tree & (near > 3)) < 0.03 * np.count_nonzero(tree)


def test_the_lumen_on_a_turned_grid_ends_at_the_same_walls():
    values, lumen, grid = chest()
    image = turned(grid.image_of(values), -1024, side_mm=1.6)
    found = sitk.GetArrayFromImage(Airways()(image)) > 0
    # 0.94 where the border is that of the working voxels
    assert dice(found, there(lumen, grid.image_of(values), lambda mask: turned(mask, 0, side_mm=1.6))) > 0.95


def test_seeds_need_no_lungs_and_a_region_bounds_the_tree():
    values, lumen, grid = chest()
    values[values < -800] = np.where(lumen[values < -800], -990, 0)
    assert not len(find_trachea(values, grid))
    seeds = np.zeros(values.shape, bool)
    seeds[tuple(np.rint(grid.indices(np.array([0.0, -2, 45]))[0]).astype(int)[::-1])] = True
    region = positions(grid)[..., 2] > -10
    tree = airway_tree(values, grid, region, seeds=seeds)
    assert not (tree & ~region).any()
    assert np.count_nonzero(tree & lumen) > 0.9 * np.count_nonzero(lumen & region)


def test_where_it_was_stopped_is_told():
    values, lumen, grid = chest()
    points = positions(grid)
    hole = distance_to_line(points, (-20, 3, -12), (-20, -20, -12)) <= 1.5
    values[hole & ~lumen] = -940
    leaks = []
    tree = airway_tree(values, grid, leaks=leaks)
    near = ndimage.distance_transform_edt(~(lumen | hole), grid.spacing[::-1])
    assert np.count_nonzero(tree & (near > 4)) < 0.1 * np.count_nonzero(tree)
    assert all(leak.widening > 1 and leak.radius_mm > 0 for leak in leaks)


def test_without_lungs_or_in_tiny_images_nothing_is_found():
    for shape in ((1, 1, 1), (3, 40, 40), (12, 12, 12)):
        grid = Geometry(tuple(reversed(shape)), (2.0,) * 3, (0.0,) * 3, UPRIGHT)
        for value in (-1000, 40):
            assert not airway_tree(np.full(shape, value, np.int16), grid).any()


def test_real_images(shared_data):
    folder = shared_data / "01_ct"
    chest_ct = sitk.ReadImage(str(folder / "pyradiomics_lung1" / "image.nrrd"))
    values, grid = sitk.GetArrayFromImage(chest_ct), Geometry.of(chest_ct)
    axis = find_trachea(values, grid)
    # seen in the pictures: from the larynx to the fork
    np.testing.assert_allclose(axis[[0, -1], :2], [[2, -119], [0, -164]], atol=4)
    tree = airway_tree(values, grid)
    assert 20_000 < np.count_nonzero(tree) * grid.voxel_volume < 32_000
    assert np.median(values[tree]) < -900 and np.percentile(values[tree], 90) < -600
    # an abdomen has bowel gas, and no trachea
    abdomen = sitk.ReadImage(str(folder / "totalseg_example" / "ct.nii.gz"))
    assert not airway_tree(sitk.GetArrayFromImage(abdomen), Geometry.of(abdomen)).any()
