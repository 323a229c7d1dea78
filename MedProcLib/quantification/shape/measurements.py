"""All figures of one segment's shape, each computed only when it is wanted."""

import math
from collections.abc import Callable, Collection, Iterator

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.measurement import Measurement
from .boxes import aligned_box
from .centerline import centerline
from .feret import maximum_diameter, mean_width, minimum_width
from .figures import SHAPE_FIGURES
from .hull import border_points
from .partial_volume import PartialVolume, partial_volume
from .segment_shape import SegmentShape, disproportion, rounded

# Value of a figure and the parameters that only the computation knows.
Found = tuple[float, dict[str, object]]


def shape_measurements(
    mask: np.ndarray,
    geometry: Geometry,
    values: np.ndarray | None = None,
    wanted: Collection[str] | None = None,
) -> list[Measurement]:
    """Figures of the shape of one segment, in the order of `SHAPE_FIGURES`.

    mask: bool (z, y, x), or (y, x) in 2D, on the geometry: best the segment's box and, for `partial_volume`, 4 voxels
    around it; values: of the image there, without them there is no `partial_volume`; wanted: names of figures, all when
    None. A figure that too few voxels carry is NaN with a `reason`; one that they carry badly has the parameter
    `reliable_from`, the number of voxels it needs. Raises InputError for an empty mask, one that does not fit the
    geometry, and names that are not known.
    """
    _check(mask, geometry, values, wanted)
    shape = SegmentShape(mask.reshape((1,) * (3 - mask.ndim) + mask.shape), geometry, values)
    return list(_measured(shape, wanted))


def _check(mask, geometry: Geometry, values, wanted: Collection[str] | None) -> None:
    if mask.shape != tuple(reversed(geometry.size)):
        raise InputError(f"The mask of shape {mask.shape} does not fit a grid of size {geometry.size} (x, y, z).")
    if values is not None and values.shape != mask.shape:
        raise InputError(
            f"The values of shape {values.shape} do not fit the mask of shape {mask.shape}: crop both alike."
        )
    if not mask.any():
        raise InputError("The segment is empty: there is no shape to measure.")
    unknown = sorted(set(wanted or ()) - {shape.figure.name for shape in SHAPE_FIGURES})
    if unknown:
        known = ", ".join(shape.figure.name for shape in SHAPE_FIGURES)
        raise InputError(f"Unknown shape figure {', '.join(unknown)}; known are: {known}.")


def _measured(shape: SegmentShape, wanted: Collection[str] | None) -> Iterator[Measurement]:
    for definition in SHAPE_FIGURES:
        figure = definition.figure
        if (wanted is not None and figure.name not in wanted) or shape.geometry.dimension not in figure.dimensions:
            continue
        if figure.name == "partial_volume" and shape.values is None:
            continue
        if shape.count < figure.minimum_voxels:
            yield figure.measured(math.nan, 0, reason=f"fewer than {figure.minimum_voxels} voxels")
            continue
        value, more = COMPUTED[figure.name](shape)
        if shape.count < definition.reliable_from:
            more = {**more, "reliable_from": definition.reliable_from}
        yield figure.measured(value, shape.count, **more)


def _equivalent_diameter(shape: SegmentShape) -> Found:
    if shape.geometry.dimension == 2:
        return 2 * math.sqrt(shape.size / math.pi), {}
    return (6 * shape.size / math.pi) ** (1 / 3), {}


def _maximum_diameter(shape: SegmentShape) -> Found:
    length, ends = maximum_diameter(shape.hull)
    return length, shape.direction(ends[1] - ends[0])


def _minimum_feret(shape: SegmentShape) -> Found:
    width, normal = minimum_width(shape.hull)
    return width, shape.direction(normal)


def _extent(axis: int) -> Callable[[SegmentShape], Found]:
    def extent(shape: SegmentShape) -> Found:
        return float(aligned_box(border_points(shape.tight) * shape.spacing)[axis]), {}

    return extent


