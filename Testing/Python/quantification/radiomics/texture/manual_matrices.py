"""The texture matrices by the letter of the IBSI manual (arXiv 1612.07003, 3.6 to 3.11): plain loops, no numpy.

A region is a dict from (z, y, x) to level, a matrix one from (i, j) to count.
"""

import math
from collections import Counter, defaultdict
from itertools import product

NORMS = {
    "chebyshev": lambda m: max(map(abs, m)),
    "manhattan": lambda m: sum(map(abs, m)),
    "euclidean": lambda m: math.sqrt(sum(c * c for c in m)),
}


def cooccurrence(region, m):
    matrix = Counter()
    for k, level in region.items():
        other = region.get(plus(k, m))
        if other:
            matrix[level, other] += 1
            matrix[other, level] += 1
    return matrix


def run_length(region, m):
    matrix = Counter()
    for k, level in region.items():
        if region.get(plus(k, m, -1)) != level:
            length = 1
            while region.get(plus(k, m, length)) == level:
                length += 1
            matrix[level, length] += 1
    return matrix


def zones(region, mask, norm, dim):
    """Size zone and distance zone matrix."""
    distance, left, step = {}, set(mask), 0
    while left:
        step += 1
        edge = {
            k for k in left if any(plus(k, m, s) not in left for m in vectors(1, "manhattan", dim) for s in (1, -1))
        }
        distance |= dict.fromkeys(edge, step)
        left -= edge
    sizes, distances, todo = Counter(), Counter(), set(region)
    while todo:
        zone, front = set(), [todo.pop()]
        while front:
            k = front.pop()
            zone.add(k)
            linked = [plus(k, m, s) for m in vectors(1, norm, dim) for s in (1, -1)]
            for other in linked:
                if other in todo and region[other] == region[k]:
                    todo.remove(other)
                    front.append(other)
        sizes[region[k], len(zone)] += 1
        distances[region[k], min(distance[k] for k in zone)] += 1
    return sizes, distances


def tone_difference(region, vectors):
    """n_i and s_i."""
    number, total = Counter(), defaultdict(float)
    for k, level in region.items():
        near = [region[o] for m in vectors for s in (1, -1) if (o := plus(k, m, s)) in region]
        if near:
            number[level] += 1
            total[level] += abs(level - sum(near) / len(near))
    return number, total


def dependence(region, vectors, alpha):
    matrix = Counter()
    for k, level in region.items():
        near = [region[o] for m in vectors for s in (1, -1) if (o := plus(k, m, s)) in region]
        matrix[level, 1 + sum(abs(other - level) <= alpha for other in near)] += 1
    return matrix


def vectors(distance, norm, dim):
    """One of each opposite pair of vectors to the voxels within a distance."""
    reach = range(-int(distance), int(distance) + 1)
    every = product((0,) if dim == "2D" else reach, reach, reach)
    return [m for m in every if m > (0, 0, 0) and NORMS[norm](m) <= distance + 1e-12]


def plus(k, m, times=1):
    return tuple(a + times * b for a, b in zip(k, m, strict=True))
