"""The operations that `enhance` and `segment` run: one with its parameters, or a recipe."""

from argparse import Namespace

from ..core.errors import InputError
from ..core.recipe import Recipe
from ..core.registry import find_operation


def chosen_recipe(arguments: Namespace, area: str, gives: tuple[str, ...]) -> Recipe:
    """The recipe of --recipe, or of --operation and its -p values.

    area: put before an operation's name that has none ('n4' is 'enhancement.n4');
    gives: what the last step that runs must give one of. Raises InputError.
    """
    if arguments.recipe is None:
        recipe = Recipe.of(_operation(arguments.operation, arguments.parameters, area))
    elif arguments.parameters:
        raise InputError("-p sets parameters of --operation; with --recipe write them into the recipe.")
    else:
        recipe = Recipe.load(arguments.recipe)
    if not any(set(operation.declaration.gives) & set(gives) for _, operation in recipe.enabled_steps):
        names = ", ".join(operation.declaration.name for _, operation in recipe.enabled_steps) or "no operation"
        raise InputError(f"{names} gives no {' or '.join(gives)}; choose an operation of {area} (see `operations`).")
    return recipe


def _operation(name: str, settings: list[str], area: str) -> object:
    declaration = find_operation(name if "." in name else f"{area}.{name}")
    values = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator:
            raise InputError(f"-p {setting}: write it as KEY=VALUE.")
        values[key.strip()] = declaration.parameter(key.strip()).parse(text.strip())
    return declaration.create(values)
