"""Findings followed from one study to another: which is which, and what became of it."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components as graph_components

from ..core.geometry import Geometry, resample
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT, Progress
from .halfway import half, half_way_grid, matrix_of, transform_of
from .result import Change, Finding
from .tracks.judgement import ChangeRule
from .tracks.label_pieces import LabelPieces, pieces_of


@operation(
    "comparison.match_findings",
    title="Match findings",
    gives=("fixed_labels", "moving_labels", "findings"),
    dimensions=(3,),
    source="Classes of change of McDonald-style lesion tracking (Spinal Cord Toolbox, issue 4786); thresholds on "
    "volume change as in the QIBA profiles: beyond both a share and the uncertainty of the outline",
)
class MatchFindings:
    """Match the connected pieces of two label maps and name what became of each: new, grown, stable, ...

    Pieces match where they overlap after registration; those left over match the nearest within a distance. Without a
    transform both label maps must lie in one space. A piece with several partners makes a merged or split finding.
    """

    overlap_percent: Annotated[
        float, Range(0, 100, "%"), "share of the smaller piece that must overlap for a match"
    ] = 10.0
    distance_mm: Annotated[float, Range(0, 50, "mm"), "pieces without overlap match if their edges are this near"] = 2.0
    relative_percent: Annotated[float, Range(0, 1000, "%"), "grown or shrunk: volume change of at least this"] = 25.0
    minimum_mm3: Annotated[float, Range(0, 1e6, "mm3"), "and of at least this"] = 15.0
    outline_mm: Annotated[
        float, Range(0, 5, "mm"), "and of at least the surface times this uncertainty of the outline"
    ] = 0.3

    def __call__(self, fixed_labels, moving_labels, transform=None, progress=SILENT):
        shares = progress.parts(1, 1, 2)
        first, other = (pieces_of(v, progress=p) for v, p in zip((fixed_labels, moving_labels), shares, strict=False))
        groups = _groups(self, first, other, transform, shares[2])
        findings, renumber = [], [np.zeros(len(p.pieces) + 1, np.int32) for p in (first, other)]
        for number, (mine, theirs) in enumerate(groups, 1):
            findings.append(self._finding(number, first, mine, other, theirs))
            renumber[0][mine], renumber[1][theirs] = number, number
        labels = [p.grid.image_of(r[p.numbers]) for p, r in zip((first, other), renumber, strict=True)]
        return labels[0], labels[1], tuple(findings)

    def _finding(
        self, number: int, first: LabelPieces, mine: list[int], other: LabelPieces, theirs: list[int]
    ) -> Finding:
        volumes = (_volume(first, mine), _volume(other, theirs))
        surface = max(_surface(first, mine), _surface(other, theirs))
        change, rule = self._class(volumes, len(mine), len(theirs), surface)
        return Finding(number, change, volumes, (_center(first, mine), _center(other, theirs)), rule)

    def _class(self, volumes: tuple[float, float], before: int, after: int, surface: float) -> tuple[Change, str]:
        if before == 0 or after == 0:
            return self.only_in(before > 0)
        if before > after:
            return Change.MERGED, f"merged: {before} pieces of the first study meet {after} of the other"
        if after > before:
            return Change.SPLIT, f"split: {before} pieces of the first study meet {after} of the other"
        return self.judged(volumes, surface)

    def only_in(self, first: bool) -> tuple[Change, str]:
        """Gone or new, with the rule in words, of a finding in the first study only or in the other one only."""
        if first:
            return Change.GONE, f"gone: nothing in the other study within {self.distance_mm:g} mm"
        return Change.NEW, f"new: nothing in the first study within {self.distance_mm:g} mm"

    def judged(self, volumes: tuple[float, float], surface: float) -> tuple[Change, str]:
        """Grown, shrunk or stable, with the rule in words, of a finding in both studies (mm³; larger surface, mm²)."""
        return ChangeRule(self.relative_percent, self.minimum_mm3, self.outline_mm).judged(volumes, surface)


def _volume(found: LabelPieces, numbers: list[int]) -> float:
    """Volume in mm³ of these pieces (numbers from 1) together."""
    return float(found.pieces.volumes[_index(numbers)].sum())


def _surface(found: LabelPieces, numbers: list[int]) -> float:
    return float(found.pieces.surfaces[_index(numbers)].sum())


def _center(found: LabelPieces, numbers: list[int]) -> tuple[float, float, float] | None:
    """Center of all voxels of these pieces in their own space; None for no piece."""
    if not numbers:
        return None
    weights = found.pieces.volumes[_index(numbers)]
    x, y, z = (weights @ found.pieces.own_centers[_index(numbers)] / weights.sum()).tolist()
    return x, y, z


def _index(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, int) - 1


def _groups(
    rule: MatchFindings, first: LabelPieces, other: LabelPieces, transform: sitk.Transform | None, progress: Progress
) -> list[tuple[list[int], list[int]]]:
    """Pieces that belong together, as (numbers in the first, numbers in the other), the largest first."""
    n, m = len(first.pieces), len(other.pieces)
    if n + m == 0:
        return []
    a, b, grid = _in_one_space(first, other, transform)
    pairs = _overlapping(a, b, n, m, rule.overlap_percent / 100)
    pairs |= _near(a, b, grid, {i for i, _ in pairs}, {j for _, j in pairs}, rule.distance_mm, progress)
    rows, columns = [i - 1 for i, _ in pairs], [n + j - 1 for _, j in pairs]
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n + m, n + m))
    count, member = graph_components(graph, directed=False)
    groups = [([], []) for _ in range(count)]  # type: list[tuple[list[int], list[int]]]
    for node, group in enumerate(member):
        groups[group][0 if node < n else 1].append(node + 1 if node < n else node - n + 1)
    return sorted(groups, key=lambda g: (-max(_volume(first, g[0]), _volume(other, g[1])), g))


def _in_one_space(
    first: LabelPieces, other: LabelPieces, transform: sitk.Transform | None
) -> tuple[np.ndarray, np.ndarray, Geometry]:
    """Piece numbers of both on one grid: half-way for a linear transform, the first study's grid otherwise."""
    if transform is None and first.grid.same_grid(other.grid):
        return first.numbers, other.numbers, first.grid
    moves = transform or sitk.Transform(3, sitk.sitkIdentity)
    to_first, to_other, grid = sitk.Transform(3, sitk.sitkIdentity), moves, first.grid
    if moves.IsLinear():
        root = half(matrix_of(moves))
        back = np.linalg.inv(root)
        grid = half_way_grid(first.grid, other.grid, back, root)
        to_first, to_other = transform_of(back), transform_of(root)
    return _nearest(first, grid, to_first), _nearest(other, grid, to_other), grid


