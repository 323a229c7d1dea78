"""Measure every segment of a label map, every connected component and every slice of it."""

import functools
import operator
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.operation import check_inputs, operation
from ..core.parameters import Range
from ..core.progress import SILENT, Progress
from ..core.units import ValueUnit
from .ct.hu_classes import USUAL_CLASSES, hu_classes
from .diameter import Diameter
from .intensity import BINS
from .known_rows import KnownRows
from .longest import longest_piece, with_axes
from .pet.uptake import UptakeThreshold, percist_threshold
from .region import Region, Segment, at_border, components_of, segments_of, slices_of
from .region_figures import GROUPS, Wanted, region_measurements
from .row import Row
from .volume import Volume, as_volume

MOST_THREADS = 8
# what the groups of one kind of image need its values to be
NEEDED_UNITS = {"ct": ("HU",), "lung": ("HU",), "pet": ("SUV", "SUL")}
# of a segment, that have a row each: noise has more
MOST_COMPONENTS = 20_000
PERCIST_FACTOR = {"percist_liver": 1.5, "percist_blood_pool": 2.0}

# Operations whose rows are of something else than a segment, and of what.
OTHER_ROWS = {"quantification.segment_distances": "distance", "quantification.key_points": "key point"}
# Its segments share out the voxels between them, so that none may belong to two.
SHARED_OUT = "quantification.body_composition"


