"""A frontal chest radiograph made of ellipses."""

import numpy as np
import SimpleITK as sitk

SPACING = 3.0


def radiograph(size=(130, 130), spacing=None):
    """Bones bright, 390 mm wide: air beside the body, two lungs with ribs, spine, heart, stomach's air: float32.

    size of 3 numbers makes a single slice.
    """
    return _made(size)[0]


def lungs_of(size=(130, 130)) -> np.ndarray:
    """1 and 2 (y, x) for the lungs on the picture's left and right."""
    return _made(size)[1]


def _made(size):
    y, x = np.mgrid[: size[1], : size[0]] / np.array([size[1], size[0]], float)[:, None, None]
    body = ((x - 0.5) / 0.47) ** 2 + ((y - 0.75) / 0.72) ** 2 < 1
    left = (((x - 0.29) / 0.15) ** 2 + ((y - 0.5) / 0.34) ** 2 < 1) & body
    heart = ((x - 0.57) / 0.14) ** 2 + ((y - 0.62) / 0.17) ** 2 < 1
    right = (((x - 0.71) / 0.15) ** 2 + ((y - 0.5) / 0.34) ** 2 < 1) & body & ~heart
    bubble = ((x - 0.68) / 0.07) ** 2 + ((y - 0.93) / 0.03) ** 2 < 1
    ribs = (np.sin(2 * np.pi * (y * 9 + 1.5 * np.abs(x - 0.5))) > 0.75) & body
    values = (
        100.0 * body + 500 * body - 300 * (left | right) - 250 * bubble + 60 * ribs + 150 * (np.abs(x - 0.5) < 0.05)
    )
    values += 300 * body * (y - 0.5)
    values += np.random.default_rng(0).normal(0, 10, values.shape)
    array = values.astype(np.float32)
    image = sitk.GetImageFromArray(array if len(size) == 2 else array[np.newaxis])
    image.SetSpacing((SPACING,) * len(size))
    return image, (left + 2 * right).astype(np.uint8)