def _nearest(pieces: LabelPieces, grid: Geometry, transform: sitk.Transform) -> np.ndarray:
    image = pieces.grid.image_of(pieces.numbers)
    return sitk.GetArrayFromImage(resample(image, grid, transform, sitk.sitkNearestNeighbor))


def _overlapping(a: np.ndarray, b: np.ndarray, n: int, m: int, share: float) -> set[tuple[int, int]]:
    both = (a > 0) & (b > 0)
    table = coo_matrix((np.ones(int(both.sum())), (a[both], b[both])), shape=(n + 1, m + 1)).tocsr().tocoo()
    sizes_a, sizes_b = np.bincount(a.ravel(), minlength=n + 1), np.bincount(b.ravel(), minlength=m + 1)
    return {
        (int(i), int(j))
        for i, j, v in zip(table.row, table.col, table.data, strict=True)
        if v >= share * min(sizes_a[i], sizes_b[j])
    }


def _near(
    a: np.ndarray,
    b: np.ndarray,
    grid: Geometry,
    matched_a: set[int],
    matched_b: set[int],
    distance_mm: float,
    progress: Progress,
) -> set[tuple[int, int]]:
    """Unmatched pieces paired with each other where their nearest voxels lie within the distance."""
    left_a = [i for i in np.unique(a) if i and int(i) not in matched_a]
    left_b = [j for j in np.unique(b) if j and int(j) not in matched_b]
    if not left_a or not left_b or distance_mm <= 0:
        return set()
    candidates = np.where(np.isin(b, left_b), b, 0)
    margin = [int(np.ceil(distance_mm / s)) + 1 for s in reversed(grid.spacing)]
    boxes = ndimage.find_objects(a)
    pairs = set()
    for done, i in enumerate(left_a):
        progress(done / len(left_a), "Matching")
        box = tuple(slice(max(0, s.start - g), s.stop + g) for s, g in zip(boxes[int(i) - 1], margin, strict=True))
        if not candidates[box].any():
            continue
        distance = ndimage.distance_transform_edt(a[box] != i, sampling=tuple(reversed(grid.spacing)))
        near = np.where(distance <= distance_mm, candidates[box], 0)
        pairs |= {(int(i), int(j)) for j in np.unique(near) if j}
    return pairs
