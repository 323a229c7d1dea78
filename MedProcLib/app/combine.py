"""`combine`: one label map from those of several raters or methods, and how sure it is."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import SimpleITK as sitk

from ..core.atomic import write_text, written_together
from ..core.boxes import boxes_of
from ..core.csv_text import csv_text
from ..core.errors import InputError
from ..core.files import require_image_target
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.structure import Structure, is_name
from ..segmentation.combining.performance import RaterPerformance
from ..segmentation.combining.same_names import common_values, with_values
from .chain import operation_from, require_fit, require_maps
from .inputs import read_label_maps, read_mask, require_outputs
from .label_output import write_labels
from .maps import write_maps
from .segment_names import segment_structures


def run(arguments: Namespace, progress: Progress) -> None:
    operation = operation_from(arguments.operation, arguments.parameters, "segmentation", takes="raters")
    require_image_target(arguments.output)
    require_outputs([arguments.output, arguments.performance], *arguments.segmentations, arguments.mask)
    recipe = Recipe.of(operation)
    require_maps(recipe, arguments.maps)
    require_fit(recipe, {"--mask": ("mask", arguments.mask)})
    shown = [segment_structures(path, None, []) for path in arguments.segmentations]
    raters = _by_name(read_label_maps(arguments.segmentations, arguments.notes), shown, arguments.notes)
    things = recipe.run(progress.part(0.1, 0.95), raters=raters, mask=read_mask(arguments.mask, raters[0]))
    inputs = {f"rater {number}": path for number, path in enumerate(arguments.segmentations, 1)}
    provenance = Provenance(recipe, inputs)
    progress.check()
    said = []
    with written_together():
        if arguments.maps is not None:
            said.append(write_maps(things.get("maps", {}), Path(arguments.maps), provenance))
        if arguments.performance is not None:
            write_text(_performance_csv(things.get("table", []), arguments.segmentations), arguments.performance)
            said.append(f"Performance of the raters: {arguments.performance}")
        write_labels(things["labels"], arguments.output, provenance, _first_said(shown))
    if not boxes_of(sitk.GetArrayViewFromImage(things["labels"])):
        arguments.notes.append(f"{arguments.output} is empty: nowhere do enough raters agree.")
    print(*said, sep="\n", end="\n" * bool(said))
    print(f"Combined segmentation of {len(raters)} raters: {arguments.output}")


def _by_name(raters: list[sitk.Image], shown: list[dict[int, Structure]], notes: list[str]) -> list[sitk.Image]:
    """The label maps with one value for what is the same segment, see common_values.

    shown: what each file says of its labels; what it says of values that change, changes with them.
    """
    present = [boxes_of(sitk.GetArrayViewFromImage(rater)) for rater in raters]
    names = [
        {label: said[label].name if label in said else "" for label in sorted({*said, *labels})}
        for said, labels in zip(shown, present, strict=True)
    ]
    values, said_of_names = common_values(names)
    notes += said_of_names
    numbered = []
    for number, (rater, own) in enumerate(zip(raters, values, strict=True)):
        if any(own[label] != label for label in present[number]):
            notes.append(f"The labels of rater {number + 1} are matched with those of the others by what they are.")
            rater = with_values(rater, own)
        shown[number] = {own[label]: structure for label, structure in shown[number].items()}
        numbered.append(rater)
    return numbered


def _first_said(shown: Sequence[Mapping[int, Structure]]) -> dict[int, Structure]:
    """What each label shows, by the first rater whose file says it; 'Segment_1' only where no other says more."""
    said: dict[int, Structure] = {}
    for each in reversed(shown):
        said |= {label: structure for label, structure in each.items() if is_name(structure.name) or label not in said}
    return said


def _performance_csv(rows: Sequence[RaterPerformance], files: Sequence[str]) -> str:
    """One line for each rater and segment. Raises InputError without rows."""
    if not rows:
        raise InputError("This operation says nothing of the raters; --performance needs staple.")
    figures = [measurement.name for measurement in rows[0].measurements]
    lines = [[row.rater, files[row.rater - 1], row.segment, *(m.value for m in row.measurements)] for row in rows]
    return csv_text(["rater", "file", "label", *figures], lines)
