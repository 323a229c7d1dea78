"""`presets`: the chains that are shipped for `enhance` and `segment`, with what each does, and its recipe."""

from argparse import Namespace

from ..core.atomic import write_text
from ..core.errors import InputError
from ..core.preset import Preset, preset_named
from ..core.progress import Progress
from ..enhancement.presets.presets import PRESETS as ENHANCEMENT
from ..segmentation.presets.presets import PRESETS as SEGMENTATION


def run(arguments: Namespace, progress: Progress) -> None:
    if arguments.name is None and arguments.output is not None:
        raise InputError("-o takes the recipe of one preset: name it (`presets` lists them).")
    if arguments.name is None:
        _list()
        return
    recipe = preset_named(arguments.name, (*ENHANCEMENT, *SEGMENTATION)).recipe().to_json()
    if arguments.output is None:
        print(recipe)
        return
    write_text(recipe + "\n", arguments.output)
    print(f"Recipe of {arguments.name}: {arguments.output}")


def _list() -> None:
    for command, presets in (("enhance", ENHANCEMENT), ("segment", SEGMENTATION)):
        print(f"{command} IMAGE --preset NAME:")
        for preset in presets:
            print("\n".join(_described(preset)))


def _described(preset: Preset) -> list[str]:
    group = f" ({preset.group})" if preset.group else ""
    lines = [f"  {preset.name}: {preset.title}{group}", f"      {preset.about}"]
    if preset.seeds:
        lines.append(f"      needs --seed or --seeds: {preset.seeds}")
    steps = [operation.declaration.name for _, operation in preset.recipe().enabled_steps]
    return [*lines, f"      steps: {', '.join(steps)}"]
