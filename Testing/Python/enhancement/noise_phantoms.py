"""What the tests of the operations against noise share."""

import numpy as np
import SimpleITK as sitk


def image_of(values: np.ndarray, spacing=None) -> sitk.Image:
    """float32 image of an array, z, y, x; spacing x, y, z in mm, 1 when None."""
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def rician(truth: np.ndarray, sd: float, seed=0) -> np.ndarray:
    """Magnitude of a complex signal whose parts have normal noise of this SD."""
    rng = np.random.default_rng(seed)
    return np.hypot(truth + rng.normal(0, sd, truth.shape), rng.normal(0, sd, truth.shape))


def psnr(values: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, the peak being the truth's largest value."""
    return float(10 * np.log10(truth.max() ** 2 / np.mean((values - truth) ** 2)))
