"""`segment`: the label map (or mask) that one operation or a recipe makes of an image."""

from argparse import Namespace

from ..core.files import require_image_target, write_image
from ..core.progress import Progress
from ..core.provenance import Provenance
from .chain import chosen_recipe
from .inputs import read_mask, read_noted, require_other_file

RESULTS = ("labels", "mask")


def run(arguments: Namespace, progress: Progress) -> None:
    recipe = chosen_recipe(arguments, "segmentation", RESULTS)
    require_image_target(arguments.output)
    require_other_file(arguments.output, arguments.image, arguments.mask)
    image = read_noted(arguments.image, arguments.notes).image
    things = recipe.run(progress.part(0.02, 0.95), image=image, mask=read_mask(arguments.mask, image))
    given = {name for _, operation in recipe.enabled_steps for name in operation.declaration.gives}
    result = things[next(name for name in RESULTS if name in given)]
    inputs = {"image": arguments.image, **({"mask": arguments.mask} if arguments.mask else {})}
    progress.check()
    write_image(result, arguments.output, Provenance(recipe, inputs).to_json())
    print(f"Segmentation: {arguments.output}")
