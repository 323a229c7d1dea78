"""A brain of known tissue: folded cortex, white matter, nuclei, ventricles and the fluid around, with its fractions.

Made on a grid twice as fine as the image's and averaged, so that each voxel's share of each tissue is known to 1/8.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

# Outer half axes of the fluid around the brain (mm, x, y, z), and the head's size.
HALF_AXES = (68.0, 84.0, 66.0)
EXTENT = (144.0, 176.0, 140.0)
CORTEX_MM, SHELL_MM, SULCUS_MM, SULCUS_DEPTH_MM, FOLD_MM = 3.0, 2.5, 1.1, 24.0, 20.0
# Intensities of CSF, gray and white matter as they are on average (white matter of T1 and gray matter of T2: 100).
MEANS = {"T1": (35.0, 72.0, 100.0), "T2": (180.0, 100.0, 75.0), "FLAIR": (25.0, 100.0, 80.0)}


@dataclass(frozen=True)
class BrainPhantom:
    """fractions: CSF, gray and white matter (3, z, y, x); they sum to 1 in the brain and its fluid, to 0 elsewhere."""

    fractions: np.ndarray
    spacing: tuple[float, float, float]

    @property
    def mask(self) -> np.ndarray:
        return self.fractions.sum(axis=0) > 0.5

    @property
    def labels(self) -> np.ndarray:
        """1 CSF, 2 gray, 3 white: what most of each voxel is; 0 outside the mask."""
        return (self.fractions.argmax(axis=0) + 1) * self.mask

    def image(self, weighting: str, noise_percent: float, bias_percent: float, seed: int = 0) -> sitk.Image:
        """Magnitude image with Rician noise (SD in percent of 100) and a field of so many percent from low to high."""
        generator = np.random.default_rng(seed)
        signal = np.tensordot(np.array(MEANS[weighting]), self.fractions, 1)
        z, y, x = (
            np.linspace(-1, 1, n).reshape([-1 if a == axis else 1 for a in range(3)])
            for axis, n in enumerate(signal.shape)
        )
        field = np.sin(1.1 * x + 0.4) + 0.6 * np.cos(1.7 * y - 0.5) + 0.5 * x * z - 0.4 * z**2
        inside = self.mask
        low, high = field[inside].min(), field[inside].max()
        field = 1 + bias_percent / 100 * ((field - low) / (high - low) - 0.5)
        noise = generator.normal(0, noise_percent, (2, *signal.shape))
        values = np.hypot(signal * field + noise[0], noise[1])
        return self.placed(np.where(inside, values, 0).astype(np.float32))

    def placed(self, array: np.ndarray) -> sitk.Image:
        image = sitk.GetImageFromArray(np.ascontiguousarray(array))
        image.SetSpacing(self.spacing)
        return image


def brain_phantom(spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> BrainPhantom:
    """The phantom on voxels of this size (mm, x, y, z)."""
    size = [round(e / s) for e, s in zip(EXTENT, spacing, strict=True)]
    fine = [s / 2 for s in spacing]
    axes = [((np.arange(2 * n) - n + 0.5) * f).astype(np.float32) for n, f in zip(size, fine, strict=True)]
    z, y, x = np.ix_(*axes[::-1])
    hull = np.sqrt((x / HALF_AXES[0]) ** 2 + (y / HALF_AXES[1]) ** 2 + (z / HALF_AXES[2]) ** 2)
    depth = (1 - hull) * float(np.mean(HALF_AXES))
    fold = _folds(x, y, z)
    csf = (depth > 0) & ((depth < SHELL_MM) | ((np.abs(fold) < SULCUS_MM) & (depth < SULCUS_DEPTH_MM)))
    csf |= (depth > 0) & (np.abs(x) < 0.8) & (depth < 25) & (z > 0)
    distance = sitk.GetArrayFromImage(_distance(csf | (depth <= 0), fine))
    gray = (depth > 0) & ~csf & (distance < CORTEX_MM)
    for side in (-1, 1):
        gray |= _ball(x - side * 12, y - 8, z + 2, (8, 13, 8)) | _ball(x - side * 26, y + 6, z - 1, (6, 15, 8))
    ventricle = np.zeros(csf.shape, bool)
    for side in (-1, 1):
        ventricle |= _ball(x - side * (9 + 0.02 * y**2 / 4), y - 4, z - 16, (6, 32, 7))
    csf |= ventricle & (depth > 0)
    gray &= ~csf
    white = (depth > 0) & ~csf & ~gray
    shape = (size[2], 2, size[1], 2, size[0], 2)
    return BrainPhantom(
        np.stack([t.reshape(shape).mean(axis=(1, 3, 5), dtype=np.float32) for t in (csf, gray, white)]), spacing
    )


def _folds(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """About the distance in mm to the middle of the nearest sulcus."""
    k = 2 * np.pi / FOLD_MM / 2**0.5
    pattern = np.sin(k * x + 1.3 * np.sin(y / 11)) * np.sin(k * z + 1.1 * np.sin(x / 13)) + np.sin(
        k * y + 1.2 * np.sin(z / 12)
    )
    return pattern / k / 1.2


def _ball(x, y, z, half_axes):
    return (x / half_axes[0]) ** 2 + (y / half_axes[1]) ** 2 + (z / half_axes[2]) ** 2 < 1


def _distance(region: np.ndarray, spacing: list[float]) -> sitk.Image:
    image = sitk.GetImageFromArray(region.astype(np.uint8))
    image.SetSpacing(spacing)
    return sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
