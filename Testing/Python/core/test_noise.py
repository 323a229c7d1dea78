"""The noise level that is read from noise of a known one."""

import numpy as np
import pytest

from MedProcLib.core.noise import noise_sd, white_noise_sd


@pytest.mark.parametrize("sides, scatter", [((20, 64, 64), 0.01), ((10, 24, 24), 0.03), ((4, 8, 8), 0.10)])
def test_known_noise(sides, scatter):
    generator = np.random.default_rng(0)
    region = np.zeros((20, 64, 64), bool)
    region[tuple(slice((n - side) // 2, (n + side) // 2) for n, side in zip(region.shape, sides, strict=True))] = True
    found = [noise_sd(generator.normal(100, 5, region.shape), (3, 1, 1), region) / 5 for _ in range(12)]
    assert np.mean(found) == pytest.approx(0.96, abs=0.015 + scatter)
    assert np.std(found) < 1.7 * scatter


@pytest.mark.parametrize("shape, spacing, within", [((24, 96, 96), (3, 1, 1), 0.015), ((4, 4, 6000), (1, 1, 1), 0.06)])
@pytest.mark.parametrize("signal, own", [(None, 1.0), (100.0, 1.0), (0.0, (2 - np.pi / 2) ** 0.5)])
def test_white_noise_has_no_bias(shape, spacing, within, signal, own):
    """Of normal noise (no signal given) and of that of magnitudes, whose deviation without a signal is Rayleigh's."""
    generator = np.random.default_rng(1)
    region, found = np.ones(shape, bool), []
    for _ in range(4):
        real, imaginary = generator.normal(0, 5, (2, *shape))
        image = 100 + real if signal is None else np.hypot(signal + real, imaginary)
        found.append(white_noise_sd(image, spacing, region) / 5)
    assert np.mean(found) == pytest.approx(own, rel=within)
