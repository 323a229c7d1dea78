"""The cell between eight voxel centers, as marching cubes sees it: corners, edges, faces, polygons.

Corners are numbered x + 2y + 4z (or by whichever axes they are used for), an edge is its two corners, lower first.
"""

import itertools

import numpy as np

Edge = tuple[int, int]


def _faces() -> list[list[int]]:
    faces = []
    for axis, side in itertools.product(range(3), (0, 1)):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = [(0, 0), (1, 0), (1, 1), (0, 1)] if side else [(0, 1), (1, 1), (1, 0), (0, 0)]
        faces.append([side << axis | a << u | b << v for a, b in ring])
    return faces


# The four corners of each face, counterclockwise seen from outside: low x, high x, low y, ...
FACES = _faces()


def edge_between(first: int, second: int) -> Edge:
    """The edge between two corners."""
    return min(first, second), max(first, second)


def middle_of(edge: Edge) -> np.ndarray:
    """Middle (3,) of an edge in a cell of side 1."""
    return np.array([[corner & 1, corner >> 1 & 1, corner >> 2 & 1] for corner in edge]).mean(axis=0)


def closed_loops(following: dict[Edge, Edge]) -> list[list[Edge]]:
    """The closed polygons of edges that follow each other; the mapping is emptied."""
    loops = []
    while following:
        edge, loop = next(iter(following)), []
        while edge in following:
            loop.append(edge)
            edge = following.pop(edge)
        loops.append(loop)
    return loops


def triangulations(first: int, last: int) -> list[list[tuple[int, int, int]]]:
    """All ways to divide the polygon of the corners first..last into triangles (numbers of corners)."""
    if last - first < 2:
        return [[]]
    return [
        [*left, *right, (first, apex, last)]
        for apex in range(first + 1, last)
        for left in triangulations(first, apex)
        for right in triangulations(apex, last)
    ]
