"""`quality`: the table of figures of an image's quality."""

from argparse import Namespace

from ..core.errors import InputError
from ..core.geometry import require_same_grid
from ..core.progress import Progress
from ..core.recorded import write_table
from ..quantification.image_quality import compare_quality, image_quality, reference_quality
from ..quantification.quality_regions import find_regions
from ..quantification.quality_table import quality_csv, quality_rows
from .inputs import read_labels, read_mask, read_noted, require_ending, require_outputs, said_by


def run(arguments: Namespace, progress: Progress) -> None:
    if arguments.regions is None and (arguments.region_a, arguments.region_b) != (None, None):
        raise InputError("--region-a and --region-b are labels of a label map: give it with --regions.")
    others = (arguments.mask, arguments.regions, arguments.reference, arguments.before)
    require_outputs([arguments.output], arguments.image, *others)
    require_ending(arguments.output, ".csv", what="table")
    found = read_noted(arguments.image, arguments.notes, unscaled=True)
    image = found.image
    unit = "HU" if found.modality == "CT" else "intensity"
    reference, before = (_read_beside(path, arguments) for path in (arguments.reference, arguments.before))
    for path, other in ((arguments.reference, reference), (arguments.before, before)):
        if other is not None:
            require_same_grid(image, other, f"the image and {path}")
    regions = find_regions(
        [image] if before is None else [before, image],
        read_mask(arguments.mask, image),
        None if arguments.regions is None else read_labels(arguments.regions, image),
        arguments.region_a,
        arguments.region_b,
        progress.part(0.05, 0.2),
    )
    measuring, comparing = progress.part(0.2, 0.7), progress.part(0.7, 0.98)
    if before is None:
        rows = quality_rows(image_quality(image, regions, unit, measuring))
    else:
        compared = compare_quality(before, image, regions, unit, measuring)
        rows = quality_rows(compared.after, compared.before)
        if compared.scale is not None:
            arguments.notes.append(f"{arguments.image}: {compared.scale.description}")
        if reference is None:
            rows += quality_rows(compared.between)
    if reference is not None:
        old = [] if before is None else reference_quality(before, reference, regions, unit, comparing.part(0, 0.5))
        rows += quality_rows(reference_quality(image, reference, regions, unit, comparing.part(0.5, 1)), old)
    arguments.notes += [f"{row.figure.title}: no value, {row.undefined}" for row in rows if row.undefined]
    progress.check()
    provenance = said_by(arguments, "image", "mask", "regions", "region_a", "region_b", "reference", "before")
    write_table(quality_csv(rows), arguments.output, provenance)
    print(
        f"Image quality, {len(rows)} figures; region: {regions.found}; tissues: {regions.tissues}: {arguments.output}"
    )


def _read_beside(path: str | None, arguments: Namespace):
    return None if path is None else read_noted(path, arguments.notes, unscaled=True).image
