"""A head-like body, alike on both sides but for noise and a lesion."""

import numpy as np
import SimpleITK as sitk

LESION_MM = 5.0
LESION_AT = (18.0, 6.0, 4.0)  # LPS, mm, from the middle


def two_sides(size=(60, 64, 44), spacing=(2.0, 2.0, 2.0), lesion=60.0, seed=0) -> sitk.Image:
    """Ellipsoid with a rim, dark ventricles, bright nuclei, a dark spot below; the lesion on the left only."""
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    head = (x / 50) ** 2 + (y / 58) ** 2 + (z / 40) ** 2 < 1
    values = 100.0 * head + 40 * (head & ((x / 46) ** 2 + (y / 54) ** 2 + (z / 36) ** 2 > 1))
    values -= 60 * (((np.abs(x) - 8) / 4) ** 2 + (y / 20) ** 2 + (z / 8) ** 2 < 1)
    values += 30 * ((np.abs(x) - 25) ** 2 + (y + 10) ** 2 + z**2 < 64)
    values += 25 * ((y + 30) ** 2 + z**2 < 100) * head
    # front, back, top and bottom differ, so that the sides are all that is alike
    values -= 40 * (x**2 + (y - 25) ** 2 + (z + 28) ** 2 < 120)
    at = LESION_AT
    values += lesion * ((x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2 < LESION_MM**2)
    values += np.random.default_rng(seed).normal(0, 6, values.shape) * head
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    image.SetOrigin([float(a[0]) for a in axes[::-1]])
    return image
