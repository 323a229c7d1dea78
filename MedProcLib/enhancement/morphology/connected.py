"""Reconstruction: grey values that spread from a marker under a limit, in the volume or in each slice."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.progress import SILENT, Progress, execute

Connected = Annotated[
    Literal["3D", "each slice"], "connected through the volume, or in each slice (the two finest axes) by itself"
]


class ConnectedFilter(ImageFilter):
    """Base of filters whose result at a voxel may depend on a voxel anywhere that it is connected to.

    They have a parameter `connected`. In 3D they are global by nature, so they have no margin; slice by slice they need
    whole slices.
    """

    connected: str

    # slices are done side by side; a volume is one part
    parallel = True

    @property
    def why_global(self) -> str:  # type: ignore[override]
        return "Values spread through the whole volume" if self.connected == "3D" else ""

    def margin(self, grid: Geometry) -> tuple[int, ...] | None:
        if self.connected == "3D" or grid.dimension == 2:
            return None
        across = slice_axis(grid)
        return tuple(0 if axis == across else n for axis, n in enumerate(reversed(grid.size)))

    def by_parts(
        self, values: np.ndarray, grid: Geometry, run: Callable[[np.ndarray], np.ndarray], progress: Progress
    ) -> np.ndarray:
        """The results of `run` for each slice, or for the volume without its axes of one voxel, in `values`."""
        if values.ndim == 3 and self.connected == "each slice":
            slices = np.moveaxis(values, slice_axis(grid), 0)
            for number, plane in enumerate(slices):
                progress(number / len(slices))
                plane[...] = run(np.ascontiguousarray(plane).squeeze()).reshape(plane.shape)
            return values
        made: np.ndarray = run(values.squeeze())
        return made.reshape(values.shape)


def slice_axis(grid: Geometry) -> int:
    """The axis, of z, y, x, along which the slices are stacked: that of the coarsest spacing."""
    return int(np.argmax(grid.spacing[::-1]))


def reconstructed(
    marker: np.ndarray, limit: np.ndarray, rising: bool, progress: Progress = SILENT, full: bool = False
) -> np.ndarray:
    """The marker dilated (eroded when not rising) again and again under (above) the limit, until nothing changes.

    Vincent, IEEE TIP 2(2), 1993. full: voxels that touch at an edge or corner are connected too. 1D to 3D arrays.
    """
    if limit.ndim < 2:
        shape = limit.shape
        return reconstructed(marker.reshape(1, -1), limit.reshape(1, -1), rising, progress, full).reshape(shape)
    spread = sitk.ReconstructionByDilationImageFilter() if rising else sitk.ReconstructionByErosionImageFilter()
    spread.SetFullyConnected(full)
    images = sitk.GetImageFromArray(marker), sitk.GetImageFromArray(limit)
    return sitk.GetArrayFromImage(execute(spread, *images, progress=progress, message="Spreading"))
