"""A piece of chest: soft tissue around lung with nodules and vessels."""

import numpy as np
import SimpleITK as sitk

# center mm (x y z), diameter mm, HU
NODULES = (((25.0, 30.0, 25.0), 10.0, 30.0), ((52.0, 22.0, 40.0), 6.0, 0.0), ((12.5, 45.0, 40.0), 8.0, 40.0))
# point and direction of straight vessels, diameter mm
VESSELS = (((40.0, 45.0, 0.0), (0.1, 0.2, 1.0), 5.0), ((0.0, 55.0, 20.0), (1.0, -0.1, 0.1), 4.0))
WALL_MM = 8.0


def lung_piece(size=(64, 60, 56), spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    """-850 HU with noise of 30; the third nodule lies at the wall (40 HU): int16."""
    axes = [np.arange(n) * s for n, s in zip(size, spacing, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    values = np.full(x.shape, -850.0)
    for center, diameter, density in NODULES:
        values[(x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2 < (diameter / 2) ** 2] = density
    for point, direction, diameter in VESSELS:
        along = np.array(direction) / np.linalg.norm(direction)
        offset = np.stack([x - point[0], y - point[1], z - point[2]])
        across = offset - np.tensordot(along, offset, 1) * along[:, None, None, None]
        values[(across**2).sum(axis=0) < (diameter / 2) ** 2] = 40
    values[_wall(axes)] = 40
    values += np.random.default_rng(0).normal(0, 30, values.shape)
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16).transpose(2, 1, 0))
    image.SetSpacing(spacing)
    return image


def lung_mask(image: sitk.Image) -> sitk.Image:
    """All but the wall."""
    axes = [np.arange(n) * s for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    mask = sitk.GetImageFromArray((~_wall(axes)).astype(np.uint8).transpose())
    mask.CopyInformation(image)
    return mask


def _wall(axes) -> np.ndarray:
    return np.meshgrid(*axes, indexing="ij")[0] < WALL_MM
