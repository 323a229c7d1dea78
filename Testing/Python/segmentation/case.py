"""How an operation is tried by test_every_segmentation: on which image, with what besides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()
LEFT_HANDED = (1, 0, 0, 0, 1, 0, 0, 0, -1)
BOTH = tuple((np.reshape(OBLIQUE, (3, 3)) * (1, 1, -1)).ravel().tolist())


def ball_image(size: tuple[int, ...] = (32, 30, 24), spacing: tuple[float, ...] | None = None) -> sitk.Image:
    """A bright ball of 40 % of the smallest side (100) on a dark ground (20), noise of 3: float32."""
    spacing = spacing or (1.0,) * len(size)
    extent = np.array([n * s for n, s in zip(size, spacing, strict=True) if n > 1])
    squared = sum(
        m**2
        for m in np.meshgrid(
            *[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(reversed(size), reversed(spacing), strict=True)],
            indexing="ij",
        )
    )
    values = 20 + 80.0 * (squared < (0.4 * extent.min()) ** 2)
    values += np.random.default_rng(0).normal(0, 3, values.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


def ball_labels(image: sitk.Image) -> sitk.Image:
    """1 where a ball_image is bright, 0 elsewhere."""
    return sitk.Cast(sitk.GreaterEqual(image, 60.0), sitk.sitkUInt8)


def ball_seeds(image: sitk.Image) -> sitk.Image:
    """1 in the middle of the image, 2 in its first corner."""
    seeds = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
    seeds[(0,) * seeds.ndim] = 2
    seeds[tuple(n // 2 for n in seeds.shape)] = 1
    return Geometry.of(image).image_of(seeds)


STANDARD_THINGS: dict[str, Callable[[sitk.Image], Any]] = {
    "labels": ball_labels,
    "seeds": ball_seeds,
    "mask": lambda image: sitk.Cast(ball_labels(image), sitk.sitkUInt8),
}


@dataclass(frozen=True)
class Case:
    """How to try one operation.

    image: makes the image for a size (x, y[, z]) and spacing; sizes: the 3D size that the tests take, with spacing;
    things: makers of what it takes besides the image, given the image, where STANDARD_THINGS do not suit;
    optional: names of optional inputs to give too; parameters: other than the defaults;
    flat: whether it is tried on single slices and 2D images too (when its declaration says 2D);
    share: of the voxels of the result that may differ when the same image lies elsewhere;
    scale_free: whether huge values give the same (False for thresholds in HU, SUV or given values);
    slow: takes seconds, so that it is tried in one other place only and with one pixel type.
    """

    image: Callable[..., sitk.Image] = ball_image
    size: tuple[int, int, int] = (32, 30, 24)
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    things: Mapping[str, Callable[[sitk.Image], Any]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    flat: bool = True
    share: float = 0.002
    scale_free: bool = True
    slow: bool = False

    def inputs(self, operation: Any, image: sitk.Image) -> dict[str, Any]:
        """The named inputs for a call of the operation with this image."""
        declaration = operation.declaration
        given = {}
        for name in (*declaration.inputs, *(n for n in declaration.optional_inputs if n in self.optional)):
            given[name] = image if name == "image" else {**STANDARD_THINGS, **self.things}[name](image)
        return given
