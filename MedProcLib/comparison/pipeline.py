"""Compare a patient's studies: from images (and segmentations, if there are any) to findings with their change."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import require_same_grid
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe, run_steps
from .change_maps import change_maps_of, is_change_map, is_fractions, with_change_maps, without_change_maps
from .consensus import ConsensusLabels
from .coverage import with_coverage
from .defaults import OF_PLACES, default_recipe, finds_places, recipe_and_mask, require_outlines
from .extent import notes_on_extent
from .findings import MatchFindings
from .following import follow_pairs, notes_on_measuring, unique_names
from .half_height import HalfHeightOutlines
from .loops import with_loop_error
from .made_masks import makes_one
from .maps.tissue import TissueChange
from .pair import compare_pair, register_pair
from .register import MEASURED_ALONE, Register, require_slices, require_volume
from .registration.in_mean_space import in_mean_space
from .registration.landmarks import landmarks_between
from .result import Comparison, PairComparison, Registration, Verdict
from .study import Study
from .track_findings import studies_followed, with_tracks
from .track_names import with_segment_names
from .tracks.follow import Followed
from .tracks.model import Alignment

__all__ = ["compare", "compare_between", "default_recipe", "restored", "with_map_of", "with_maps"]

# What a step may take to run on each study alone; all other steps run once per pair.
NumberedStep = tuple[int, Any]
ALONE = {"image", "mask", "labels"}
# Steps that are left out where findings are known.
OUTLINING = (ConsensusLabels, HalfHeightOutlines, MatchFindings)
LATER_STUDIES = (
    "Choose two different later studies that are registered to the first: those with it are compared anyhow."
)
Places = tuple[int, int]


def compare(
    studies: Sequence[Study],
    recipe: Recipe | None = None,
    progress: Progress = SILENT,
    also: Sequence[Places] = (),
    maps: Sequence[str] = (),
    known: sitk.Image | None = None,
) -> Comparison:
    """Compare each later study with the first one, and follow the findings over all of them.

    studies: at least two, as a rule up to twenty; they are put in time order when all have a date. A study's own labels
    and mask are used instead of the steps that would make them; landmarks that both of a pair have lead and check its
    registration (see Register). recipe: default_recipe(studies) when None. Steps that take only image, mask and labels
    run on each study in its own space; the others run on each pair, after `comparison.register` in the half-way space
    (of more than two studies: in the mean space of all), into which every image is resampled once. Change maps
    (comparison.maps) are made last, of every pair; maps: names (see change_maps.CHANGE_MAPS) of those that are made
    beside the recipe's. also: pairs of later studies (positions in time order) that are registered to each other and
    compared too; one with a study that could not be registered to the first is left out, and a note says so.
    known: the first study's findings as they are outlined already, see outlines.outlines_of.
    A pair whose registration fails has no findings, and its later study is no time point of the tracks. Tracks are
    measured on the studies' own voxels (see following.follow_pairs).
    Raises InputError (fewer than two studies, 2D or constant images, labels off the image's grid, ...); Cancelled.
    """
    studies = _checked(studies)
    for places in also:
        _require_two_later(places, len(studies))
    landmarks = [landmarks_between(studies[0], study) for study in studies[1:]]
    first_mask = None
    if recipe is None:
        choosing, progress = progress.parts(1.0, 10.0 * len(studies))
        recipe, first_mask = recipe_and_mask(studies, choosing)
    require_outlines(studies, recipe)
    recipe = with_change_maps(recipe, maps, studies) if maps else recipe
    steps = _Steps.of(recipe)
    if any(isinstance(operation, Register) for _, operation in steps.together):
        for study in studies:
            require_slices(study.image, f"Study '{study.name}'", MEASURED_ALONE)
    later = range(1, len(studies))
    own, aligning, paired, following, last = progress.parts(
        2.0 * len(studies), 3.0 * len(later), 3.0 * len(later), len(studies), 0.01 + 5.0 * len(also) + len(steps.maps)
    )
    masks = [first_mask, *(None for _ in later)]
    states = [
        _run_alone(study, steps.alone, share, mask)
        for study, share, mask in zip(studies, _even(own, studies), masks, strict=True)
    ]
    registrations = [
        register_pair(states[0], states[n], steps.together, share, landmarks[n - 1])
        for n, share in zip(later, _even(aligning, later), strict=True)
    ]
    pairs = tuple(
        compare_pair(0, n, states[0], states[n], registration, steps.together, share)
        for n, registration, share in zip(later, in_mean_space(registrations), _even(paired, later), strict=True)
    )
    followed = follow_pairs(studies, pairs, recipe, following.labelled("Following findings"), known)
    followed = _with_names(_with_alignments(followed, pairs, recipe), studies)
    followed, unseen = with_coverage(studies, pairs, followed, recipe)
    notes = (*_notes(studies, pairs, recipe), *unseen, *notes_on_measuring(studies, followed))
    made = makes_one(steps.alone)
    found = tuple(
        state["mask"] if made and study.mask is None else None for study, state in zip(studies, states, strict=True)
    )
    comparison = with_tracks(Comparison(studies, pairs, recipe, notes, followed, masks=found))
    further, mapping = last.parts(0.005 + 5.0 * len(also), 0.005 + len(steps.maps))
    there = studies_followed(comparison)
    for places, share in zip(also, _even(further, also), strict=True):
        missing = [n for n in places if n not in there]
        if missing:
            comparison = _with_notes(comparison, [_left_out(studies, places, missing[0])])
        else:
            comparison = _between(comparison, places, [states[n] for n in places], steps, share)
    comparison = with_maps(comparison, progress=mapping)
    progress(1.0, "Done")
    return comparison


def compare_between(comparison: Comparison, fixed: int, moving: int, progress: Progress = SILENT) -> Comparison:
    """The comparison with a pair of later studies (positions in it) among its further ones.

    They are registered to each other, not by way of the first study; how far both ways differ is among the figures of
    the registration. Findings are those of the tracks. Raises InputError for studies that were not followed.
    """
    steps = _Steps.of(comparison.recipe)
    own, work = progress.parts(2, 6)
    _require_later(comparison, (fixed, moving))
    studies = [comparison.studies[n] for n in (fixed, moving)]
    states = [_run_alone(s, steps.unlabelled, p) for s, p in zip(studies, own.parts(1, 1), strict=True)]
    return _between(comparison, (fixed, moving), states, steps, work)


def with_map_of(
    comparison: Comparison, places: Places, name: str, progress: Progress = SILENT
) -> tuple[Comparison, PairComparison]:
    """The comparison with one more change map (see change_maps.CHANGE_MAPS) of two studies, and their pair, which is
    compared first where it was not yet. Raises InputError where the map cannot be made."""
    before, work = progress.parts(1, 1)
    if not any((pair.fixed, pair.moving) == places for pair in comparison.all_pairs):
        comparison = compare_between(comparison, *places, before)
    studies = [comparison.studies[n] for n in places]
    recipe = with_change_maps(without_change_maps(comparison.recipe), [name], studies)
    pair = next(pair for pair in comparison.all_pairs if (pair.fixed, pair.moving) == places)
    (made,) = change_maps_of(pair, comparison.studies, [op for _, op in _Steps.of(recipe).maps], work)
    if made.missing:
        raise InputError(made.missing)
    mapped = replace(pair, maps=(*(each for each in pair.maps if each.operation != made.operation), made))

    def put(pairs: tuple[PairComparison, ...]) -> tuple[PairComparison, ...]:
        return tuple(mapped if each is pair else each for each in pairs)

    return replace(comparison, pairs=put(comparison.pairs), further=put(comparison.further)), mapped


def restored(
    studies: Sequence[Study],
    registrations: Sequence[Registration],
    followed: Followed,
    recipe: Recipe,
    progress: Progress = SILENT,
    also: Sequence[Places] = (),
    masks: Sequence[sitk.Image | None] = (),
) -> Comparison:
    """A comparison made again from what was saved of it, with the findings as they are now.

    studies: in time order, the first one first; registrations: of each later one with the first. masks: those of its
    studies that are known (Comparison.masks), which are not made again. Only what segments, registers and follows is
    left out of the recipe, so images, differences and maps become what they were.
    """
    studies, steps = tuple(studies), _Steps.of(recipe)
    masks = masks if masks and makes_one(steps.alone) else [None] * len(studies)
    later = range(1, len(studies))
    own, paired, last = progress.parts(2.0 * len(studies), 3.0 * len(later), 0.01 + 5.0 * len(also) + len(steps.maps))
    states = [
        _run_alone(study, steps.unlabelled, share, mask)
        for study, share, mask in zip(studies, _even(own, studies), masks, strict=True)
    ]
    pairs = tuple(
        compare_pair(0, n, states[0], states[n], registration, steps.of_followed, share)
        for n, registration, share in zip(later, in_mean_space(registrations), _even(paired, later), strict=True)
    )
    comparison = with_tracks(Comparison(studies, pairs, recipe, (), followed))
    further, mapping = last.parts(0.005 + 5.0 * len(also), 0.005 + len(steps.maps))
    for places, share in zip(also, _even(further, also), strict=True):
        comparison = _between(comparison, places, [states[n] for n in places], steps, share)
    return with_maps(comparison, progress=mapping)


def with_maps(comparison: Comparison, recipe: Recipe | None = None, progress: Progress = SILENT) -> Comparison:
    """The comparison with the change maps of its recipe, or of another one that it then has; those that a pair has
    already are not made again."""
    recipe = recipe or comparison.recipe
    operations = [operation for _, operation in _Steps.of(recipe).maps]
    pairs = comparison.all_pairs
    made = []
    for pair, share in zip(pairs, _even(progress, pairs), strict=True):
        known = {each.operation: each for each in pair.maps}
        wanted = [op for op in operations if op not in known]
        new = {each.operation: each for each in change_maps_of(pair, comparison.studies, wanted, share)}
        every = {**known, **new}
        made.append(replace(pair, maps=tuple(every[op] for op in operations if op in every)))
    count = len(comparison.pairs)
    return replace(comparison, recipe=recipe, pairs=tuple(made[:count]), further=tuple(made[count:]))


def _between(
    comparison: Comparison, places: Places, states: Sequence[dict], steps: "_Steps", progress: Progress
) -> Comparison:
    _require_later(comparison, places)
    first, other = places
    aligning, work = progress.parts(1, 1)
    landmarks = landmarks_between(comparison.studies[first], comparison.studies[other])
    registration = register_pair(states[0], states[1], steps.together, aligning, landmarks)
    registration = with_loop_error(registration, comparison, places)
    pair = compare_pair(first, other, states[0], states[1], registration, steps.of_followed, work)
    kept = tuple(p for p in comparison.further if (p.fixed, p.moving) != places)
    comparison = with_tracks(replace(comparison, further=(*kept, pair)))
    return _with_notes(comparison, _notes_on_registration(comparison.studies, comparison.further[-1:]))


def _with_notes(comparison: Comparison, notes: Sequence[str]) -> Comparison:
    return replace(comparison, notes=(*comparison.notes, *(n for n in notes if n not in comparison.notes)))


def _left_out(studies: Sequence[Study], places: Places, missing: int) -> str:
    first, other = (studies[n].name for n in places)
    return (
        f"'{first}' and '{other}' were not compared directly, as '{studies[missing].name}' could not be registered to "
        f"'{studies[0].name}'."
    )


def _require_later(comparison: Comparison, places: Places) -> None:
    _require_two_later(places, len(comparison.studies))
    if not set(places) <= set(studies_followed(comparison)):
        raise InputError(LATER_STUDIES)


def _require_two_later(places: Places, count: int) -> None:
    if not 0 < places[0] < places[1] < count:
        raise InputError(LATER_STUDIES)


def _even(progress: Progress, things: Sequence) -> list[Progress]:
    return progress.parts(*[1.0] * len(things)) if things else []


def _with_alignments(followed: Followed | None, pairs: Sequence[PairComparison], recipe: Recipe) -> Followed | None:
    """With the recipe and how each later study was registered, so that a report can be made of what is saved."""
    if followed is None:
        return None
    good = [pair.registration for pair in pairs if pair.registration.verdict is not Verdict.FAILED]
    first, *later = followed.patient.time_points
    points = [
        replace(point, alignment=Alignment(r.verdict, r.reasons, r.figures))
        for point, r in zip(later, good, strict=True)
    ]
    patient = replace(followed.patient, time_points=(first, *points), recipe=recipe.as_dict())
    return replace(followed, patient=patient)


def _with_names(followed: Followed | None, studies: Sequence[Study]) -> Followed | None:
    """With each finding named as the given segment that it is."""
    if followed is None:
        return None
    by_id = dict(zip(unique_names(studies), studies, strict=True))
    points = zip(followed.patient.time_points, followed.label_maps, strict=True)
    given = {point.id: (labels, by_id[point.id]) for point, labels in points}
    return replace(followed, patient=with_segment_names(followed.patient, given))


def _checked(studies: Sequence[Study]) -> tuple[Study, ...]:
    if len(studies) < 2:
        raise InputError(f"A comparison needs at least two studies; {len(studies)} given.")
    for study in studies:
        require_volume(study.image, f"Study '{study.name}'")
        values = sitk.GetArrayViewFromImage(study.image)
        finite = values[np.isfinite(values)]
        if finite.size == 0:
            raise InputError(f"Study '{study.name}' has no finite voxel (all NaN): choose another image.")
        if finite.min() == finite.max():
            raise InputError(f"Study '{study.name}' is constant ({finite.min():g} everywhere): choose another image.")
        for what, companion in (("labels", study.labels), ("mask", study.mask)):
            if companion is not None:
                require_same_grid(study.image, companion, f"study '{study.name}' and its {what}")
        if study.labels is not None and study.labels.GetPixelID() in (sitk.sitkFloat32, sitk.sitkFloat64):
            raise InputError(f"The labels of study '{study.name}' must be whole numbers; save them as integers.")
    if all(study.date is not None for study in studies):
        studies = sorted(studies, key=lambda study: study.date or datetime.date.min)
    return tuple(studies)


@dataclass(frozen=True)
class _Steps:
    """(number, operation) of the steps for one study, of those for a pair, and of those that make its change maps."""

    alone: list[NumberedStep]
    together: list[NumberedStep]
    maps: list[NumberedStep]

    @classmethod
    def of(cls, recipe: Recipe) -> "_Steps":
        steps = recipe.enabled_steps
        tissue = any(isinstance(operation, TissueChange) for _, operation in steps)
        alone: list[NumberedStep] = []
        together: list[NumberedStep] = []
        maps: list[NumberedStep] = []
        for number, operation in steps:
            declaration = operation.declaration
            takes = set(declaration.inputs) | set(declaration.optional_inputs)
            if is_change_map(operation) or (tissue and is_fractions(operation)):
                maps.append((number, operation))
            else:
                (alone if takes <= ALONE else together).append((number, operation))
        return cls(alone, together, maps)

    @property
    def unlabelled(self) -> list[NumberedStep]:
        """Those for one study that outline nothing."""
        return [(n, op) for n, op in self.alone if "labels" not in op.declaration.gives]

    @property
    def of_followed(self) -> list[NumberedStep]:
        """Those for a pair whose findings are known."""
        return [(n, op) for n, op in self.together if not isinstance(op, OUTLINING)]


def _run_alone(
    study: Study, steps: Sequence[NumberedStep], progress: Progress, known_mask: sitk.Image | None = None
) -> dict:
    """Things of one study in its own space: image, mask and labels (each None when no step gives it). known_mask: what
    its mask step would give."""
    mask = study.mask if study.mask is not None else known_mask
    state = {"image": study.image, "mask": mask, "labels": study.labels, "given": study.labels is not None}
    skipped = {name for name, given in (("labels", study.labels), ("mask", mask)) if given is not None}
    needed = [(n, op) for n, op in steps if not set(op.declaration.gives) & skipped]
    try:
        return run_steps(needed, state, progress)
    except InputError as error:
        raise InputError(f"Study '{study.name}': {error}") from error


def _notes(studies: tuple[Study, ...], pairs: tuple[PairComparison, ...], recipe: Recipe) -> tuple[str, ...]:
    notes = _notes_on_registration(studies, pairs)
    given = [study.name for study in studies if study.labels is not None]
    if given:
        which = "all studies" if len(given) == len(studies) > 2 else ", ".join(given)
        notes.append(f"Given segmentations were used for: {which}.")
    if len(given) not in (0, len(studies)):
        notes.append(
            "Some studies are segmented by hand and others by the recipe: differences between them may come "
            "from the segmentation."
        )
    modalities = list(dict.fromkeys(study.modality for study in studies if study.modality))
    if len(modalities) > 1:
        notes.append(
            f"The studies are of different modalities ({', '.join(modalities)}): what one shows larger than another, "
            "or not at all, need not have changed."
        )
    places = finds_places(studies, recipe)
    if places and any(p.registration.verdict is not Verdict.FAILED for p in pairs):
        notes.append(OF_PLACES)
    notes += notes_on_extent(studies, pairs, places)
    marked = [study.name for study in studies if study.landmarks]
    if marked and (len(marked) == 1 or not studies[0].landmarks):
        notes.append(
            f"Landmarks were not used (marked in: {', '.join(marked)}): they are needed in '{studies[0].name}' and in "
            "another study."
        )
    if not any(op.declaration.name == "comparison.register" for _, op in recipe.enabled_steps):
        notes.append("The recipe has no registration: the studies were taken as lying in one space already.")
    return tuple(notes)


def _notes_on_registration(studies: Sequence[Study], pairs: Sequence[PairComparison]) -> list[str]:
    notes = []
    for pair in pairs:
        names = f"'{studies[pair.fixed].name}' and '{studies[pair.moving].name}'"
        verdict = pair.registration.verdict
        if verdict is Verdict.FAILED:
            notes.append(
                f"The registration of {names} failed, so no findings are given: " + " ".join(pair.registration.reasons)
            )
            continue
        if verdict is Verdict.DOUBTFUL:
            notes.append(f"The registration of {names} is doubtful: " + " ".join(pair.registration.reasons))
        if not pair.findings:
            notes.append(f"No findings in {names}.")
    return notes
