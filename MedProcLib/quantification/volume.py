"""The values of an image as a volume, with their unit and grid."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry


@dataclass(frozen=True)
class Volume:
    """values (z, y, x) in a unit on a grid; of a 2D image they are one slice."""

    values: np.ndarray
    grid: Geometry
    unit: str

    @property
    def spacing(self) -> tuple[float, float, float]:
        """x, y, z in mm."""
        x, y, z = (*self.grid.spacing, 1.0)[:3]
        return x, y, z

    @property
    def is_3d(self) -> bool:
        return self.grid.dimension == 3


def as_volume(image: sitk.Image) -> np.ndarray:
    """The values of an image (z, y, x), not copied; of a 2D image as one slice."""
    array = sitk.GetArrayViewFromImage(image)
    return array if array.ndim == 3 else array[np.newaxis]
