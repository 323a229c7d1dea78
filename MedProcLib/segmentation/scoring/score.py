"""Score a segmentation against a reference: every figure of every segment at once."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.connectivity import CONNECTIVITY
from .boundary import boundary_iou
from .figures import ALL_FIGURES, LESION_FIGURES
from .lesions import LesionRules, lesion_values
from .one_grid import on_grid_of
from .overlap import overlap_values
from .part import Part, part_of
from .result import Scores, SegmentScore
from .surface_distance import area_weighted_values, border_values

MOST_THREADS = 4
MATCH = Literal["iou", "overlap"]


@operation(
    "segmentation.score",
    title="Score against a reference",
    gives="table",
    source="Maier-Hein, Reinke et al., Metrics Reloaded, Nat Methods 21, 2024",
)
class Score:
    """Compare each segment of a label map with the one of the same value in a reference: overlap, volume, distance
    between the borders, surface Dice, boundary IoU, and the lesions one by one.

    The definitions are those of Metrics Reloaded; those that the package surface-distance weights by area are named
    so (see figures.py). A segment that neither has: Dice, surface Dice and boundary IoU 1, distances 0. One that only
    one of the two has: Dice, surface Dice and boundary IoU 0, distances not defined (NaN). Single slices are scored in
    their plane; what lies outside the image is background.
    """

    tolerance_mm: Annotated[float, Range(0, 100, "mm"), "distance within which borders agree, for surface Dice"] = 1.0
    boundary_mm: Annotated[float, Range(0.001, 100, "mm"), "width of the band along the border, for boundary IoU"] = 2.0
    lesions: Annotated[bool, "score the connected components one by one too"] = True
    match: Annotated[
        MATCH, "when lesions match: iou, one to one above the threshold; overlap, when they share any voxel"
    ] = "iou"
    iou_threshold: Annotated[float, Range(0, 0.99), "IoU above which a pair of lesions counts"] = 0.5
    connectivity: Annotated[CONNECTIVITY, "voxels of a lesion touch by faces only, or by corners too"] = "corner"
    smallest_lesion_mm3: Annotated[float, Range(0, 1e6, "mm3"), "lesions smaller than this are left out"] = 0.0
    merge_mm: Annotated[
        float,
        Range(0, 50, "mm"),
        "lesions of the reference that touch when dilated so far count as one, for lesion Dice",
    ] = 0.0

    def __call__(self, reference_labels, labels, progress=SILENT):
        return score(reference_labels, labels, self, progress=progress)


def score(
    reference: sitk.Image,
    test: sitk.Image,
    settings: Score = Score(),  # noqa: B008 (immutable)
    labels: Sequence[int] | None = None,
    names: Mapping[int, str] | None = None,
    progress: Progress = SILENT,
) -> Scores:
    """Scores of the segments of two label maps (2D or 3D, whole numbers, 0 is background), matched by value.

    The test is resampled onto the reference's grid (nearest neighbor) where that is another one; notes say so.
    labels: values to score; by default all that one of the two has. names: of values, 'Segment N' where missing.
    Raises InputError when both are empty and no labels are given, for label 0, or when they lie at different places;
    Cancelled.
    """
    aligning, finding, scoring = progress.parts(2, 1, 10)
    test, notes = on_grid_of(reference, test, aligning)
    grid = Geometry.of(reference)
    spacing, arrays = _in_plane(grid, [sitk.GetArrayViewFromImage(image) for image in (reference, test)])
    finding(0.0, "Finding segments")
    known = [boxes_of(array) for array in arrays]
    finding.check()
    wanted = (
        sorted(set(known[0]) | set(known[1])) if labels is None else [int(label) for label in dict.fromkeys(labels)]
    )
    if not wanted:
        raise InputError("Both segmentations are empty: name the labels to score, or segment something first.")
    if 0 in wanted:
        raise InputError("Label 0 is the background: name the labels of segments.")
    wanted_figures = [f for f in ALL_FIGURES if settings.lesions or f not in LESION_FIGURES]

    def score_label(label: int) -> SegmentScore:
        scoring.check()
        reference_part, test_part = (
            part_of(array, label, boxes.get(label), spacing, grid.voxel_volume)
            for array, boxes in zip(arrays, known, strict=True)
        )
        name = (names or {}).get(label, f"Segment {label}")
        figures = _values(reference_part, test_part, arrays[0].size, settings, scoring.quiet())
        measured = [f.measured(figures[f.name], grid.dimension == 2, settings) for f in wanted_figures]
        return SegmentScore(label, name, tuple(measured), _missing(reference_part, test_part))

    rows = {row.label: row for row in _at_once(score_label, _largest_first(wanted, known), scoring)}
    ordered = tuple(rows[label] for label in wanted)
    return Scores(ordered, dict(vars(settings)), (*notes, *_notes(ordered)))


def _at_once(work: Callable[[int], SegmentScore], labels: Sequence[int], progress: Progress) -> list[SegmentScore]:
    """The work on all labels in several threads. A step that cannot be interrupted is left to end by itself."""
    threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())
    workers = ThreadPoolExecutor(threads)
    try:
        futures = [workers.submit(work, label) for label in labels]
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_EXCEPTION)
            progress(1 - len(waiting) / len(futures), "Scoring")
            for future in done:
                future.result()
        return [future.result() for future in futures]
    finally:
        workers.shutdown(wait=False, cancel_futures=True)


def _values(reference: Part, test: Part, image_voxels: int, settings: Score, progress: Progress) -> dict[str, float]:
    values = overlap_values(reference, test, image_voxels)
    values |= border_values(reference, test, settings.tolerance_mm, progress)
    values["boundary_iou"] = boundary_iou(reference, test, settings.boundary_mm, progress)
    values |= area_weighted_values(reference, test, settings.tolerance_mm, progress)
    if settings.lesions:
        rules = LesionRules(
            settings.match,
            settings.iou_threshold,
            settings.connectivity,
            settings.smallest_lesion_mm3,
            settings.merge_mm,
        )
        values |= lesion_values(reference, test, rules, progress)
    return values


def _in_plane(grid: Geometry, arrays: list[np.ndarray]) -> tuple[tuple[float, ...], list[np.ndarray]]:
    """Spacing (mm, in the order of the arrays' axes) and arrays, without the axis of a single slice."""
    spacing, shape = grid.spacing[::-1], grid.size[::-1]
    kept = [axis for axis, size in enumerate(shape) if size > 1]
    kept = sorted((kept + [axis for axis in range(len(shape)) if axis not in kept])[: max(2, len(kept))])
    return tuple(spacing[axis] for axis in kept), [a.reshape([shape[axis] for axis in kept]) for a in arrays]


def _largest_first(wanted: Sequence[int], known: Sequence[Mapping[int, tuple[slice, ...]]]) -> list[int]:
    """The labels by the size of their boxes, so that no thread is left with the largest at the end."""

    def size(label: int) -> int:
        return sum(math.prod(side.stop - side.start for side in boxes[label]) for boxes in known if label in boxes)

    return sorted(wanted, key=size, reverse=True)


def _missing(reference: Part, test: Part) -> str:
    if reference.count and test.count:
        return ""
    return "both" if reference.count == test.count else "test" if reference.count else "reference"


def _notes(rows: Sequence[SegmentScore]) -> list[str]:
    """Which segments have no counterpart, and what that does to the mean."""
    notes = []
    for missing, where in (
        ("test", "Only in the reference"),
        ("reference", "Only in the test"),
        ("both", "In neither"),
    ):
        named = [row for row in rows if row.missing == missing]
        if named:
            notes.append(f"{where}: {_listed(named)}.")
    alone = sum(row.missing in ("test", "reference") for row in rows)
    if alone and len(rows) > 1:
        notes.append(
            f"The mean of the distances leaves out {alone} of {len(rows)} segments, which one of the two lacks."
        )
    return notes


def _listed(rows: Sequence[SegmentScore]) -> str:
    """Segments by label and name: 2 (Liver), 4-9, 12; successive labels without a name together."""
    parts: list[tuple[int, int, str]] = []
    for label, known in ((row.label, row.name) for row in rows if row.label is not None):
        name = "" if known == f"Segment {label}" else f" ({known})"
        if not name and parts and parts[-1][1:] == (label - 1, ""):
            parts[-1] = (parts[-1][0], label, "")
        else:
            parts.append((label, label, name))
    return ", ".join(f"{first}{name}" if first == last else f"{first}-{last}" for first, last, name in parts)