@operation(
    "quantification.measure",
    title="Measure segments",
    gives="table",
    source="IBSI (arXiv 1612.07003); RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009)",
)
class Measure:
    """Measure size, in-plane diameters, position and intensities of each segment, its components and its slices.

    Components are voxels connected by faces, edges or corners; the largest is number 1. Figures that need more
    voxels than there are stay empty (see quantification/figures.py).
    """

    components: Annotated[bool, "a row for each connected component too"] = True
    intensity_unit: Annotated[
        ValueUnit,
        "unit of the image's values: SUL is SUV by lean body mass; um2/s (that is 10-6 mm2/s) and mm2/s are for ADC, "
        "ms and s for T1 and T2, 1/s for R2*",
    ] = "intensity"
    smallest_component_mm3: Annotated[
        float, Range(0, 1e9, "mm3"), "smaller components have no row of their own (2D: mm²)"
    ] = 0.0
    slices: Annotated[bool, "a row for each slice of each segment too, along the third axis of the image"] = False
    size: Annotated[bool, "number of voxels, volume, surface (slices: area) and center"] = True
    diameters: Annotated[bool, "longest in-plane diameter and the longest across it"] = True
    shape: Annotated[
        bool, "diameters in 3D, boxes, axes, sphericity, thickness, center line and others of the form (not of slices)"
    ] = False
    intensity: Annotated[bool, "mean, SD, extremes, median and percentiles"] = True
    robust: Annotated[bool, "10th and 90th percentile, interquartile range, robust mean and SD, deviations"] = False
    distribution: Annotated[bool, "range, skewness, kurtosis, entropy, uniformity, RMS, energy, variation"] = False
    histogram_bins: Annotated[int, Range(2, 4096), "bins of the histogram that entropy and uniformity are of"] = BINS
    intervals: Annotated[
        bool, "95 % intervals of volume, diameters and mean, by voxel grid, noise and border (volumes; not of slices)"
    ] = False
    border_sd_mm: Annotated[
        float, Range(0, 20, "mm"), "intervals: how sure the border is that was drawn (standard deviation)"
    ] = 0.0
    ct: Annotated[bool, "CT in HU: share of the voxels in each range below"] = False
    hu_ranges: Annotated[str, "ranges of HU, both ends included: 'name: low..high; ...'"] = USUAL_CLASSES
    lung: Annotated[bool, "CT in HU: emphysema (LAA-950), LAA-910, trapped gas, Perc15, density, mass, air"] = False
    pet: Annotated[bool, "PET in SUV: SUVmax, SUVpeak, SUVmean, metabolic volume, total lesion glycolysis"] = False
    uptake: Annotated[
        Literal["whole_segment", "suv", "percent_of_maximum", "percist_liver", "percist_blood_pool"],
        "what of a segment is its metabolic volume: all, or what reaches a threshold",
    ] = "whole_segment"
    uptake_suv: Annotated[float, Range(0, 100, "SUV"), "suv: threshold; 2.5 and 4.0 are usual"] = 4.0
    uptake_percent: Annotated[float, Range(1, 99, "%"), "percent_of_maximum: share of a segment's maximum"] = 41.0
    reference_segment: Annotated[
        int, Range(0, 65535), "percist: label of the liver or the aorta in the label map (0: none)"
    ] = 0

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(group for group in GROUPS if getattr(self, group))

    def __call__(self, image, labels, progress=SILENT):
        return self.of_maps(image, [labels], progress)

    def of_maps(
        self,
        image: sitk.Image,
        maps: Sequence[sitk.Image],
        progress: Progress = SILENT,
        known: KnownRows | None = None,
    ) -> list[Row]:
        """Of segments in several label maps on one grid, no label in two of them, as they overlap: each for itself.

        known: rows of segments of this same image from before, which are not measured again; gets those of now.
        Raises InputError."""
        volume = Volume(as_volume(image), Geometry.of(image), self.intensity_unit)
        _require_fitting(self.groups, volume)
        found = [each for each in map(segments_of, map(as_volume, maps)) if each[1]]
        if not found:
            raise InputError("The segmentation is empty: no voxel has a label. Segment something first.")
        uptake = self._uptake(volume, found)
        wanted = Wanted(self.groups, self.histogram_bins, hu_classes(self.hu_ranges), uptake, self.border_sd_mm)
        rows: list[Row] = []
        for (numbers, segments), share in zip(found, progress.parts(*[len(each[1]) for each in found]), strict=True):
            work = functools.partial(self._rows, volume, wanted, numbers, progress.quiet(), known)
            rows += [row for own in _at_once(work, segments, numbers.size, share) for row in own]
        if known is not None:
            known.forget_unused()
        return sorted(rows, key=lambda row: row.segment)  # stable: whole, then its parts

    def _rows(
        self,
        volume: Volume,
        wanted: Wanted,
        labels: np.ndarray,
        progress: Progress,
        known: KnownRows | None,
        segment: Segment,
    ) -> list[Row]:
        regions = segment.regions(labels)
        if known is None:
            return self._measured(volume, wanted, progress, segment, regions)
        anew = functools.partial(self._measured, volume, wanted, progress, segment, regions)
        return known.rows((self, wanted), segment.value, regions, anew)

    def _measured(
        self, volume: Volume, wanted: Wanted, progress: Progress, segment: Segment, regions: list[Region]
    ) -> list[Row]:
        pieces = components_of(regions) if self.components or self.diameters else regions
        known: dict[int, Diameter] = {}

        def row(regions: Sequence[Region], pieces: Sequence[Region], **which: int) -> Row:
            progress.check()
            # by the pieces' identity, so only of those that live on
            of_pieces = {} if "slice" in which else known
            longest = longest_piece(pieces, volume, of_pieces) if self.diameters else None
            figures = region_measurements(regions, longest, volume, wanted, "slice" in which)
            found = Row(segment.value, f"Segment {segment.value}", which.get("component"), figures)
            cut = any(at_border(region, volume.values.shape, "slice" in which) for region in regions)
            return replace(with_axes(found, longest, volume.grid), slice=which.get("slice"), at_border=cut)

        listed = []
        if self.components:
            smallest = self.smallest_component_mm3 * (1 - 1e-9)
            kept = [piece for piece in pieces if piece.count * volume.grid.voxel_volume >= smallest]
            if len(kept) > MOST_COMPONENTS:
                raise InputError(
                    f"Segment {segment.value} has {len(kept)} components, more than {MOST_COMPONENTS}: clean it up, or "
                    "leave the small ones without rows (smallest_component_mm3), or all (components)."
                )
            listed = [row([piece], [piece], component=number) for number, piece in enumerate(kept, 1)]
        one = len(pieces) == 1 and listed
        whole = replace(listed[0], component=None) if one else row(regions, pieces)
        planes = slices_of(regions) if self.slices and volume.is_3d else ()
        return [whole, *listed, *(row(plane, components_of(plane), slice=index) for index, plane in planes)]

    def _uptake(self, volume: Volume, found: Sequence[tuple[np.ndarray, Sequence[Segment]]]) -> UptakeThreshold:
        if not self.pet or self.uptake not in PERCIST_FACTOR:
            value = {"suv": self.uptake_suv, "percent_of_maximum": self.uptake_percent}.get(self.uptake, 0.0)
            return UptakeThreshold(self.uptake, value)
        every = ((labels, segment) for labels, segments in found for segment in segments)
        labels, reference = next((each for each in every if each[1].value == self.reference_segment), (None, None))
        if labels is None or reference is None:
            raise InputError(
                f"{self.uptake} takes its threshold from a segment of the liver or the aorta: there is none of label "
                f"{self.reference_segment}; segment it and give its label as reference_segment."
            )
        place = np.concatenate([volume.values[part.box][part.mask] for part in reference.regions(labels)])
        return percist_threshold(place, PERCIST_FACTOR[self.uptake], f"segment {reference.value}")


