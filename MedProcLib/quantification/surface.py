"""Volume and area of the surface of a mask, with sub-voxel corners, without building the surface.

Marching cubes (Lorensen and Cline 1987) on a mask at half height puts every corner of the surface on the middle of a
grid edge, so each of its cells is one of 256 cases. Volume (by the divergence theorem) and area of the whole surface
are then two dot products with the counts of the cases. Checked against IBSI (arXiv 1612.07003): digital phantom
556.3 mm3 and 388.1 mm2.
"""

import functools
import itertools

import numpy as np

from ..core.cube_cell import FACES, Edge, closed_loops, edge_between, middle_of, triangulations

CASES = 256


def surface_volume_and_area(mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Volume (mm3) and area (mm2) of the marching cubes surface of a mask.

    mask: bool (z, y, x); what touches the array's border is closed there. spacing: x, y, z in mm.
    """
    counts = np.bincount(_cases(mask).ravel(), minlength=CASES)
    volumes, areas = _volume_and_area_of_cases(tuple(float(side) for side in spacing))
    return float(counts @ volumes), float(counts @ areas)


def _cases(mask: np.ndarray) -> np.ndarray:
    """Case of each cell between voxel centers: one bit per corner that is inside, bit x + 2y + 4z."""
    inside = np.pad(mask, 1).astype(np.uint8)
    depth, height, width = (size - 1 for size in inside.shape)
    cases = np.zeros((depth, height, width), np.uint8)
    for z, y, x in itertools.product((0, 1), repeat=3):
        cases |= inside[z : z + depth, y : y + height, x : x + width] << (x + 2 * y + 4 * z)
    return cases


@functools.lru_cache(maxsize=64)
def _volume_and_area_of_cases(spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What one cell of each case holds inside (mm3) and adds to the surface (mm2)."""
    volumes, areas = np.zeros(CASES), np.zeros(CASES)
    for case in range(CASES):
        volumes[case] = sum(_inside_share(face, case) for face in FACES[1::2]) * np.prod(spacing) / 3
        for loop in _loops(case):
            volume, area = _fill(np.array([middle_of(edge) for edge in loop]) * spacing, _bulge(loop, case))
            volumes[case] += volume
            areas[case] += area
    return volumes, areas


def _loops(case: int) -> list[list[Edge]]:
    """Closed polygons in which the surface cuts a cell, as lists of cut edges.

    On a face with two opposite corners inside, these are taken as connected, as voxels that share a corner are.
    """
    following: dict[Edge, Edge] = {}
    for face in FACES:
        inside = [bool(case >> corner & 1) for corner in face]
        steps = [(i, (i + 1) % 4) for i in range(4)]
        leaving = [(a, edge_between(face[a], face[b])) for a, b in steps if inside[a] and not inside[b]]
        entering = [(a, edge_between(face[a], face[b])) for a, b in steps if inside[b] and not inside[a]]
        for position, edge in leaving:
            following[edge] = min(entering, key=lambda entry: (entry[0] - position) % 4)[1]
    return closed_loops(following)


def _bulge(loop: list[Edge], case: int) -> int:
    """1 where the polygon parts fewer corners inside from more outside, -1 the other way round, 0 as many."""
    corners = {corner for edge in loop for corner in edge}
    inside = sum(case >> corner & 1 for corner in corners)
    return int(np.sign(len(corners) - 2 * inside))


def _fill(polygon: np.ndarray, bulge: int) -> tuple[float, float]:
    """Volume (over the origin) and area of a polygon's triangles.

    A polygon of more than three edges need not be flat. Its triangles enclose most of the side with fewer corners, or
    as much of one side as of the other, as those of Lorensen and Cline's table do, on which IBSI's consensus values
    rest. That leaves the figures independent of the order and direction of the axes; the smaller area breaks ties.
    """
    options = []
    for triangles in triangulations(0, len(polygon) - 1):
        a, b, c = polygon[np.array(triangles)].transpose(1, 0, 2)
        volume = -np.einsum("ij,ij->", a, np.cross(b, c)) / 6
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
        options.append((float(volume), float(area)))
    least, most = min(options)[0], max(options)[0]
    wanted = ((least + most) / 2, most, least)[bulge]
    nearest = min(abs(volume - wanted) for volume, _ in options)
    tolerance = 1e-9 * max(1e-300, float(np.abs(polygon).max()) ** 3)
    return wanted, min(area for volume, area in options if abs(volume - wanted) <= nearest + tolerance)


def _inside_share(face: list[int], case: int) -> float:
    """Share of a face's area that is inside."""
    inside = [case >> corner & 1 for corner in face]
    opposite = sum(inside) == 2 and inside[0] == inside[2]
    return 0.75 if opposite else (0, 1 / 8, 1 / 2, 7 / 8, 1)[sum(inside)]
