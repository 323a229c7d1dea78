"""`features`: radiomic features of the regions of a mask, as a table or the full record."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ..core.atomic import write_text, written_together
from ..core.errors import InputError
from ..core.files import ImageFile
from ..core.geometry import require_scalar
from ..core.listing import listed
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.recorded import write_table
from ..quantification.radiomics.extract import every_segment, places_of
from ..quantification.radiomics.outcome import RegionFeatures, notes_of
from ..quantification.radiomics.robustness import robust_features
from ..quantification.radiomics.settings import Radiomics
from ..quantification.radiomics.settings_file import load_settings, preset_named, settings_for, settings_in
from ..quantification.radiomics.table import features_csv, features_json, robustness_csv
from .inputs import read_measured, read_segments, require_ending, require_outputs, said_by, unit_of_file
from .segment_names import note_on_names, segment_names

MOST_NAMED = 20  # labels that a message lists


def run(arguments: Namespace, progress: Progress) -> None:
    output = str(arguments.output)
    robustness = None if arguments.robustness is None else _beside(output)
    require_outputs([output, robustness], arguments.image, arguments.mask, arguments.settings)
    require_ending(output, ".csv", ".json", what="table")
    found = read_measured(arguments.image, arguments.notes)
    require_scalar(found.image, arguments.image)
    settings = _settings(arguments, found)
    labels = read_segments(arguments.mask, found.image, found.slices)
    present = list(places_of(labels))
    only = _chosen(arguments, present)
    share = 1.0 if arguments.robustness is None else 0.1
    regions = every_segment(found.image, labels, settings, progress.part(0.05, 0.05 + 0.9 * share), only)
    names = segment_names(arguments.mask, arguments.names, arguments.notes)
    arguments.notes += note_on_names(names, arguments.names, present)

    def called(label: int) -> str:
        return f"'{names[label]}'" if label in names else f"label {label}"

    arguments.notes += notes_of(regions, called)
    varied = None
    if arguments.robustness is not None:
        varied = robust_features(
            found.image,
            labels,
            settings,
            arguments.robustness,
            only,
            name_of=called,
            progress=progress.part(0.15, 0.95),
        )
        arguments.notes += varied.notes
    progress.check()
    inputs = {"image": arguments.image, "mask": arguments.mask, **said_by(arguments, "names").inputs}
    named = names if arguments.all_labels else None
    provenance = Provenance(Recipe.of(settings), inputs)
    with written_together():
        if output.lower().endswith(".csv"):
            write_table(features_csv(regions, settings, named), output, provenance)
        else:
            write_text(features_json(regions, settings, provenance.as_dict(), names), output)
        if varied is not None and robustness is not None:
            perturbed = Provenance(provenance.recipe, {**inputs, "perturbations": str(arguments.robustness)})
            write_table(robustness_csv(varied, named), robustness, perturbed)
    print(f"{_summary(regions)}: {', '.join(filter(None, (output, robustness)))}")


def _settings(arguments: Namespace, found: ImageFile) -> Radiomics:
    if arguments.settings is not None and arguments.preset is not None:
        raise InputError("Give --settings or --preset, not both; a preset's file can be copied and changed.")
    if arguments.settings is not None:
        settings = load_settings(arguments.settings)
    elif arguments.preset is not None:
        settings = preset_named(arguments.preset)
    else:
        settings, note = settings_for(found.modality)
        arguments.notes.append(note)
    named = arguments.settings is not None
    settings, note = settings_in(settings, unit_of_file(found), arguments.image, found.modality, named)
    arguments.notes += filter(None, [note])
    return settings


def _chosen(arguments: Namespace, present: Sequence[int]) -> list[int] | None:
    """The labels asked for; None is all of them."""
    if arguments.all_labels and arguments.label is not None:
        raise InputError("Give --label or --all-labels, not both.")
    if arguments.label is not None:
        return [arguments.label]
    if len(present) > 1 and not arguments.all_labels:
        raise InputError(
            f"{arguments.mask} has several labels ({listed(present, MOST_NAMED)}): choose one with "
            f"--label, or --all-labels."
        )
    return None


def _beside(output: str) -> str:
    """The file for how features vary, beside that of the features."""
    path = Path(output)
    return str(path.with_name(f"{path.stem}_robustness.csv"))


def _summary(regions: Sequence[RegionFeatures]) -> str:
    made = [region for region in regions if region.features]
    count = len(made[0].features)
    several = f" of each of {len(made)} regions" if len(made) > 1 else ""
    return f"{count} features{several}"
