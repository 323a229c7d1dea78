"""The cheapest smooth surface across columns of costs, by one minimum cut."""

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

# Costs are counted in whole numbers of this share of their range: the solver takes whole numbers only.
LEVELS = 2000
UNCUTTABLE = 2**30


def cheapest_surface(costs: np.ndarray, neighbors: np.ndarray, most_step: int) -> np.ndarray:
    """Depth (columns,) in each column such that the sum of costs is smallest and neighbors differ by most_step at most.

    costs: (columns, depths), finite; neighbors: pairs (n, 2) of columns. The exact optimum: minimum closed set by a
    minimum cut (Wu & Chen, ICALP 2002; Li, Wu, Chen & Sonka, IEEE PAMI 28(1), 2006).
    """
    columns, depths = costs.shape
    span = float(np.ptp(costs)) or 1.0
    whole = np.rint((costs - costs.min()) / span * LEVELS).astype(np.int64)
    weight = np.diff(whole, axis=1, prepend=0)
    # the lowest node of each column is always inside, so that the set is not empty
    weight[:, 0] = -(LEVELS + 1)
    node = np.arange(columns * depths).reshape(columns, depths)
    source, sink = columns * depths, columns * depths + 1
    starts, ends = [node[:, 1:].ravel()], [node[:, :-1].ravel()]
    for here, there in ((neighbors[:, 0], neighbors[:, 1]), (neighbors[:, 1], neighbors[:, 0])):
        lower = np.maximum(np.arange(depths) - most_step, 0)
        starts.append(node[here].ravel())
        ends.append(node[there][:, lower].ravel())
    start, end = np.concatenate(starts), np.concatenate(ends)
    capacity = np.full(start.size, UNCUTTABLE, np.int32)
    inside, outside = np.flatnonzero(weight.ravel() < 0), np.flatnonzero(weight.ravel() > 0)
    start = np.concatenate([start, np.full(inside.size, source), outside])
    end = np.concatenate([end, inside, np.full(outside.size, sink)])
    terminal = np.abs(weight.ravel()[np.concatenate([inside, outside])])
    capacity = np.concatenate([capacity, terminal.astype(np.int32)])
    graph = csr_matrix((capacity, (start, end)), shape=(sink + 1, sink + 1))
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.data[residual.data < 0] = 0
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, source, return_predecessors=False)
    chosen = np.zeros(sink + 1, bool)
    chosen[reached] = True
    return chosen[: columns * depths].reshape(columns, depths).sum(axis=1) - 1
