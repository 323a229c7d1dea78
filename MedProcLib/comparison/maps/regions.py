"""The regions of a change map that get a row of figures each: all of it, and every segment of the first study."""

import math
from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import require_same_grid
from ...core.voxels import largest_value

WHOLE = "Region"


def regions_of(region: np.ndarray, labels: sitk.Image | None) -> Iterator[tuple[int, str, np.ndarray]]:
    """(label, name, voxels) of the region as label 0, then of each segment's part of it (all z, y, x)."""
    yield 0, WHOLE, region
    if labels is None:
        return
    numbers = sitk.GetArrayViewFromImage(labels)
    for label in np.unique(numbers[region]).tolist():
        if label:
            yield label, f"Segment {label}", region & (numbers == label)


def require_one_grid(first: sitk.Image, *others: sitk.Image | None) -> None:
    """Raise InputError unless all images lie on the first one's grid; those that are None are not asked."""
    for other in others:
        if other is not None:
            require_same_grid(first, other, "the first study's image and what it is compared with")


def scale_of(*arrays: np.ndarray) -> float:
    """Power of two by which dividing brings the values to -1..1, exactly, so that their squares cannot overflow."""
    largest = max(largest_value(values) for values in arrays)
    return math.ldexp(1.0, math.frexp(largest)[1]) if largest > 0 else 1.0


def require_region(region: np.ndarray, what: str) -> None:
    """Raise InputError when a region that was made smaller has no voxel left."""
    if not region.any():
        raise InputError(f"{what} leaves no voxel of the region both studies share: lower it, or draw larger masks.")
