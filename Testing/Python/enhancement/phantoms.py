"""Small images that enhancement is tried on."""

import numpy as np
import SimpleITK as sitk

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()
LEFT_HANDED = (1, 0, 0, 0, 1, 0, 0, 0, -1)


def head_like(size=(40, 36, 20), spacing=(1.0, 1.0, 1.0), seed=1) -> sitk.Image:
    """A bright ellipsoid with a darker one in it on a dark ground, with noise and a slow gain: float32."""
    axes = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in reversed(size)]
    mesh = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt(sum(m**2 for m in mesh))
    values = 10 + 90.0 * (radius < 0.85) - 40.0 * (radius < 0.4)
    values = values * (1 + 0.2 * mesh[-1]) + np.random.default_rng(seed).normal(0, 4, values.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image
