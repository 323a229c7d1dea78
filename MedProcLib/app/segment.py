"""`segment`: the label map that one operation, a recipe or a preset makes of an image, and the list of findings."""

import math
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.acquisition_tags import acquisition_tags
from ..core.atomic import write_text, written_together
from ..core.csv_text import csv_text
from ..core.errors import InputError
from ..core.files import require_image_target
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.structure import Structure
from ..segmentation.detection.listing import flat_candidate, size_text
from ..segmentation.naming import called_as, makes_others
from ..segmentation.outcome import segment
from ..segmentation.presets.presets import preset_named
from ..segmentation.presets.proposal import propose, unlike
from .chain import AUTO, PRESET_PARAMETERS, chosen_recipe, naming_proposed, proposed, require_fit, require_maps
from .findings_table import candidates_table
from .inputs import has_no_depth, read_labels, read_mask, read_noted, require_outputs
from .label_output import write_labels
from .maps import write_maps
from .seeds import read_seeds
from .segment_names import segment_structures

RESULTS = ("labels", "mask")


def run(arguments: Namespace, progress: Progress) -> None:
    require_image_target(arguments.output)
    inputs = {role: getattr(arguments, role) for role in ("image", "mask", "labels", "seeds", "second")}
    require_outputs([arguments.output, arguments.findings], *inputs.values())
    found = read_noted(arguments.image, arguments.notes, unscaled=True) if arguments.preset == AUTO else None
    proposal = proposed(found, arguments, propose) if found else None
    recipe = proposal.preset.recipe() if proposal else _recipe(arguments)
    require_maps(recipe, arguments.maps)
    options = {"--seed": ("seeds", arguments.seed), "--seeds": ("seeds", arguments.seeds)}
    options |= {f"--{name}": (name, getattr(arguments, name)) for name in ("mask", "labels", "second")}
    with naming_proposed(proposal):
        require_fit(recipe, options)
    found = found or read_noted(arguments.image, arguments.notes, unscaled=True)
    if arguments.preset and proposal is None:
        tags = {"Modality": found.modality, **acquisition_tags(found.slices)}
        other = unlike(arguments.preset, tags, Path(arguments.image).name)
        arguments.notes += [f"{arguments.image}: {other}"] * bool(other)
    image = found.image
    given = {
        "mask": read_mask(arguments.mask, image),
        "seeds": read_seeds(arguments.seed, arguments.seeds, image),
        "labels": None if arguments.labels is None else read_labels(arguments.labels, image, found.slices),
    }
    if arguments.second is not None:
        given["second"] = read_noted(arguments.second, arguments.notes, unscaled=True).image
    present: dict[str, Any] = {name: thing for name, thing in given.items() if thing is not None}
    with naming_proposed(proposal):
        outcome = segment(recipe, progress=progress.part(0.02, 0.98), image=image, **present)
    result, structures = outcome.labels, outcome.structures
    if arguments.labels is not None and not any(makes_others(operation) for _, operation in recipe.enabled_steps):
        start = called_as(outcome.sources, segment_structures(arguments.labels, None, arguments.notes))
        there = np.unique(sitk.GetArrayViewFromImage(result))
        structures = {value: each for value, each in start.items() if value in there} | dict(structures)
    if outcome.is_empty:
        arguments.notes.append(f"{arguments.output} is empty: {outcome.message}")
    names = {value: each.name for value, each in structures.items()}
    inputs["seeds"] = inputs["seeds"] or " ".join(arguments.seed)
    provenance = Provenance(recipe, {role: path for role, path in inputs.items() if path})
    progress.check()
    flat = has_no_depth(found)
    shown = _shown(result, structures, flat)
    said = []
    with written_together():
        if arguments.findings is not None:
            candidates = outcome.candidates
            dimension = image.GetDimension()
            if flat:
                candidates = [flat_candidate(each, image.GetSpacing()[2]) for each in candidates]
                dimension = 2
            write_text(csv_text(*candidates_table(candidates, names, dimension)), arguments.findings)
            said.append(f"Findings, {len(candidates)}: {arguments.findings}")
        if arguments.maps is not None:
            said.append(write_maps(outcome.maps, Path(arguments.maps), provenance))
        write_labels(result, arguments.output, provenance, structures)
    print(*said, sep="\n", end="\n" * bool(said))
    print(f"Segmentation{shown and f' ({shown})'}: {arguments.output}")


def _shown(labels: sitk.Image, structures: Mapping[int, Structure], flat: bool) -> str:
    """What the segments show; of findings that are all of one kind, how many and their volume, or their area.

    flat: whether it is of a picture that was taken for one slice.
    """
    if list(structures) != [0]:
        return ", ".join(f"{value} {each.name}" if value else each.name for value, each in sorted(structures.items()))
    numbers = sitk.GetArrayViewFromImage(labels)
    inside = numbers[numbers > 0]
    count = len(np.unique(inside))
    if not count:
        return f"{structures[0].name}: none"
    sides = labels.GetSpacing()[: 2 if flat else None]
    size = size_text(inside.size * math.prod(sides), len(sides))
    return f"{structures[0].name}: {count} finding{'s' * (count > 1)}, {size}"


def _recipe(arguments: Namespace) -> Recipe:
    if not arguments.preset:
        return chosen_recipe(arguments, "segmentation", RESULTS)
    if arguments.parameters:
        raise InputError(PRESET_PARAMETERS)
    return preset_named(arguments.preset).recipe()
