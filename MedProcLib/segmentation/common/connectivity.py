"""Connected pieces of label maps, counted and numbered."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import boxes_of
from ...core.geometry import Geometry
from ...core.image_filter import Box
from ...core.progress import SILENT, Progress, execute

CONNECTIVITY = Literal["face", "corner"]
# the same as the parameter of an operation
JOINED = Annotated[CONNECTIVITY, "voxels are joined over a shared face, or already over a corner"]

# Labels that lie far scattered are joined in one pass over the volume, which costs as much as this many boxes of it.
MOST_PASSES = 10


def connected_components(
    labels: sitk.Image, connectivity: str, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Number of each voxel's component (z, y, x; 0 is background) and the voxel counts (n + 1; 0 for background).

    Components are voxels of one label that touch; they count from 1 in descending size (then in scan order).
    """
    values = sitk.GetArrayViewFromImage(labels)
    boxes = boxes_of(values)
    volume = sum(int(np.prod([part.stop - part.start for part in box])) for box in boxes.values())
    if volume <= MOST_PASSES * values.size:
        numbers = _joined_by_label(values, boxes, connectivity, progress)
    else:
        numbers = _joined_at_once(labels, connectivity, progress)
    progress.check()
    place = np.flatnonzero(numbers)
    pieces = numbers.ravel()[place]
    counts = np.bincount(pieces, minlength=1)
    first = np.zeros(counts.size, np.int64)
    progress.check()
    first[pieces[::-1]] = place[::-1]  # of several values for one entry the last stays: the first voxel
    order = np.lexsort((first, -counts))[: np.count_nonzero(counts)]
    rank = np.zeros(counts.size, np.int32)
    rank[order] = np.arange(1, order.size + 1)
    numbers.ravel()[place] = rank[pieces]
    return numbers, np.concatenate([[0], counts[order]])


def steps(connectivity: str, dimension: int) -> np.ndarray:
    """The neighborhood (3 x 3 [x 3], bool) over which voxels are joined."""
    return ndimage.generate_binary_structure(dimension, dimension if connectivity == "corner" else 1)


def _joined_by_label(values: np.ndarray, boxes: dict[int, Box], connectivity: str, progress: Progress) -> np.ndarray:
    numbers = np.zeros(values.shape, np.int32)
    structure, last = steps(connectivity, values.ndim), 0
    for done, (value, box) in enumerate(boxes.items()):
        progress(done / len(boxes), "Finding components")
        region = values[box] == value
        progress.check()
        pieces, count = ndimage.label(region, structure)
        progress.check()
        pieces[region] += last
        numbers[box] += pieces
        last += count
    return numbers


def _joined_at_once(labels: sitk.Image, connectivity: str, progress: Progress) -> np.ndarray:
    join = sitk.ScalarConnectedComponentImageFilter()
    join.SetDistanceThreshold(0)
    join.SetFullyConnected(connectivity == "corner")
    pieces = execute(join, _compact(labels), labels != 0, progress=progress, message="Finding components")
    return sitk.GetArrayFromImage(pieces).astype(np.int32)


def _compact(labels: sitk.Image) -> sitk.Image:
    """The label map with small values: the filter compares in floating point, which 64-bit values would not survive."""
    if labels.GetSizeOfPixelComponent() < 4:
        return labels
    index = np.unique(sitk.GetArrayViewFromImage(labels), return_inverse=True)[1]
    return Geometry.of(labels).image_of(index.reshape(tuple(reversed(labels.GetSize()))).astype(np.int32))
