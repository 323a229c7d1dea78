import math

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification import intensity_peak
from MedProcLib.quantification.intensity_peak import RADIUS_MM, intensity_peaks


def by_hand(values, mask, spacing):
    places = np.argwhere(np.isfinite(values)) * spacing[::-1]
    numbers = values[np.isfinite(values)]
    means = {
        tuple(place): numbers[np.linalg.norm(places - place * spacing[::-1], axis=1) <= RADIUS_MM].mean()
        for place in np.argwhere(mask & np.isfinite(values))
    }
    hottest = max(values[place] for place in means)
    return max(mean for place, mean in means.items() if values[place] == hottest), max(means.values())


def test_phantom_of_ibsi(ibsi_phantom):
    local, highest = intensity_peaks(*ibsi_phantom, (2, 2, 2))
    assert (round(local, 1), round(highest, 1)) == (2.6, 3.1)


@pytest.mark.parametrize("spacing", [(2, 2, 2), (1, 3, 2), (4.1, 4.1, 5), (2, 2.5, 30), (1e-6, 0.9, 1)])
@pytest.mark.parametrize("scale", [1, 1e-250, 1e300, -1e5])
def test_as_by_hand_at_borders_with_holes_in_blocks(spacing, scale, monkeypatch):
    monkeypatch.setattr(intensity_peak, "VOXELS_AT_ONCE", 1)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(13, 9, 11)) * scale
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    mask = rng.uniform(size=values.shape) < 0.5
    np.testing.assert_allclose(intensity_peaks(values, mask, spacing), by_hand(values, mask, spacing), rtol=1e-12)


def test_a_hot_place_that_the_spheres_do_not_reach_changes_nothing():
    values = np.random.default_rng(2).normal(1, 0.1, (40, 12, 12))
    mask = np.zeros(values.shape, bool)
    mask[2:8, 3:9, 3:9] = True
    quiet = intensity_peaks(values, mask, (2, 2, 2))
    values[30:] = 1e12
    assert intensity_peaks(values, mask, (2, 2, 2)) == quiet


def test_constant_single_slice_and_single_voxel():
    assert intensity_peaks(np.full((5, 6, 7), -3.5), np.ones((5, 6, 7)), (1, 1, 1)) == pytest.approx((-3.5, -3.5))
    values = np.arange(30.0).reshape(1, 5, 6)
    mask = values == 14
    assert intensity_peaks(values, mask, (3, 3, 5)) == pytest.approx(by_hand(values, mask, (3, 3, 5)))
    assert intensity_peaks(values, mask, (20, 20, 20)) == (14, 14)
    assert intensity_peaks(np.zeros((3, 3, 3)), np.ones((3, 3, 3)), (1, 1, 1)) == (0, 0)


def test_of_several_hottest_voxels_the_highest_sphere_counts():
    values = np.zeros((1, 1, 30))
    values[0, 0, [4, 20]] = 5
    values[0, 0, 21] = 4
    assert intensity_peaks(values, values > 4, (3, 3, 3)) == pytest.approx((9 / 5, 9 / 5))


def test_nothing_to_measure():
    empty = np.zeros((3, 3, 3))
    assert all(math.isnan(peak) for peak in intensity_peaks(empty, empty, (1, 1, 1)))
    assert all(math.isnan(peak) for peak in intensity_peaks(empty * np.nan, empty == 0, (1, 1, 1)))
    with pytest.raises(InputError, match="shapes"):
        intensity_peaks(empty, empty[0], (1, 1, 1))


@pytest.mark.parametrize("across", [0, 1, 2])
def test_values_that_lie_in_slabs_are_read_slab_by_slab(across):
    """Else each slab of a spline is made as many times as there are rows of blocks."""
    values = np.random.default_rng(3).normal(size=(70, 75, 80))

    read: list[int] = []

    class Slabs:
        shape = values.shape

        def __getitem__(self, part):
            read.append(part[across].start)
            return values[part]

    slabs, mask = Slabs(), np.ones(values.shape, bool)
    slabs.across = across
    assert intensity_peaks(slabs, mask, (2, 2, 2)) == pytest.approx(intensity_peaks(values, mask, (2, 2, 2)), rel=1e-12)
    assert read == sorted(read) and len(set(read)) > 1
