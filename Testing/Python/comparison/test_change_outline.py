import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.change_outline import at_half_height
from MedProcLib.comparison.defaults import default_recipe
from MedProcLib.comparison.study import Study

from .conftest import grid_of

GRID = grid_of((1, 1, 2), extent=(48, 36, 36))
POINTS = np.stack(np.meshgrid(*(np.arange(n) * s for n, s in zip((18, 36, 48), (2, 1, 1), strict=True)), indexing="ij"))
CENTERS, RADIUS_MM = ((17.0, 18.0, 14.0), (17.0, 18.0, 34.0)), 6.0
BALLS = [np.linalg.norm(POINTS - np.reshape(c, (3, 1, 1, 1)), axis=0) < RADIUS_MM for c in CENTERS]


def difference(heights):
    """Two balls of these heights as a scanner and a smoothing blur them (1 mm)."""
    sharp = sum(h * ball for h, ball in zip(heights, BALLS, strict=True))
    return ndimage.gaussian_filter(np.asarray(sharp, float), (0.5, 1, 1))


def volumes(outline):
    halves = outline[:, :, :24], outline[:, :, 24:]
    return [np.count_nonzero(half) / np.count_nonzero(ball) for half, ball in zip(halves, BALLS, strict=True)]


def test_a_strong_and_a_faint_change_both_end_at_half_of_their_own_height():
    """One limit for both leaves a wide rim around the strong one, and half of the stronger one's height would take the
    faint one away."""
    height = difference((40, 4))
    found = height > 0.5
    assert volumes(found)[0] > 1.6
    outline = at_half_height(found, height, GRID)
    assert volumes(outline) == pytest.approx([1.1, 1.1], abs=0.08)


def test_small_parts_that_fall_off_are_left_out_but_never_the_largest():
    height = difference((20, 0))
    height[8, 18, 21:25] = 0.8
    height[8, 18, 25] = 30
    found = height > 0.5
    outline = at_half_height(found, height, GRID, smallest_mm3=10)
    assert not outline[8, 18, 25] and outline[8, 18, 14]
    small = np.zeros(found.shape, bool)
    small[8, 18, 13:15] = True
    assert at_half_height(small, height, GRID, smallest_mm3=1000).any()


def test_places_that_nothing_segments_are_as_large_as_what_changed():
    """At 30 % of the peak they were 1.3 times as large."""
    random, mask = np.random.default_rng(3), GRID.image_of(np.ones(POINTS.shape[1:], np.uint8))
    plain, hot = (
        GRID.image_of((1 + added + random.normal(0, 0.05, added.shape)).astype(np.float32))
        for added in (np.zeros(POINTS.shape[1:]), difference((6, 3)))
    )
    studies = [Study(name, image, modality="PT", unit="SUV") for name, image in (("1", plain), ("2", hot))]
    (step,) = [s.operation for s in default_recipe(studies).steps if isinstance(s.operation, DetectChange)]
    change = sitk.GetArrayFromImage(step(plain, hot, mask, mask)[1])
    assert volumes(change == 1) == pytest.approx([1.0, 1.0], abs=0.1)
