"""The operations that `enhance` and `segment` run: one with its parameters, or a recipe."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.acquisition_tags import acquisition_tags
from ..core.atomic import require_writable_folder
from ..core.errors import InputError
from ..core.files import ImageFile
from ..core.geometry import require_scalar
from ..core.operation import THINGS, Declaration, with_article
from ..core.parameters import Value
from ..core.recipe import Recipe
from ..core.recorded import recipe_of_file
from ..core.registry import find_operation, operations
from ..enhancement.presets.proposal import Proposal

AUTO = "auto"  # of --preset: the one that is proposed for the image
PRESET_PARAMETERS = (
    "-p sets parameters of --operation; a preset's are changed in its recipe: `presets NAME -o R.json` writes it, "
    "--recipe R.json takes it."
)


def chosen_recipe(arguments: Namespace, area: str, gives: tuple[str, ...]) -> Recipe:
    """The recipe of --recipe (a recipe file, or a result of one), or of --operation and its -p values.

    area: put before an operation's name that has none ('n4' is 'enhancement.n4');
    gives: what the last step that runs must give one of. Raises InputError.
    """
    if arguments.recipe is None:
        recipe = Recipe.of(operation_from(arguments.operation, arguments.parameters, area))
    elif arguments.parameters:
        raise InputError("-p sets parameters of --operation; with --recipe write them into the recipe.")
    else:
        recipe = recipe_of_file(arguments.recipe)
    if not any(set(operation.declaration.gives) & set(gives) for _, operation in recipe.enabled_steps):
        names = ", ".join(operation.declaration.name for _, operation in recipe.enabled_steps) or "no operation"
        raise InputError(f"{names} gives no {' or '.join(gives)}; choose an operation of {area} (see `operations`).")
    return recipe


def proposed(found: ImageFile, arguments: Namespace, propose: Callable[..., Proposal | None]) -> Proposal:
    """The preset of --preset auto, which a note names with the reason. propose: of an area's presets. InputError."""
    if arguments.parameters:
        raise InputError(PRESET_PARAMETERS)
    require_scalar(found.image)  # said before a preset is named that could not run
    proposal = proposal_for(found, propose)
    if proposal is None:
        raise InputError(f"No preset is known to suit {arguments.image}; name one with --preset.")
    arguments.notes.append(f"{arguments.image}: preset {proposal.preset.name}, {proposal.reason}")
    return proposal


def proposal_for(found: ImageFile, propose: Callable[..., Proposal | None]) -> Proposal | None:
    """The preset that suits a scalar image of one time point, None where none is known. propose: as of proposed()."""
    tags = {"Modality": found.modality, **acquisition_tags(found.slices)}
    return propose(tags, found.image, Path(found.source).name)


@contextmanager
def naming_proposed(proposal: Proposal | None) -> Iterator[None]:
    """Errors of the block begin with the preset that was proposed, if one was: nobody has chosen its steps."""
    try:
        yield
    except InputError as error:
        if proposal is None:
            raise
        raise InputError(f"Preset {proposal.preset.name}, which is proposed for this image: {error}") from None


def require_fit(recipe: Recipe, given: Mapping[str, tuple[str, object]]) -> None:
    """Raise InputError for what was given and no step takes, and for what a step needs and was not given.

    given: option -> the thing (see core.operation.THINGS) that it gives, and its value, None or empty without it. What
    a step before gives is there too.
    """
    there = {"image", *(thing for thing, value in given.values() if value)}
    taken: set[str] = set()
    for _, operation in recipe.enabled_steps:
        declaration = operation.declaration
        for thing in declaration.inputs:
            options = " or ".join(option for option, (what, _) in given.items() if what == thing)
            if thing not in there and options:
                raise InputError(f"{declaration.title} needs {with_article(thing)} ({THINGS[thing]}): give {options}.")
        taken.update(declaration.inputs, declaration.optional_inputs)
        there.update(declaration.gives)
    for option, (thing, value) in given.items():
        if value and thing not in taken:
            raise InputError(f"These steps do not use {option}: leave it out.")


def require_maps(recipe: Recipe, folder: str | None) -> None:
    """Raise InputError for a folder for maps that no step gives, or that cannot be written to."""
    if folder is None:
        return
    if not any("maps" in operation.declaration.gives for _, operation in recipe.enabled_steps):
        raise InputError("These steps give no maps; leave --maps out.")
    require_writable_folder(folder)


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
