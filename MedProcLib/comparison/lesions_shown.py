"""The lesions that any of several pairs shows in the first study: what is one of them, and what are two that touch."""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components as graph_components

from ..core.boxes import box_around
from ..segmentation.common.connectivity import connected_components
from .result import Change, PairComparison
from .seen_apart import as_seen

IN_PIECES = (Change.MERGED, Change.SPLIT)
MOSTLY = 0.5  # of the smaller one: two outlines that share so much are of one thing


def lesions_shown(pairs: Sequence[PairComparison]) -> np.ndarray:
    """Number of the lesion that any pair shows in the first study at each voxel (z, y, x).

    Of one pair, findings that touch stay apart, as in the later study. Findings of several pairs are one lesion where
    they mostly overlap, or where they touch and no pair shows them apart. Outlines differ by a voxel from pair to pair:
    all of them together may touch where each shows two lesions.
    """
    shown = [_shown_by(pair) for pair in pairs]
    if len(shown) == 1:
        return shown[0]
    places = np.flatnonzero(np.any([each != 0 for each in shown], axis=0))
    found, owners = [], [-1]  # number of the finding, of any pair, at each place by pair; the pair of each finding
    for number, each in enumerate(shown):
        values = each.flat[places]
        found.append(np.where(values > 0, values + len(owners) - 1, 0))
        owners += [number] * int(values.max(initial=0))
    group = _overlapping(found, len(owners))
    numbers = np.zeros(shown[0].shape, np.int32)
    numbers.flat[places] = _most_frequent(group[np.stack(found)])
    shown_by: list[set[int]] = [set() for _ in range(int(group.max(initial=0)) + 1)]
    for each, owner in zip(group[1:], owners[1:], strict=True):
        shown_by[each].add(owner)
    table = np.arange(len(shown_by), dtype=np.int32)
    for one, other in _touching(numbers):
        if not shown_by[table[one]] & shown_by[table[other]]:
            shown_by[table[one]] |= shown_by[table[other]]
            table[table == table[other]] = table[one]
    return table[numbers]


def joined(pieces: np.ndarray, findings: np.ndarray, wholes: Sequence[int] | None = None) -> np.ndarray:
    """The numbered pieces with those of one finding under one number (both z, y, x), if it is one of the wholes; of
    any finding when None."""
    places = np.flatnonzero((pieces != 0) & ((findings != 0) if wholes is None else np.isin(findings, wholes)))
    table = np.arange(int(pieces.max(initial=0)) + 1, dtype=pieces.dtype)
    for piece, finding in np.unique(np.stack([pieces.flat[places], findings.flat[places]]), axis=1).T.tolist():
        first = pieces.flat[places[np.argmax(findings.flat[places] == finding)]]
        table[table == table[piece]] = table[first]
    return table[pieces]


def wholes_of(pair: PairComparison) -> list[int]:
    """Numbers of the findings that are one piece in each of the pair's studies that shows them."""
    return [f.number for f in pair.findings if f.change not in IN_PIECES]


def changed_pieces(pair: PairComparison) -> list[int]:
    """Numbers of the findings that have more pieces in one of the pair's studies."""
    return [f.number for f in pair.findings if f.change in IN_PIECES]


def _shown_by(pair: PairComparison) -> np.ndarray:
    labels, to_other = pair.fixed_labels, pair.registration.transform
    numbers, _ = connected_components(labels, "corner")
    numbers = joined(numbers, sitk.GetArrayViewFromImage(labels), wholes_of(pair))
    return joined(numbers, as_seen(labels, pair.moving_labels, changed_pieces(pair), to_other))


def _overlapping(found: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Group (from 1; of 0 it is 0) of each finding; found: which one each pair shows (0: none), place by place."""
    sizes = np.bincount(np.concatenate(found), minlength=count)
    links = [np.zeros((2, 0), int)]
    for one, other in combinations(found, 2):
        both = (one > 0) & (other > 0)
        meeting, shared = np.unique(np.stack([one[both], other[both]]), axis=1, return_counts=True)
        links.append(meeting[:, shared >= MOSTLY * sizes[meeting].min(axis=0)])
    ends = np.concatenate(links, axis=1)
    graph = coo_matrix((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(count, count))
    group = graph_components(graph, directed=False)[1] + 1
    group[group == group[0]] = 0
    return group


def _most_frequent(groups: np.ndarray) -> np.ndarray:
    """The group that most pairs show at each place; groups: (pairs, places), 0 for none."""
    votes = np.stack([np.where(each > 0, np.sum(groups == each, axis=0), 0) for each in groups])
    return groups[np.argmax(votes, axis=0), np.arange(groups.shape[1])]


def _touching(numbers: np.ndarray) -> list[tuple[int, int]]:
    """Numbers that are neighbors, also by a corner, those with most contact first."""
    box = box_around(numbers != 0)
    if box is None:
        return []
    inner = np.pad(numbers[box], 1)
    middle, contacts = tuple(slice(1, n - 1) for n in inner.shape), []
    for step in product((-1, 0, 1), repeat=3):
        if step <= (0, 0, 0):  # each pair of neighbors once
            continue
        moved = inner[tuple(slice(1 + s, n - 1 + s) for s, n in zip(step, inner.shape, strict=True))]
        both = (inner[middle] > 0) & (moved > 0) & (inner[middle] != moved)
        contacts.append(np.sort(np.stack([inner[middle][both], moved[both]]), axis=0))
    found, count = np.unique(np.concatenate(contacts, axis=1), axis=1, return_counts=True)
    return [(int(a), int(b)) for a, b in found.T[np.argsort(-count, kind="stable")]]
