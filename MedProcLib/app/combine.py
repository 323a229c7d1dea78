"""`combine`: one label map from those of several raters or methods, and how sure it is."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ..core.atomic import write_text, written_together
from ..core.csv_text import csv_text
from ..core.errors import InputError
from ..core.files import require_image_target
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.structure import Structure
from ..segmentation.combining.performance import RaterPerformance
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
    raters = read_label_maps(arguments.segmentations, arguments.notes)
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
        write_labels(things["labels"], arguments.output, provenance, _shown(arguments))
    print(*said, sep="\n", end="\n" * bool(said))
    print(f"Combined segmentation of {len(raters)} raters: {arguments.output}")


def _shown(arguments: Namespace) -> dict[int, Structure]:
    """What each label shows, by the first rater whose file says it."""
    shown: dict[int, Structure] = {}
    for path in reversed(arguments.segmentations):
        shown |= segment_structures(path, None, [])
    return shown


def _performance_csv(rows: Sequence[RaterPerformance], files: Sequence[str]) -> str:
    """One line for each rater and segment. Raises InputError without rows."""
    if not rows:
        raise InputError("This operation says nothing of the raters; --performance needs staple.")
    figures = [measurement.name for measurement in rows[0].measurements]
    lines = [[row.rater, files[row.rater - 1], row.segment, *(m.value for m in row.measurements)] for row in rows]
    return csv_text(["rater", "file", "label", *figures], lines)
