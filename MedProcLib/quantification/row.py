"""All that was measured of one segment, one of its components or one of its slices, and where."""

from dataclasses import dataclass

from ..core.measurement import Measurement

Point = tuple[float, ...]
Ends = tuple[Point, Point]


@dataclass(frozen=True)
class Row:
    """Figures of a segment (component and slice None), of one of its connected components (1 is the largest) or slices.

    segment: value in the label map; long_axis, short_axis: end points of the two diameters, LPS in mm, in the image
    slice slice_index (None when diameters were not measured); slice: index of the slice that was measured alone; other:
    value of another segment that the figures relate to; time_point: index of the image of a series; at_border: whether
    it reaches the border of the image, beyond which it may go on. Indices of slices (along the third axis) and images
    count from 0.
    """

    segment: int
    name: str
    component: int | None
    measurements: tuple[Measurement, ...]
    long_axis: Ends | None = None
    short_axis: Ends | None = None
    slice_index: int | None = None
    slice: int | None = None
    other: int | None = None
    time_point: int | None = None
    time_s: float | None = None
    at_border: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is of a whole segment."""
        return self.component is None and self.slice is None

    def value(self, name: str) -> float:
        """A figure's value by name, in its unit; NaN when it needs more voxels. Raises KeyError."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement.value
        raise KeyError(name)
