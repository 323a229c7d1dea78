"""A recipe is an ordered list of operations that runs alike from the panel, the Python console and the command line."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError
from .json_file import parsed_json, read_json
from .progress import SILENT, Progress
from .registry import create_operation
from .regrid import Regrid

VERSION = 1
# What a result's record of how it came about says besides the recipe (core.provenance, core.recorded).
OF_RECORDS = {"software", "inputs", "edits", "headers", "segments", "voxels"}
# What lies on the image's grid, whichever that is.
CARRIED = ("mask", "labels", "seeds")


@dataclass(frozen=True)
class Step:
    """An operation with its parameters; a step that is not enabled is kept but not run."""

    operation: Any
    enabled: bool = True

    def as_dict(self) -> dict[str, Any]:
        step: dict[str, Any] = {
            "operation": self.operation.declaration.name,
            "parameters": dict(self.operation.parameters),
        }
        if not self.enabled:
            step["enabled"] = False
        return step


@dataclass(frozen=True)
class Recipe:
    """Operations in order. Each takes what earlier ones gave (or the start) by name: image, mask, labels, ..."""

    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, *operations: Any) -> "Recipe":
        """A recipe of operation instances."""
        return cls(tuple(Step(operation) for operation in operations))

    @classmethod
    def from_dict(cls, data: Any) -> "Recipe":
        """Validate a recipe read from JSON, or the one in a result's record of how it came about.

        Raises InputError that names the step and the parameter.
        """
        if not isinstance(data, dict) or "steps" not in data:
            raise InputError('A recipe is a JSON object {"recipe": 1, "steps": [...]}.')
        _refuse_extra({key: data[key] for key in set(data) - OF_RECORDS}, {"recipe", "steps"}, "The recipe")
        if data.get("recipe") != VERSION:
            raise InputError(f"The recipe is of version {data.get('recipe')!r}; this MedProc reads version {VERSION}.")
        if not isinstance(data["steps"], list):
            raise InputError("The recipe's steps must be a list.")
        return cls(tuple(_step(number, step) for number, step in enumerate(data["steps"], 1)))

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        return cls.from_dict(parsed_json(text, "The recipe"))

    @classmethod
    def load(cls, path: str | Path) -> "Recipe":
        """Read a recipe file. Raises InputError when it is missing, not JSON or not a valid recipe."""
        data = read_json(path, "Recipe")
        try:
            return cls.from_dict(data)
        except InputError as error:
            raise InputError(f"Recipe {path}: {error}") from None

    def as_dict(self) -> dict[str, Any]:
        return {"recipe": VERSION, "steps": [step.as_dict() for step in self.steps]}

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2)

    @property
    def enabled_steps(self) -> list[tuple[int, Any]]:
        """(step number counted from 1, operation) of the steps that run."""
        return [(n, step.operation) for n, step in enumerate(self.steps, 1) if step.enabled]

    def run(self, progress: Progress = SILENT, **things: Any) -> dict[str, Any]:
        """Run the steps on named inputs and return all things at the end.

        things: at least what the first step takes, e.g. image=..., mask=... (see operation.THINGS).
        An operation's result replaces the thing of its name, so `image` ends as the last enhanced image.
        Raises InputError that names the step, of several; Cancelled.
        """
        steps = self.enabled_steps
        return run_steps(steps, things, progress, named=len(steps) > 1)


def run_steps(
    steps: Iterable[tuple[int, Any]], things: Mapping[str, Any], progress: Progress = SILENT, named: bool = True
) -> dict[str, Any]:
    """Run (number, operation) steps on things; see Recipe.run. The given mapping is not changed.

    named: errors say which step it was; False for a step that is all there is.
    """
    state = dict(things)
    steps = list(steps)
    for (number, operation), share in zip(steps, progress.parts(*[1.0] * len(steps)), strict=True):
        try:
            state.update(run_operation(operation, state, share))
        except InputError as error:
            if not named:
                raise
            raise InputError(f"Step {number} ({operation.declaration.name}): {error}") from error
    return state


def run_operation(operation: Any, things: Mapping[str, Any], progress: Progress = SILENT) -> dict[str, Any]:
    """Run one operation on the things it takes; returns the things it gives, by name.

    What lies on the image's grid (mask, labels) follows an operation that puts the image on another one.
    """
    return results_of(operation, things, progress) | {
        name: carried(operation, name, things) for name in carried_by(operation, things)
    }


def results_of(operation: Any, things: Mapping[str, Any], progress: Progress = SILENT) -> dict[str, Any]:
    """What one operation itself gives, by name."""
    declaration = operation.declaration
    wanted = declaration.inputs + declaration.optional_inputs
    result = operation(progress=progress, **{name: things.get(name) for name in wanted})
    return dict(zip(declaration.gives, result if len(declaration.gives) > 1 else (result,), strict=True))


def carried_by(operation: Any, things: Mapping[str, Any]) -> list[str]:
    """The things that follow an operation to another grid; none where it keeps the image's."""
    return [name for name in CARRIED if things.get(name) is not None] if isinstance(operation, Regrid) else []


def carried(operation: Regrid, name: str, things: Mapping[str, Any]) -> Any:
    """One of them on the other grid."""
    return operation.carry(things["image"], things.get("mask"), things[name])


def _step(number: int, data: Any) -> Step:
    where = f"step {number}"
    if not isinstance(data, dict) or not isinstance(data.get("operation"), str):
        raise InputError(f'{where} must be an object {{"operation": NAME, "parameters": {{...}}}}.')
    where = f"{where} ({data['operation']})"
    _refuse_extra(data, {"operation", "parameters", "enabled"}, where)
    parameters, enabled = data.get("parameters", {}), data.get("enabled", True)
    if not isinstance(parameters, dict) or not isinstance(enabled, bool):
        raise InputError(f"{where}: 'parameters' must be an object and 'enabled' true or false.")
    try:
        return Step(create_operation(data["operation"], parameters), enabled)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _refuse_extra(data: Mapping[str, Any], known: set[str], where: str) -> None:
    extra = sorted(set(data) - known)
    if extra:
        raise InputError(f"{where} has an unknown entry '{extra[0]}'; known: {', '.join(sorted(known))}.")
