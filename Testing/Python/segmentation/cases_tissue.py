"""Cases of tissue classes."""

import numpy as np
import SimpleITK as sitk

from .case import Case


def layers(size=(32, 30, 24), spacing=None) -> sitk.Image:
    """A ball in a shell in a shell (100, 60, 30; noise 3) on a background of 0."""
    spacing = spacing or (1.0,) * len(size)
    offsets = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)]
    distance = np.sqrt(sum(m**2 for m in np.meshgrid(*offsets, indexing="ij")))
    radius = min(n * s for n, s in zip(size, spacing, strict=True) if n > 1) / 2
    values = np.select([distance < 0.55 * radius, distance < 0.75 * radius, distance < 0.95 * radius], [100.0, 60, 30])
    noise = np.random.default_rng(0).normal(0, 3, values.shape)
    image = sitk.GetImageFromArray(np.where(values > 0, np.maximum(values + noise, 1), 0).astype(np.float32))
    image.SetSpacing(spacing)
    return image


MASKED = {"optional": ("mask",), "things": {"mask": lambda image: image > 0}}

CASES = {
    "segmentation.k_means": [
        Case(image=layers, **MASKED),
        Case(image=layers, parameters={"smoothing_mm": 1.0}, **MASKED),
    ],
    "segmentation.fuzzy_c_means": [
        Case(image=layers, **MASKED),
        Case(image=layers, parameters={"neighbor_weight": 2.0}, **MASKED),
    ],
    "segmentation.tissues_beside_lesions": [
        Case(
            image=layers,
            parameters={"bias_mm": 0.0},
            optional=("mask",),
            things={
                "mask": lambda image: image > 0,
                "labels": lambda image: sitk.Cast((image > 60) * (image < 64), sitk.sitkUInt8),
            },
        ),
    ],
    "segmentation.tissue_classes": [
        Case(image=layers),
        Case(image=layers, parameters={"bias_mm": 0.0, "weighting": "other", "classes": 2}, **MASKED),
        Case(
            image=layers,
            parameters={"bias_mm": 0.0},
            optional=("mask", "second"),
            things={"mask": lambda image: image > 0, "second": lambda image: sitk.Cast(150 - image, sitk.sitkFloat32)},
        ),
    ],
}
