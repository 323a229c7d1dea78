"""Studies of one textured body with bright balls in it, as the tests of `compare` use them."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry


def body(lesions, spacing, origin, size) -> tuple[sitk.Image, sitk.Image]:
    """A textured ellipsoid with bright balls ((center mm, radius mm), ...) and the label map of these."""
    grid = Geometry(size, spacing, origin, (1, 0, 0, 0, 1, 0, 0, 0, 1))
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1).reshape(-1, 3)
    x, y, z = grid.points(indices).T
    values = np.where((x / 50) ** 2 + (y / 60) ** 2 + (z / 40) ** 2 < 1, 100.0, 0.0)
    texture = 12 * np.sin(x / 5) * np.cos(y / 7) + 10 * np.sin(z / 6 + x / 11) + 8 * np.cos(y / 4 - z / 9)
    values += np.where(values > 0, texture, 0) + np.random.default_rng(0).normal(0, 2, x.shape)
    labels = np.zeros(x.shape, np.uint8)
    for number, (center, radius) in enumerate(lesions, 1):
        inside = np.linalg.norm(np.column_stack((x, y, z)) - center, axis=1) < radius
        values[inside] += 120
        labels[inside] = number

    def image(array):
        return grid.image_of(array.reshape(size).transpose(2, 1, 0))

    return image(values.astype(np.float32)), image(labels)
