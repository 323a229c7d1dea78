"""Radiomic features of segments as a table node: a row for each feature, a column for each segment."""

import math
from collections.abc import Callable, Sequence

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.radiomics.extract import every_segment
from MedProcLib.quantification.radiomics.outcome import RegionFeatures, notes_of
from MedProcLib.quantification.radiomics.robustness import Robustness, robust_features
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.scene.commit import commit
from MedProcLib.scene.measurement_input import MeasurementInput
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.tables import Column, table_from_columns


def segment_features(given: MeasurementInput, settings: Radiomics, progress: Progress = SILENT) -> list[RegionFeatures]:
    """Features of all segments in the first image; touches no node. Raises InputError, Cancelled."""
    return every_segment(given.measured_image(), given.measured_labels(), settings, progress)


def segment_robustness(
    given: MeasurementInput, settings: Radiomics, count: int, progress: Progress = SILENT
) -> Robustness:
    """How the features of all segments in the first image vary under `count` perturbations; touches no node.

    Raises InputError, Cancelled.
    """
    image, maps = given.measured_image(), given.measured_labels()
    return robust_features(image, maps, settings, count, name_of=_names(given), progress=progress)


def add_features(
    found: Sequence[RegionFeatures],
    given: MeasurementInput,
    volume,
    settings: Radiomics,
    robustness: Robustness | None = None,
):
    """Add the table under the volume's study and return it; main thread. Raises InputError without a region.

    robustness: adds the interval of each segment's features and their ICC. Notes are the table's description.
    """
    if not found:
        raise InputError("There are no features to show.")
    first = found[0].features
    varied = robustness.rows if robustness is not None else ()
    columns = [
        Column("feature", [feature.name for feature in first]),
        Column("tag", [feature.tag for feature in first], meaning="IBSI's name with the aggregation"),
        Column("family", [feature.family for feature in first]),
        Column("aggregation", [feature.aggregation for feature in first]),
    ]
    names: list[str] = []
    for region in found:
        name = given.segments.segments[region.label].name
        names.append(f"{name} ({names.count(name) + 1})" if name in names else name)
        values = {feature.tag: feature.value for feature in region.features}
        columns.append(Column(names[-1], [values.get(feature.tag) for feature in first]))
        own = {row.tag: row for row in varied if row.label == region.label}
        for end in ("low", "high") if own else ():
            ends = [getattr(own[feature.tag], end) if feature.tag in own else None for feature in first]
            columns.append(Column(f"{names[-1]} {end}", ends, meaning="of the middle 95 % of the perturbations"))
    by_tag = {row.tag: row.icc for row in varied if math.isfinite(row.icc)}
    if by_tag:
        meaning = "intraclass correlation ICC(1,1) of the segments under the perturbations"
        columns.append(Column("ICC", [by_tag.get(feature.tag) for feature in first], meaning=meaning))
    columns.append(Column("unit", [feature.unit for feature in first]))
    columns.append(Column("code", [f"IBSI:{feature.code}" if feature.code else "" for feature in first]))
    notes, inputs = notes_of(found, _names(given)), given.inputs
    if robustness is not None:
        notes += robustness.notes
        inputs = {**inputs, "perturbations": str(robustness.count)}
    with commit():
        table = table_from_columns(columns, f"{given.segmentation_name} features", like=volume)
        table.SetDescription("\n".join(f"{note}." for note in notes))
        write_provenance(table, Provenance(Recipe.of(settings), inputs))
    return table


def _names(given: MeasurementInput) -> Callable[[int], str]:
    return lambda label: given.segments.segments[label].name
