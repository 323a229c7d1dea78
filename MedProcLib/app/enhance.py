"""`enhance`: an image through one operation, a recipe or a preset."""

from argparse import Namespace

from ..core.errors import InputError
from ..core.files import require_image_target
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recorded import write_result
from ..enhancement.kept_unit import keeps_unit
from ..enhancement.presets.presets import preset_named
from ..enhancement.presets.proposal import propose
from ..enhancement.unchanged import note_unchanged
from .chain import AUTO, PRESET_PARAMETERS, chosen_recipe, naming_proposed, proposed, require_fit
from .inputs import read_mask, read_noted, require_outputs, said_of_values


def run(arguments: Namespace, progress: Progress) -> None:
    recipe = None if arguments.preset else chosen_recipe(arguments, "enhancement", ("image",))
    if arguments.parameters and recipe is None:
        raise InputError(PRESET_PARAMETERS)
    if arguments.preset not in (None, AUTO):
        recipe = preset_named(arguments.preset).recipe()
    require_image_target(arguments.output)
    require_outputs([arguments.output], arguments.image, arguments.mask, arguments.reference)
    found = read_noted(arguments.image, arguments.notes, unscaled=True)
    image = found.image
    proposal = None
    if recipe is None:
        proposal = proposed(found, arguments, propose)
        recipe = proposal.preset.recipe()
    require_fit(recipe, {f"--{name}": (name, getattr(arguments, name)) for name in ("mask", "reference")})
    given = {"mask": read_mask(arguments.mask, image)}
    if arguments.reference is not None:
        given["reference"] = read_noted(arguments.reference, arguments.notes, unscaled=True).image
    with naming_proposed(proposal):
        things = recipe.run(progress.part(0.02, 0.95), image=image, **given)
    note_unchanged(image, things["image"], progress)
    files = {"image": arguments.image, "mask": arguments.mask, "reference": arguments.reference}
    inputs = {name: path for name, path in files.items() if path is not None}
    progress.check()
    said = said_of_values(found, keeps_unit(recipe))
    write_result(things["image"], arguments.output, Provenance(recipe, inputs), said)
    print(f"Enhanced image: {arguments.output}")
