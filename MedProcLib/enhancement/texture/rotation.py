"""Right-angle rotations of separable kernels, and what becomes of the responses: IBSI 2 section on rotation invariance.

A rotated separable kernel has the same 1D kernels on other axes, some of them reversed: 24 rotations in 3D, 4 in 2D.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...core.image_filter import Box
from ...core.progress import SILENT, Progress
from .patch import Kernels, Patch, Path, passes, path_of, walk

Pooling = Literal["max", "average", "min"]


def pooled_response(
    patch: Patch,
    box: Box,
    stages: Sequence[Kernels],
    rotated: bool,
    pooling: Pooling,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Successive separable convolutions, in a box of the image; rotated: pooled over all right-angle rotations.

    stages: for each convolution the kernel along each axis (z, y, x), None for an axis that is not rotated either.
    """
    signed = rotations(stages) if rotated else [(1, path_of(stages))]
    if pooling == "average":
        weighted = _merged([(sign / len(signed), path) for sign, path in signed])
    else:
        weighted = list({(sign, tuple(_key(k) for k in path)): (sign, path) for sign, path in signed}.values())
    paths = [path for _, path in weighted]
    radii = [[len(k) // 2 if k is not None else 0 for k in stage] for stage in _widest(stages, rotated)]
    steps = passes(box, patch.whole, radii)
    result: np.ndarray | None = None
    for number, values in walk(patch, steps, paths, progress):
        scaled = values * values.dtype.type(weighted[number][0])
        result = scaled if result is None else _POOLS[pooling](result, scaled, out=result)
    assert result is not None
    return result


_POOLS = {"max": np.maximum, "min": np.minimum, "average": np.add}


def rotations(stages: Sequence[Kernels]) -> list[tuple[int, Path]]:
    """The kernels of all stages in each right-angle rotation, one after another, with the sign of the response.

    A reversed antisymmetric kernel is given as the kernel itself, with the sign, so that it is convolved with once.
    """
    axes = [axis for axis, kernel in enumerate(stages[0]) if kernel is not None]
    found = []
    for order in itertools.permutations(axes):
        for flips in itertools.product((1, -1), repeat=len(axes)):
            if _parity(order) * int(np.prod(flips)) != 1:
                continue
            sign, turned_stages = 1, []
            for stage in stages:
                turned: list[np.ndarray | None] = list(stage)
                for axis, source, flip in zip(axes, order, flips, strict=True):
                    kernel = stage[source]
                    assert kernel is not None
                    if flip < 0 and np.array_equal(kernel[::-1], -kernel):
                        sign = -sign
                    elif flip < 0:
                        kernel = kernel[::-1]
                    turned[axis] = kernel
                turned_stages.append(tuple(turned))
            found.append((sign, path_of(turned_stages)))
    return found


def _merged(weighted: list[tuple[float, Path]]) -> list[tuple[float, Path]]:
    """A shorter list with the same sum of responses: those that differ in one kernel only need its sum."""
    for place in reversed(range(len(weighted[0][1]))):
        groups: dict[tuple, list[tuple[float, Path]]] = {}
        for weight, path in weighted:
            others = tuple(None if n == place else _key(kernel) for n, kernel in enumerate(path))
            groups.setdefault(others, []).append((weight, path))
        weighted = [_sum_at(place, members) for members in groups.values()]
    return weighted


def _sum_at(place: int, members: list[tuple[float, Path]]) -> tuple[float, Path]:
    path = members[0][1]
    if len(members) == 1 or path[place] is None:
        return sum(weight for weight, _ in members), path
    # the same kernel, reversed or not, as the others of the rotation are the same
    total = np.sum([weight * np.asarray(other[place]) for weight, other in members], axis=0)
    return 1.0, (*path[:place], total, *path[place + 1 :])


def _key(kernel: np.ndarray | None) -> bytes | None:
    return None if kernel is None else kernel.tobytes()


def _parity(order: Sequence[int]) -> int:
    swaps = sum(a > b for number, a in enumerate(order) for b in order[number + 1 :])
    return -1 if swaps % 2 else 1


def _widest(stages: Sequence[Kernels], rotated: bool) -> Sequence[Kernels]:
    """For each convolution and axis a kernel as long as any that comes to lie there."""
    if not rotated:
        return stages
    longest = [max((k for k in stage if k is not None), key=len, default=None) for stage in stages]
    return [tuple(None if k is None else most for k in stage) for stage, most in zip(stages, longest, strict=True)]
