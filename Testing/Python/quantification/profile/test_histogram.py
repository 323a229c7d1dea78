import math

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.profile.histogram import histogram, volume_histogram

VALUES = np.random.default_rng(0).gamma(3, 40, 5000).astype(np.float32)


@pytest.mark.parametrize("bins", [1, 16, 257])
def test_bins_are_those_of_numpy(bins):
    found = histogram(VALUES, "HU", bins)
    counts, edges = np.histogram(VALUES.astype(float), bins)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_allclose(found.edges, edges)
    density, _ = np.histogram(VALUES.astype(float), bins, density=True)
    np.testing.assert_allclose(found.density, density)
    np.testing.assert_allclose(found.centers, (edges[1:] + edges[:-1]) / 2)


def test_usual_bins_are_those_of_freedman_and_diaconis():
    assert len(histogram(VALUES, "HU").counts) == len(np.histogram_bin_edges(VALUES.astype(float), "fd")) - 1
    mostly_air = np.concatenate([np.zeros(9 * VALUES.size), VALUES.ravel().astype(float)])  # the quartiles are alike
    assert len(histogram(mostly_air, "HU").counts) == len(np.histogram_bin_edges(mostly_air, "scott")) - 1 > 5


def test_bins_of_a_width_begin_at_its_multiples():
    found = histogram(np.array([-7, 3, 12, 20]), "HU", width=10)
    np.testing.assert_allclose(found.edges, [-10, 0, 10, 20])
    np.testing.assert_array_equal(found.counts, [1, 1, 2])
    fixed = histogram(np.array([-7, 3, 12, 99]), "HU", width=5, limits=(0, 20))
    np.testing.assert_allclose(fixed.edges, [0, 5, 10, 15, 20])
    assert fixed.density.sum() * 5 == pytest.approx(0.5)  # half of the values lie outside


def test_constant_huge_and_missing_values():
    assert histogram(np.full((3, 3), 7), "HU").counts.tolist() == [9]
    huge = histogram(np.array([1e300, 3e300, 2e300]), "intensity", 2)
    assert huge.counts.tolist() == [1, 2]
    some = histogram(np.array([np.nan, 1, 2, np.inf]), "HU", 1)
    assert some.counts.tolist() == [2] and some.left_out == 2


@pytest.mark.parametrize(
    "wrong", [{"bins": 3, "width": 1}, {"width": 0}, {"width": 1e-9}, {"limits": (2, 1)}, {"bins": 10**6}]
)
def test_bins_that_are_none_are_refused(wrong):
    with pytest.raises(InputError):
        histogram(VALUES, "HU", **wrong)
    with pytest.raises(InputError, match="no number"):
        histogram(np.full(3, np.nan), "HU")


def test_volume_histogram_is_the_share_that_reaches_a_value():
    found = volume_histogram(VALUES, "SUV", 8.0)
    for value in (0, 50, 119.5, 400, 1e6):
        assert found.volume_at(value) == pytest.approx(100 * np.mean(value <= VALUES))
    for share in (1, 10, 50, 98):
        value = found.value_at(share)
        assert np.mean(value <= VALUES) >= share / 100 > np.mean(value < VALUES)
    assert found.volume_mm3 == 40_000
    assert found.value_at(0) == VALUES.max() and found.value_at(100) == VALUES.min()


def test_volume_histogram_in_equal_steps():
    found = volume_histogram(np.arange(101), "SUV", 1.0, points=11)
    np.testing.assert_allclose(found.values, np.arange(0, 101, 10))
    np.testing.assert_allclose(found.shares, 100 * (101 - found.values) / 101)
    with pytest.raises(InputError, match="0 to 100 %"):
        found.value_at(101)


def test_volume_histogram_of_the_digital_phantom_of_ibsi(ibsi_phantom):
    values, inside = ibsi_phantom
    found = volume_histogram(values[inside], "intensity", 8.0)
    assert found.volume_at(1 + 0.1 * 5) == pytest.approx(32.4, abs=0.05)
    assert found.volume_at(1 + 0.9 * 5) == pytest.approx(9.46, abs=0.005)
    assert found.volume_mm3 == 592 and math.isclose(found.value_at(100), 1)
