"""The operations that `enhance` and `segment` run: one with its parameters, or a recipe."""

from argparse import Namespace
from typing import Any

from ..core.errors import InputError
from ..core.operation import Declaration
from ..core.parameters import Value
from ..core.recipe import Recipe
from ..core.registry import find_operation, operations


def chosen_recipe(arguments: Namespace, area: str, gives: tuple[str, ...]) -> Recipe:
    """The recipe of --recipe, or of --operation and its -p values.

    area: put before an operation's name that has none ('n4' is 'enhancement.n4');
    gives: what the last step that runs must give one of. Raises InputError.
    """
    if arguments.recipe is None:
        recipe = Recipe.of(operation_from(arguments.operation, arguments.parameters, area))
    elif arguments.parameters:
        raise InputError("-p sets parameters of --operation; with --recipe write them into the recipe.")
    else:
        recipe = Recipe.load(arguments.recipe)
    if not any(set(operation.declaration.gives) & set(gives) for _, operation in recipe.enabled_steps):
        names = ", ".join(operation.declaration.name for _, operation in recipe.enabled_steps) or "no operation"
        raise InputError(f"{names} gives no {' or '.join(gives)}; choose an operation of {area} (see `operations`).")
    return recipe


def operation_from(name: str, settings: list[str], area: str, takes: str = "") -> Any:
    """The operation of --operation with its -p values. takes: what it must take. Raises InputError."""
    declaration = find_operation(name if "." in name else f"{area}.{name}")
    if takes and takes not in declaration.inputs:
        others = ", ".join(d.name for d in operations(area) if takes in d.inputs)
        raise InputError(f"{declaration.name} takes no {takes}; choose one of: {others}.")
    return declaration.create(parameter_values(declaration, settings))


def parameter_values(declaration: Declaration, settings: list[str]) -> dict[str, Value]:
    """Values of an operation's parameters from -p KEY=VALUE. Raises InputError."""
    values = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator:
            raise InputError(f"-p {setting}: write it as KEY=VALUE.")
        values[key.strip()] = declaration.parameter(key.strip()).parse(text.strip())
    return values
