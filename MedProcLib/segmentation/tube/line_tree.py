"""Center lines of a region of tubes: skeleton, graph, lines below the voxel, and their order from the root on."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.thinning import thinned
from .branch import Branch
from .cross_sections import SAMPLES, Region, tangents_of
from .skeleton_graph import Chain, SkeletonGraph, graph_of, pruned
from .slice_grid import with_slice

# How often the line is moved to the middle of its cross-sections.
CENTERINGS = 2


@dataclass
class _Line:
    """A chain as a line in mm along the array's axes; nodes: those at its ends, negative for free ends."""

    chain: Chain
    points: np.ndarray
    radii: np.ndarray
    nodes: tuple[int, int]

    def reversed(self) -> "_Line":
        return _Line(self.chain, self.points[::-1], self.radii[::-1], self.nodes[::-1])


def centerlines_of(
    region: np.ndarray, grid: Geometry, spur_radii: float, root: np.ndarray | None = None, progress: Progress = SILENT
) -> tuple[list[Branch], np.ndarray]:
    """Branches of a region (bool, not empty; z, y, x or y, x), and their numbers on the skeleton's voxels.

    spur_radii: see skeleton_graph.pruned; root: voxels (bool) near which the tree begins; without them it begins at the
    thickest free end. Pieces of the region make trees of their own, the one with the thickest beginning first.
    """
    if region.ndim == 2:
        branches, numbers = centerlines_of(region[np.newaxis], with_slice(grid), spur_radii, _as_slice(root), progress)
        return [_in_plane(branch) for branch in branches], numbers[0]
    thin, cut, follow = progress.parts(6, 2, 2)
    around = box_of(region)
    box = grown(around, grid, 0, 1)
    spacing = np.array(grid.spacing[::-1])
    depth = _depth(region[box], spacing)
    skeleton = pruned(thinned(region[box], tuple(spacing), thin), depth, spacing, spur_radii, cut)
    graph = graph_of(skeleton)
    space = Region(region[box], spacing, depth)
    lines = []
    for number, chain in enumerate(graph.chains):
        follow(number / len(graph.chains), "Following the center lines")
        lines.append(_line(chain, number, graph, space))
    corner = np.array([s.start for s in box])
    start = None if root is None else (np.argwhere(root) - corner).mean(axis=0) * spacing
    branches, numbers = [], np.zeros(region.shape, np.int32)
    inner = numbers[box]
    for line, parent, generation in _ordered(lines, start):
        number = len(branches) + 1
        index = (line.points / spacing + corner)[:, ::-1]
        branches.append(Branch(number, grid.points(index), line.radii, parent, generation, (), line.chain.closed))
        _paint(inner, line, number, graph, region[box], spacing)
    children = {b.number: tuple(c.number for c in branches if c.parent == b.number) for b in branches}
    made = [
        Branch(b.number, b.points, b.radii_mm, b.parent, b.generation, children[b.number], b.closed) for b in branches
    ]
    return made, numbers


