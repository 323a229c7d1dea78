"""Findings that a later study could not show, since they lie outside of what it shares with the first one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from ..core.recipe import Recipe
from .inverse import inverted
from .result import PairComparison, Verdict
from .study import Study
from .tracks.follow import Followed
from .tracks.model import Patient, Point


def with_coverage(
    studies: Sequence[Study], pairs: Sequence[PairComparison], followed: Followed | None, recipe: Recipe
) -> tuple[Followed | None, tuple[str, ...]]:
    """(the tracks with the time points that could not show them, a note for each such study).

    These are findings of earlier studies that are missing in a later one because it was not searched there. What a
    later study shows beyond the first one is new to it all the same (as RECIST 1.1, 4.3.5, has it), which a note says.
    """
    if followed is None:
        return None, ()
    patient = followed.patient
    good = [pair for pair in pairs if pair.registration.verdict is not Verdict.FAILED]
    masks = _masked(recipe)
    notes = []
    for pair, point in zip(good, patient.time_points[1:], strict=True):
        first, later = studies[pair.fixed], studies[pair.moving]
        patient, outside = with_unseen(patient, point.id, later, pair, recipe)
        if outside:
            notes.append(
                f"Outside of what '{later.name}' shares with '{first.name}', so not seen "
                f"there rather than gone: {', '.join(outside)}."
            )
        first_seen = [t for t in patient.tracks if t.observations[0].time_point == point.id]
        beyond = [t.id for t in first_seen if not _seen(first, masks, pair, t.observations[0].place.common_center)]
        if beyond:
            notes.append(
                f"Outside of what '{first.name}' shares with '{later.name}', so called "
                f"new though they may have been there before: {', '.join(beyond)}."
            )
    return replace(followed, patient=patient), tuple(notes)


def with_unseen(
    patient: Patient, time_point: str, study: Study, pair: PairComparison, recipe: Recipe
) -> tuple[Patient, tuple[str, ...]]:
    """(the patient with a time point told as outside of the tracks that its study could not show, their ids).

    Of the tracks that were there before it and are missing at it. pair: the comparison of the first study with it.
    """
    earlier = {point.id for point in patient.time_points[: patient.order[time_point]]}
    found = []
    for track in patient.tracks:
        before = [o for o in track.observations if o.time_point in earlier]
        if not before or track.at(time_point) is not None or track.whole_at(time_point, patient.order):
            continue
        center = before[-1].place.common_center
        if not _seen(study, _masked(recipe), pair, center, pair.registration.transform):
            found.append(replace(track, outside=(*track.outside, time_point)))
    return patient.with_tracks(*found), tuple(track.id for track in found)


def _masked(recipe: Recipe) -> bool:
    """Whether an algorithm looks within a mask that it makes."""
    return any("mask" in operation.declaration.gives for _, operation in recipe.enabled_steps)


def _seen(
    study: Study, masks: bool, pair: PairComparison, point: Point, transform: sitk.Transform | None = None
) -> bool:
    """Whether a study would show a finding at a point of the first one (LPS); transform: of points to the study.

    Who outlined a study himself looked at all of its image, an algorithm within the mask that was given or made
    (masks). Without one there is only a foreground, which a lung or what takes up nothing is no part of.
    """
    if study.labels is None and (masks or study.mask is not None):
        return _searched(pair, point)
    there = transform.TransformPoint(point) if transform is not None else point
    place = np.round(Geometry.of(study.image).indices(np.array([there]))[0]).astype(int)
    if np.any(place < 0) or np.any(place >= study.image.GetSize()):
        return False
    return bool(np.isfinite(sitk.GetArrayViewFromImage(study.image)[tuple(place[::-1])]))


def _searched(pair: PairComparison, point: Point) -> bool:
    """Whether a point of the first study (LPS) was searched for change."""
    to_half = inverted(pair.registration.to_first, pair.grid)
    index = Geometry.of(pair.region).indices(np.array([to_half.TransformPoint(point)]))[0]
    place = np.round(index).astype(int)
    if np.any(place < 0) or np.any(place >= pair.grid.size):
        return False
    return bool(sitk.GetArrayViewFromImage(pair.region)[tuple(place[::-1])])
