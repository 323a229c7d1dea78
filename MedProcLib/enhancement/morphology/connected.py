"""Reconstruction: grey values that spread from a marker under a limit, in the volume or in each slice."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.progress import SILENT, Progress, execute

# Voxels that spread at a time: SimpleITK's filter needs seven copies of them.
SLAB_VOXELS = 2_000_000

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
        self, values: np.ndarray, grid: Geometry, run: Callable[[np.ndarray, Progress], np.ndarray], progress: Progress
    ) -> np.ndarray:
        """The results of `run` for each slice, or for the volume without its axes of one voxel, in `values`."""
        if values.ndim == 3 and self.connected == "each slice":
            slices = np.moveaxis(values, slice_axis(grid), 0)
            for plane, share in zip(slices, progress.parts(*[1.0] * len(slices)), strict=True):
                plane[...] = run(np.ascontiguousarray(plane).squeeze(), share).reshape(plane.shape)
            return values
        values[...] = run(values.squeeze(), progress).reshape(values.shape)
        return values


def slice_axis(grid: Geometry) -> int:
    """The axis, of z, y, x, along which the slices are stacked: that of the coarsest spacing."""
    return int(np.argmax(grid.spacing[::-1]))


def reconstructed(marker: np.ndarray, limit: np.ndarray, rising: bool, progress: Progress = SILENT) -> np.ndarray:
    """The marker dilated (eroded when not rising) again and again under (above) the limit, until nothing changes.

    Vincent, IEEE TIP 2(2), 1993; voxels are connected by their faces. 0D to 3D arrays; the marker is overwritten.

    A large volume is done in slabs, again where a neighbor's new values would spread into one: the same result, in a
    fraction of the memory.
    """
    planes = max(2, SLAB_VOXELS // max(1, limit[0].size)) if limit.ndim == 3 else 0
    if limit.ndim < 3 or len(limit) <= planes:
        return _at_once(marker, limit, rising, progress)
    starts = list(range(0, len(limit), planes))
    waiting = set(starts)
    done = 0.0
    while waiting:
        for start in starts:
            if start not in waiting:
                continue
            waiting.remove(start)
            stop = min(start + planes, len(limit))
            around = slice(max(0, start - 1), min(len(limit), stop + 1))
            # the later rounds, which are few, share what is left of the progress
            share, done = (
                progress.part(done, done + 0.5 * (1 - done) / len(starts)),
                done + 0.5 * (1 - done) / len(starts),
            )
            made = _at_once(marker[around].copy(), limit[around], rising, share)
            marker[start:stop] = made[start - around.start : stop - around.start]
            for own, other, neighbor in ((start, start - 1, start - planes), (stop - 1, stop, stop)):
                if 0 <= other < len(limit) and _spreads(marker[own], marker[other], limit[other], rising):
                    waiting.add(neighbor)
        starts.reverse()
    return marker


def _spreads(new: np.ndarray, marker: np.ndarray, limit: np.ndarray, rising: bool) -> bool:
    """Whether values of a plane would change the marker in the plane beside it."""
    if rising:
        return bool((np.minimum(new, limit) > marker).any())
    return bool((np.maximum(new, limit) < marker).any())


def _at_once(marker: np.ndarray, limit: np.ndarray, rising: bool, progress: Progress) -> np.ndarray:
    if limit.ndim < 2:
        return _at_once(marker.reshape(1, -1), limit.reshape(1, -1), rising, progress).reshape(limit.shape)
    spread = sitk.ReconstructionByDilationImageFilter() if rising else sitk.ReconstructionByErosionImageFilter()
    images = sitk.GetImageFromArray(marker), sitk.GetImageFromArray(limit)
    return sitk.GetArrayFromImage(execute(spread, *images, progress=progress, message="Spreading"))
