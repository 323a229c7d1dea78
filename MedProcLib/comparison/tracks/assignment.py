"""The best set of hypotheses of which no two use the same piece."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from .hypotheses import Hypotheses


def best(found: Hypotheses, before: int, after: int) -> np.ndarray:
    """Indices, ascending, of the hypotheses whose gains together are largest, of pieces 0..before-1 and 0..after-1.

    Exact: clusters of hypotheses that share pieces are solved each by itself, those of pairs alone as an assignment
    (Crouse, IEEE Trans Aerosp Electron Syst 52, 2016), those with merges or splits as set packing (integer program).
    """
    count = len(found.gains)
    if count == 0:
        return np.zeros(0, int)
    rows, columns = [], []
    for number, (mine, theirs) in enumerate(zip(found.before, found.after, strict=True)):
        pieces = [*mine, *(before + n for n in theirs)]
        rows += pieces
        columns += [number] * len(pieces)
    uses = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(before + after, count)).tocsr()
    clusters, member = connected_components((uses.T @ uses).tocsr(), directed=False)
    joined = np.array([len(m) + len(t) > 2 for m, t in zip(found.before, found.after, strict=True)])
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(clusters + 1))
    sizes, with_joins = np.diff(starts), np.bincount(member, joined, clusters) > 0
    chosen = [order[starts[:-1][sizes == 1]]]
    for cluster in np.flatnonzero((sizes > 1) & ~with_joins):
        chosen.append(_assigned(found, order[starts[cluster] : starts[cluster + 1]]))
    rest = order[np.repeat((sizes > 1) & with_joins, sizes)]
    if len(rest):
        chosen.append(rest[_packed(uses[:, rest], found.gains[rest])])
    return np.sort(np.concatenate(chosen))


def _assigned(found: Hypotheses, which: np.ndarray) -> np.ndarray:
    """The best of pairs."""
    which = which[np.argsort(found.gains[which], kind="stable")]  # of two for the same pieces the better one stays
    mine, row = np.unique([found.before[n][0] for n in which], return_inverse=True)
    theirs, column = np.unique([found.after[n][0] for n in which], return_inverse=True)
    gains, number = np.zeros((len(mine), len(theirs))), np.full((len(mine), len(theirs)), -1)
    gains[row, column], number[row, column] = found.gains[which], which
    picked = number[linear_sum_assignment(gains, maximize=True)]
    return picked[picked >= 0]


def _packed(uses: csr_matrix, gains: np.ndarray) -> np.ndarray:
    """Indices of the columns with the largest sum of gains, of which no two share a row."""
    used = uses[np.flatnonzero(np.diff(uses.indptr) > 1)]
    result = milp(
        -gains,
        constraints=LinearConstraint(used, ub=1),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(gains)),
        options={"mip_rel_gap": 0},
    )
    return np.flatnonzero(result.x > 0.5)
