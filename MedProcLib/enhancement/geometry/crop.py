"""A part of the image."""

import math
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_of
from ...core.errors import InputError
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.regrid import Regrid
from ...core.voxels import NO_NUMBER, foreground, padding_top

# Voxels that are enough to see where the content lies.
ENOUGH_VOXELS = 4_000_000
# Pieces below this share of the largest one are not content but specks of noise.
LEAST_PIECE = 0.01


@operation(
    "enhancement.crop",
    title="Crop",
    gives="image",
    source="content: Otsu, IEEE Trans SMC 9(1), 1979",
)
class Crop(Regrid):
    """Keep the box around the mask; without a mask, that around what stands out from the background.

    Voxels keep their values and places exactly.
    """

    margin_mm: Annotated[float, Range(0, 500, "mm"), "kept around the mask or the content"] = 5.0

    def learn(self, image, mask, progress=SILENT):
        """The box without the margin, z, y, x."""
        progress.check()
        if mask is not None:
            view = sitk.GetArrayViewFromImage(mask)
            return _box(view != 0, 1, view.shape)
        view = sitk.GetArrayViewFromImage(image)
        step = max(1, math.ceil((view.size / ENOUGH_VOXELS) ** (1 / view.ndim)))
        coarse = view[(slice(None, None, step),) * view.ndim].astype(float)
        valid = np.isfinite(coarse)
        if not valid.any():
            raise InputError(NO_NUMBER)
        padding = padding_top(coarse[valid])
        measured = coarse[valid if padding is None else valid & (coarse > padding)]
        lowest = measured.min() if measured.size else 0.0
        # the square root brings faint tissue nearer to hot spots and bright tissue than to air
        content = foreground(np.sqrt(np.maximum(np.where(valid, coarse, lowest) - lowest, 0)), valid)
        pieces, count = ndimage.label(content)
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)
        sizes[0] = 0
        return _box((sizes >= LEAST_PIECE * sizes.max())[pieces], step, view.shape)

    def output_grid(self, grid, learned):
        around = []
        for part, spacing, size in zip(learned, reversed(grid.spacing), reversed(grid.size), strict=True):
            extra = math.ceil(self.margin_mm / spacing - 1e-6)
            around.append(slice(max(0, part.start - extra), min(size, part.stop + extra)))
        return grid_of_box(grid, tuple(around))

    def interpolator(self):
        return sitk.sitkNearestNeighbor


def _box(chosen: np.ndarray, step: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The box of the chosen voxels, of which every `step`th is known."""
    return tuple(
        slice(max(0, (side.start - 1) * step + 1), min(size, side.stop * step))
        for side, size in zip(box_of(chosen), shape, strict=True)
    )
