"""The outline of a candidate: what is connected to its center and above half of its height, within its ball."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry

# The ball that holds the outline, and the shell that says what the surroundings are, in radii of the blob.
REACH, SHELL = 1.5, 2.2


def outline_blobs(
    values: np.ndarray, allowed: np.ndarray, grid: Geometry, points: np.ndarray, diameters: np.ndarray, sign: int
) -> tuple[np.ndarray, np.ndarray]:
    """Label map (z, y, x; 1 is the first blob) and voxel counts (n,); a voxel belongs to the first blob that claims it.

    sign: 1 for bright blobs, -1 for dark ones. A blob of less than a voxel gets the voxel at its center.
    """
    labels = np.zeros(values.shape, np.uint16 if len(points) < 65536 else np.uint32)
    counts = np.zeros(len(points), int)
    spacing = np.array(grid.spacing)[::-1]
    for number, (point, diameter) in enumerate(zip(points, diameters, strict=True), 1):
        center = grid.indices(point[None])[0][::-1]
        middle = np.clip(np.rint(center).astype(int), 0, np.array(values.shape) - 1)
        reach = SHELL * diameter / 2 / spacing
        low = np.maximum(np.floor(center - reach).astype(int), 0)
        high = np.minimum(np.ceil(center + reach).astype(int) + 1, values.shape)
        box = tuple(slice(a, max(b, a + 1)) for a, b in zip(np.minimum(low, middle), high, strict=True))
        part = sign * values[box]
        ranges = np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij")
        distance = np.sqrt(sum(((r - c) * s) ** 2 for r, c, s in zip(ranges, center, spacing, strict=True)))
        at = tuple(int(m) - s.start for m, s in zip(middle, box, strict=True))
        core, shell = distance <= diameter / 4, distance > REACH * diameter / 2
        height = float(np.median(part[core])) if core.any() else float(part[at])
        ground = float(np.median(part[shell])) if shell.any() else float(part.min())
        inside = (part > (height + ground) / 2) & (distance <= REACH * diameter / 2)
        inside &= allowed[box] & (labels[box] == 0)
        inside[at] = labels[box][at] == 0
        pieces, _ = ndimage.label(inside)
        inside = (pieces == pieces[at]) & inside
        labels[box][inside] = number
        counts[number - 1] = np.count_nonzero(inside)
    return labels, counts
