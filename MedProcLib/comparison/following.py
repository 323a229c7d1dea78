"""The findings of all studies of a comparison as tracks: followed, measured, and named in every pair."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from ..quantification.measure import NEEDED_UNITS
from .consensus import ConsensusLabels
from .defaults import OWN_BORDER_MM, OWN_OUTLINE_MM
from .findings import MatchFindings
from .half_height import HalfHeightOutlines
from .halfway import matrix_of
from .outlines import outlines_of
from .result import PairComparison, Verdict
from .study import Study
from .tracks.follow import Followed, Labelled, follow_findings
from .tracks.measuring import measure_observations, usual_settings
from .tracks.model import IDENTITY, Patient, TimePoint
from .tracks.settings import Follow


def follow_pairs(
    studies: Sequence[Study],
    pairs: Sequence[PairComparison],
    recipe: Recipe,
    progress: Progress = SILENT,
    known: sitk.Image | None = None,
) -> Followed | None:
    """The patient with its measured tracks, and the label maps that these refer to.

    A study whose registration failed is no time point of the patient; without any other, and where the recipe matches
    no findings, there is none. Outlines are those of outlines.outlines_of, also for what known is; the common space is
    the first study's.
    """
    good = [pair for pair in pairs if pair.registration.verdict is not Verdict.FAILED]
    matching = next((op for _, op in reversed(recipe.enabled_steps) if isinstance(op, MatchFindings)), None)
    if not good or matching is None:
        return None
    given = any(study.labels is not None for study in studies)
    consensus = not given and any(isinstance(op, ConsensusLabels) for _, op in recipe.enabled_steps)
    shares = progress.parts(1, 2, 4)
    outlines = outlines_of(studies, good, consensus, shares[0], known)
    numbers = [good[0].fixed, *(pair.moving for pair in good)]
    ids = unique_names(studies)
    points = [_first(studies, ids, good[0])] + [_later(studies, ids, pair) for pair in good]
    labelled = [
        Labelled(point, labels, transform)
        for point, labels, transform in zip(
            points, outlines, [None, *(pair.registration.transform for pair in good)], strict=True
        )
    ]
    followed = follow_findings(labelled, _settings(matching), progress=shares[1])
    return _measured(followed, [studies[n] for n in numbers], recipe, shares[2])


def unique_names(studies: Sequence[Study]) -> list[str]:
    """What the time points are called: the studies' names, numbered where one is empty or there twice."""
    names: list[str] = []
    for number, study in enumerate(studies, 1):
        name = study.name.strip() or f"Study {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names


def outline_uncertainty_mm(settings: Follow) -> float:
    """How far an outline may be off from study to study, for intervals: what the rule of change allows for given ones.

    For outlines that the recipe made the rule takes off nothing, as they differ only where change is certain; they are
    less sure than given ones all the same.
    """
    return settings.outline_mm or OWN_OUTLINE_MM


def border_mm_of(study: Study, studies: Sequence[Study], recipe: Recipe) -> float | None:
    """How far (95 %) lesions' borders may be from a study's outlines, alike in all studies; see Observation.border_mm.

    Known of outlines that a reader gave (which say what the lesion is) and of those at half height.
    """
    if study.labels is not None:
        return 0.0
    half = any(isinstance(op, HalfHeightOutlines) for _, op in recipe.enabled_steps)
    return OWN_BORDER_MM if half and all(each.labels is None for each in studies) else None


def measure_study(
    patient: Patient,
    time_point: str,
    study: Study,
    labels: sitk.Image,
    border_mm: float | None,
    progress: Progress = SILENT,
) -> Patient:
    """The patient with size, diameters and intensity of all observations at a time point, and their 95 % intervals.

    labels: what observations name, on the study's grid; border_mm: see border_mm_of.
    """
    found = [
        replace(
            t, observations=tuple(replace(o, border_mm=border_mm) if o.time_point == time_point else o for o in seen)
        )
        for t in patient.tracks
        if t.at(time_point) is not None and (seen := t.observations)
    ]
    patient = patient.with_tracks(*found)
    unsure = replace(patient.settings, outline_mm=outline_uncertainty_mm(patient.settings))
    settings = usual_settings(replace(patient, settings=unsure), study.value_unit)
    return measure_observations(patient, time_point, study.image, labels, settings, progress)


def notes_on_measuring(studies: Sequence[Study], followed: Followed | None) -> tuple[str, ...]:
    """What was found at the border of an image, and where uptake was not measured."""
    if followed is None:
        return ()
    notes = []
    by_id = dict(zip(unique_names(studies), studies, strict=True))
    for point in followed.patient.time_points:
        seen = [(track.id, o) for track in followed.patient.tracks if (o := track.at(point.id)) is not None]
        cut = [name for name, o in seen if o.cut]
        if cut:
            notes.append(
                f"At the border of the image of '{by_id[point.id].name}', so perhaps larger than measured there: "
                f"{', '.join(cut)}."
            )
        if by_id[point.id].value_unit in NEEDED_UNITS["pet"] and any(not o.estimate("peak_uptake") for _, o in seen):
            notes.append(
                f"No uptake was measured in '{by_id[point.id].name}': values of a finding are too high for SUV."
            )
    return tuple(notes)


def _first(studies: Sequence[Study], ids: Sequence[str], pair: PairComparison) -> TimePoint:
    study = studies[pair.fixed]
    return _point(ids[pair.fixed], study)


def _later(studies: Sequence[Study], ids: Sequence[str], pair: PairComparison) -> TimePoint:
    """With the registration as its matrix, where that is one; else whoever saves the patient names its file."""
    study, transform = studies[pair.moving], pair.registration.transform
    matrix = tuple(matrix_of(transform).ravel().tolist()) if transform.IsLinear() else IDENTITY
    return replace(_point(ids[pair.moving], study), matrix=matrix)


def _point(name: str, study: Study) -> TimePoint:
    return TimePoint(name, study.name, study.date, landmarks=study.landmarks, given=study.labels is not None)


def _settings(matching: MatchFindings) -> Follow:
    """The thresholds of the recipe's matching.

    Outlines come with a value for each piece. One that was carried to other voxels may fall apart there and is one
    finding all the same, so following takes them by value.
    """
    return Follow(
        pieces="labels",
        overlap_percent=matching.overlap_percent,
        relative_percent=matching.relative_percent,
        minimum_mm3=matching.minimum_mm3,
        outline_mm=matching.outline_mm,
    )


def _measured(followed: Followed, studies: Sequence[Study], recipe: Recipe, progress: Progress) -> Followed:
    """With the figures of every observation."""
    patient = followed.patient
    places = zip(patient.time_points, studies, followed.label_maps, progress.parts(*[1.0] * len(studies)), strict=True)
    for point, study, labels, share in places:
        if np.any(sitk.GetArrayViewFromImage(labels)):
            patient = measure_study(patient, point.id, study, labels, border_mm_of(study, studies, recipe), share)
    return Followed(patient, followed.label_maps)
