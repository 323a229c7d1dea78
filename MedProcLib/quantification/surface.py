"""Volume and area of the surface of a mask, with sub-voxel corners, without building the surface.

Marching cubes (Lorensen and Cline 1987) on a mask at half height puts every corner of the surface on the middle of a
grid edge, so each of its cells is one of 256 cases. Volume (by the divergence theorem) and area of the whole surface
are then two dot products with the counts of the cases. Checked against IBSI (arXiv 1612.07003): digital phantom
556.3 mm3 and 388.1 mm2.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from ..core.cube_cell import FACES, Edge, closed_loops, edge_between, middle_of, triangulations
from .bit_mask import BitMask

CASES = 256
# that are told apart at a time: they stay in the processor's cache
SLAB_CELLS = 1 << 18


def surface_volume_and_area(mask: np.ndarray | BitMask, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Volume (mm3) and area (mm2) of the marching cubes surface of a mask.

    mask: bool (z, y, x); what touches the array's border is closed there. spacing: x, y, z in mm.
    """
    counts = _case_counts(mask)
    volumes, areas = _volume_and_area_of_cases(tuple(float(side) for side in spacing))
    return float(counts @ volumes), float(counts @ areas)


def _case_counts(mask: np.ndarray | BitMask) -> np.ndarray:
    """How many cells between voxel centers are of each case (CASES,), slab by slab to bound the memory."""
    depth, height, width = mask.shape
    thickness = max(1, SLAB_CELLS // ((height + 1) * (width + 1)))
    counts = np.zeros(CASES, np.int64)
    # the cells of layer n lie between the voxels of layers n - 1 and n, those of layers -1 and depth being outside
    for first in range(0, depth + 1, thickness):
        last = min(depth + 1, first + thickness)
        low, high = max(0, first - 1), min(depth, last)
        inside = np.zeros((last - first + 1, height + 2, width + 2), np.uint8)
        inside[low - first + 1 : high - first + 1, 1:-1, 1:-1] = mask[low:high]
        counts += np.bincount(_cases(inside).ravel(), minlength=CASES)
    return counts


def _cases(inside: np.ndarray) -> np.ndarray:
    """Case of each cell between voxels (1 inside, 0 outside): one bit per corner that is inside, bit x + 2y + 4z."""
    depth, height, width = (size - 1 for size in inside.shape)
    cases = np.zeros((depth, height, width), np.uint8)
    for z, y, x in itertools.product((0, 1), repeat=3):
        cases |= inside[z : z + depth, y : y + height, x : x + width] << (x + 2 * y + 4 * z)
    return cases


@functools.lru_cache(maxsize=64)
def _volume_and_area_of_cases(spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What one cell of each case holds inside (mm3) and adds to the surface (mm2)."""
    cell = _unit_cell()
    a, b, c = (cell.triangles * spacing).transpose(1, 0, 2)
    areas = np.bincount(cell.filling, np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)
    smallest = np.full(cell.case.size, np.inf)
    np.minimum.at(smallest, cell.polygon, areas)
    return cell.volumes * np.prod(spacing), np.bincount(cell.case, smallest, CASES)


@dataclass(frozen=True)
class _Cell:
    """Cases of a cell of side 1, in which the choice of triangles is alike for any spacing.

    volumes: inside, of each case; triangles: (n, corner, x y z); filling: of which filling of a polygon each triangle
    is; polygon: that each filling fills; case: that each polygon is of.
    """

    volumes: np.ndarray
    triangles: np.ndarray
    filling: np.ndarray
    polygon: np.ndarray
    case: np.ndarray


@functools.cache
def _unit_cell() -> _Cell:
    volumes = np.zeros(CASES)
    triangles: list[np.ndarray] = []
    filling: list[int] = []
    polygon: list[int] = []
    case: list[int] = []
    for number in range(CASES):
        volumes[number] = sum(_inside_share(face, number) for face in FACES[1::2]) / 3
        for loop in _loops(number):
            volume, options = _fillings(np.array([middle_of(edge) for edge in loop]), _bulge(loop, number))
            volumes[number] += volume
            for option in options:
                triangles.append(option)
                filling += [len(polygon)] * len(option)
                polygon.append(len(case))
            case.append(number)
    return _Cell(volumes, np.concatenate(triangles), *map(np.array, (filling, polygon, case)))


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


def _fillings(polygon: np.ndarray, bulge: int) -> tuple[float, np.ndarray]:
    """Volume (over the origin) within a polygon's triangles, and the ways (n, triangles, 3, 3) to lay them so.

    A polygon of more than three edges need not be flat. Its triangles enclose most of the side with fewer corners, or
    as much of one side as of the other, as those of Lorensen and Cline's table do, on which IBSI's consensus values
    rest. That leaves the figures independent of the order and direction of the axes; the smaller area breaks ties.
    """
    options = polygon[np.array(triangulations(0, len(polygon) - 1))]
    a, b, c = np.moveaxis(options, 2, 0)
    volumes = -np.einsum("nij,nij->n", a, np.cross(b, c)) / 6
    wanted = ((volumes.min() + volumes.max()) / 2, volumes.max(), volumes.min())[bulge]
    distance = np.abs(volumes - wanted)
    return float(wanted), options[distance <= distance.min() + 1e-9]


def _inside_share(face: list[int], case: int) -> float:
    """Share of a face's area that is inside."""
    inside = [case >> corner & 1 for corner in face]
    opposite = sum(inside) == 2 and inside[0] == inside[2]
    return 0.75 if opposite else (0, 1 / 8, 1 / 2, 7 / 8, 1)[sum(inside)]
