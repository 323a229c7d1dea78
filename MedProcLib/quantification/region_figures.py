"""All groups of figures of one object: a segment, a component or a slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.geometry import Geometry
from ..core.measurement import Measurement
from .ct.hu_classes import HuClass, hu_measurements
from .ct.lung_density import lung_measurements
from .diameter import Diameter, in_plane_diameter
from .figures import BY_NAME, SLICE_POSITION, VALUE_GROUPS
from .intensity import intensity_measurements
from .pet.uptake import UptakeThreshold, uptake_measurements
from .region import Region
from .row import Ends
from .surface import surface_volume_and_area

GROUPS = ("size", "diameters", *VALUE_GROUPS, "ct", "lung", "pet")


@dataclass(frozen=True)
class Volume:
    """values (z, y, x) in a unit on a grid; of a 2D image they are one slice."""

    values: np.ndarray
    grid: Geometry
    unit: str

    @property
    def spacing(self) -> tuple[float, float, float]:
        """x, y, z in mm."""
        x, y, z = (*self.grid.spacing, 1.0)[:3]
        return x, y, z

    @property
    def is_3d(self) -> bool:
        return self.grid.dimension == 3


@dataclass(frozen=True)
class Wanted:
    """groups: of GROUPS; bins: of histograms; classes: of HU; uptake: what counts as metabolic volume."""

    groups: Sequence[str]
    bins: int
    classes: tuple[HuClass, ...]
    uptake: UptakeThreshold


def region_measurements(
    regions: Sequence[Region], diameter: Diameter | None, volume: Volume, wanted: Wanted, is_slice: bool = False
) -> tuple[Measurement, ...]:
    """The wanted figures of an object, whose parts (regions) do not touch; diameter: that of its longest component."""
    parts = [volume.values[region.box][region.mask] for region in regions]
    values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    count = values.size
    found: list[Measurement] = []
    if "size" in wanted.groups:
        found += _size(regions, count, volume, is_slice)
    if diameter is not None:
        found += [
            _measured(name, length, count, slice=diameter.slice_index)
            for name, length in (("long_diameter", diameter.long_mm), ("short_diameter", diameter.short_mm))
        ]
    if "size" in wanted.groups:
        found += _place(regions, count, volume, is_slice)
    value_groups = [group for group in wanted.groups if group in VALUE_GROUPS]
    found += intensity_measurements(values, volume.unit, value_groups, wanted.bins)
    if "ct" in wanted.groups:
        found += hu_measurements(values, wanted.classes)
    if "lung" in wanted.groups:
        found += lung_measurements(values, volume.grid.voxel_volume if volume.is_3d else None)
    if "pet" in wanted.groups and not is_slice:
        found += uptake_measurements(volume.values, regions, volume.spacing, wanted.uptake)
    return tuple(found)


def region_diameter(region: Region, volume: Volume) -> Diameter:
    """In-plane diameters of a region, with slice and ends as indices of the volume."""
    found = in_plane_diameter(region.mask, volume.spacing[:2])
    z, y, x = region.start
    long_ends, short_ends = (np.add(ends, (x, y)) for ends in (found.long_ends, found.short_ends))
    return Diameter(found.long_mm, found.short_mm, found.slice_index + z, long_ends, short_ends)


def diameter_bound(region: Region, volume: Volume) -> float:
    """Length (mm) that no in-plane diameter of a region exceeds: the diagonal of its box."""
    _, height, width = region.mask.shape
    return float(np.hypot(width * volume.spacing[0], height * volume.spacing[1]))


def ends_in_space(ends: np.ndarray, slice_index: int, grid: Geometry) -> Ends:
    """End points (2, 2; index x, y) of a diameter in a slice as points in LPS, mm."""
    first, last = grid.points(np.column_stack([ends, np.full(2, slice_index)])[:, : grid.dimension])
    return tuple(map(float, first)), tuple(map(float, last))


def _size(regions: Sequence[Region], count: int, volume: Volume, is_slice: bool) -> list[Measurement]:
    size: dict[str, float] = {"count": count}
    if is_slice or not volume.is_3d:
        size["area"] = count * volume.spacing[0] * volume.spacing[1]
    else:
        surfaces = np.sum([surface_volume_and_area(region.mask, volume.spacing) for region in regions], axis=0)
        size["voxel_volume"] = count * volume.grid.voxel_volume
        size["mesh_volume"], size["surface_area"] = surfaces
    return [_measured(name, value, count) for name, value in size.items()]


def _place(regions: Sequence[Region], count: int, volume: Volume, is_slice: bool) -> list[Measurement]:
    grid = volume.grid
    sums = np.sum([region.index_sums[1] for region in regions], axis=0)
    center = grid.points(sums[: grid.dimension] / count)[0]
    found = [_measured(f"centroid_{axis}", place, count) for axis, place in zip("lps", center, strict=False)]
    if is_slice:
        normal = np.reshape(grid.direction, (3, 3))[:, 2]
        found.append(SLICE_POSITION.measured(float(normal @ center), count, normal=[float(x) for x in normal]))
    return found


def _measured(name: str, value: float, count: int, **parameters: Any) -> Measurement:
    return BY_NAME[name].measured(value, count, **parameters)
