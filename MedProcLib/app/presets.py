"""`presets`: the chains that are shipped for `enhance` and `segment`, with what each does and needs."""

from argparse import Namespace

from ..core.preset import Preset
from ..core.progress import Progress
from ..enhancement.presets.presets import PRESETS as ENHANCEMENT
from ..segmentation.presets.presets import PRESETS as SEGMENTATION


def run(arguments: Namespace, progress: Progress) -> None:
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
