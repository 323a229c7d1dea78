"""Surface elements of a mask: the piece of surface (3D) or contour (2D) in each cell between voxel centers.

Marching cubes (Lorensen and Cline, SIGGRAPH 1987) at half height puts the corners of the surface on the middles of grid
edges, so that a cell is one of 256 cases and its area needs no surface to be built. Three conventions make the areas
those of the package surface-distance (Nikolov et al., J Med Internet Res 23(7), 2021): a case and its complement have
the same surface; where two opposite corners of a face are inside (of four or fewer in all), they are taken apart; and
of the ways to divide a polygon that is not flat into triangles, the one with the fewest different planes is taken.
"""

import functools
import math

import numpy as np

from ...core.cube_cell import FACES, Edge, closed_loops, edge_between, middle_of, triangulations


def surface_elements(mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Indices (dimension, n) of the cells that the surface crosses, and the area in each (mm2; mm of contour in 2D).

    mask: bool; spacing: mm in the order of its axes. Cell i lies between voxels i - 1 and i of each axis; what lies
    outside the array is background. Elements follow the scan order.
    """
    sides = tuple(float(side) for side in spacing)
    sizes = _areas(sides) if mask.ndim == 3 else _lengths(sides)
    cases = _cases(mask)
    crossed = (cases != 0) & (cases != sizes.size - 1)
    return indices_of(crossed), sizes[cases[crossed]]


def indices_of(region: np.ndarray) -> np.ndarray:
    """Indices (dimension, n) of the elements that are set, in scan order."""
    return np.stack(np.unravel_index(np.flatnonzero(region), region.shape))


def _cases(mask: np.ndarray) -> np.ndarray:
    """Case of each cell: bit 2**k is set where the corner k is inside; bit k of the corner's number is its place along
    the k-th axis."""
    cases: np.ndarray = np.pad(mask, 1).view(np.uint8)
    for axis in range(mask.ndim):
        # one place up along an axis is that axis's bit more in the corner's number
        before, after = ((slice(None),) * axis + (side,) for side in (slice(None, -1), slice(1, None)))
        cases = cases[before] | cases[after] << (1 << axis)
    return cases


@functools.lru_cache(maxsize=64)
def _lengths(spacing: tuple[float, ...]) -> np.ndarray:
    """Length of the contour in a cell of each of the 16 cases (mm)."""
    lengths = np.zeros(16)
    diagonal = math.hypot(*spacing) / 2
    for case in range(16):
        inside = [corner for corner in range(4) if case >> corner & 1]
        if len(inside) in (1, 3):
            lengths[case] = diagonal
        elif len(inside) == 2:
            differing = inside[0] ^ inside[1]
            lengths[case] = {1: spacing[0], 2: spacing[1], 3: 2 * diagonal}[differing]
    return lengths


@functools.lru_cache(maxsize=64)
def _areas(spacing: tuple[float, ...]) -> np.ndarray:
    """Area of the surface in a cell of each of the 256 cases (mm2)."""
    areas = np.zeros(256)
    for case, triangles in enumerate(_triangles()):
        corners = np.reshape(triangles, (-1, 3, 3)) * spacing
        sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas[case] = np.linalg.norm(sides, axis=1).sum() / 2
    return areas


@functools.cache
def _triangles() -> list[list[np.ndarray]]:
    """Triangles (3, 3) of each case in a cell of side 1."""
    found = []
    for case in range(128):
        few = case if case.bit_count() <= 4 else 255 - case
        polygons = [np.array([middle_of(edge) for edge in loop]) for loop in _loops(few)]
        found.append([triangle for polygon in polygons for triangle in _flattest(polygon)])
    return found + found[::-1]


def _loops(case: int) -> list[list[Edge]]:
    """Closed polygons in which the surface cuts a cell, as lists of cut edges, around corners inside that are apart."""
    following: dict[Edge, Edge] = {}
    for face in FACES:
        inside = [bool(case >> corner & 1) for corner in face]
        for i in range(4):
            if inside[i] and not inside[i - 1]:
                # the corners inside from here on share a face's edges, up to where the contour comes in again
                last = i
                while inside[(last + 1) % 4]:
                    last += 1
                start = edge_between(face[i - 1], face[i])
                following[edge_between(face[last % 4], face[(last + 1) % 4])] = start
    return closed_loops(following)


def _flattest(polygon: np.ndarray) -> list[np.ndarray]:
    """Triangles of a polygon (n, 3), in as few planes as can be; those that can are of one area."""
    return min(([polygon[list(t)] for t in way] for way in triangulations(0, len(polygon) - 1)), key=_number_of_planes)


def _number_of_planes(triangles: list[np.ndarray]) -> int:
    a, b, c = np.stack(triangles, axis=1)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    planes = np.column_stack([normals, (normals * a).sum(axis=1)])
    return len({tuple(plane) for plane in (np.round(planes, 6) + 0.0).tolist()})
