"""Distances and angles between segments, as a table of a row for each two."""

import itertools
from collections.abc import Sequence
from typing import Annotated

import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.measurement import Measurement
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT, Progress
from .figure import Figure
from .region import segments_of
from .row import Row
from .shape.pair import Body, PairDistances, pair_distances
from .volume import as_volume

MOST_PAIRS = 5000
SURFACES = Figure(
    "surface_distance",
    "mm",
    "smallest distance between the surfaces, one within the other or not; 0 where they meet",
    parameters={"surface": "signed distance between voxel centers, steps smoothed; of what is a voxel thin its faces"},
)
CENTERS = Figure("centroid_distance", "mm", "distance between the centers of mass of the voxels")
ANGLE = Figure("axis_angle", "deg", "between the longest principal axes, 0 to 90", 2)
NEAREST = tuple(
    Figure(f"nearest_{axis}", "mm", f"point of the first surface that is nearest to the other, {axis.upper()} (LPS)")
    for axis in "lps"
)
SHARED = Figure("shared_volume", "mm3", "voxels of both")
PAIR_FIGURES = (SURFACES, CENTERS, ANGLE, *NEAREST, SHARED)


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
    axes are inclined. Of one within another it is how deep it lies.
    """

    reference_label: Annotated[
        int, Range(0, 2**31 - 1), "label of the segment from which the others are measured; 0: between each two"
    ] = 0

    def __call__(self, image, labels, progress=SILENT):
        return self.of_maps(image, [labels], progress)

    def of_maps(self, image: sitk.Image, maps: Sequence[sitk.Image], progress: Progress = SILENT) -> list[Row]:
        """Of segments in several label maps on one grid, no label in two of them, as they overlap; what they share is
        measured then too. Raises InputError."""
        grid = Geometry.of(image)
        found = [(numbers, s) for numbers, segments in map(segments_of, map(as_volume, maps)) for s in segments]
        found.sort(key=lambda each: each[1].value)
        if len(found) < 2:
            raise InputError("Distances need two segments or more; the segmentation has fewer: segment another one.")
        values = [segment.value for _, segment in found]
        if self.reference_label and self.reference_label not in values:
            raise InputError(f"There is no segment of label {self.reference_label}: choose another reference_label.")
        pairs = [pair for pair in itertools.combinations(range(len(values)), 2) if self._wanted(pair, values)]
        if len(pairs) > MOST_PAIRS:
            raise InputError(
                f"{len(values)} segments make {len(pairs)} pairs, more than {MOST_PAIRS}: choose a reference_label, or "
                "fewer segments."
            )
        bodies = []
        for each, share in zip(found, progress.part(0, 0.4).parts(*[1.0] * len(found)), strict=True):
            share(0.0, f"Looking at segment {each[1].value}")
            bodies.append(Body.of(*each, grid))
        rows = []
        for (first, second), share in zip(pairs, progress.part(0.4, 1).parts(*[1.0] * len(pairs)), strict=True):
            share(0.0, "Measuring distances")
            if values[second] == self.reference_label:
                first, second = second, first
            lie = pair_distances(bodies[first], bodies[second])
            name = f"Segment {values[first]} to Segment {values[second]}"
            figures = _figures(lie) + [SHARED.measured(lie.shared_volume, 1)] * (len(maps) > 1)
            rows.append(Row(values[first], name, None, tuple(figures), other=values[second]))
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
