"""Bodies that are flat along the grid."""

import numpy as np
import pytest
from Benchmarks._bodies import ball
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.uncertainty.volume import volume_interval


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.2, 2.0)])
def test_faces_along_the_grid_are_known_to_half_a_voxel_only(spacing):
    """Boxes whose sides lie along the grid: whole layers are in or out. Balls have no such faces."""
    rng, held = np.random.default_rng(4), []
    for _ in range(60):
        sides = rng.uniform(14, 30, 3)
        counts = [int((side - rng.uniform(0, step)) / step) + 1 for side, step in zip(sides, spacing, strict=True)]
        found = volume_interval(np.pad(np.ones(counts[::-1], bool), 2), spacing)
        held.append(found.low <= np.prod(sides) <= found.high)
    assert np.mean(held) >= 0.85
    found = volume_interval(ball(16).on_grid(Rotation.identity(), (0.2, 0.3, 0.4), spacing), spacing)
    assert found.high / found.low < 1.06
