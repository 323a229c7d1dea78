"""Noise with balls of known place and size in it."""

import numpy as np
import SimpleITK as sitk

# center (share of the image's extent, x y z), diameter mm
BALLS = (((0.3, 0.3, 0.35), 6.0), ((0.7, 0.35, 0.6), 8.0), ((0.4, 0.7, 0.65), 10.0), ((0.7, 0.7, 0.3), 14.0))


def spotted(size=(64, 60, 56), spacing=None, seed=0, contrast=40.0, balls=BALLS) -> sitk.Image:
    """Ground of 100 with noise of 10 and the balls (+40): float32. A single slice shows the balls' middles."""
    spacing = spacing or (1.0,) * len(size)
    axes = [(np.arange(n) + 0.5) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)]
    places = np.meshgrid(*axes, indexing="ij")[::-1]
    values = np.random.default_rng(seed).normal(100, 10, places[0].shape)
    for center, diameter in balls:
        squared = sum(
            (place - share * n * s) ** 2
            for place, share, n, s in zip(places, center, size, spacing, strict=False)
            if n > 1
        )
        values[squared < (diameter / 2) ** 2] += contrast
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


def centers_of(size, spacing) -> np.ndarray:
    """Centers of the balls (n, dimension) in mm, of an image at the origin."""
    shares = np.array([center[: len(size)] for center, _ in BALLS])
    return shares * np.array(size) * spacing - np.array(spacing) / 2
