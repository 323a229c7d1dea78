"""Measure every segment of a label map and every connected component of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.measurement import Measurement
from ..core.operation import operation
from ..core.progress import SILENT, Progress
from .diameter import Diameter, in_plane_diameter
from .figures import measured
from .intensity import intensity_measurements
from .row import Point, Row
from .surface import surface_volume_and_area

# find_objects keeps a list as long as the largest label
LARGEST_DIRECT_LABEL = 65535


@operation(
    "quantification.measure",
    title="Measure segments",
    gives="table",
    source="IBSI (arXiv 1612.07003); RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009)",
)
class Measure:
    """Measure volume, surface, in-plane diameters, position and intensities of each segment and of its components.

    Components are voxels connected by faces, edges or corners; the largest is number 1. Figures that need more
    voxels than there are stay empty (see quantification/figures.py).
    """

    components: Annotated[bool, "a row for each connected component too"] = True
    intensity_unit: Annotated[Literal["intensity", "HU", "SUV"], "unit of the image's values"] = "intensity"

    def __call__(self, image, labels, progress=SILENT):
        geometry = Geometry.of(image)
        values = _as_volume(sitk.GetArrayViewFromImage(image))
        rows: list[Row] = []
        objects = list(_segments(_as_volume(sitk.GetArrayViewFromImage(labels))))
        if not objects:
            raise InputError("The segmentation is empty: no voxel has a label. Segment something first.")
        for (segment, mask, box), share in zip(objects, progress.parts(*[1.0] * len(objects)), strict=True):
            share(0.0, f"Measuring segment {segment}")
            parts = [
                _measure_part(part, where, values[where], geometry, share) for part, where in _components(mask(), box)
            ]
            parts.sort(key=lambda part: (-part.count, part.first))
            rows.append(_row(segment, None, _join(parts), geometry, self.intensity_unit))
            if self.components:
                rows += [
                    _row(segment, number, part, geometry, self.intensity_unit) for number, part in enumerate(parts, 1)
                ]
        return rows


def measure(
    image: sitk.Image,
    labels: sitk.Image,
    names: Mapping[int, str] | None = None,
    settings: Measure = Measure(),  # noqa: B008 (immutable)
    progress: Progress = SILENT,
) -> list[Row]:
    """Rows of measurements of the segments of a label map, named.

    labels: integer image on the image's grid, 0 is background; names: of label values, 'Segment N' where missing.
    Raises InputError for an empty label map or one on another grid (resample it first: core.geometry.resample with
    nearest neighbor interpolation), Cancelled.
    """
    rows = settings(image, labels, progress=progress)
    return [replace(row, name=(names or {}).get(row.segment, row.name)) for row in rows]


@dataclass(frozen=True)
class _Part:
    """What adds up over components: sizes add, the longest diameter wins, values are pooled."""

    count: int
    first: tuple[int, ...]
    index_sum: np.ndarray
    volume: float
    area: float
    diameter: Diameter
    values: np.ndarray


def _segments(labels: np.ndarray):
    """(label value, maker of its mask within its box, box) of each label, ascending."""
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_DIRECT_LABEL):
        known, labels = np.unique(labels, return_inverse=True)
        zero = int(np.searchsorted(known, 0))
        labels = labels.reshape(labels.shape) + 1
        if zero < len(known) and known[zero] == 0:
            labels[labels == zero + 1] = 0
    else:
        known = None
    for index, box in enumerate(ndimage.find_objects(labels), 1):
        if box is not None:
            value = index if known is None else int(known[index - 1])
            yield value, lambda box=box, index=index: labels[box] == index, box


def _components(mask: np.ndarray, box: tuple[slice, ...]):
    """(mask, box in the image) of each connected component within a segment's box."""
    numbered, _ = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    for number, inner in enumerate(ndimage.find_objects(numbered), 1):
        yield (
            numbered[inner] == number,
            tuple(slice(o.start + i.start, o.start + i.stop) for o, i in zip(box, inner, strict=True)),
        )


def _measure_part(
    mask: np.ndarray, box: tuple[slice, ...], values: np.ndarray, geometry: Geometry, progress: Progress
) -> _Part:
    progress.check()
    start = np.array([side.start for side in box])
    x, y, z = (*geometry.spacing, 1.0)[:3]
    profiles = [np.sum(mask, axis=others) for others in ((1, 2), (0, 2), (0, 1))]
    count = int(profiles[0].sum())
    index_sum = [float(profile @ np.r_[side]) for profile, side in zip(profiles, box, strict=True)]
    volume, area = surface_volume_and_area(mask, (x, y, z)) if geometry.dimension == 3 else (np.nan, np.nan)
    diameter = in_plane_diameter(mask, (x, y))
    diameter = replace(
        diameter,
        slice_index=int(diameter.slice_index + start[0]),
        long_ends=diameter.long_ends + start[:0:-1],
        short_ends=diameter.short_ends + start[:0:-1],
    )
    return _Part(count, tuple(start), np.array(index_sum[::-1]), volume, area, diameter, values[mask])


def _join(parts: list[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    return _Part(
        sum(part.count for part in parts),
        parts[0].first,
        np.sum([part.index_sum for part in parts], axis=0),
        sum(part.volume for part in parts),
        sum(part.area for part in parts),
        max((part.diameter for part in parts), key=lambda diameter: (diameter.long_mm, diameter.short_mm)),
        np.concatenate([part.values for part in parts]),
    )


def _row(segment: int, component: int | None, part: _Part, geometry: Geometry, intensity_unit: str) -> Row:
    def ends(indices: np.ndarray) -> tuple[Point, Point]:
        in_slice = np.column_stack([indices, np.full(2, part.diameter.slice_index)])
        first, last = geometry.points(in_slice[:, : geometry.dimension])
        return tuple(map(float, first)), tuple(map(float, last))

    return Row(
        segment,
        f"Segment {segment}",
        component,
        (*_shape_measurements(part, geometry), *intensity_measurements(part.values, intensity_unit)),
        ends(part.diameter.long_ends),
        ends(part.diameter.short_ends),
        part.diameter.slice_index,
    )


def _shape_measurements(part: _Part, geometry: Geometry) -> list[Measurement]:
    count = part.count
    size = count * geometry.voxel_volume
    if geometry.dimension == 3:
        shape = {"voxel_volume": size, "mesh_volume": part.volume, "surface_area": part.area}
    else:
        shape = {"area": size}
    centroid = geometry.points(part.index_sum[: geometry.dimension] / count)[0]
    in_slice: dict[str, Any] = {"slice": part.diameter.slice_index}
    return [
        measured("count", count, count),
        *(measured(name, value, count) for name, value in shape.items()),
        measured("long_diameter", part.diameter.long_mm, count, **in_slice),
        measured("short_diameter", part.diameter.short_mm, count, **in_slice),
        *(
            measured(f"centroid_{axis}", value, count)
            for axis, value in zip("lps"[: len(centroid)], centroid, strict=True)
        ),
    ]


def _as_volume(array: np.ndarray) -> np.ndarray:
    return array if array.ndim == 3 else array[np.newaxis]
