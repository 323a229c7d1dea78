"""What operations share that give the image on another grid: resampled, cropped, padded, turned."""

from typing import Any

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .geometry import Geometry, resample
from .image_filter import Box, grid_of_box
from .progress import SILENT, Progress
from .voxels import float_type, near_values

# of the result: more would not fit the memory of the machines Slicer runs on
MOST_VOXELS = 1_500_000_000


class Regrid:
    """Base of an operation `image (, mask) -> image` on another grid.

    From where each voxel of the result comes (`output_grid`, `to_input`) and how it is interpolated come, alike for
    all of them, the result, the preview of a part of it, and the masks and label maps that travel with the image.
    """

    def learn(self, image: sitk.Image, mask: sitk.Image | None, progress: Progress = SILENT) -> Any:
        """What the other grid or the voxels outside the image depend on besides its grid. Raises InputError."""
        return None

    @property
    def learns(self) -> bool:
        """Whether the whole image must be known before a part of the result can be made."""
        return type(self).learn is not Regrid.learn

    def output_grid(self, grid: Geometry, learned: Any) -> Geometry:
        """The grid of the result for an image of this grid. Raises InputError when there is none."""
        raise NotImplementedError

    def to_input(self, grid: Geometry, learned: Any) -> sitk.Transform:
        """Maps points of the result to points of the image (LPS, mm; linear): identity where they keep their place."""
        return sitk.Transform(grid.dimension, sitk.sitkIdentity)

    def margin(self, grid: Geometry, output: Geometry) -> tuple[int, ...]:
        """Voxels of the image (z, y, x) around the place of a voxel of the result that it depends on."""
        return (2,) * grid.dimension

    def smoothed(self, image: sitk.Image, output: Geometry, progress: Progress = SILENT) -> sitk.Image:
        """The image (a part of it, with margin) as it is to be interpolated: blurred against aliasing, say."""
        return image

    def interpolator(self) -> int:
        """SimpleITK's number of the interpolation; with nearest neighbor the pixel type is kept."""
        return sitk.sitkLinear

    def outside(self, learned: Any) -> float:
        """Value of voxels of the result that lie outside the image."""
        return 0.0

    def __call__(self, image: Any, mask: Any = None, progress: Progress = SILENT) -> Any:
        learned = self.learn(image, mask, progress.part(0, 0.2))
        return regridded(self, image, learned, progress=progress.part(0.2, 1))

    def carry(self, image: sitk.Image, mask: sitk.Image | None, labels: sitk.Image) -> sitk.Image:
        """Where a mask or label map on the image's grid comes to lie on the result's grid."""
        learned = self.learn(image, mask)
        grid = Geometry.of(image)
        output = checked_output_grid(self, grid, learned)
        return resample(labels, output, self.to_input(grid, learned), sitk.sitkNearestNeighbor)


def checked_output_grid(operation: Regrid, grid: Geometry, learned: Any) -> Geometry:
    """The grid of the operation's result. Raises InputError when it is too large."""
    output = operation.output_grid(grid, learned)
    voxels = float(np.prod([float(n) for n in output.size]))
    if voxels > MOST_VOXELS:
        size = " x ".join(str(n) for n in output.size)
        raise InputError(f"The result would have {size} voxels: choose larger ones, or a smaller region.")
    return output


def regridded(
    operation: Regrid,
    image: sitk.Image,
    learned: Any,
    progress: Progress = SILENT,
    part_of: Geometry | None = None,
    box: Box | None = None,
) -> sitk.Image:
    """The operation's result, or a box (z, y, x) of it.

    part_of: the grid of the whole image when this one is only the part of it that the box needs (see source_box).
    Where the nearest voxel of the image is not a number the result takes it over; others are not touched by it.
    """
    grid = part_of or Geometry.of(image)
    whole = checked_output_grid(operation, grid, learned)
    output = whole if box is None else grid_of_box(whole, box)
    transform, interpolator, outside = (
        operation.to_input(grid, learned),
        operation.interpolator(),
        operation.outside(learned),
    )
    view = sitk.GetArrayViewFromImage(image)
    finite = view.dtype.kind != "f" or bool(np.isfinite(view).all())
    nearest = sitk.sitkNearestNeighbor
    if interpolator == nearest or not (finite or np.isfinite(view).any()):
        return resample(image, output, transform, nearest, outside, progress=progress)
    filled = image if finite else Geometry.of(image).image_of(near_values(view, np.isfinite(view)))
    working = sitk.Cast(filled, sitk.sitkFloat32 if float_type(view) is np.float32 else sitk.sitkFloat64)
    smooth = operation.smoothed(working, whole, progress.part(0, 0.5))
    made = resample(smooth, output, transform, interpolator, outside, progress=progress.part(0.5, 1))
    if finite:
        return made
    origin = sitk.GetArrayFromImage(resample(image, output, transform, nearest))
    return output.image_of(np.where(np.isfinite(origin), sitk.GetArrayViewFromImage(made), origin))


def source_box(operation: Regrid, grid: Geometry, learned: Any, box: Box) -> Box:
    """The part (z, y, x) of an image of this grid that a box of the result comes from, at least a voxel."""
    output = checked_output_grid(operation, grid, learned)
    transform = operation.to_input(grid, learned)
    corners = grid_of_box(output, box).corners()
    indices = grid.indices(np.array([transform.TransformPoint(tuple(map(float, c))) for c in corners]))[:, ::-1]
    parts = []
    for values, margin, size in zip(indices.T, operation.margin(grid, output), reversed(grid.size), strict=True):
        low = int(np.clip(np.floor(values.min()) - margin, 0, size - 1))
        high = int(np.clip(np.ceil(values.max()) + margin + 1, low + 1, size))
        parts.append(slice(low, high))
    return tuple(parts)
