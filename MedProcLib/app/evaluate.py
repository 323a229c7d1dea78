"""`evaluate`: how well a segmentation agrees with a reference, as a table or the full record."""

import math
from argparse import Namespace
from collections.abc import Mapping, Sequence

import SimpleITK as sitk

from ..core.atomic import write_text
from ..core.boxes import boxes_of
from ..core.errors import InputError
from ..core.listing import listed
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.recorded import write_table
from ..core.registry import create_operation
from ..core.structure import words_of
from ..segmentation.combining.same_names import are_nested, common_values, with_values
from ..segmentation.scoring.result import Scores
from ..segmentation.scoring.score import score
from ..segmentation.scoring.table import scores_csv, scores_json
from .inputs import read_label_maps, require_ending, require_outputs, said_by
from .segment_names import segment_names

MOST_NAMED = 5  # labels that a note lists
# option -> parameter of segmentation.score
OPTIONS = {
    "tolerance": "tolerance_mm",
    "boundary": "boundary_mm",
    "lesions": "lesions",
    "match": "match",
    "iou_threshold": "iou_threshold",
    "connectivity": "connectivity",
    "smallest_lesion": "smallest_lesion_mm3",
    "merge": "merge_mm",
}


def run(arguments: Namespace, progress: Progress) -> None:
    require_outputs([arguments.output], arguments.reference, arguments.test)
    require_ending(arguments.output, ".csv", ".json", what="table")
    chosen = {name: getattr(arguments, option) for option, name in OPTIONS.items()}
    settings = create_operation("segmentation.score", {k: v for k, v in chosen.items() if v is not None})
    if arguments.as_one and arguments.labels:
        raise InputError("--as-one scores all labels together: leave --labels out.")
    called = segment_names(arguments.reference, arguments.names, arguments.notes)
    tested = segment_names(arguments.test, None, [] if arguments.names else arguments.notes)
    reference, test = read_label_maps((arguments.reference, arguments.test), arguments.notes)
    if not (arguments.names or arguments.as_one):
        test, tested = _by_name((reference, test), (called, tested), arguments.notes)
        arguments.notes += _called_otherwise(called, tested)
    names = tested | called
    if arguments.as_one:
        reference, test = (sitk.Cast(sitk.NotEqual(labels, 0), sitk.sitkUInt8) for labels in (reference, test))
        names = {1: names[1] if arguments.names and 1 in names else "All"}
    scores = score(reference, test, settings, arguments.labels, names, progress.part(0.1, 0.98))
    arguments.notes += (*scores.notes, *_numbered(scores))
    progress.check()
    given = ("reference", "test", "names", "labels", *(["as_one"] if arguments.as_one else []))
    provenance = Provenance(Recipe.of(settings), said_by(arguments, *given).inputs)
    if str(arguments.output).lower().endswith(".csv"):
        write_table(scores_csv(scores), arguments.output, provenance)
    else:
        write_text(scores_json(scores, provenance.as_dict()), arguments.output)
    print(_summary(scores, arguments.output))


def _by_name(
    maps: Sequence[sitk.Image], named: Sequence[Mapping[int, str]], notes: list[str]
) -> tuple[sitk.Image, dict[int, str]]:
    """The test and its names with the reference's numbers for what has the same names, where all have names of their
    own and one of the two has all names of the other; else as they are."""
    there = [
        {label: names.get(label, "") for label in boxes_of(sitk.GetArrayViewFromImage(labels))}
        for labels, names in zip(maps, named, strict=True)
    ]
    (reference, test), tested = there, dict(named[1])
    if not (reference and test and are_nested(reference, test)):
        return maps[1], tested
    own = common_values([reference, test])[0][1]
    said = [f"{label} of the test is {own[label]} of the reference ({test[label]})" for label in own]
    changed = [text for label, text in zip(own, said, strict=True) if label != own[label] and own[label] in reference]
    if changed:
        notes.append(f"The labels are matched by their names, not by their numbers: {listed(changed, MOST_NAMED)}.")
    return with_values(maps[1], own), {own[label]: name for label, name in test.items()}


def _called_otherwise(names: Mapping[int, str], tested: Mapping[int, str]) -> list[str]:
    """A note where reference and test call one label differently."""
    other = [n for n in sorted(names.keys() & tested.keys()) if words_of(names[n]) != words_of(tested[n])]
    said = [f"label {n} is '{names[n]}' in the reference and '{tested[n]}' in the test" for n in other]
    return [f"{listed(said, MOST_NAMED)}: are they the same?"] if said else []


def _numbered(scores: Scores) -> tuple[str, ...]:
    """A note where one of the two numbers its lesions and the other does not."""
    counts = [sum(row.missing not in (which, "both") for row in scores.rows) for which in ("reference", "test")]
    if min(counts) == 1 and max(counts) > 1:
        return (f"One of the two has a single label, the other {max(counts)}: --as-one scores all labels together.",)
    return ()


def _summary(scores: Scores, output: str) -> str:
    count, mean = len(scores.rows), scores.mean
    figures = ", ".join(
        f"{what} not defined" if math.isnan(mean.value(name)) else f"{what} {mean.value(name):.3f}{unit}"
        for what, name, unit in (
            ("Dice", "dice", ""),
            ("surface Dice", "surface_dice", ""),
            ("HD95", "hausdorff_95", " mm"),
        )
    )
    return f"Scores of {count} segment{'s' * (count != 1)}{', mean' * (count != 1)}: {figures}: {output}"
