"""Gray level size zone and distance zone matrices (Thibault et al., IEEE TBME 61(3), 2014; IBSI 3.8 and 3.9)."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ....core.progress import SILENT, Progress, execute
from .counts import BLOCK, Counts
from .region import Region


@dataclass(frozen=True)
class Zones:
    """Connected voxels of one level: slice (0 in the volume), rank, size and distance of each zone, (n,) each.

    size: voxels; distance: of its voxel nearest to the border of the morphological region, which has distance 1, in
    steps between voxels that share a face (by slice: an edge).
    """

    matrix: np.ndarray
    rank: np.ndarray
    size: np.ndarray
    distance: np.ndarray

    def size_zone(self) -> Counts:
        """Zones of each rank (row) and size (column) by slice (matrix)."""
        return Counts.of(self.matrix, self.rank, self.size)

    def distance_zone(self) -> Counts:
        """Zones of each rank (row) and distance (column) by slice (matrix)."""
        return Counts.of(self.matrix, self.rank, self.distance)


def zones(region: Region, by_slice: bool, norm: str, progress: Progress = SILENT) -> Zones:
    """Zones of a region, in the volume or slice by slice.

    norm: 'chebyshev' links voxels that share a face, an edge or a corner, any other those that share a face.
    """
    border = _border_distance(region.morphological, by_slice).reshape(-1)[region.voxels]
    ranks = region.ranks
    if by_slice:  # no level is found in the slice next to it
        ranks = ranks.astype(np.min_scalar_type(2 * len(region.levels)))
        ranks[1::2] += ranks.dtype.type(len(region.levels))
    connect = sitk.ScalarConnectedComponentImageFilter()
    connect.SetDistanceThreshold(0)
    connect.SetFullyConnected(norm == "chebyshev")
    inside = sitk.GetImageFromArray((region.ranks > 0).view(np.uint8))
    image = execute(connect, sitk.GetImageFromArray(ranks), inside, progress=progress, message="Linking zones")
    known, number = _consecutive(sitk.GetArrayViewFromImage(image).reshape(-1)[region.voxels])
    del image, inside, ranks
    matrix, rank, size = (np.zeros(known, np.int32) for _ in range(3))
    distance = np.full(known, np.iinfo(np.int32).max, np.int32)
    for start in range(0, number.size, BLOCK):
        place, zone = region.voxels[start : start + BLOCK], number[start : start + BLOCK]
        if by_slice:
            matrix[zone] = place // region.plane
        rank[zone] = region.flat[place]
        np.add.at(size, zone, 1)
        np.minimum.at(distance, zone, border[start : start + BLOCK])
    return Zones(matrix, rank, size, distance)


def _consecutive(numbers: np.ndarray) -> tuple[int, np.ndarray]:
    """How many numbers there are, and each by its rank."""
    occurs = np.zeros(int(numbers.max()) + 1, bool)
    for start in range(0, numbers.size, BLOCK):
        occurs[numbers[start : start + BLOCK]] = True
    ranks = np.cumsum(occurs, dtype=np.int32) - np.int32(1)
    found = np.empty(numbers.shape, np.int32)
    for start in range(0, numbers.size, BLOCK):
        found[start : start + BLOCK] = ranks[numbers[start : start + BLOCK]]
    return int(ranks[-1]) + 1, found


def _border_distance(mask: np.ndarray, by_slice: bool) -> np.ndarray:
    """Steps through faces from each voxel of the mask (z, y, x) to the nearest outside it; int32."""
    faces = ndimage.generate_binary_structure(3, 1)
    if by_slice:
        faces[[0, 2]] = False
    return ndimage.distance_transform_cdt(mask, faces)
