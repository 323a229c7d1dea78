"""Connected pieces of label maps, counted and numbered."""

from typing import Literal

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress, execute

CONNECTIVITY = Literal["face", "corner"]


def connected_components(
    labels: sitk.Image, connectivity: str, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Number of each voxel's component (z, y, x; 0 is background) and the voxel counts (n + 1; 0 for background).

    Components are voxels of one label that touch; they count from 1 in descending size (then in scan order).
    """
    join = sitk.ScalarConnectedComponentImageFilter()
    join.SetDistanceThreshold(0)
    join.SetFullyConnected(connectivity == "corner")
    pieces = execute(join, _compact(labels), labels != 0, progress=progress, message="Finding components")
    numbers = sitk.GetArrayFromImage(pieces)
    counts = np.bincount(numbers.ravel())
    counts[0] = 0
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    rank = np.zeros(counts.size, np.int32)
    rank[order] = np.arange(1, order.size + 1)
    return rank[numbers], np.concatenate([[0], counts[order]])


def _compact(labels: sitk.Image) -> sitk.Image:
    """The label map with small values: the filter compares in floating point, which 64-bit values would not survive."""
    if labels.GetSizeOfPixelComponent() < 4:
        return labels
    index = np.unique(sitk.GetArrayViewFromImage(labels), return_inverse=True)[1]
    return Geometry.of(labels).image_of(index.reshape(tuple(reversed(labels.GetSize()))).astype(np.int32))
