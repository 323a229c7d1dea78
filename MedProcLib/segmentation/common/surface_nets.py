"""Smooth surfaces between the segments of a label map that leave no gap: one point in each cell that they cross.

Gibson, Constrained elastic surface nets, MICCAI 1998; for several segments Frisken, SurfaceNets for multi-label
segmentations with preservation of sharp boundaries, J. Comput. Graph. Tech. 11(1), 2022.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...core.progress import SILENT, Progress

# Parts of the way to the middle of its neighbors that a point moves in a round: there, and a little more back, so that
# what is smoothed does not shrink (Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995).
THERE, BACK = 0.5, -0.51
# How far from the middle of its cell a point may go, in voxels: it stays in the cell.
LIMIT = 0.5


@dataclass(frozen=True)
class Net:
    """points: (n, 3) in voxels, x, y, z; quads: (q, 4) their numbers; low, high: (q,) the labels on both sides.

    Seen from the side of `high` the corners of a quad run counterclockwise.
    """

    points: np.ndarray
    quads: np.ndarray
    low: np.ndarray
    high: np.ndarray


def surface_net(values: np.ndarray, rounds: int, progress: Progress = SILENT) -> Net:
    """The net between all labels of a map (z, y, x), closed at the array's border, smoothed in this many rounds."""
    finding, smoothing = progress.parts(1, 2)
    padded = np.pad(values, 1)
    active = np.zeros(tuple(n - 1 for n in padded.shape), bool)
    low, high, corners = [], [], []
    for axis in range(3):
        finding(axis / 5, "Finding the surface")
        first, second, around = _crossings(padded, axis)
        low.append(first)
        high.append(second)
        corners.append(around)
        for offset in around[1]:
            active.ravel()[around[0] + offset] = True
    finding(0.6, "Finding the surface")
    number = np.cumsum(active, dtype=np.int32).reshape(active.shape) - np.int32(1)
    quads = np.concatenate(
        [np.stack([number.ravel()[start + offset] for offset in offsets], axis=1) for start, offsets in corners]
    )
    del corners
    finding(0.7, "Finding the surface")
    place = np.argwhere(active)
    middle = (place[:, ::-1] - 0.5).astype(np.float32)  # of the cells, in voxels of the map without the padding
    if rounds and len(place):
        points = _smoothed(middle, _neighbors(padded, place, number), rounds, smoothing)
    else:
        points = middle
    return Net(points, quads, np.concatenate(low), np.concatenate(high))


def triangles_of(net: Net, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (m, 3) and the label (m,) that each bounds, seen from outside; quads are cut along the shorter way.

    points: where the net's points lie, in mm.
    """
    a, b, c, d = (points[net.quads[:, corner]] for corner in range(4))
    first = ((a - c) ** 2).sum(axis=1) <= ((b - d) ** 2).sum(axis=1)
    cut = np.where(first[:, np.newaxis], (0, 1, 2, 0, 2, 3), (0, 1, 3, 1, 2, 3))
    pairs = np.take_along_axis(net.quads, cut, axis=1).reshape(-1, 2, 3)
    seen, unseen = net.low != 0, net.high != 0
    triangles = np.concatenate([pairs[seen], pairs[unseen][:, :, ::-1]]).reshape(-1, 3)
    return triangles, np.repeat(np.concatenate([net.low[seen], net.high[unseen]]), 2)


def _crossings(padded: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, list[int]]]:
    """The labels before and after each grid edge along an axis that lies between two labels, and the cells around it.

    Cells are flat numbers: those of one corner (n,), and how far from it the four are, counterclockwise seen along the
    edge from its end.
    """
    shape = [n - 1 for n in padded.shape]
    stride = [shape[1] * shape[2], shape[2], 1]
    before, after = (
        padded[tuple(slice(*ends) if number == axis else slice(None) for number in range(3))]
        for ends in ((None, -1), (1, None))
    )
    edges = np.nonzero(before != after)
    first = sum((place - 1 if number != axis else place) * stride[number] for number, place in enumerate(edges))
    kind = np.int32 if int(np.prod(shape)) < 2**31 else np.int64
    # axes are z, y, x here: the two others, so that they and the axis are right-handed in x, y, z
    u, v = stride[(axis - 1) % 3], stride[(axis - 2) % 3]
    return before[edges], after[edges], (np.asarray(first, kind), [0, u, u + v, v])


def _neighbors(padded: np.ndarray, place: np.ndarray, number: np.ndarray) -> sparse.csr_array:
    """Matrix that gives each point the mean of its neighbors: the points of cells over faces that the surface crosses.

    A point where three segments meet follows the line on which they do, so that smoothing does not move it off.
    """
    corners = np.stack(
        [padded[place[:, 0] + z, place[:, 1] + y, place[:, 2] + x] for z in (0, 1) for y in (0, 1) for x in (0, 1)],
        axis=1,
    )
    edges, joints = [], []
    for axis in range(3):
        face = corners[:, [corner for corner in range(8) if corner >> (2 - axis) & 1]]
        kinds = _different(face)
        crossed = np.flatnonzero(kinds > 1).astype(np.int32)
        there = place[crossed].copy()
        there[:, axis] += 1
        edges.append(np.stack([crossed, number[tuple(there.T)]], axis=1))
        joints.append(kinds[crossed] > 2)
    edge, joint = np.concatenate(edges), np.concatenate(joints)
    del corners, edges, joints
    both, of_joint = np.concatenate([edge, edge[:, ::-1]]), np.concatenate([joint, joint])
    del edge, joint
    on_line = np.bincount(both[of_joint, 0], minlength=len(place)) > 1
    kept = ~on_line[both[:, 0]] | of_joint
    rows, columns = both[kept].T
    weight = (1 / np.maximum(np.bincount(rows, minlength=len(place)), 1)).astype(np.float32)
    return sparse.csr_array((weight[rows], (rows, columns)), shape=(len(place), len(place)))


def _different(labels: np.ndarray) -> np.ndarray:
    """How many different values each row (of four) has."""
    ordered = np.sort(labels, axis=1)
    return 1 + np.count_nonzero(ordered[:, 1:] != ordered[:, :-1], axis=1)


def _smoothed(middle: np.ndarray, mean: sparse.csr_array, rounds: int, progress: Progress) -> np.ndarray:
    points = middle.copy()
    alone = np.flatnonzero(np.diff(mean.indptr) == 0)
    for done in range(rounds):
        progress(done / rounds, "Smoothing the surface")
        for step in (THERE, BACK):
            moved = points + np.float32(step) * (mean @ points - points)
            moved[alone] = points[alone]
            points = np.clip(moved, middle - np.float32(LIMIT), middle + np.float32(LIMIT))
    return points
