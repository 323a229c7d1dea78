"""A recipe that is shipped: a file of a folder `presets`, with what a user is told of it."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError
from .recipe import Recipe


@dataclass(frozen=True)
class Preset:
    """A recipe file. name: the file's name without .json; about: what it does, in a line; folder: where the file is.

    group: what it belongs to in a list of many (a modality, say); seeds: what the user has to mark first, '' for
    nothing.
    """

    name: str
    title: str
    about: str
    folder: Path
    group: str = ""
    seeds: str = ""

    @property
    def path(self) -> Path:
        """The recipe file."""
        return self.folder / f"{self.name}.json"

    def recipe(self) -> Recipe:
        """The recipe. Raises InputError when its file is damaged."""
        return _recipe(self.path)


def recipe_of(chosen: Any, presets: Iterable[Preset]) -> Recipe:
    """The recipe of what a script gives as one: a recipe, an operation, or a preset or its name. Raises InputError."""
    presets = tuple(presets)
    if isinstance(chosen, str) and presets:
        chosen = preset_named(chosen, presets)
    if isinstance(chosen, Preset):
        return chosen.recipe()
    if hasattr(chosen, "declaration"):
        return Recipe.of(chosen)
    if not isinstance(chosen, Recipe):
        raise InputError(f"{chosen!r} is no recipe, no operation and no name of a preset.")
    return chosen


def preset_named(name: str, presets: Iterable[Preset]) -> Preset:
    """A preset by name. Raises InputError that lists the known ones."""
    presets = tuple(presets)
    for preset in presets:
        if preset.name == name:
            return preset
    raise InputError(f"There is no preset '{name}'; there are: {', '.join(preset.name for preset in presets)}.")


def preset_of_recipe(recipe: Recipe, presets: Iterable[Preset]) -> Preset | None:
    """The preset whose recipe this is, or None."""
    return next((preset for preset in presets if preset.recipe() == recipe), None)


@functools.cache
def _recipe(path: Path) -> Recipe:
    return Recipe.load(path)
