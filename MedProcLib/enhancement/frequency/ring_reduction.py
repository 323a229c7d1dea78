"""Reduction of ring artifacts in CT slices."""

from typing import Annotated

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import MAD_TO_SD

# More angles than this make the mean along a ring no better.
MOST_ANGLES = 720
# Arcs shorter than this (mm) cannot be told from structure: there the correction fades.
SHORT_ARC_MM = 15.0
# A ring counts where it exceeds so many standard errors of the median.
SURE = 2.0


@operation(
    "enhancement.ring_reduction",
    title="Reduce rings (CT)",
    gives="image",
    source="Sijbers & Postnov, Reduction of ring artefacts in high resolution micro-CT reconstructions, PMB 49(14), "
    "2004",
)
class RingReduction(ImageFilter):
    """Subtract rings around the axis of rotation from axial slices: what is fine along the radius and alike along arcs.

    Works on the x-y planes of an image that was not resliced, and needs the axis of rotation, by default the middle of
    the image. It sees rings only where they stand alone: near the axis, inside fine structure, or where round anatomy
    lies around that very axis, rings remain or structure fades. Corrected raw data are better where there are any.
    """

    width_mm: Annotated[float, Range(0.2, 20, "mm"), "rings are not wider than this"] = 3.0
    arc_deg: Annotated[float, Range(10, 360, "deg"), "rings keep their strength along such an arc"] = 60.0
    center_x_mm: Annotated[float, Range(-500, 500, "mm"), "axis of rotation: right of the middle, along image rows"] = (
        0.0
    )
    center_y_mm: Annotated[float, Range(-500, 500, "mm"), "axis of rotation: below the middle, along columns"] = 0.0

    parallel = True

    def margin(self, grid):
        return (0,) * (grid.dimension - 2) + tuple(reversed(grid.size[:2]))

    def learn(self, values, region, grid, progress=SILENT):
        for offset, n, spacing, name in zip(self._center, grid.size, grid.spacing, "xy", strict=False):
            if n > 1 and abs(offset) > n * spacing / 2:
                raise InputError(f"The axis of rotation lies outside the image along {name}: set it nearer to 0.")

    @property
    def _center(self) -> tuple[float, float]:
        return self.center_x_mm, self.center_y_mm

    def apply(self, values, region, place, learned, progress=SILENT):
        if min(values.shape[-2:]) < 8:
            return values
        polar = _Polar(place.whole, self._center)
        planes = values.reshape(-1, *values.shape[-2:])
        wanted = range(*place.wanted[0].indices(len(planes))) if values.ndim == 3 else range(1)
        for index in wanted:
            progress.check()
            planes[index] -= polar.to_plane(self._rings(polar.of_plane(planes[index]), polar))
        return values

    def _rings(self, lines: np.ndarray, polar: "_Polar") -> np.ndarray:
        """The rings in a plane sampled by angle and radius."""
        width = 2 * max(1, round(self.width_mm / polar.step)) + 1
        detail = lines - ndimage.median_filter(lines, (1, width), mode="nearest")
        # outside the image nothing is known; there the median must not see the repeated border
        detail[~polar.inside] = 0
        arcs = max(1, round(720 / self.arc_deg))
        edges = np.linspace(0, polar.angles, arcs + 1).round().astype(int)
        centers = (edges[1:] + edges[:-1]) / 2
        half = max(1, round(self.arc_deg / 720 * polar.angles))
        rings = np.empty((arcs, lines.shape[1]), lines.dtype)
        for number, center in enumerate(centers.round().astype(int)):
            rings[number] = self._of_arc(detail[np.arange(center - half, center + half) % polar.angles], polar)
        return _between(rings, centers, polar.angles)

    def _of_arc(self, detail: np.ndarray, polar: "_Polar") -> np.ndarray:
        """Strength of the ring at each radius: the median along the arc, less where noise could have made it."""
        middle = np.median(detail, axis=0)
        spread = MAD_TO_SD * np.median(np.abs(detail - middle), axis=0)
        length = np.deg2rad(self.arc_deg) * polar.radii
        error = SURE * spread / np.sqrt(np.maximum(length / polar.step, 1))
        share = 1 - np.minimum(error / np.maximum(np.abs(middle), 1e-12), 1) ** 2
        return middle * share * np.minimum(length / SHORT_ARC_MM, 1) ** 2


def _between(rings: np.ndarray, centers: np.ndarray, angles: int) -> np.ndarray:
    """Values at each angle, linear between those at the centers of the arcs, around the circle."""
    place = np.interp(
        np.arange(angles),
        np.concatenate([[centers[-1] - angles], centers, [centers[0] + angles]]),
        np.arange(-1, len(centers) + 1),
    )
    first = np.floor(place).astype(int)
    share = (place - first)[:, None].astype(rings.dtype)
    return (1 - share) * rings[first % len(rings)] + share * rings[(first + 1) % len(rings)]


class _Polar:
    """Sampling of an x-y plane by angle (rows) and radius (columns), and back."""

    def __init__(self, grid: Geometry, center_mm: tuple[float, float]) -> None:
        spacing, size = grid.spacing[:2], grid.size[:2]
        middle = [(n - 1) / 2 + c / s for n, s, c in zip(size, spacing, center_mm, strict=True)]
        self.step = min(spacing)
        x, y = ((np.arange(n) - m) * s for n, m, s in zip(size, middle, spacing, strict=True))
        radius = np.hypot(x, y[:, None])
        self.radii = np.arange(int(radius.max() / self.step) + 2) * self.step
        self.angles = int(min(MOST_ANGLES, max(16, np.ceil(np.pi * radius.max() / self.step))))
        angle = np.arange(self.angles)[:, None] * 2 * np.pi / self.angles
        # rows, columns
        self._samples = np.stack(
            [
                middle[1] + self.radii * np.sin(angle) / spacing[1],
                middle[0] + self.radii * np.cos(angle) / spacing[0],
            ]
        )
        self.inside = np.all([(s >= 0) & (s <= n - 1) for s, n in zip(self._samples, size[::-1], strict=True)], axis=0)
        turn = np.arctan2(y[:, None], np.broadcast_to(x, radius.shape)) % (2 * np.pi)
        self._back = np.stack([turn / (2 * np.pi) * self.angles, radius / self.step])

    def of_plane(self, plane: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(plane, self._samples, order=1, mode="nearest")

    def to_plane(self, lines: np.ndarray) -> np.ndarray:
        # the first angle again after the last
        closed = np.concatenate([lines, lines[:1]])
        return ndimage.map_coordinates(closed, self._back, order=1, mode="nearest")
