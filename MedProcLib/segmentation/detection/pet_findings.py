"""Foci of uptake as a list, with those that are likely physiologic marked for the reader to reject."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.suv import require_suv
from ...core.voxels import values_of
from .body_frame import BodyFrame, body_frame
from .candidate import Candidate
from .listing import ball_diameter
from .physiologic import Focus, likely_organ


@operation(
    "segmentation.pet_findings",
    title="List PET foci",
    gives=("labels", "candidates"),
    dimensions=(3,),
    source="Shreve, Anzai & Wahl, Pitfalls in oncologic diagnosis with FDG PET imaging, RadioGraphics 19(1), 1999 "
    "(usual uptake)",
)
class PetFindings:
    """List the segments of a PET image in SUV as findings; what is likely usual uptake comes last and says so.

    Brain, heart, kidneys, ureters, bladder and liver are told by place, size and shape within the trunk, when crotch
    and neck are in view; otherwise nothing is marked. A tumor in one of these organs is marked too: look at all.
    Segments are renumbered in the order of the list: suspicious ones by their maximum, then the others. Where a step
    before smoothed the image, the maximum and mean that the list gives are those of the image before it.
    """

    smallest_ml: Annotated[float, Range(0, 1000, "ml"), "smaller segments are left out"] = 0.5
    renumbers = True

    @property
    def structures(self) -> dict[int, str]:
        return {0: "uptake"}

    def __call__(self, image, labels, original=None, progress=SILENT):
        frame_part, list_part = progress.parts(2, 1)
        values, _ = values_of(image)
        numbers = sitk.GetArrayViewFromImage(labels)
        grid = Geometry.of(image)
        require_suv(values, grid, values[numbers != 0])
        frame = body_frame(image, frame_part)
        if original is not None and Geometry.of(original).same_grid(grid):
            measured, _ = values_of(original)
        else:
            measured = values
        found = _foci((values, measured), numbers, grid, frame, self.smallest_ml, list_part)
        if not found:
            raise InputError(f"No focus of at least {self.smallest_ml:g} ml is left: lower the smallest volume.")
        found.sort(key=lambda each: (each.organ != "", -each.focus.peak))
        table = np.zeros(int(numbers.max()) + 1, np.uint8 if len(found) < 256 else np.uint16)
        for number, each in enumerate(found, 1):
            table[each.value] = number
        return grid.image_of(table[numbers]), [_candidate(number, each) for number, each in enumerate(found, 1)]


@dataclass(frozen=True)
class _Listed:
    """A segment: value in the label map; organ: that it likely is, in words, or ''; focus, lowest: of the image that
    was outlined; maximum, mean (SUV): of the image before it was smoothed; position (LPS, mm)."""

    value: int
    organ: str
    focus: Focus
    lowest: float
    maximum: float
    mean: float
    position: tuple[float, ...]


def _foci(
    images: tuple[np.ndarray, np.ndarray],
    numbers: np.ndarray,
    grid: Geometry,
    frame: BodyFrame,
    smallest_ml: float,
    progress: Progress,
) -> list[_Listed]:
    """The segments that are large enough; images: the outlined one, and the one to measure in."""
    found = []
    boxes = boxes_of(numbers)
    for done, (value, box) in enumerate(boxes.items()):
        progress(done / len(boxes), "Listing foci")
        inside = numbers[box] == value
        volume = np.count_nonzero(inside) * grid.voxel_volume / 1000
        uptake, measured = (values[box][inside] for values in images)
        if volume < smallest_ml:
            continue
        points = grid.points((np.argwhere(inside) + [s.start for s in box])[:, ::-1])
        center = points.mean(axis=0)
        position = points[np.argmin(((points - center) ** 2).sum(axis=1))]
        place = frame.place(center)
        focus = Focus(*(place or (np.nan,) * 3), volume, float(uptake.max()), float(uptake.mean()), _elongation(points))
        rule = likely_organ(focus) if place is not None else None
        organ = f"{rule.organ} ({rule.because})" if rule is not None else ""
        figures = float(uptake.min()), float(measured.max()), float(measured.mean())
        found.append(_Listed(value, organ, focus, *figures, tuple(float(x) for x in position)))
    return found


def _elongation(points: np.ndarray) -> float:
    """Longest over second principal axis of a cloud of points."""
    if len(points) < 4:
        return 1.0
    first, second = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(points.T))[::-1][:2], 1e-12))
    return float(first / max(second, 1e-3))


def _candidate(number: int, listed: _Listed) -> Candidate:
    focus, volume = listed.focus, 1000 * listed.focus.volume_ml
    # how low the outline goes tells one that ends at a share of the maximum from one that was cut off before
    share = round(100 * listed.lowest / focus.peak)
    reason = f"SUVmax {listed.maximum:.1f}, mean {listed.mean:.1f}, {focus.volume_ml:.1f} ml, "
    reason += f"outlined from {listed.lowest:.1f} up ({share} % of the maximum"
    reason += f" of {focus.peak:.1f} after smoothing)" if focus.peak != listed.maximum else ")"
    if listed.organ:
        reason += f"; likely physiologic: {listed.organ}"
    # what is likely usual is not sorted by how hot it is
    score = 0.0 if listed.organ else focus.peak
    return Candidate(number, listed.position, ball_diameter(volume, 3), volume, score, reason)
