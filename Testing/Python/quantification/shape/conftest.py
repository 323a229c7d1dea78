"""Bodies of known size, turned and placed at random."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation


@pytest.fixture
def placed():
    """placed(body, spacing, rng) -> mask (z, y, x) without margin; placed(..., margin=n) with n voxels around."""

    def place(body, spacing=(1.0, 1.0, 1.0), rng=None, margin=0):
        rng = rng or np.random.default_rng(0)
        shift = rng.uniform(-0.5, 0.5, 3) * spacing
        mask = body.on_grid(Rotation.random(random_state=rng), shift, spacing)
        return np.pad(mask[ndimage.find_objects(mask.astype(np.uint8))[0]], margin)

    return place
