"""What MatchIntensity takes for coil sensitivity, and what it leaves as change."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.comparison.local_linear import local_linear
from MedProcLib.core.geometry import Geometry

from .conftest import grid_of, head

# The head cut by the field of view 50 mm below its middle; where the sensitivity rises at one side of that end.
CUT = grid_of((3, 3, 3), extent=(160, 190, 100))
RISE, RISE_MM, SIDE, SIDE_MM = 0.4, 8.0, (30.0, -25.0), 25.0
LESION = (-25.0, 20.0, 10.0)


def places(grid: Geometry) -> np.ndarray:
    """Places (z, y, x, 3; mm) of the voxels."""
    shape = tuple(reversed(grid.size))
    return grid.points(np.indices(shape).reshape(3, -1)[::-1].T.astype(float)).reshape(*shape, 3)


def scanned_again(radius=0.0, height=0.0, shift=0.0):
    """(first, matched, brain) values of the head, and of it again with a field and a lesion; shift: of the zero."""
    first, mask = head(CUT)
    again, _ = head(CUT, lesions=[(np.array(LESION), radius, height)] if height else (), seed=1)
    p = places(CUT)
    aside = np.square(p[..., :2] - SIDE).sum(axis=-1)
    field = 1 + RISE * np.exp(-(p[..., 2] - p[0, 0, 0, 2]) / RISE_MM - aside / 2 / SIDE_MM**2)
    one, two, brain = (sitk.GetArrayFromImage(v) for v in (first, again, mask))
    two = two * field - shift if shift == 0 else two - shift + 100 * (field - 1)
    fixed, moving = (CUT.image_of(v.astype(np.float32)) for v in (one - shift, two))
    matched = MatchIntensity(bias_mm=10)(fixed, moving, mask, mask)
    return one - shift, sitk.GetArrayFromImage(matched), brain > 0


def left(first, matched, brain):
    """Root mean square of the difference, smoothed by 4 mm, in the last 9 mm of the field of view and above."""
    smooth = [ndimage.gaussian_filter(v.astype(float), 4 / 3) for v in (np.where(brain, matched - first, 0), brain)]
    difference, depth = smooth[0] / np.maximum(smooth[1], 0.2), places(CUT)[..., 2] - places(CUT)[0, 0, 0, 2]
    return [np.sqrt(np.mean(difference[brain & where] ** 2)) for where in (depth < 9, depth >= 9)]


@pytest.mark.parametrize("shift", [0.0, 120.0])
def test_a_steep_field_at_the_end_of_the_field_of_view_is_removed(shift):
    """A factor, or where tissue lies about zero (normalized images) a sum. A local mean leaves 6.2 and 6.7 there."""
    end, above = left(*scanned_again(shift=shift))
    assert end < 3.6 and above < 0.5


@pytest.mark.parametrize("radius, height, least", [(4, 20, 0.95), (8, 20, 0.92), (8, 70, 0.95), (30, 70, 0.92)])
def test_a_lesion_keeps_its_brightness(radius, height, least):
    """The widest is 6 % of the region; were it among the matched percentiles, 0.09 of its brightness would be left."""
    plain, matched = scanned_again()[1], scanned_again(radius, height)[1]
    core = np.linalg.norm(places(CUT) - LESION, axis=-1) < radius - 1.5
    assert least < (matched - plain)[core].mean() / height < 1.02


def test_dark_fluid_is_multiplied_by_the_field_as_bright_tissue_is():
    grid, random = grid_of((3, 3, 3), extent=(90, 90, 90)), np.random.default_rng(0)
    x = places(grid)[..., 0]
    tissue = np.where(np.abs(places(grid)[..., 1]) < 12, 20.0, 100.0)
    field = 1 + 0.1 * x / 45
    one, two = (tissue * f + random.normal(0, 1, x.shape) for f in (1.0, field))
    fixed, moving = (grid.image_of(v.astype(np.float32)) for v in (one, two))
    whole = grid.image_of(np.ones(x.shape, np.uint8))
    matched = MatchIntensity(bias_mm=10)(fixed, moving, whole, whole)
    difference = sitk.GetArrayFromImage(matched) - one
    for ends in (x < -35, x > 35):
        for kind in (tissue < 50, tissue > 50):
            assert abs(difference[ends & kind].mean()) < 0.9


def fitted(values, weights, used, region, grid, sigma_mm=12.0):
    return local_linear((values * weights).astype(np.float32), weights.astype(np.float32), used, region, grid, sigma_mm)


def test_a_slope_goes_on_to_the_ends_whatever_the_weights_and_outliers_that_are_left_out():
    tilted = Rotation.from_euler("xyz", [10, 20, -15], degrees=True).as_matrix()
    grid = grid_of((1.5, 2, 4), direction=tilted, extent=(60, 70, 60))
    p, random = places(grid), np.random.default_rng(0)
    plane = 5 + p @ [0.3, -0.2, 0.4]
    region = np.ones(plane.shape, bool)
    used = random.uniform(size=plane.shape) > 0.2
    values = np.where(used, plane, 1000.0)
    field = fitted(values, random.uniform(0.5, 1.5, plane.shape), used, region, grid)
    # a local mean is off by 0.8 SD of the kernel times the slope at a face: 5.2, and more at an edge
    assert np.abs(field - plane).max() < 2.5
    assert np.sqrt(np.mean((field - plane) ** 2)) < 0.4


def test_beyond_the_region_the_nearest_value_goes_on():
    grid = grid_of((3, 3, 3), extent=(90, 60, 60))
    x = places(grid)[..., 0]
    region = np.abs(x) < 20
    field = fitted(x, np.ones_like(x), region, region, grid)
    assert np.abs(field[x < -35] + 18).max() < 4 and np.abs(field[x > 35] - 18).max() < 4


def test_a_slice_and_a_region_without_weight_are_fitted_too():
    grid = Geometry((40, 40, 1), (2.0, 2.0, 5.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1, 0, 0, 0, 1))
    x = places(grid)[..., 0]
    region = np.ones(x.shape, bool)
    assert np.abs(fitted(x, np.ones_like(x), region, region, grid) - x).max() < 2.5
    assert not fitted(x, np.zeros_like(x), region, region, grid).any()


def test_studies_without_noise():
    """Of which hardly a voxel near a change is as usual: one scaled by 2 with a cube that is new."""
    first = np.broadcast_to(np.arange(100, 130, dtype=np.float32), (30, 30, 30)).copy()
    other = 2 * first
    other[10:16, 10:16, 10:16] += 100
    matched = sitk.GetArrayFromImage(MatchIntensity(bias_mm=0)(*map(sitk.GetImageFromArray, (first, other))))
    np.testing.assert_allclose(matched[:4], first[:4], atol=2)
    assert (matched - first)[11:15, 11:15, 11:15].min() > 30
