"""A CT with spots of calcium in soft tissue beside a bone."""

import numpy as np
import SimpleITK as sitk

# center (share of the image's size, x y z), radius mm, HU
SPOTS = (((0.35, 0.35, 0.3), 2.5, 800), ((0.6, 0.3, 0.6), 2.0, 500), ((0.4, 0.62, 0.7), 1.6, 350))
BONE_RADIUS_MM = 11.0


def calcified_ct(size=(60, 56, 40), spacing=(1.0, 1.0, 1.0), noise=15.0) -> sitk.Image:
    """Soft tissue of 40 HU in air, three spots, a bone (700 HU) at the far side: int16."""
    axes = [(np.arange(n) + 0.5) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)]
    places = np.meshgrid(*axes, indexing="ij")
    extent = np.array(size) * spacing
    values = np.full(places[0].shape, 40.0)
    for center, radius, density in SPOTS:
        values[_ball(places, [c * e for c, e in zip(center, extent, strict=False)], radius)] = density
    bone = [0.8 * extent[0], 0.75 * extent[1], *([0.5 * extent[2]] if len(size) == 3 else [])]
    values[_ball(places, bone, BONE_RADIUS_MM)] = 700
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    values[..., :2] = -1000
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16))
    image.SetSpacing(spacing)
    return image


def _ball(places, center, radius):
    return sum((place - c) ** 2 for place, c in zip(reversed(places), center, strict=False)) < radius**2