def _patient_extent(axis: int) -> Callable[[SegmentShape], Found]:
    def extent(shape: SegmentShape) -> Found:
        return float(aligned_box(shape.hull.points, np.reshape(shape.geometry.direction, (3, 3)))[axis]), {}

    return extent


def _box_side(number: int) -> Callable[[SegmentShape], Found]:
    return lambda shape: (float(shape.box.sides[number]), shape.direction(shape.box.axes[number]))


def _axis(number: int) -> Callable[[SegmentShape], Found]:
    return lambda shape: (
        float(shape.axes.lengths[number]),
        {"direction_lps": rounded(shape.axes.directions[number])},
    )


def _product(shape: SegmentShape) -> Found:
    longest = max(shape.diameters, key=lambda found: (found.long_mm, found.short_mm))
    return longest.long_mm * longest.short_mm, {"slice": longest.slice_index}


def _largest_short(shape: SegmentShape) -> Found:
    largest = max(shape.diameters, key=lambda found: found.short_mm)
    return largest.short_mm, {"slice": largest.slice_index}


def _centerline_length(shape: SegmentShape) -> Found:
    line = centerline(shape.tight, shape.spacing)
    return line.length, {"share_of_segment": round(line.share, 3)} if line.share < 1 else {}


def _partial_volume(shape: SegmentShape) -> Found:
    assert shape.values is not None
    found: PartialVolume = partial_volume(shape.mask, shape.values.reshape(shape.mask.shape), shape.spacing)
    more: dict[str, object] = {"contrast": round(found.contrast, 3), "standard_error_mm3": found.standard_error}
    return found.volume, {**more, "reason": found.reason} if found.reason else more


COMPUTED: dict[str, Callable[[SegmentShape], Found]] = {
    "surface_area_crofton": lambda shape: (shape.area, {}),
    "sphericity_crofton": lambda shape: (1 / disproportion(shape.size, shape.area), {}),
    "equivalent_diameter": _equivalent_diameter,
    "surface_to_volume_ratio": lambda shape: (shape.mesh[1] / shape.mesh[0], {}),
    "compactness_1": lambda shape: (shape.mesh[0] / (math.sqrt(math.pi) * shape.mesh[1] ** 1.5), {}),
    "compactness_2": lambda shape: (shape.disproportion**-3, {}),
    "spherical_disproportion": lambda shape: (shape.disproportion, {}),
    "sphericity": lambda shape: (1 / shape.disproportion, {}),
    "asphericity": lambda shape: (shape.disproportion - 1, {}),
    "maximum_3d_diameter": _maximum_diameter,
    "minimum_feret_diameter": _minimum_feret,
    "mean_feret_diameter": lambda shape: (mean_width(shape.hull), {}),
    "convex_hull_density": lambda shape: (shape.mesh[0] / shape.hull.volume, {}),
    **{f"extent_{name}": _extent(axis) for axis, name in enumerate("ijk")},
    **{f"extent_{name}": _patient_extent(axis) for axis, name in enumerate("lps")},
    "oriented_box_length": _box_side(0),
    "oriented_box_width": _box_side(1),
    "oriented_box_height": _box_side(2),
    "oriented_box_volume": lambda shape: (shape.box.volume, {}),
    "major_axis_length": _axis(0),
    "minor_axis_length": _axis(1),
    "least_axis_length": _axis(2),
    "elongation": lambda shape: (shape.axes.elongation, {}),
    "flatness": lambda shape: (shape.axes.flatness, {}),
    "mean_thickness": lambda shape: (shape.thickness[0], {}),
    "maximum_thickness": lambda shape: (shape.thickness[1], {}),
    "centerline_length": _centerline_length,
    "bidimensional_product": _product,
    "largest_short_diameter": _largest_short,
    "partial_volume": _partial_volume,
}
