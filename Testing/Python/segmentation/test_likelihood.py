"""What intensities at seeds are like does not depend on how the sample was marked."""

import numpy as np
import pytest

from MedProcLib.segmentation.region.likelihood import Intensities

SPACING = (2.0, 1.0, 0.8)


@pytest.mark.parametrize("numbers", [(1, 2), (1, 2, 3)])
def test_a_point_tells_as_much_as_the_neighborhood_that_it_stands_for(numbers):
    values = np.random.default_rng(2).normal(0, 1, (9, 30, 40))
    values[:, 10:20, 10:20] += 4
    intensities = Intensities.of(values, np.ones(values.shape, bool))
    points, painted = (np.zeros(values.shape, np.int32) for _ in range(2))
    for number, (z, y, x) in zip(numbers, ((4, 15, 15), (5, 5, 30), (3, 25, 8)), strict=False):
        points[z, y, x] = number
        painted[z - 1 : z + 2, y - 2 : y + 3, x - 3 : x + 4] = number  # as far as 2.5 mm reach
    chances = intensities.chances(points, numbers, SPACING)
    np.testing.assert_allclose(chances, intensities.chances(painted, numbers, SPACING), rtol=1e-6)
    np.testing.assert_allclose(chances.sum(axis=0), 1, rtol=1e-6)
