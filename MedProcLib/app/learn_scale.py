"""`learn-scale`: a standard intensity scale from a set of images of one kind."""

from argparse import Namespace
from collections.abc import Iterator, Sequence

import SimpleITK as sitk

from ..core.atomic import write_text, written_together
from ..core.errors import InputError
from ..core.files import read_image
from ..core.progress import Progress
from ..core.recipe import Recipe
from ..enhancement.intensity.nyul import Nyul
from ..enhancement.intensity.standard_scale import learn_standard_scale
from .inputs import read_noted, require_ending, require_outputs


def run(arguments: Namespace, progress: Progress) -> None:
    images, masks, recipe = arguments.images, arguments.masks, arguments.recipe_output
    if masks is not None and len(masks) != len(images):
        raise InputError(f"There are {len(images)} images and {len(masks)} masks; give one mask for each image.")
    require_outputs([arguments.output, recipe], *images, *(masks or ()))
    for output in filter(None, (arguments.output, recipe)):
        require_ending(output, ".json", what="JSON file")
    mask_images = None if masks is None else (read_image(path) for path in masks)
    scale = learn_standard_scale(_read(images, arguments.notes, progress), mask_images, progress)
    progress.check()
    with written_together():
        scale.save(arguments.output)
        if recipe is not None:
            write_text(Recipe.of(Nyul(standard_scale=scale.to_json())).to_json() + "\n", recipe)
    print(f"Standard scale of {len(images)} image{'s' if len(images) > 1 else ''}: {arguments.output}")


def _read(paths: Sequence[str], notes: list[str], progress: Progress) -> Iterator[sitk.Image]:
    """One by one: only one is in memory."""
    for number, path in enumerate(paths):
        progress(number / len(paths), f"Image {number + 1} of {len(paths)}")
        yield read_noted(path, notes).image
