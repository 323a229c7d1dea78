"""All groups of figures of one object: a segment, a component or a slice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.geometry import Geometry
from ..core.measurement import Measurement
from .ct.hu_classes import HuClass, hu_measurements
from .ct.lung_density import lung_measurements
from .diameter import Diameter
from .figures import BY_NAME, SLICE_POSITION, VALUE_GROUPS
from .intensity import intensity_measurements
from .interval_figures import interval_measurements
from .pet.uptake import UptakeThreshold, uptake_measurements
from .region import Region, joined, surroundings
from .sample import Sample
from .shape.measurements import shape_measurements
from .surface import surface_volume_and_area
from .volume import Volume

# what partly filled voxels and noise are told from, in voxels around the region
MARGIN = 4
OF_VALUES = {*VALUE_GROUPS, "ct", "lung"}
GROUPS = ("size", "diameters", "shape", *VALUE_GROUPS, "ct", "lung", "intervals", "pet")


@dataclass(frozen=True)
class Wanted:
    """groups: of GROUPS; bins: of histograms; classes: of HU; uptake: what counts as metabolic volume; border_sd_mm: of
    intervals."""

    groups: Sequence[str]
    bins: int
    classes: tuple[HuClass, ...]
    uptake: UptakeThreshold
    border_sd_mm: float


def region_measurements(
    regions: Sequence[Region],
    longest: tuple[Region, Diameter] | None,
    volume: Volume,
    wanted: Wanted,
    is_slice: bool = False,
) -> tuple[Measurement, ...]:
    """The wanted figures of an object, whose parts (regions) do not touch; longest: component, and its diameters."""
    parts = [volume.values[region.box][region.mask] for region in regions]
    values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    count, groups = values.size, wanted.groups
    found: list[Measurement] = []
    if "size" in groups:
        found += _size(regions, count, volume, is_slice)
    if longest is not None:
        _, diameter = longest
        found += [
            _measured(name, length, count, slice=diameter.slice_index)
            for name, length in (("long_diameter", diameter.long_mm), ("short_diameter", diameter.short_mm))
        ]
    if "size" in groups:
        found += _place(regions, count, volume, is_slice)
    if "shape" in groups and not is_slice:
        found += _shape(regions, volume)
    if OF_VALUES.intersection(groups):
        found += _of_values(Sample.of(values), volume, wanted)
    if "intervals" in groups and volume.is_3d and not is_slice:
        found += _intervals(regions, longest, volume, wanted.border_sd_mm)
    if "pet" in groups and not is_slice:
        found += uptake_measurements(volume.values, regions, volume.spacing, wanted.uptake, volume.unit)
    return tuple(found)


def _size(regions: Sequence[Region], count: int, volume: Volume, is_slice: bool) -> list[Measurement]:
    size: dict[str, float] = {"count": count}
    if is_slice or not volume.is_3d:
        size["area"] = count * volume.spacing[0] * volume.spacing[1]
    else:
        surfaces = np.sum([surface_volume_and_area(region.mask, volume.spacing) for region in regions], axis=0)
        size["voxel_volume"] = count * volume.grid.voxel_volume
        size["mesh_volume"], size["surface_area"] = surfaces
    return [_measured(name, value, count) for name, value in size.items()]


def _of_values(sample: Sample, volume: Volume, wanted: Wanted) -> list[Measurement]:
    of_any_image = [group for group in wanted.groups if group in VALUE_GROUPS]
    found = intensity_measurements(sample, volume.unit, of_any_image, wanted.bins)
    if "ct" in wanted.groups:
        found += hu_measurements(sample, wanted.classes)
    if "lung" in wanted.groups:
        found += lung_measurements(sample, volume.grid.voxel_volume if volume.is_3d else None)
    return found


def _intervals(
    regions: Sequence[Region], longest: tuple[Region, Diameter] | None, volume: Volume, border_sd_mm: float
) -> Iterator[Measurement]:
    around = surroundings(joined(regions), volume.values.shape, [MARGIN] * 3)
    component = None if longest is None else longest[0].mask
    near = volume.values[around.box]
    return interval_measurements(around.mask, near, component, volume.spacing, volume.unit, border_sd_mm)


def _shape(regions: Sequence[Region], volume: Volume) -> list[Measurement]:
    around = surroundings(joined(regions), volume.values.shape, [MARGIN] * 3)
    grid = volume.grid
    size = tuple(reversed(around.mask.shape))[: grid.dimension]
    origin = grid.points(np.array(around.start[::-1])[: grid.dimension])[0]
    place = Geometry(size, grid.spacing, tuple(float(x) for x in origin), grid.direction)
    mask, values = around.mask, volume.values[around.box]
    return shape_measurements(*((mask, place, values) if volume.is_3d else (mask[0], place, values[0])))


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
