"""All operations of all areas, found by importing the areas' files: a new operation needs no list to be edited."""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from .errors import InputError
from .operation import Declaration, declared

AREAS = ("enhancement", "segmentation", "quantification", "comparison")

MOST_VALUES = 3  # of which a message says where they are


def operations(area: str | None = None) -> list[Declaration]:
    """Declarations of all operations, or of one area, sorted by name."""
    areas = AREAS if area is None else (area,) if area in AREAS else ()
    for each in areas:
        _import_area(each)
    return [d for d in declared().values() if d.area in areas]


def find_operation(name: str) -> Declaration:
    """The declaration of an operation. Raises InputError with the nearest names when there is none."""
    area = str(name).partition(".")[0]  # only its files are imported, which takes a fourth of the time
    known = {d.name: d for d in operations(area)}
    if name in known:
        return known[name]
    known = {d.name: d for d in operations()}
    word = str(name).rpartition(".")[2].casefold()
    values = [
        f"'{choice}' is a value of '{parameter.name}' of {declaration.name}"
        for declaration in known.values()
        for parameter in declaration.parameters
        for choice in parameter.choices
        if word == str(choice).casefold().replace(" ", "_")
    ]
    if values:
        raise InputError(f"there is no operation '{name}'; {' and '.join(values[:MOST_VALUES])}.")
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`operations` lists them all."
    raise InputError(f"there is no operation '{name}'; {hint}")


def create_operation(name: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """An operation by name with parameter values. Raises InputError naming what is unknown or out of range."""
    return find_operation(name).create(parameters)


@functools.cache
def _import_area(area: str) -> None:
    folder = importlib.import_module(f"{__package__.rsplit('.', 1)[0]}.{area}")
    for module in pkgutil.walk_packages(folder.__path__, f"{folder.__name__}."):
        importlib.import_module(module.name)
