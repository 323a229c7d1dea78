"""All that was measured of one segment or one of its components, and where."""

from dataclasses import dataclass

from ..core.measurement import Measurement

Point = tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """Figures of a segment (component None) or of one of its connected components (1 is the largest).

    segment: value in the label map; long_axis, short_axis: end points of the two diameters, LPS in mm, in the image
    slice slice_index (counted from 0 along the third axis).
    """

    segment: int
    name: str
    component: int | None
    measurements: tuple[Measurement, ...]
    long_axis: tuple[Point, Point]
    short_axis: tuple[Point, Point]
    slice_index: int

    def value(self, name: str) -> float:
        """A figure's value by name, in its unit; NaN when it needs more voxels. Raises KeyError."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement.value
        raise KeyError(name)
