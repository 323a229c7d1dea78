"""Gray level size zone and distance zone matrices (Thibault et al., IEEE TBME 61(3), 2014; IBSI 3.8 and 3.9)."""

from dataclasses import dataclass, fields

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ....core.progress import SILENT, Progress, execute
from .border_distance import border_distance
from .counts import Counts
from .region import Region

# Voxels that are linked at a time: they bound the memory.
LINKED_AT_ONCE = 1 << 18


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
    border = border_distance(region.morphological, by_slice)
    found: list[list[np.ndarray]] = [[] for _ in fields(Zones)]
    same: list[np.ndarray] = []
    count, last = 0, np.zeros(0, np.int32)
    # in slabs, each of which has the last slice of the one before: what is one zone there is one
    for slab, share in zip(*_slabs(region, progress), strict=True):
        number = _linked_slab(region, slab, by_slice, norm == "chebyshev", share)
        shared = 0 if by_slice or slab.start == 0 else int(region.voxels_by_slice[slab.start - 1])
        if shared:
            same.append(np.unique(np.stack([last, number[:shared] + count]), axis=1))
        zones_there = int(number.max(initial=-1)) + 1
        number = number[shared:]
        part = _zones_of(region, slab, border[slab], number, zones_there, by_slice)
        for own, figure in zip(found, fields(Zones), strict=True):
            own.append(getattr(part, figure.name))
        last = number[number.size - int(region.voxels_by_slice[slab.stop - 1]) :] + count
        count += zones_there
    del border, part, own
    # the parts of each array are let go with it
    joined = Zones(*(np.concatenate(found.pop(0)) for _ in fields(Zones)))
    return _merged(joined, np.concatenate(same, axis=1)) if same else joined


def _zones_of(region: Region, slab: slice, border: np.ndarray, number: np.ndarray, count: int, by_slice: bool) -> Zones:
    """So many zones of a slab's voxels, of which each has a number; those of the slice before alone have size 0."""
    ranks = region.ranks[slab]
    inside = ranks > 0
    matrix, rank = np.zeros(count, np.int32), np.zeros(count, ranks.dtype)
    if by_slice:
        matrix[number] = np.repeat(np.arange(slab.start, slab.stop), region.voxels_by_slice[slab])
    rank[number] = ranks[inside]
    distance = np.full(count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(distance, number, border[inside])
    return Zones(matrix, rank, np.bincount(number, minlength=count).astype(np.int32), distance)


def _merged(zones: Zones, pairs: np.ndarray) -> Zones:
    """The zones of the volume, of parts (2, n) of which pairs are one."""
    count = zones.size.size
    links = coo_array((np.ones(pairs.shape[1], bool), (pairs[0], pairs[1])), shape=(count, count))
    known, zone = connected_components(links, directed=False)
    del links
    size, rank = np.zeros(known, np.int32), np.zeros(known, zones.rank.dtype)
    distance = np.full(known, np.iinfo(np.int32).max, np.int32)
    np.add.at(size, zone, zones.size)
    np.maximum.at(rank, zone, zones.rank)
    np.minimum.at(distance, zone, zones.distance)
    return Zones(np.zeros(known, np.int32), rank, size, distance)


def _slabs(region: Region, progress: Progress) -> tuple[list[slice], list[Progress]]:
    thickness = max(1, LINKED_AT_ONCE // region.plane)
    slabs = [slice(z, min(z + thickness, region.slices)) for z in range(0, region.slices, thickness)]
    return slabs, list(progress.parts(*[1.0] * len(slabs)))


def _linked_slab(region: Region, slab: slice, by_slice: bool, corners: bool, progress: Progress) -> np.ndarray:
    """Numbers 0, 1, ... of the zones of a slab's voxels; in the volume its slices and the one before."""
    ranks = region.ranks[slab if by_slice else slice(max(0, slab.start - 1), slab.stop)]
    inside = ranks > 0
    if not inside.any():
        return np.zeros(0, np.int32)
    if by_slice:  # no level is found in the slice next to it
        ranks = ranks.astype(np.min_scalar_type(2 * len(region.levels)))
        ranks[1::2] += ranks.dtype.type(len(region.levels))
    connect = sitk.ScalarConnectedComponentImageFilter()
    connect.SetDistanceThreshold(0)
    connect.SetFullyConnected(corners)
    images = (sitk.GetImageFromArray(each) for each in (ranks, inside.view(np.uint8)))
    linked = execute(connect, *images, progress=progress, message="Linking zones")
    labels = sitk.GetArrayViewFromImage(linked)[inside]
    occurs = np.zeros(int(labels.max()) + 1, bool)
    occurs[labels] = True
    return (np.cumsum(occurs, dtype=np.int32) - np.int32(1))[labels]