def _depth(region: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """mm to the nearest voxel outside; the end of the array is outside, but not across an axis of one voxel."""
    padded = np.pad(region, [(int(n > 1),) * 2 for n in region.shape])
    if padded.all():
        return np.full(region.shape, float(spacing.min()))
    depth = ndimage.distance_transform_edt(padded, spacing)
    return depth[tuple(slice(1, -1) if n > 1 else slice(None) for n in region.shape)]


def _line(chain: Chain, number: int, graph: SkeletonGraph, space: Region) -> _Line:
    """The chain as a smooth line in the middle of the tube, out to the border at its free ends."""
    points = chain.voxels * space.spacing
    first, last = chain.nodes
    if chain.closed:
        points = np.concatenate([points, points[:1]])
    nodes = [graph.nodes[node].mean(axis=0) * space.spacing if node else None for node in (first, last)]
    points = np.concatenate(
        [points[:0] if nodes[0] is None else [nodes[0]], points, points[:0] if nodes[1] is None else [nodes[1]]]
    )
    width = float(max(space.spacing[space.axes]))
    step = float(min(space.spacing[space.axes]))
    if len(points) > 1:
        line = smoothed(resampled(points, step), width / step, chain.closed)
        for _ in range(CENTERINGS):
            _, middle = space.sections(line, tangents_of(line, chain.closed))
            shift = middle - line
            size = np.linalg.norm(shift, axis=1, keepdims=True)
            shift *= np.minimum(1, width / np.maximum(size, 1e-9))
            for end, node in ((0, first), (-1, last)):
                if node:
                    shift[end] = 0
            line = smoothed(resampled(line + shift, step), width / step, chain.closed)
        points = line
    for at_start, node in ((True, first), (False, last)):
        if not node and not chain.closed and len(points) > 1:
            points = _to_border(points, at_start, space)
    points = resampled(points, step)
    if len(points) > 1:
        radii = space.sections(points, tangents_of(points, chain.closed))[0]
        # the last section lies in the end itself
        for end, beside, node in ((0, 1, first), (-1, -2, last)):
            if not node and not chain.closed:
                radii[end] = radii[beside]
    else:
        radii = space.depth_at(points)
    free = -2 * number - 2
    return _Line(chain, points, radii, (first or free, last or (free if chain.closed else free - 1)))


def resampled(points: np.ndarray, step: float) -> np.ndarray:
    """The same line with its points about this far apart."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    if not along[-1] > 0:
        return points[:1]
    even = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.column_stack([np.interp(even, along, points[:, axis]) for axis in range(points.shape[1])])


def smoothed(points: np.ndarray, sd: float, closed: bool = False) -> np.ndarray:
    """The line smoothed by a Gaussian of this many points; its ends stay."""
    if len(points) < 3:
        return points
    if closed:
        ring = ndimage.gaussian_filter1d(points[:-1], sd, axis=0, mode="wrap")
        return np.concatenate([ring, ring[:1]])
    extra = min(len(points) - 1, int(4 * sd) + 1)
    before, after = 2 * points[0] - points[extra:0:-1], 2 * points[-1] - points[-2 : -extra - 2 : -1]
    wide = ndimage.gaussian_filter1d(np.concatenate([before, points, after]), sd, axis=0, mode="nearest")
    return wide[extra : extra + len(points)]


def _to_border(points: np.ndarray, at_start: bool, space: Region) -> np.ndarray:
    """The line continued straight on from a free end to the border of the region.

    Its last piece, as long as the tube is thick, goes first: there thinning leads into a corner of the end.
    """
    line = points[::-1] if at_start else points
    left = np.concatenate([np.cumsum(np.linalg.norm(np.diff(line[::-1], axis=0), axis=1))[::-1], [0.0]])
    radius = float(space.depth_at(line[left <= left[0] / 2]).max())
    kept = line[left >= min(radius, left[0] / 2)]
    back = kept[left[: len(kept)] - left[len(kept) - 1] <= max(radius, 2 * space.step * SAMPLES)]
    direction = back[-1] - back[0]
    length = np.linalg.norm(direction)
    if len(kept) < 2 or not length > 0:
        return points
    reach = np.array([left[len(kept) - 1] + 2 * radius + 2 * max(space.spacing[space.axes])])
    onward = float(space.rays(kept[-1:], direction[np.newaxis] / length, reach)[0])
    line = np.concatenate([kept, [kept[-1] + direction / length * onward]])
    return line[::-1] if at_start else line


def _ordered(lines: list[_Line], start: np.ndarray | None) -> Iterator[tuple[_Line, int, int]]:
    """The lines from the root of each tree on, each with the number of its parent (0 for none) and its generation."""
    at: dict[int, list[int]] = {}
    for i, line in enumerate(lines):
        for node in set(line.nodes):
            at.setdefault(node, []).append(i)
    roots = sorted(
        ((_as_root(line, end, start), i, end) for i, line in enumerate(lines) for end in (0, 1)), reverse=True
    )
    done: set[int] = set()
    count = 0
    for _, i, end in roots:
        if i in done:
            continue
        queue = deque([(lines[i].nodes[end], 0, 0)])
        seen = {lines[i].nodes[end]}
        while queue:
            node, parent, generation = queue.popleft()
            for j in sorted(at[node], key=lambda j: -float(np.mean(lines[j].radii))):
                if j in done:
                    continue
                done.add(j)
                count += 1
                line = lines[j] if lines[j].nodes[0] == node else lines[j].reversed()
                yield line, parent, generation
                if line.nodes[1] not in seen:
                    seen.add(line.nodes[1])
                    queue.append((line.nodes[1], count, generation + 1))


def _as_root(line: _Line, end: int, start: np.ndarray | None) -> tuple[bool, float]:
    """How well a tree begins at this end: free ends first, there the nearest to the start or the thickest."""
    if start is not None:
        return line.nodes[end] < 0, -float(np.linalg.norm(line.points[-end] - start))
    third = max(1, len(line.radii) // 3)
    return line.nodes[end] < 0, float(np.mean(line.radii[-third:] if end else line.radii[:third]))


def _paint(
    numbers: np.ndarray, line: _Line, number: int, graph: SkeletonGraph, region: np.ndarray, spacing: np.ndarray
) -> None:
    """The branch's number on the voxels of its chain, of the nodes at its ends, and of what was added to its ends."""
    chain = line.chain.voxels
    # what was added to free ends, and where the smooth line leaves the skeleton's voxels there
    dense = np.rint(resampled(line.points, float(spacing.min()) / 2) / spacing).astype(int)
    lengths = [np.linalg.norm((dense - end) * spacing, axis=1).argmin() for end in (chain[0], chain[-1])]
    ends = np.concatenate([dense[: min(lengths)], dense[max(lengths) :]])
    for voxels in [chain, *(graph.nodes[node] for node in line.nodes if node > 0), ends]:
        where = tuple(np.clip(voxels, 0, np.array(numbers.shape) - 1).T)
        free = (numbers[where] == 0) & region[where]
        numbers[tuple(a[free] for a in where)] = number


def _as_slice(root: np.ndarray | None) -> np.ndarray | None:
    return None if root is None else root[np.newaxis]


def _in_plane(branch: Branch) -> Branch:
    return Branch(
        branch.number,
        branch.points[:, :2],
        branch.radii_mm,
        branch.parent,
        branch.generation,
        branch.children,
        branch.closed,
    )
