"""Radiomic features of segments as a table node: a row for each feature, a column for each segment."""

from collections.abc import Sequence

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.quantification.radiomics.outcome import RegionFeatures
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.scene.commit import commit
from MedProcLib.scene.measurement_input import MeasurementInput
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.tables import Column, table_from_columns


def segment_features(given: MeasurementInput, settings: Radiomics, progress: Progress = SILENT) -> list[RegionFeatures]:
    """Features of all segments in the first image; touches no node. Raises InputError, Cancelled."""
    maps = given.segments.label_maps()
    found: list[RegionFeatures] = []
    for labels, part in zip(maps, progress.parts(*[1.0] * len(maps)), strict=True):
        found += settings(given.times[0].image, labels, progress=part)
    return sorted(found, key=lambda region: region.label)


def add_features(found: Sequence[RegionFeatures], given: MeasurementInput, volume, provenance: Provenance):
    """Add the table under the volume's study and return it; main thread. Raises InputError without a region."""
    if not found:
        raise InputError("There are no features to show.")
    first = found[0].features
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
    columns.append(Column("unit", [feature.unit for feature in first]))
    columns.append(Column("code", [f"IBSI:{feature.code}" if feature.code else "" for feature in first]))
    with commit():
        table = table_from_columns(columns, f"{given.segmentation_name} features", like=volume)
        notes = [f"{given.segments.segments[region.label].name}: {note}" for region in found for note in region.notes]
        table.SetDescription(" ".join(dict.fromkeys(notes)))
        write_provenance(table, provenance)
    return table
