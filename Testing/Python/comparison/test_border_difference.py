"""Borders that two scans mix differently are no change; what lies beside them is found all the same."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.interpolate import interp1d

from MedProcLib.comparison.border_difference import border_sd
from MedProcLib.comparison.change import DetectChange
from MedProcLib.core.geometry import Geometry

ANY = DetectChange(contrast="any", smoothing_mm=2.0, low=4.0, high=8.0, minimum_volume_mm3=100)
GRID = Geometry((48, 48, 40), (1.5, 1.5, 1.5), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
MASK = GRID.image_of(np.ones((40, 48, 48), np.uint8))
LESION = (slice(10, 16), slice(30, 36), slice(8, 14))


def scan(start: int, seed: int, lesion: float = 0.0) -> sitk.Image:
    """Bones of 700 HU in tissue of 50 HU in slices of 4.5 mm that begin at a voxel, with noise of 10 HU."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(40, 48, 48)), 3.5)
    fine = np.where(smooth > np.percentile(smooth, 93), 700.0, 50.0)
    fine[5:21, 25:41, 3:19] = 50.0
    fine[LESION] += lesion
    places = [np.arange(max(n, 0), min(n + 3, 40)) for n in range(start - 3, 40, 3)]  # of each slice
    slices = np.array([fine[place].mean(axis=0) for place in places])
    values = interp1d([n + 1.0 for n in range(start - 3, 40, 3)], slices, axis=0, fill_value="extrapolate")(range(40))
    return GRID.image_of((values + np.random.default_rng(seed).normal(0, 10, fine.shape)).astype(np.float32))


def pieces(lesion: float) -> list[np.ndarray]:
    _, change = ANY(scan(3, 1), scan(2, 2, lesion), MASK, MASK)
    numbers, count = ndimage.label(sitk.GetArrayViewFromImage(change))
    return [numbers == n + 1 for n in range(count)]


def test_of_bones_in_thick_slices_few_are_change_and_a_lesion_is():
    """By the SD that is fitted to medians alone twelve pieces of bone had changed; no resolutions are matched here."""
    assert len(pieces(0.0)) <= 4
    (found,) = [piece for piece in pieces(60.0) if piece[LESION].any()]
    assert found[LESION].mean() > 0.6 and found.sum() < 2 * found[LESION].size


def test_what_the_usual_sd_tells_adds_nothing():
    values = np.random.default_rng(3).normal(0, 1, (2, 40, 48, 48)).astype(np.float32)
    for size in (1.0, 40.0):  # noise alone, and borders that differ by noise alone
        step = size * (np.arange(48) > 20).astype(np.float32)
        added = border_sd(*(values + step), np.full((40, 48, 48), 1.5), np.ones((40, 48, 48), bool), GRID)
        assert added.max() == pytest.approx(0, abs=0.01)
