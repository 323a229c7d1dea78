"""Noise goes, edges stay: the volume of a ball after every operation against noise, at its defaults."""

import functools

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.registry import operations

RADIUS_MM = 8.0
CENTER_MM = (0.13, -0.21, 0.34)  # z, y, x: not on a voxel
DARK, BRIGHT, NOISE = 100.0, 200.0, 10.0
SPACINGS = [(1.0, 1.0, 1.0), (1.5, 0.8, 0.8)]  # z, y, x

DENOISERS = [d for d in operations("enhancement") if d.group == "Noise"]


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("declaration", DENOISERS, ids=lambda d: d.name.split(".")[1])
def test_a_ball_keeps_its_volume(declaration, spacing):
    clean, noisy, distance = ball(spacing)
    result = sitk.GetArrayFromImage(declaration.create()(image_of(noisy, spacing)))
    before, after = volume_mm3(clean, spacing, distance), volume_mm3(result, spacing, distance)
    assert after == pytest.approx(before, rel=0.01)
    assert np.std(result[distance < 5]) < 0.8 * NOISE


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_the_volume_is_measured_well(spacing):
    """Less than the analytic one by what voxels and interpolation round off: variance / radius, of the surface."""
    clean, noisy, distance = ball(spacing)
    variance = sum(s**2 * (1 / 12 + 1 / 6) for s in spacing) / 3
    expected = 4 / 3 * np.pi * (RADIUS_MM - variance / RADIUS_MM) ** 3
    assert volume_mm3(clean, spacing, distance) == pytest.approx(expected, rel=0.003)
    assert volume_mm3(noisy, spacing, distance) == pytest.approx(expected, rel=0.006)


def volume_mm3(values, spacing, distance) -> float:
    """Volume brighter than half-way between inside and outside, to a fraction of a voxel."""
    bright, dark = np.median(values[distance < 5]), np.median(values[(distance > 11) & (distance < 13)])
    grid = np.meshgrid(*[np.arange(-0.5 + 1 / 8, n - 0.5, 1 / 4) for n in values.shape], indexing="ij")
    fine, far = (ndimage.map_coordinates(array, grid, order=1, mode="nearest") for array in (values, distance))
    return float(np.count_nonzero((fine > (bright + dark) / 2) & (far < 11)) * np.prod(spacing) / 4**3)


@functools.cache
def ball(spacing):
    """A ball of partial volumes without and with noise, and the distance (mm) of each voxel from its center."""
    sides = [2 * int(13 / s) + 1 for s in spacing]
    axes = [(np.arange(n) - n // 2) * s - c for n, s, c in zip(sides, spacing, CENTER_MM, strict=True)]
    finer = [(np.arange(8) + 0.5) / 8 * s - s / 2 for s in spacing]
    squares = [(axis[:, None] + fine) ** 2 for axis, fine in zip(axes, finer, strict=True)]
    inside = np.zeros(sides)
    for part in np.ndindex(8, 8, 8):
        z, y, x = (square[:, k] for square, k in zip(squares, part, strict=True))
        inside += z[:, None, None] + y[:, None] + x < RADIUS_MM**2
    clean = DARK + (BRIGHT - DARK) * inside / 8**3
    noisy = clean + np.random.default_rng(0).normal(0, NOISE, sides)
    distance = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2)
    return clean, noisy, distance


def image_of(values, spacing):
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing[::-1])
    return image
