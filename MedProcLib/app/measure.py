"""`measure`: the table of measurements of a label map, in one image or over a time series."""

import math
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from ..core.atomic import write_text, written_together
from ..core.dicom_segmentation import is_dicom_segmentation
from ..core.dicom_structure_set import is_structure_set
from ..core.errors import InputError
from ..core.files import ImageFile, file_of, read_image, read_image_file
from ..core.listing import listed
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.recorded import write_table
from ..core.registry import find_operation
from ..core.seg_nrrd import is_layered
from ..core.structure import Structure
from ..core.table_file import KINDS, table_data
from ..quantification.measure import OTHER_ROWS, measure, require_reportable
from ..quantification.pet.total import total_uptake
from ..quantification.region_figures import GROUPS
from ..quantification.row import Row
from ..quantification.series import images_of_series, measure_series
from ..quantification.table import (
    NOT_RELIABLE,
    has_too_few_voxels,
    long_table,
    wide_table,
    without_number,
    without_repeats,
)
from ..quantification.table_text import measurements_json
from .chain import operation_from, parameter_values
from .inputs import (
    about_unknown_unit,
    label_map,
    read_labels,
    read_measured,
    read_segments,
    require_outputs,
    said_by,
    unit_of_file,
)
from .segment_names import note_on_names, segment_structures


def run(arguments: Namespace, progress: Progress) -> None:
    require_outputs([arguments.output, arguments.sr], arguments.image, arguments.segmentation)
    written = _format(arguments)
    if not arguments.sr and (arguments.sr_of or arguments.reader):
        raise InputError("--sr-of and --reader are of the DICOM report: name its file with --sr.")
    found = read_measured(arguments.image, arguments.notes)
    operation = _operation(arguments, found)
    source = _source_of_report(arguments, found, operation) if arguments.sr else None
    overlap = False
    structures = segment_structures(arguments.segmentation, arguments.names, arguments.notes)
    names = {label: structure.name for label, structure in structures.items()}
    measuring = progress.part(0.05, 0.95)
    if found.image.GetDimension() == 4:
        maps = _label_maps(arguments.segmentation, images_of_series(found.image)[0], found.slices)
        rows = measure_series(found.image, maps, names, operation, arguments.times, measuring)
    elif arguments.times:
        raise InputError("--times are those of the images of a 4D image; this one is a single image.")
    else:
        labels = read_segments(arguments.segmentation, found.image, found.slices)
        overlap = len(labels) > 1
        rows = measure(found.image, labels, names, operation, measuring)
    present = {segment for row in rows for segment in (row.segment, row.other) if segment is not None}
    arguments.notes += note_on_names(names, arguments.names, present)
    arguments.notes += _about_rows(rows)
    if operation.parameters.get("intensity_unit") == "intensity":
        arguments.notes += about_unknown_unit(found)
    if operation.parameters.get("intervals"):
        arguments.notes += _about_intervals(arguments, found, operation)
    inputs = {"image": arguments.image, "labels": arguments.segmentation}
    inputs |= said_by(arguments, "names", "times").inputs
    provenance = Provenance(Recipe.of(operation), inputs)
    progress.check()
    reports: list[Path] = []
    with written_together():
        if source is not None:
            reports = _write_report(arguments, source, labels, rows, structures)
        shown = rows if arguments.per else without_repeats(rows)
        if written == "json":
            write_text(measurements_json(shown, provenance.as_dict()), arguments.output)
        else:
            table = long_table(shown) if arguments.long else wide_table(shown)
            write_table(table_data(written, *table), arguments.output, provenance)
    for file in reports:
        print(f"DICOM: {file}")
    if operation.parameters.get("pet") and found.image.GetDimension() == 3 and not overlap:
        total = total_uptake(rows)
        volume, glycolysis = (total.value(name) for name in ("metabolic_volume", "total_lesion_glycolysis"))
        print(f"All segments: metabolic volume {volume:.1f} ml, total lesion glycolysis {glycolysis:.1f} g")
    print(f"{_counted(rows, operation)}: {arguments.output}")


def _about_intervals(arguments: Namespace, found: ImageFile, operation: Any) -> list[str]:
    if found.image.GetDimension() == 2:
        return [f"{arguments.image} is 2D: the 95 % intervals are of volumes, and are left out"]
    if operation.parameters["border_sd_mm"]:
        return []
    return [
        "the 95 % intervals take the border as it is drawn for that of the body: say how sure it is with "
        "-p border_sd_mm=MM (standard deviation)"
    ]


