"""What intensities at seeds are like does not depend on how the sample was marked."""

import numpy as np
import pytest

from MedProcLib.segmentation.region.likelihood import Intensities

SPACING, WIDE = (2.0, 1.0, 0.8), (3.0, 1.6, 1.6)


@pytest.mark.parametrize(
    ("numbers", "spacing", "reach"),
    # as far as 2.5 mm reach, or a voxel whose middle is not much farther
    [((1, 2), SPACING, (1, 2, 3)), ((1, 2, 3), SPACING, (1, 2, 3)), ((1, 2), WIDE, (1, 2, 2))],
)
def test_a_point_tells_as_much_as_the_neighborhood_that_it_stands_for(numbers, spacing, reach):
    values = np.random.default_rng(2).normal(0, 1, (9, 30, 40))
    values[:, 10:20, 10:20] += 4
    intensities = Intensities.of(values, np.ones(values.shape, bool))
    points, painted = (np.zeros(values.shape, np.int32) for _ in range(2))
    for number, (z, y, x) in zip(numbers, ((4, 15, 15), (5, 5, 30), (3, 25, 8)), strict=False):
        points[z, y, x] = number
        painted[tuple(slice(at - r, at + r + 1) for at, r in zip((z, y, x), reach, strict=True))] = number
    chances = intensities.chances(points, numbers, spacing)
    np.testing.assert_allclose(chances, intensities.chances(painted, numbers, spacing), rtol=1e-6)
    np.testing.assert_allclose(chances.sum(axis=0), 1, rtol=1e-6)
