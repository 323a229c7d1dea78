"""What a chain of steps makes of an image: segments, what they stand for, and the list of findings.

Where a step leaves nothing, what the step before it found is kept, so that the user can see it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe, run_operation
from ..core.structure import Structure
from .detection.candidate import Candidate
from .detection.listing import candidates_of_labels
from .naming import Naming

SEGMENTS = ("labels", "mask")
# Runs a step on the things by name; see run_operation.
Run = Callable[[Any, Mapping[str, Any], Progress], dict[str, Any]]
# Share of the time that listing the findings takes.
LISTING = 0.1


@dataclass(frozen=True)
class Found:
    """What a step gave: thing is 'image', 'mask' or 'labels'; step and title are the step's number and title."""

    step: int
    title: str
    thing: str
    image: sitk.Image


@dataclass(frozen=True)
class SegmentationOutcome:
    """labels: a value for each segment, all 0 when nothing was found; candidates: a finding for each value.

    structures: by value, 0 for all others; sources: of segments that a step renumbered, see Naming; tables: rows by the
    title of the step that gives them. before: of an empty result, what was there before, and message: why it is empty.
    """

    labels: sitk.Image
    structures: Mapping[int, Structure] = field(default_factory=dict)
    candidates: Sequence[Candidate] = ()
    maps: Mapping[str, sitk.Image] = field(default_factory=dict)
    centerlines: Sequence[Any] = ()
    surface: Any = None
    tables: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    before: Found | None = None
    message: str = ""
    sources: Mapping[int, int] | None = None

    @property
    def is_empty(self) -> bool:
        return not np.any(sitk.GetArrayViewFromImage(self.labels))


class StepError(InputError):
    """A step could not go on; before: what the steps before it found, or None."""

    def __init__(self, message: str, before: Found | None) -> None:
        super().__init__(message)
        self.before = before


def segment(
    recipe: Recipe, region: Any = None, progress: Progress = SILENT, run: Run = run_operation, **things: Any
) -> SegmentationOutcome:
    """Run the steps of a recipe that ends in segments.

    region: an operation that gives the mask to search in, run before the first step; things: image=..., mask=...,
    seeds=..., labels=... (see operation.THINGS); run: runs a step, see StepMemory. A mask that the last step gives
    becomes segment 1. Raises StepError, InputError, Cancelled.
    """
    last = last_segments(recipe)
    steps = ([(0, region)] if region is not None else []) + recipe.enabled_steps
    state, before, empty_since = {"original": things.get("image"), **things}, None, None
    shares = progress.part(0, 1 - LISTING).parts(*[1.0] * len(steps))
    listed_at = -1
    tables: dict[str, Sequence[Any]] = {}
    naming = Naming(seeded=things.get("seeds") is not None)
    for (number, operation), share in zip(steps, shares, strict=True):
        try:
            made = run(operation, state, share)
        except InputError as error:
            raise _explained(error, number, operation, len(steps), before, empty_since) from error
        if number:  # what the region is called is not what is found in it
            naming = naming.after(operation, state.get("labels"), made)
        state.update(made)
        if made.get("table"):
            tables[operation.declaration.title] = made["table"]
        if "candidates" in made:
            listed_at = number
        thing = next((name for name in ("labels", "mask", "image") if name in made), "")
        if not thing:
            continue
        if thing == "image" or np.any(sitk.GetArrayViewFromImage(made[thing])):
            before, empty_since = Found(number, operation.declaration.title, thing, made[thing]), None
        elif empty_since is None:
            empty_since = (number, operation.declaration.title)
    labels = state[last] if last == "labels" else state[last] != 0
    structures, maps = naming.numbered(), dict(state.get("maps") or {})
    if not np.any(sitk.GetArrayViewFromImage(labels)):
        message = _why_empty(empty_since, before)
        return SegmentationOutcome(labels, structures, maps=maps, before=before, message=message)
    given = state.get("candidates") if listed_at >= 0 else None
    return SegmentationOutcome(
        labels,
        structures,
        _still_there(given, labels, progress.part(1 - LISTING, 1)),
        maps,
        tuple(state.get("centerlines") or ()),
        state.get("surface"),
        tables,
        sources=naming.sources,
    )


def last_segments(recipe: Recipe) -> str:
    """Which of labels and mask the last step that gives one gives; labels also where steps only need them, such as to
    make surfaces of those that there are. Raises InputError for other steps that give none."""
    for _, operation in reversed(recipe.enabled_steps):
        for name in SEGMENTS:
            if name in operation.declaration.gives:
                return name
    if "labels" in needed(recipe)[0]:
        return "labels"
    raise InputError("These steps give no segments: add a step that does, such as a threshold.")


def first_finder(recipe: Recipe) -> Any:
    """The first operation that gives segments, or only needs them: what the others do is done to what it found."""
    declared = [(operation, operation.declaration) for _, operation in recipe.enabled_steps]
    giving = [operation for operation, each in declared if set(SEGMENTS) & set(each.gives)]
    return next(iter(giving)) if giving else next(operation for operation, each in declared if "labels" in each.inputs)


def needed(recipe: Recipe) -> tuple[set[str], set[str]]:
    """Names of the things that the steps that run need, and can use, and that no earlier step gives."""
    required: set[str] = set()
    usable: set[str] = set()
    given: set[str] = set()
    for _, operation in recipe.enabled_steps:
        declaration = operation.declaration
        required |= set(declaration.inputs) - given
        usable |= set(declaration.inputs + declaration.optional_inputs) - given
        given |= set(declaration.gives)
    return required, usable


def _explained(
    error: InputError, number: int, operation: Any, count: int, before: Found | None, empty: tuple[int, str] | None
) -> InputError:
    where = f"Step {number} ({operation.declaration.title})" if number else f"Region ({operation.declaration.title})"
    if empty is not None:
        return StepError(f"{_named(*empty)} left nothing, so {_within(where)} cannot go on: {error}", before)
    if count == 1:
        return error
    return StepError(f"{where}: {error}", before)


def _why_empty(empty: tuple[int, str] | None, before: Found | None) -> str:
    if empty is None or before is None or before.thing == "image":
        return "Nothing was found with these settings."
    if before.step == 0:
        return f"Nothing was found in the region ({before.title}) with these settings."
    return f"{_named(*empty)} left nothing of what {_within(_named(before.step, before.title))} gave."


def _within(text: str) -> str:
    """As it is written within a sentence."""
    return text[0].lower() + text[1:]


def _named(number: int, title: str) -> str:
    return f"Step {number} ({title})" if number else f"The region ({title})"


def _still_there(candidates: Sequence[Candidate] | None, labels: sitk.Image, progress: Progress) -> Sequence[Candidate]:
    """The candidates whose segments later steps left; those of the segments themselves when there are none."""
    if candidates is None:
        return candidates_of_labels(labels, progress)
    there = set(np.unique(sitk.GetArrayViewFromImage(labels)).tolist())
    kept = [candidate for candidate in candidates if candidate.number in there]
    return kept if len(kept) == len(there - {0}) else candidates_of_labels(labels, progress)
