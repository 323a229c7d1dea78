"""Distances and angles between the segments of a label map, as a table of a row for each two."""

import itertools
from typing import Annotated

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.measurement import Measurement
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from .figure import Figure
from .region import segments_of
from .row import Row
from .shape.pair import Body, PairDistances, pair_distances
from .volume import as_volume

MOST_PAIRS = 5000
SURFACES = Figure("surface_distance", "mm", "smallest distance between the surfaces, at the middles of voxel faces")
CENTERS = Figure("centroid_distance", "mm", "distance between the centers of mass of the voxels")
ANGLE = Figure("axis_angle", "deg", "between the longest principal axes, 0 to 90", 2)
NEAREST = tuple(
    Figure(f"nearest_{axis}", "mm", f"point of the first surface that is nearest to the other, {axis.upper()} (LPS)")
    for axis in "lps"
)
PAIR_FIGURES = (SURFACES, CENTERS, ANGLE, *NEAREST)


@operation(
    "quantification.segment_distances",
    title="Distances between segments",
    gives="table",
    source="Nearest points by k-d tree (Friedman, Bentley & Finkel, ACM TOMS 3(3), 1977); principal axes as in IBSI "
    "(arXiv 1612.07003, 3.1)",
    dimensions=(3,),
)
class SegmentDistances:
    """Measure how far each two segments are apart, surface to surface and center to center, and how their longest
    axes are inclined.
    """

    reference_label: Annotated[
        int, Range(0, 2**31 - 1), "label of the segment from which the others are measured; 0: between each two"
    ] = 0

    def __call__(self, image, labels, progress=SILENT):
        grid = Geometry.of(image)
        numbers, segments = segments_of(as_volume(labels))
        if len(segments) < 2:
            raise InputError("Distances need two segments or more; the segmentation has fewer: segment another one.")
        values = [segment.value for segment in segments]
        if self.reference_label and self.reference_label not in values:
            raise InputError(f"There is no segment of label {self.reference_label}: choose another reference_label.")
        pairs = [pair for pair in itertools.combinations(range(len(values)), 2) if self._wanted(pair, values)]
        if len(pairs) > MOST_PAIRS:
            raise InputError(
                f"{len(values)} segments make {len(pairs)} pairs, more than {MOST_PAIRS}: choose a reference_label, or "
                "fewer segments."
            )
        bodies = []
        for segment, share in zip(segments, progress.part(0, 0.4).parts(*[1.0] * len(segments)), strict=True):
            share(0.0, f"Looking at segment {segment.value}")
            bodies.append(Body.of(segment.regions(numbers), grid))
        rows = []
        for (first, second), share in zip(pairs, progress.part(0.4, 1).parts(*[1.0] * len(pairs)), strict=True):
            share(0.0, "Measuring distances")
            if values[second] == self.reference_label:
                first, second = second, first
            found = pair_distances(bodies[first], bodies[second], grid)
            name = f"Segment {values[first]} to Segment {values[second]}"
            rows.append(Row(values[first], name, None, tuple(_figures(found)), other=values[second]))
        return rows

    def _wanted(self, pair: tuple[int, int], values: list[int]) -> bool:
        return not self.reference_label or self.reference_label in (values[pair[0]], values[pair[1]])


def _figures(found: PairDistances) -> list[Measurement]:
    plain = [
        SURFACES.measured(found.surface_distance, 1),
        CENTERS.measured(found.centroid_distance, 1),
        ANGLE.measured(found.axis_angle, 2),
    ]
    return plain + [figure.measured(float(x), 1) for figure, x in zip(NEAREST, found.nearest[0], strict=True)]
