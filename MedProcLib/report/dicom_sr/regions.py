"""The region of each row of measurements as numbered voxels of the series: what its group in the report refers to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...quantification.row import Row
from ...segmentation.common.connectivity import connected_components


@dataclass(frozen=True)
class Regions:
    """Regions that do not overlap. numbers: (slices, rows, columns), 0 outside; rows[n - 1] is the row of region n."""

    numbers: np.ndarray
    rows: tuple[Row, ...]


def regions_of_maps(
    rows: Sequence[Row], maps: Sequence[np.ndarray], geometry: Geometry
) -> Iterator[tuple[int, Regions]]:
    """The regions of label maps of different values, each with the index of its map; see regions_of."""
    values = [set(np.unique(labels).tolist()) for labels in maps]
    for index, (labels, known) in enumerate(zip(maps, values, strict=True)):
        # a segment that no map holds is looked for, and missed, in the first
        mine = [
            row for row in rows if row.segment in known or (index == 0 and not any(row.segment in v for v in values))
        ]
        yield from ((index, regions) for regions in regions_of(mine, labels, geometry))


def regions_of(rows: Sequence[Row], labels: np.ndarray, geometry: Geometry) -> list[Regions]:
    """Regions of whole segments, and of components where there are rows for them: a segment's components overlap it.

    labels: (slices, rows, columns) in the series' order; geometry: of that array. A component that is all of its
    segment needs no region of its own and is left out, as are rows of single slices, of series and of all segments.
    Raises InputError when a row was measured on other labels.
    """
    rows = [row for row in rows if row.segment and row.slice is None and row.time_point is None]
    parts = [row for row in rows if row.component is not None]
    pieces = {segment: [row for row in parts if row.segment == segment] for segment in {row.segment for row in parts}}
    whole = tuple(row for row in rows if row.is_whole)
    components = tuple(row for row in parts if len(pieces[row.segment]) > 1)
    sets = [_of_segments(whole, labels)] if whole else []
    return [*sets, _of_components(components, labels, geometry)] if components else sets


def _of_segments(rows: tuple[Row, ...], labels: np.ndarray) -> Regions:
    table = np.zeros(int(max(labels.max(initial=0), *(row.segment for row in rows))) + 1, np.uint16)
    table[[row.segment for row in rows]] = np.arange(1, len(rows) + 1)
    numbers = table[np.maximum(labels, 0)]
    counts = np.bincount(numbers.ravel(), minlength=len(rows) + 1)[1:]
    for row, count in zip(rows, counts, strict=True):
        _require_count(row, int(count))
    return Regions(numbers, rows)


def _of_components(rows: tuple[Row, ...], labels: np.ndarray, geometry: Geometry) -> Regions:
    joined, counts = connected_components(geometry.image_of(labels), "corner")
    place = np.argwhere(joined)
    piece, label = joined[tuple(place.T)], labels[tuple(place.T)]
    sums = np.stack([np.bincount(piece, place[:, axis], minlength=counts.size) for axis in (2, 1, 0)], axis=1)
    centers = geometry.points(sums / np.maximum(counts, 1)[:, np.newaxis])
    segments = np.zeros(counts.size, np.int64)
    segments[piece] = label
    table = np.zeros(counts.size, np.uint16)
    for number, row in enumerate(rows, 1):
        mine = np.flatnonzero(segments == row.segment)  # largest first
        wanted = _count(row)
        if wanted is not None:
            alike = mine[(counts[mine] == wanted) & (table[mine] == 0)]
            _require_count(row, wanted if alike.size else 0)
            # of components of one size, the one that lies where the row says
            away = np.linalg.norm(centers[alike] - _center(row, centers[alike[0]]), axis=1)
            piece_of_row = alike[int(np.argmin(away))]
        else:
            rank = row.component or 1
            _require_count(row, int(rank <= mine.size))
            piece_of_row = mine[rank - 1]
        table[piece_of_row] = number
    return Regions(table[joined], rows)


def _center(row: Row, otherwise: np.ndarray) -> np.ndarray:
    named = {measurement.name: measurement.value for measurement in row.measurements}
    return np.array([named.get(f"centroid_{axis}", value) for axis, value in zip("lps", otherwise, strict=True)])


def _count(row: Row) -> int | None:
    """The voxels that the row counts; None when the number of voxels was not measured."""
    return next((round(m.value) for m in row.measurements if m.name == "count"), None)


def _require_count(row: Row, found: int) -> None:
    wanted = _count(row)
    if not found or (wanted is not None and found != wanted):
        part = "" if row.component is None else f", part {row.component}"
        measured = "" if wanted is None else f"with {wanted} voxels "
        raise InputError(
            f"'{row.name}'{part} was measured {measured}in another label map, this one has {found} of them: "
            "measure again, then write the report."
        )
