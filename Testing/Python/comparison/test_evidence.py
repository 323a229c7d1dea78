"""Evidence of change against tissue that did not change."""

import numpy as np
import pytest
from scipy import ndimage, stats

from MedProcLib.comparison.evidence import LEAST, MOST, log_likelihood_ratio, resolution_element

from .conftest import grid_of


def test_against_normal_scores_it_is_the_ratio_of_the_two_densities():
    ratio = log_likelihood_ratio(np.random.default_rng(0).normal(size=400_000))
    for score in (0.1, 1.0, 2.0, 3.0):
        changes = np.linspace(0, 30, 6001)
        density = np.trapezoid(stats.norm.pdf(score - changes) * 2 * stats.norm.pdf(changes, scale=3), changes)
        assert ratio(score) == pytest.approx(np.log(density / stats.norm.pdf(score)), abs=0.12)
    assert ratio(-3.0) == LEAST
    assert ratio(40.0) == MOST


def test_scores_with_heavy_tails_say_less():
    normal, heavy = (log_likelihood_ratio(v.rvs(400_000, random_state=1)) for v in (stats.norm, stats.t(3)))
    assert heavy(4.0) < normal(4.0) - 2
    assert np.all(np.diff(heavy(np.arange(0.5, 6, 0.5))) > 0)


def test_without_tissue_to_learn_from_scores_are_taken_as_normal():
    assert log_likelihood_ratio(np.zeros(3))(2.0) == pytest.approx(
        log_likelihood_ratio(np.random.default_rng(0).normal(size=400_000))(2.0), abs=0.1
    )


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.9, 3.0)])
def test_voxels_of_smooth_noise_speak_together(spacing):
    grid = grid_of(spacing, extent=(70, 70, 90))
    shape, everywhere = tuple(reversed(grid.size)), np.ones(tuple(reversed(grid.size)), bool)
    noise = np.random.default_rng(2).normal(size=shape)
    assert resolution_element(noise, everywhere, grid) == pytest.approx(grid.voxel_volume, rel=0.1)
    sd = 4.0
    smooth = ndimage.gaussian_filter(noise, [sd / s for s in reversed(spacing)])
    found = resolution_element(smooth / smooth.std(), everywhere, grid)
    assert found == pytest.approx((4 * np.pi) ** 1.5 * sd**3, rel=0.25)
    assert resolution_element(np.zeros(shape), everywhere, grid) == pytest.approx(grid.voxel_volume)
    assert resolution_element(noise[:1], everywhere[:1], grid) == pytest.approx(grid.voxel_volume, rel=0.1)