def _about_rows(rows: list[Row]) -> list[str]:
    """What a reader should know of whole segments' figures; of slices and components the table says it."""
    wholes = [row for row in rows if row.is_whole and row.other is None]
    few = [row for row in wholes if has_too_few_voxels(row)]
    cut = [row for row in wholes if row.at_border]
    empty = [row for row in wholes if any(m.name == "mean" and math.isnan(m.value) for m in row.measurements)]
    lacking = [row for row in wholes if row not in empty and without_number(row)]
    notes = []
    if few:
        notes.append(f"{_listed(few)}: too few voxels for some figures, see the column `{NOT_RELIABLE}`")
    if cut:
        notes.append(f"{_listed(cut)}: at the border of the image; of what may lie beyond nothing is measured")
    if lacking:
        most = max(map(without_number, lacking))
        upto = "up to " if len(lacking) > 1 else ""
        notes.append(f"{_listed(lacking)}: {upto}{most} of its voxels without a number, left out of the intensities")
    if empty:
        notes.append(f"{_listed(empty)}: no voxel holds a number, so there are no intensities")
    return notes + _reasons(wholes)


def _reasons(rows: list[Row]) -> list[str]:
    """Why segments lack figures: a line for each reason, and for the figures that the same segments lack by it."""
    lacking: dict[tuple[object, str], list[Row]] = {}
    for row in rows:
        for each in row.measurements:
            if "reason" in each.parameters and math.isnan(each.value):
                lacking.setdefault((each.parameters["reason"], each.name), []).append(row)
    together: dict[tuple[object, str], list[str]] = {}
    for (reason, name), of in lacking.items():
        together.setdefault((reason, _listed(of)), []).append(name.replace("_", " "))
    return [f"{of}: no {', '.join(names)}, as {reason}" for (reason, of), names in together.items()]


def _listed(rows: list[Row]) -> str:
    """Each segment once, at however many time points it is."""
    return listed(list(dict.fromkeys(f"'{row.name}'" for row in rows)))


def _label_maps(path: str, first: sitk.Image, slices: Sequence[Path]) -> list[sitk.Image]:
    """Of a series of images: one for all of them, on the grid of the first, or those along the fourth axis."""
    apart = any(is_a(file_of(path)) for is_a in (is_structure_set, is_dicom_segmentation, is_layered))
    series = None if apart else read_image(path)
    if series is None or series.GetDimension() <= first.GetDimension():
        return [read_labels(path, first, slices)]
    return [label_map(shown, path) for shown in images_of_series(series)]


def _counted(rows: list[Row], operation: Any) -> str:
    what = OTHER_ROWS.get(operation.declaration.name)
    if what is not None:
        return f"{len(rows)} {what}{'s' * (len(rows) != 1)}"
    segments = len({row.segment for row in rows} - {0}) or 1  # 0: all of them together
    return f"Measurements of {segments} segment{'s' * (segments != 1)}"


def _source_of_report(arguments: Namespace, found: ImageFile, operation: Any) -> Any:
    """The series that --sr refers to. Raises InputError, before anything is measured, where there can be no report."""
    from ..report.dicom_sr.source_series import read_source_series

    require_reportable(operation)
    if found.image.GetDimension() == 4:
        raise InputError("--sr is of one image; give one time point of IMAGE, such as IMAGE#2.")
    files = found.slices if arguments.sr_of is None else read_image_file(arguments.sr_of).slices
    require_outputs([arguments.sr], *map(str, files))
    if not files:
        raise InputError(
            "--sr needs IMAGE to be a DICOM series, as a DICOM report refers to DICOM images: "
            "name the series that IMAGE was made from with --sr-of."
        )
    source = read_source_series(files)
    source.require_voxels_of(found.image, "image")
    return replace(source, stated=found.quantity or source.stated)


def _write_report(
    arguments: Namespace, source: Any, labels: Any, rows: list[Row], segments: dict[int, Structure]
) -> list[Path]:
    from ..report.dicom_sr.measurement_report import write_measurement_report

    return write_measurement_report(rows, source, labels, segments, arguments.sr, arguments.reader or "")


def _format(arguments: Namespace) -> str:
    """That of --format, or of the file's ending."""
    ending = Path(arguments.output).suffix.lower().removeprefix(".")
    if arguments.format is None and ending not in (*KINDS, "json"):
        raise InputError(
            f"{arguments.output} is no table: end it in .csv, .tsv, .xlsx or .json, or say which with --format."
        )
    written = arguments.format or ending
    if arguments.long and written == "json":
        raise InputError("--long is for tables: JSON always holds a record for each figure.")
    return written


def _operation(arguments: Namespace, found: ImageFile) -> Any:
    """quantification.measure with the groups and rows asked for, or the operation of --operation."""
    if arguments.operation is not None:
        if arguments.group or arguments.unit or arguments.per:
            raise InputError("--group, --unit and --per are not for --operation; set its own parameters with -p.")
        return operation_from(arguments.operation, arguments.parameters, "quantification")
    per = arguments.per or "component"
    settings: dict[str, Any] = {
        "intensity_unit": arguments.unit or unit_of_file(found),
        "components": per == "component",
        "slices": per == "slice",
    }
    if arguments.group:
        settings |= {group: group in arguments.group for group in GROUPS}
    declaration = find_operation("quantification.measure")
    return declaration.create(settings | parameter_values(declaration, arguments.parameters))
