"""Compare a patient's studies: from images (and segmentations, if there are any) to findings with their change."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import require_3d, require_same_grid
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe, run_steps
from .coverage import notes_on_coverage
from .defaults import default_recipe
from .following import follow_pairs
from .pair import compare_pair
from .result import Comparison, PairComparison, Verdict
from .study import Study
from .track_findings import with_tracks

__all__ = ["compare", "default_recipe"]

# What a step may take to run on each study alone; all other steps run once per pair.
NumberedStep = tuple[int, Any]
ALONE = {"image", "mask", "labels"}


def compare(studies: Sequence[Study], recipe: Recipe | None = None, progress: Progress = SILENT) -> Comparison:
    """Compare each later study with the first one, and follow the findings over all of them.

    studies: at least two, as a rule up to twenty; they are put in time order when all have a date. A study's own labels
    and mask are used instead of the steps that would make them. recipe: default_recipe(studies) when None. Steps that
    take only image, mask and labels run on each study in its own space; the others run on each pair, after
    `comparison.register` in the half-way space, into which every image is resampled once. A pair whose registration
    fails has no findings, and its later study is no time point of the tracks. Tracks are measured on the studies' own
    voxels (see following.follow_pairs).
    Raises InputError (fewer than two studies, 2D or constant images, labels off the image's grid, ...); Cancelled.
    """
    studies = _checked(studies)
    recipe = recipe or default_recipe(studies)
    alone, together = _split(recipe)
    shares = progress.parts(*[2.0] * len(studies), *[5.0] * (len(studies) - 1), 1.0 * len(studies))
    states = [_run_alone(study, alone, share) for study, share in zip(studies, shares, strict=False)]
    pairs = tuple(
        compare_pair(0, number, states[0], states[number], together, share)
        for number, share in zip(range(1, len(studies)), shares[len(studies) : -1], strict=True)
    )
    followed = follow_pairs(studies, pairs, recipe, shares[-1].labelled("Following findings"))
    notes = (*_notes(studies, pairs, recipe), *notes_on_coverage(studies, pairs, followed))
    progress(1.0, "Done")
    return with_tracks(Comparison(studies, pairs, recipe, notes, followed))


def _checked(studies: Sequence[Study]) -> tuple[Study, ...]:
    if len(studies) < 2:
        raise InputError(f"A comparison needs at least two studies; {len(studies)} given.")
    for study in studies:
        require_3d(study.image, f"Study '{study.name}'")
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


def _split(recipe: Recipe) -> tuple[list[NumberedStep], list[NumberedStep]]:
    """(number, operation) of the steps for one study, and of those for a pair."""
    alone: list[NumberedStep] = []
    together: list[NumberedStep] = []
    for number, operation in recipe.enabled_steps:
        declaration = operation.declaration
        takes = set(declaration.inputs) | set(declaration.optional_inputs)
        (alone if takes <= ALONE else together).append((number, operation))
    return alone, together


def _run_alone(study: Study, steps: list, progress: Progress) -> dict:
    """Things of one study in its own space: image, mask and labels (each None when no step gives it)."""
    state = {"image": study.image, "mask": study.mask, "labels": study.labels, "given": study.labels is not None}
    skipped = {name for name, given in (("labels", study.labels), ("mask", study.mask)) if given is not None}
    needed = [(n, op) for n, op in steps if not set(op.declaration.gives) & skipped]
    try:
        return run_steps(needed, state, progress)
    except InputError as error:
        raise InputError(f"Study '{study.name}': {error}") from error


def _notes(studies: tuple[Study, ...], pairs: tuple[PairComparison, ...], recipe: Recipe) -> tuple[str, ...]:
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
    given = [study.name for study in studies if study.labels is not None]
    if given:
        notes.append("Given segmentations were used for: " + ", ".join(given) + ".")
    if len(given) not in (0, len(studies)):
        notes.append(
            "Some studies are segmented by hand and others by the recipe: differences between them may come "
            "from the segmentation."
        )
    if not any(op.declaration.name == "comparison.register" for _, op in recipe.enabled_steps):
        notes.append("The recipe has no registration: the studies were taken as lying in one space already.")
    return tuple(notes)
