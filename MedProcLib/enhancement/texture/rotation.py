"""Right-angle rotations of separable kernels, and what becomes of the responses: IBSI 2 section on rotation invariance.

A rotated separable kernel has the same 1D kernels on other axes, some of them reversed: 24 rotations in 3D, 4 in 2D.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...core.image_filter import Box
from ...core.progress import SILENT, Progress
from .patch import Kernels, Pass, Patch, Path, passes, walk

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
    signed = rotations(stages) if rotated else [(1, sum((tuple(s) for s in stages), ()))]
    counted: dict[tuple, list] = {}
    for sign, path in signed:
        key = tuple(None if k is None else k.tobytes() for k in path)
        counted.setdefault(key, [path, 0, 0])[1 if sign > 0 else 2] += 1
    paths: list[Path] = [path for path, _, _ in counted.values()]
    counts = [(plus, minus) for _, plus, minus in counted.values()]
    steps: list[Pass] = passes(box, patch.whole, [_radii(paths, number, len(box)) for number in range(len(stages))])
    result: np.ndarray | None = None
    for number, values in walk(patch, steps, paths, progress):
        plus, minus = counts[number]
        if pooling == "average":
            share = values * ((plus - minus) / len(signed))
            result = share if result is None else np.add(result, share, out=result)
            continue
        pool = np.maximum if pooling == "max" else np.minimum
        for signed_values in ([values] if plus else []) + ([-values] if minus else []):
            result = signed_values.copy() if result is None else pool(result, signed_values, out=result)
    assert result is not None
    return result


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
            sign, path = 1, []
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
                path += turned
            found.append((sign, tuple(path)))
    return found


def _parity(order: Sequence[int]) -> int:
    swaps = sum(a > b for number, a in enumerate(order) for b in order[number + 1 :])
    return -1 if swaps % 2 else 1


def _radii(paths: Sequence[Path], stage: int, dimension: int) -> list[int]:
    part = slice(stage * dimension, (stage + 1) * dimension)
    kernels = zip(*(path[part] for path in paths), strict=True)
    return [max(0 if k is None else len(k) // 2 for k in along) for along in kernels]
