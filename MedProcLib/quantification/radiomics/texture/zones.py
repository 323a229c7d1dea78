"""Gray level size zone and distance zone matrices (Thibault et al., IEEE TBME 61(3), 2014; IBSI 3.8 and 3.9)."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ....core.progress import SILENT, Progress, execute
from .border_distance import border_distances
from .counts import Counts, tally
from .region import Region

# Voxels that are linked at a time: they bound the memory.
LINKED_AT_ONCE = 1 << 18

Figures = Sequence[np.ndarray]


@dataclass(frozen=True)
class Zones:
    """Connected voxels of one level: slice (0 in the volume), rank, size and distance of zones, and how many are alike
    in all that; (n,) each.

    size: voxels; distance: of its voxel nearest to the border of the morphological region, which has distance 1, in
    steps between voxels that share a face (by slice: an edge).
    """

    matrix: np.ndarray
    rank: np.ndarray
    size: np.ndarray
    distance: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray, rank: np.ndarray, size: np.ndarray, distance: np.ndarray) -> "Zones":
        """Of single zones: of noise there are nearly as many as voxels, and few that are not alike."""
        (matrix, rank, size, distance), count = tally((matrix, rank, size, distance))
        return cls(matrix, rank, size, distance, count)

    def size_zone(self) -> Counts:
        """Zones of each rank (row) and size (column) by slice (matrix)."""
        return Counts(self.matrix, self.rank, self.size, self.count).merged()

    def distance_zone(self) -> Counts:
        """Zones of each rank (row) and distance (column) by slice (matrix)."""
        return Counts(self.matrix, self.rank, self.distance, self.count).merged()


def zones(region: Region, by_slice: bool, norm: str, progress: Progress = SILENT) -> Zones:
    """Zones of a region, in the volume or slice by slice.

    norm: 'chebyshev' links voxels that share a face, an edge or a corner, any other those that share a face.
    """
    whole: list[Zones] = []
    # of zones that go on in the next slab: their figures so far, and which of them each voxel of the last slice is in
    held: Figures = ()
    last = np.zeros(0, np.int32)
    slabs, shares = _slabs(region, progress)
    borders = border_distances(region.morphological, slabs, by_slice)
    for slab, border, share in zip(slabs, borders, shares, strict=True):
        # in the volume with the last slice of the slab before: what is one zone there is one
        number = _linked_slab(region, slab, by_slice, norm == "chebyshev", share)
        count = int(number.max(initial=-1)) + 1
        figures = _figures(region, slab, border, number[last.size :], count, by_slice)
        if last.size:
            links = number[: last.size], last + np.int32(count)
            zone, figures = _merged([*map(np.concatenate, zip(figures, held, strict=True))], links)
            number = zone[number]
        goes_on = np.zeros(figures[0].size, bool)
        if not by_slice and slab.stop < region.slices:
            last = number[number.size - int(region.voxels_by_slice[slab.stop - 1]) :]
            goes_on[last] = True
            last = (np.cumsum(goes_on, dtype=np.int32) - np.int32(1))[last]
            held = tuple(each[goes_on] for each in figures)
        whole.append(Zones.of(*(each[~goes_on] for each in figures)))
    return Zones(*(np.concatenate(parts) for parts in zip(*map(astuple, whole), strict=True)))


def _figures(
    region: Region, slab: slice, border: np.ndarray, number: np.ndarray, count: int, by_slice: bool
) -> Figures:
    """Slice, rank, size and distance of so many zones of a slab's voxels, of which each has a number; those of the
    slice before alone have size 0."""
    ranks = region.ranks[slab]
    inside = ranks > 0
    matrix, rank = np.zeros(count, np.int32), np.zeros(count, ranks.dtype)
    if by_slice:
        matrix[number] = np.repeat(np.arange(slab.start, slab.stop), region.voxels_by_slice[slab])
    rank[number] = ranks[inside]
    distance = np.full(count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(distance, number, border[inside])
    return matrix, rank, np.bincount(number, minlength=count).astype(np.int32), distance


def _merged(figures: Figures, links: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, Figures]:
    """The zone that each part belongs to, links being pairs of parts of one, and the figures of the zones."""
    matrix, rank, size, distance = figures
    graph = coo_array((np.ones(links[0].size, bool), links), shape=(size.size, size.size))
    known, zone = connected_components(graph, directed=False)
    sizes, ranks = np.zeros(known, np.int32), np.zeros(known, rank.dtype)
    distances = np.full(known, np.iinfo(np.int32).max, np.int32)
    np.add.at(sizes, zone, size)
    np.maximum.at(ranks, zone, rank)
    np.minimum.at(distances, zone, distance)
    return zone, (matrix[:known], ranks, sizes, distances)


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
