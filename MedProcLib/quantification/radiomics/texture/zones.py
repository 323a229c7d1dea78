"""Gray level size zone and distance zone matrices (Thibault et al., IEEE TBME 61(3), 2014; IBSI 3.8 and 3.9)."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ....core.progress import SILENT, Progress, execute
from .counts import Counts
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
    ranks = region.ranks
    if by_slice:  # no level is found in the slice next to it
        odd = (np.arange(region.slices, dtype=np.int32) % 2)[:, np.newaxis, np.newaxis]
        ranks = ranks + odd * np.int32(len(region.levels))
    connect = sitk.ScalarConnectedComponentImageFilter()
    connect.SetDistanceThreshold(0)
    connect.SetFullyConnected(norm == "chebyshev")
    inside = sitk.GetImageFromArray((region.ranks > 0).view(np.uint8))
    image = execute(connect, sitk.GetImageFromArray(ranks), inside, progress=progress, message="Linking zones")
    number = sitk.GetArrayViewFromImage(image).reshape(-1)[region.voxels]
    known, number = _consecutive(number)
    matrix, rank = np.zeros(known, np.int64), np.zeros(known, np.int32)
    if by_slice:
        matrix[number] = region.voxels // region.plane
    rank[number] = region.flat[region.voxels]
    distance = np.full(known, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(distance, number, _border_distance(region.morphological, by_slice).reshape(-1)[region.voxels])
    return Zones(matrix, rank, np.bincount(number, minlength=known), distance)


def _consecutive(numbers: np.ndarray) -> tuple[int, np.ndarray]:
    """How many numbers there are, and each by its rank."""
    occurs = np.bincount(numbers) > 0
    return int(np.count_nonzero(occurs)), (np.cumsum(occurs) - 1)[numbers]


def _border_distance(mask: np.ndarray, by_slice: bool) -> np.ndarray:
    """Steps through faces from each voxel of the mask (z, y, x) to the nearest outside it; int32."""
    faces = ndimage.generate_binary_structure(3, 1)
    if by_slice:
        faces[[0, 2]] = False
    return ndimage.distance_transform_cdt(mask, faces)
