"""Frost's filter of speckle."""

import itertools
from typing import Annotated

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .speckle_level import local_mean_and_variance, speckle_cv, window_radii


@operation(
    "enhancement.frost",
    title="Reduce speckle (Frost)",
    gives="image",
    source="Frost et al., IEEE PAMI 4(2), 1982; variation taken relative to that of speckle (Lopes et al., IEEE TGRS "
    "28(6), 1990)",
)
class Frost(ImageFilter):
    """Average around each voxel with weights that fall off with distance, faster where the image varies more.

    Where it varies as speckle does, a weight has fallen to exp(-damping) at the radius; at edges only the voxel itself
    counts. Made for ultrasound.
    """

    radius_mm: Annotated[float, Range(0.1, 10, "mm"), "radius of the window (at least 1 voxel in plane)"] = 1.0
    damping: Annotated[float, Range(0.1, 10), "how fast the weights fall off"] = 1.0
    speckle_cv: Annotated[float, Range(0, 2), "SD of the speckle / mean, 1 / sqrt(looks); 0 to measure it"] = 0.0

    parallel = True
    farthest = 600

    learns_from = ("speckle_cv",)

    def margin(self, grid):
        return window_radii(self.radius_mm, tuple(reversed(grid.spacing)), tuple(reversed(grid.size)))

    def learn(self, values, region, grid, progress=SILENT):
        cv = self.speckle_cv or speckle_cv(values, tuple(reversed(grid.spacing)), region)
        return cv, float(values.mean(where=region, dtype=float))

    def apply(self, values, region, place, learned, progress=SILENT):
        cv, level = learned
        if not cv > 0:
            return values
        radii = self.margin(place.whole)
        mean, variance = local_mean_and_variance(values, [2 * r + 1 for r in radii], level)
        mean = mean[place.wanted]
        decay = variance[place.wanted] / np.maximum(mean**2, (1e-3 * level) ** 2)
        decay *= -self.damping / cv**2
        padded = np.pad(values, [(r, r) for r in radii], mode="symmetric")
        total, weights = np.zeros_like(decay), np.zeros_like(decay)
        for distance, offsets in _shells(radii, place.spacing):
            progress.check()
            weight = np.exp(decay * decay.dtype.type(distance))
            for offset in offsets:
                moved = tuple(
                    slice(w.start + r + o, w.stop + r + o) for w, r, o in zip(place.wanted, radii, offset, strict=True)
                )
                total += weight * padded[moved]
                weights += weight
        values[place.wanted] = total / weights
        return values


def _shells(radii: tuple[int, ...], spacing: tuple[float, ...]) -> list[tuple[float, list[tuple[int, ...]]]]:
    """Offsets in the ellipsoid of these radii by their distance, as a share of the largest radius."""
    reach = max(r * s for r, s in zip(radii, spacing, strict=True)) or 1.0
    shells: dict[float, list[tuple[int, ...]]] = {}
    for offset in itertools.product(*[range(-r, r + 1) for r in radii]):
        distance = float(np.sqrt(sum((o * s) ** 2 for o, s in zip(offset, spacing, strict=True)))) / reach
        if distance <= 1 + 1e-6:
            shells.setdefault(round(distance, 6), []).append(offset)
    return sorted(shells.items())
