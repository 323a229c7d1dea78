"""One segment, and what several figures of its shape share, computed once and only when asked for."""

import functools
import math

import numpy as np

from ...core.boxes import box_of
from ...core.geometry import Geometry
from ..diameter import Diameter, diameters_by_slice
from ..surface import surface_volume_and_area
from .axes import PrincipalAxes, principal_axes
from .boxes import OrientedBox, smallest_box
from .crofton import crofton_area
from .hull import Hull, convex_hull
from .thickness import thickness


class SegmentShape:
    """mask: bool (z, y, x), not empty; on the geometry (2D: one slice); values: of the image there, or None."""

    def __init__(self, mask: np.ndarray, geometry: Geometry, values: np.ndarray | None) -> None:
        self.mask, self.geometry, self.values = mask, geometry, values
        x, y, z = (*geometry.spacing, 1.0)[:3]
        self.spacing = (x, y, z)
        self.count = int(np.count_nonzero(mask))
        self.size = self.count * geometry.voxel_volume

    @functools.cached_property
    def tight(self) -> np.ndarray:
        """The mask without the empty margin around it."""
        return self.mask[box_of(self.mask)]

    @functools.cached_property
    def mesh(self) -> tuple[float, float]:
        return surface_volume_and_area(self.tight, self.spacing)

    @functools.cached_property
    def area(self) -> float:
        return crofton_area(self.tight, self.spacing)

    @functools.cached_property
    def hull(self) -> Hull:
        return convex_hull(self.tight, self.spacing)

    @functools.cached_property
    def box(self) -> OrientedBox:
        return smallest_box(self.hull)

    @functools.cached_property
    def axes(self) -> PrincipalAxes:
        return principal_axes(self.mask, self.geometry)

    @functools.cached_property
    def thickness(self) -> tuple[float, float]:
        return thickness(self.tight, self.spacing)

    @functools.cached_property
    def diameters(self) -> list[Diameter]:
        return diameters_by_slice(self.mask, self.spacing[:2])

    @property
    def disproportion(self) -> float:
        return disproportion(*self.mesh)

    def direction(self, vector: np.ndarray) -> dict[str, object]:
        """A vector along the image axes as a unit vector in LPS."""
        length = float(np.linalg.norm(vector))
        return {"direction_lps": rounded(np.reshape(self.geometry.direction, (3, 3)) @ vector / length)}


def disproportion(volume: float, area: float) -> float:
    """Area by that of the ball of the same volume."""
    return area / (36 * math.pi * volume**2) ** (1 / 3)


def rounded(vector: np.ndarray) -> list[float]:
    """A direction as plain numbers to a millionth, without negative zero."""
    return [round(float(value), 6) + 0.0 for value in vector]
