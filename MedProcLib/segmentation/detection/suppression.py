"""Non-maximum suppression in mm: of candidates that lie in each other, the best one stays."""

import numpy as np
from scipy.spatial import cKDTree


def suppressed(points: np.ndarray, radii: np.ndarray, scores: np.ndarray, apart: float = 1.0) -> np.ndarray:
    """Indices of the candidates that stay, best first.

    points: (n, dimension) in mm; radii: (n,) in mm. A candidate goes when its center is nearer to that of a better one
    than `apart` times the larger of their radii. Equal scores: the one listed first is better.
    """
    if not len(points):
        return np.zeros(0, int)
    order = np.argsort(-scores, kind="stable")
    tree = cKDTree(points)
    gone = np.zeros(len(points), bool)
    rank = np.empty(len(points), int)
    rank[order] = np.arange(len(order))
    farthest = apart * float(radii.max())
    kept = []
    for here in order.tolist():
        if gone[here]:
            continue
        kept.append(here)
        near = np.array(tree.query_ball_point(points[here], farthest), int)
        distance = np.linalg.norm(points[near] - points[here], axis=1)
        inside = distance < apart * np.maximum(radii[near], radii[here])
        gone[near[inside & (rank[near] > rank[here])]] = True
    return np.array(kept, int)
