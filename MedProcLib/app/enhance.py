"""`enhance`: an image through one operation or a recipe."""

from argparse import Namespace

from ..core.files import require_image_target, write_image
from ..core.progress import Progress
from ..core.provenance import Provenance
from .chain import chosen_recipe
from .inputs import read_mask, read_noted, require_other_file


def run(arguments: Namespace, progress: Progress) -> None:
    recipe = chosen_recipe(arguments, "enhancement", ("image",))
    require_image_target(arguments.output)
    require_other_file(arguments.output, arguments.image, arguments.mask, arguments.reference)
    image = read_noted(arguments.image, arguments.notes).image
    given = {"mask": read_mask(arguments.mask, image)}
    if arguments.reference is not None:
        given["reference"] = read_noted(arguments.reference, arguments.notes).image
    things = recipe.run(progress.part(0.02, 0.95), image=image, **given)
    files = {"image": arguments.image, "mask": arguments.mask, "reference": arguments.reference}
    inputs = {name: path for name, path in files.items() if path is not None}
    progress.check()
    write_image(things["image"], arguments.output, Provenance(recipe, inputs).to_json())
    print(f"Enhanced image: {arguments.output}")