def measure(
    image: sitk.Image,
    labels: sitk.Image | Sequence[sitk.Image],
    names: Mapping[int, str] | None = None,
    settings: Any = Measure(),  # noqa: B008 (immutable)
    progress: Progress = SILENT,
    known: KnownRows | None = None,
) -> list[Row]:
    """Rows of measurements of the segments of a label map, named.

    labels: integer image on the image's grid, 0 is background, or several where segments overlap, no label in two of
    them; names: of label values, 'Segment N' where missing;
    settings: Measure, or another operation of quantification that gives such rows; one that takes a mask instead of
    labels looks at all segments together; known: see Measure.of_maps, not used by other operations. Distances and
    scores of calcium take overlapping segments together, body composition refuses them, others take each for itself.
    Raises InputError for an empty label map or one on another grid (resample it first: core.geometry.resample with
    nearest neighbor interpolation), Cancelled.
    """
    every = [labels] if isinstance(labels, sitk.Image) else labels
    maps = [each for each in every if np.any(sitk.GetArrayViewFromImage(each))] or every[:1]
    if "labels" not in settings.declaration.inputs:
        return settings(image, functools.reduce(operator.or_, [each != 0 for each in maps]), progress=progress)
    again = {"known": known} if known is not None and isinstance(settings, Measure) else {}
    if len(maps) == 1 and not again:
        rows = settings(image, maps[0], progress=progress)
    elif not takes_overlap(settings):
        title = settings.declaration.title
        raise InputError(f"{title} needs segments that do not overlap: save those in a file of their own.")
    elif hasattr(settings, "of_maps"):
        for each in maps:
            check_inputs(settings.declaration, {"image": image, "labels": each})
        rows = settings.of_maps(image, maps, progress, **again)
    else:
        shares = progress.parts(*[1.0] * len(maps))
        rows = [row for each, share in zip(maps, shares, strict=True) for row in settings(image, each, progress=share)]
        rows.sort(key=lambda row: row.segment)  # stable: whole, then its parts
    return [replace(row, name=_named(row, names or {})) for row in rows]


def takes_overlap(settings: Any) -> bool:
    """Whether segments that overlap can be measured so."""
    return bool(settings.declaration.name != SHARED_OUT)


def require_reportable(settings: Any) -> None:
    """Raise InputError for an operation whose rows a DICOM report cannot hold, as they are of no segment alone."""
    what = OTHER_ROWS.get(settings.declaration.name)
    if what is not None:
        raise InputError(f"A DICOM report is of segments one by one, so it holds no {what}s: export these as CSV.")


def _named(row: Row, names: Mapping[int, str]) -> str:
    if row.other is None:
        return names.get(row.segment, row.name)
    one, other = (names.get(value, f"Segment {value}") for value in (row.segment, row.other))
    return f"{one} to {other}"


def _require_fitting(groups: Sequence[str], volume: Volume) -> None:
    for group in groups:
        units = NEEDED_UNITS.get(group, (volume.unit,))
        if volume.unit not in units:
            wanted = " or ".join(units)
            raise InputError(
                f"The figures of '{group}' need values in {wanted}, and it is not known what these are: if they are in "
                f"{wanted}, say so (intensity_unit; --unit on the command line), or leave the group out."
                if volume.unit == "intensity"
                else f"The figures of '{group}' need values in {wanted}, and these are in {volume.unit}: convert the "
                "image (Bq/ml by `suv`), or leave the group out."
            )
    if "pet" in groups and not volume.is_3d:
        raise InputError("The figures of 'pet' need a volume: a sphere of 1 cm3 has no place in a 2D image.")


def _at_once(work, segments: Sequence[Segment], voxels: int, progress: Progress) -> Iterator[list[Row]]:
    """The work on all segments, in several threads where their boxes leave the memory for it, in order."""
    largest = max(segment.box_voxels for segment in segments)
    threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), voxels // (2 * largest))
    workers = ThreadPoolExecutor(max(1, threads))
    try:
        futures = [workers.submit(work, segment) for segment in segments]
        for number, (segment, future) in enumerate(zip(segments, futures, strict=True)):
            progress(number / len(segments), f"Measuring segment {segment.value}")
            while not wait([future], timeout=0.1).done:
                progress.check()
            yield future.result()
    finally:
        # what runs ends by itself at its next check
        workers.shutdown(wait=False, cancel_futures=True)
