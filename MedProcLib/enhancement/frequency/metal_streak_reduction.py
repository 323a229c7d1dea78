"""Reduction of metal streaks in reconstructed CT slices."""

import itertools
import math
from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.image_filter import ImageFilter
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT

# Beyond so many reaches from the metal nothing changes.
FARTHEST = 2.5
# Local variation is streak rather than noise above so many noise variances.
STREAK = 2.0
# Voxels this near to the metal (mm) are partly metal and stay.
RIM_MM = 1.0


@operation(
    "enhancement.metal_streak_reduction",
    title="Reduce metal streaks (CT)",
    gives="image",
    source="Bilateral filter (Tomasi & Manduchi, ICCV 1998), weighted by the distance from metal and by the excess of "
    "local variance over noise (Lee, IEEE PAMI 2(2), 1980)",
)
class MetalStreakReduction(ImageFilter):
    """Smooth axial CT slices near metal, where they vary more than noise does, without mixing in bone, air or metal.

    It makes thin streaks fainter. It is no projection-based correction: broad dark or bright bands between implants,
    and values right beside the metal, stay wrong, and fine structure near metal is smoothed too. Do not measure
    densities there. Slices without metal stay as they are.
    """

    metal_hu: Annotated[float, Range(100, 30000, "HU"), "metal is above this"] = 2500.0
    reach_mm: Annotated[float, Range(1, 200, "mm"), "distance from metal at which the effect has faded to 61 %"] = 40.0
    radius_mm: Annotated[float, Range(0.5, 15, "mm"), "how far values are averaged (at least 1 voxel)"] = 4.0
    largest_streak_hu: Annotated[float, Range(10, 2000, "HU"), "streaks differ from tissue by less than this"] = 200.0

    parallel = True

    def margin(self, grid):
        reach = FARTHEST * self.reach_mm + self.radius_mm
        return (0,) * (grid.dimension - 2) + tuple(int(np.ceil(reach / s)) + 2 for s in reversed(grid.spacing[:2]))

    def learn(self, values, region, grid, progress=SILENT):
        return fine_noise_sd(values, tuple(reversed(grid.spacing)), region)

    def apply(self, values, region, place, learned, progress=SILENT):
        planes = values.reshape(-1, *values.shape[-2:])
        wanted = range(*place.wanted[0].indices(len(planes))) if values.ndim == 3 else range(1)
        for index in wanted:
            progress.check()
            self._reduce(planes[index], place.spacing[-2:], learned)
        return values

    def _reduce(self, plane: np.ndarray, spacing: tuple[float, ...], noise: float) -> None:
        metal = plane > self.metal_hu
        if not metal.any():
            return
        distance = ndimage.distance_transform_edt(~metal, sampling=spacing)
        near = (distance <= FARTHEST * self.reach_mm) & (distance > RIM_MM)
        if not near.any():
            return
        box = tuple(
            slice(int(k.min()), int(k.max()) + 1) for k in (np.flatnonzero(near.any(axis=1 - a)) for a in (0, 1))
        )
        smooth, variance = self._bilateral(plane, metal, box, spacing)
        excess = np.maximum(variance - STREAK * noise**2, 0)
        share = np.divide(excess, variance, out=np.zeros_like(variance), where=variance > 0)
        share *= np.exp(-((distance[box] / self.reach_mm) ** 2) / 2).astype(plane.dtype)
        # falls to nothing at the farthest place rather than ending there with a step
        share *= np.clip(4 * (1 - distance[box] / (FARTHEST * self.reach_mm)), 0, 1).astype(plane.dtype)
        plane[box] += np.where(near[box], share * (smooth - plane[box]), 0)

    def _bilateral(
        self, plane: np.ndarray, metal: np.ndarray, box: tuple[slice, ...], spacing: tuple[float, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean and variance, over the voxels of like value around each, in a box of the plane."""
        sides = zip(spacing, plane.shape, strict=True)
        radii = [max(1, int(self.radius_mm / s + 1e-6)) if n > 1 else 0 for s, n in sides]
        padded = np.pad(plane, [(r, r) for r in radii], mode="symmetric")
        usable = np.pad((~metal).astype(plane.dtype), [(r, r) for r in radii], mode="symmetric")
        center = plane[box]
        total, mean, square = (np.zeros_like(center) for _ in range(3))
        for offset in itertools.product(*[range(-r, r + 1) for r in radii]):
            apart = math.hypot(*[o * s for o, s in zip(offset, spacing, strict=True)]) / self.radius_mm
            if apart > 1 and any(abs(o) > 1 for o in offset):
                continue
            moved = tuple(slice(b.start + r + o, b.stop + r + o) for b, r, o in zip(box, radii, offset, strict=True))
            difference = padded[moved] - center
            # Tukey's biweight of the difference: exactly nothing comes across a larger one
            weight = difference / self.largest_streak_hu
            weight *= weight
            np.subtract(1, weight, out=weight)
            np.maximum(weight, 0, out=weight)
            weight *= weight
            weight *= usable[moved] * plane.dtype.type(np.exp(-(apart**2)))
            total += weight
            weight *= difference
            mean += weight
            weight *= difference
            square += weight
        np.maximum(total, 1e-6, out=total)
        mean /= total
        square /= total
        return center + mean, np.maximum(square - mean**2, 0)
