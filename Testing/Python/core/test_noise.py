"""The noise level that is read from noise of a known one."""

import numpy as np
import pytest

from MedProcLib.core.noise import noise_sd


@pytest.mark.parametrize("sides, scatter", [((20, 64, 64), 0.01), ((10, 24, 24), 0.03), ((4, 8, 8), 0.10)])
def test_known_noise(sides, scatter):
    generator = np.random.default_rng(0)
    region = np.zeros((20, 64, 64), bool)
    region[tuple(slice((n - side) // 2, (n + side) // 2) for n, side in zip(region.shape, sides, strict=True))] = True
    found = [noise_sd(generator.normal(100, 5, region.shape), (3, 1, 1), region) / 5 for _ in range(12)]
    assert np.mean(found) == pytest.approx(0.96, abs=0.015 + scatter)
    assert np.std(found) < 1.7 * scatter
