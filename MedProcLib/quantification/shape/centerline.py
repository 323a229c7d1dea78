"""Length of an elongated segment along the line through its middle."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from .even_grid import EvenMask, even_mask, with_thin_parts

# Voxels per radius, and the most of the grid in which the line is sought.
PER_RADIUS = 4
MOST_VOXELS = 300_000
# Share of the largest piece's volume that has to be in one piece between voxels too.
LEAST_KEPT = 0.7
# A step at half the depth is dearer by this power of two, which keeps the line in the middle.
CENTERING = 3
OFFSETS = [(dz, dy, dx) for dz in (-1, 0, 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dz, dy, dx) > (0, 0, 0)]


class Centerline(NamedTuple):
    """length: mm, ends at the surface; points (n, 3): x, y, z in mm from the center of the mask's first voxel.

    share: of the mask's voxels those in the piece that it runs through.
    """

    length: float
    points: np.ndarray
    share: float


def centerline(mask: np.ndarray, spacing: tuple[float, float, float]) -> Centerline:
    """The line through the middle of a segment's largest piece between its ends that are farthest apart along it.

    Ends are found by going twice to the farthest place within the piece; the line joins them by the cheapest path,
    where a step costs more the nearer it is to the surface (Bitter et al., IEEE TVCG 7(3), 2001), is smoothed by a
    Gaussian as wide as the piece, and runs straight on to the surface at both ends. Of a ring it is half.
    mask: bool (z, y, x), not empty; spacing: x, y, z in mm.
    """
    even = even_mask(mask, spacing, MOST_VOXELS, PER_RADIUS)
    (pieces, kept), (whole, largest) = _pieces(even.inside), _pieces(mask)
    share = largest / np.count_nonzero(mask)
    if pieces > whole and kept * even.step**3 < LEAST_KEPT * largest * np.prod(spacing):
        even = with_thin_parts(even, mask, spacing)  # thinner than a slice it fell to pieces
    pieces, count = ndimage.label(even.inside, np.ones((3, 3, 3)))
    if count == 0:
        index = np.argwhere(mask)[:, ::-1] * spacing
        longest = int(np.ptp(index, axis=0).argmax())
        ends = index[[index[:, longest].argmin(), index[:, longest].argmax()]]
        return Centerline(float(np.linalg.norm(ends[1] - ends[0])) + spacing[longest], ends, share)
    places = np.argwhere(pieces == np.bincount(pieces.ravel())[1:].argmax() + 1)
    depth = even.depth[tuple(places.T)]
    path = _path(places, depth)
    ends = path[[0, -1]]
    path = _within(path, places, depth / even.step)
    points = _smoothed(places[path].astype(float), 0.5 * float(np.median(depth[path])) / even.step)
    points = np.concatenate([_to_surface(points[::-1], even)[::-1], points, _to_surface(points, even)])
    if len(points) < 2:
        points = places[ends].astype(float)
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()) * even.step
    return Centerline(length, points[:, ::-1] * even.step + even.first, share)


def _pieces(mask: np.ndarray) -> tuple[int, int]:
    """Number of pieces, and voxels of the largest."""
    pieces, count = ndimage.label(mask, np.ones((3, 3, 3)))
    return count, int(np.bincount(pieces.ravel(), minlength=2)[1:].max())


def _path(places: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Numbers of the places along the cheapest path between the two ends."""
    low = places.min(axis=0)
    number = np.full(np.ptp(places, axis=0) + 3, -1)
    number[tuple((places - low + 1).T)] = np.arange(len(places))
    rows, columns, lengths = [], [], []
    for offset in OFFSETS:
        neighbor = number[tuple((places - low + 1 + offset).T)]
        there = np.flatnonzero(neighbor >= 0)
        rows.append(there)
        columns.append(neighbor[there])
        lengths.append(np.full(len(there), np.linalg.norm(offset)))
    row, column, length = np.concatenate(rows), np.concatenate(columns), np.concatenate(lengths)
    shape = (len(places), len(places))
    by_length = sparse.csr_array((length, (row, column)), shape)
    start = _farthest(by_length, int(depth.argmax()))
    end = _farthest(by_length, start)
    cost = length * (2 * depth.max() / (depth[row] + depth[column])) ** CENTERING
    _, before = csgraph.dijkstra(
        sparse.csr_array((cost, (row, column)), shape), directed=False, indices=start, return_predecessors=True
    )
    path = [end]
    while path[-1] != start:
        path.append(int(before[path[-1]]))
    return np.array(path)


def _farthest(graph: sparse.csr_array, start: int) -> int:
    distances = csgraph.dijkstra(graph, directed=False, indices=start)
    return int(np.where(np.isfinite(distances), distances, -1).argmax())


def _within(path: np.ndarray, places: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The path without its ends up to where it leaves the surroundings of the end: there it runs to a corner."""
    points, radii = places[path], radius[path]
    kept = np.ones(len(path), bool)
    for end in (points[0], points[-1]):
        kept &= np.linalg.norm(points - end, axis=1) > 1.5 * radii
    return path[kept] if np.count_nonzero(kept) >= 2 else path[[int(radii.argmax())]]


def _smoothed(points: np.ndarray, sd: float) -> np.ndarray:
    """Points blurred along the line, mirrored through its ends so that these stay."""
    if len(points) < 3:
        return points
    margin = min(len(points) - 1, int(4 * sd) + 1)
    before, after = 2 * points[0] - points[margin:0:-1], 2 * points[-1] - points[-2 : -margin - 2 : -1]
    blurred = ndimage.gaussian_filter1d(np.concatenate([before, points, after]), sd, axis=0)
    return blurred[len(before) : len(before) + len(points)]


def _to_surface(points: np.ndarray, even: EvenMask) -> np.ndarray:
    """The point (1, 3) where the line's straight continuation beyond its last point leaves the piece; or none."""
    back = points[max(0, len(points) - 1 - max(2, int(even.largest_radius / even.step)))]
    along = points[-1] - back
    if not np.any(along):
        return np.empty((0, 3))
    along = along / np.linalg.norm(along)
    reach = np.arange(0, np.linalg.norm(even.inside.shape), 0.25)
    samples = ndimage.map_coordinates(
        even.inside.astype(np.float32), (points[-1] + reach[:, None] * along).T, order=1, mode="constant"
    )
    return (points[-1] + reach[int(np.argmax(samples < 0.5))] * along)[None]
