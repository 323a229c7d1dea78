"""What is drawn in one slice alone."""

import numpy as np
import pytest

from MedProcLib.quantification.uncertainty.diameter import diameter_intervals


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0), (1.0, 1.0, 5.0)])
def test_what_is_drawn_in_one_slice_has_the_diameters_of_that_slice(spacing):
    """Disks wider than any ball could be that one slice shows alone."""
    rng, held, width = np.random.default_rng(3), [], []
    y, x = np.mgrid[:41, :41]
    for _ in range(150):
        radius = rng.uniform(max(4 * spacing[0], 1.4 * spacing[2]), 16 * spacing[0])
        place = 20 + rng.uniform(-0.5, 0.5, 2)
        plane = np.hypot((x - place[0]) * spacing[0], (y - place[1]) * spacing[1]) <= radius
        mask = np.stack([np.zeros_like(plane), plane, np.zeros_like(plane)])
        for interval in diameter_intervals(mask, spacing):
            held.append(interval.low <= 2 * radius <= interval.high)
            width.append((interval.high - interval.low) / spacing[0])
    assert np.mean(held) > 0.9 and np.mean(width) < 0.6  # pixels: as much in thick slices as in thin ones


def test_the_longest_diameter_is_estimated_as_no_shorter_than_the_one_across():
    """Either is told by itself; of single voxels and thin bodies the longer estimate was that across."""
    rng = np.random.default_rng(7)
    for _ in range(150):
        spacing = tuple(np.exp(rng.uniform(np.log(0.3), np.log(6), 3)).tolist())
        mask = np.zeros((3, 14, 14), bool)
        mask[1, 1 : rng.integers(2, 13), 1 : rng.integers(2, 13)] = True
        long, short = diameter_intervals(mask, spacing)
        assert short.estimate <= long.estimate
        assert all(each.low <= each.estimate <= each.high for each in (long, short))
