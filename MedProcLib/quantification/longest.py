"""The longest in-plane diameter of an object in pieces, and where it lies."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.geometry import Geometry
from .diameter import Diameter, in_plane_diameter
from .region import Region
from .row import Ends, Row
from .volume import Volume


def longest_piece(pieces: Sequence[Region], volume: Volume, known: dict[int, Diameter]) -> tuple[Region, Diameter]:
    """The piece with the longest diameter, of equal ones with the longest across; known: those of some, by id."""
    best: tuple[Region, Diameter] | None = None
    for bound, piece in sorted(((_bound(piece, volume), piece) for piece in pieces), key=lambda pair: -pair[0]):
        if best is not None and bound < best[1].long_mm:
            break
        if id(piece) not in known:
            known[id(piece)] = _diameter(piece, volume)
        found = known[id(piece)]
        if best is None or (found.long_mm, found.short_mm) > (best[1].long_mm, best[1].short_mm):
            best = piece, found
    assert best is not None
    return best


def with_axes(row: Row, longest: tuple[Region, Diameter] | None, grid: Geometry) -> Row:
    """The row with the ends of its diameters and their slice; longest: None when they were not measured."""
    if longest is None:
        return row
    _, diameter = longest
    index = diameter.slice_index
    long_axis, short_axis = (_ends_in_space(ends, index, grid) for ends in (diameter.long_ends, diameter.short_ends))
    return replace(row, long_axis=long_axis, short_axis=short_axis, slice_index=index)


def _diameter(region: Region, volume: Volume) -> Diameter:
    """In-plane diameters of a region, with slice and ends as indices of the volume."""
    found = in_plane_diameter(region.mask, volume.spacing[:2])
    z, y, x = region.start
    long_ends, short_ends = (np.add(ends, (x, y)) for ends in (found.long_ends, found.short_ends))
    return Diameter(found.long_mm, found.short_mm, found.slice_index + z, long_ends, short_ends)


def _bound(region: Region, volume: Volume) -> float:
    """Length (mm) that no in-plane diameter of a region exceeds: the diagonal of its box and a pixel."""
    _, height, width = region.mask.shape
    return float(np.hypot((width + 1) * volume.spacing[0], (height + 1) * volume.spacing[1]))


def _ends_in_space(ends: np.ndarray, slice_index: int, grid: Geometry) -> Ends:
    """End points (2, 2; index x, y) of a diameter in a slice as points in LPS, mm."""
    first, last = grid.points(np.column_stack([ends, np.full(2, slice_index)])[:, : grid.dimension])
    return tuple(map(float, first)), tuple(map(float, last))
