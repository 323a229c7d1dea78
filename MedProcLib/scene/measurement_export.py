"""Measurements in the scene as files: tables as they are shown, the full record, and a DICOM report."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from MedProcLib.core import recorded
from MedProcLib.core.atomic import write_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.structure import Structure
from MedProcLib.core.table_file import kind_of_table, table_data
from MedProcLib.quantification.measure import require_reportable
from MedProcLib.quantification.row import Row
from MedProcLib.quantification.table_text import measurements_json
from MedProcLib.report.dicom_sr.measurement_report import write_measurement_report
from MedProcLib.report.dicom_sr.source_series import read_source_series
from MedProcLib.scene.dicom_files import dicom_files_of
from MedProcLib.scene.measurement_input import (
    MeasurementInput,
    MeasurementSource,
    measured_rows,
    measurement_source,
)
from MedProcLib.scene.measurement_scene import measured_nodes
from MedProcLib.scene.measurement_table import segment_ids_of
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.reader_edits import Edit, edited_rows, edits_of
from MedProcLib.scene.segment_snapshot import segment_info
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.value_unit import stated_unit_of

SAVED_DIGITS = 1e-5  # Slicer saves six digits of a table's numbers


def write_table(table, path: str | Path) -> None:
    """Write a table node as it is to a .csv, .tsv or .xlsx file: a header, plain numbers; beside it how it came about.

    Raises InputError.
    """
    kind = kind_of_table(path)
    rows = rows_of_table(table) if table is not None else []
    if not rows:
        raise InputError("There is no figure to write: measure first.")
    data = table_data(kind, list(rows[0]), [list(row.values()) for row in rows])
    recorded.write_table(data, path, provenance_of(table))


@dataclass(frozen=True)
class Export:
    """What a table was measured of, as plain data: a thread of its own measures it again and writes the files.

    counts: voxels of each row as the table shows them; edits: the reader's; files: of the DICOM series; stated: UCUM
    code of the volume's values, '' where it says none.
    """

    source: MeasurementSource
    settings: Any
    counts: tuple[float, ...]
    edits: tuple[Edit, ...]
    provenance: dict[str, Any]
    structures: dict[int, Structure]
    files: tuple[Path, ...] = ()
    stated: str = ""

    def rows(self, progress: Progress = SILENT) -> list[Row]:
        """The rows with the reader's edits. Raises InputError when the segments are others than in the table."""
        return self._rows(self.source.read(progress), progress)

    def _rows(self, given: MeasurementInput, progress: Progress) -> list[Row]:
        rows = measured_rows(given, self.settings, progress.part(0.05, 1))
        counts = tuple(m.value for row in rows for m in row.measurements if m.name == "count")
        if len(counts) != len(self.counts) or not np.allclose(counts, self.counts, rtol=SAVED_DIGITS):
            raise InputError("The segments changed since they were measured: measure again, then export.")
        return edited_rows(rows, self.edits, given.ids)

    def write_record(self, path: str | Path, progress: Progress = SILENT) -> list[Path]:
        """Write all figures with their definitions, codes, parameters and provenance to a .json file."""
        write_text(measurements_json(self.rows(progress), self.provenance), path)
        return [Path(path)]

    def write_dicom(self, path: str | Path, reader: str = "", progress: Progress = SILENT) -> list[Path]:
        """Write a DICOM measurement report and the segmentations it refers to; returns the files, the report first."""
        require_reportable(self.settings)
        given = self.source.read(progress)
        rows, maps = self._rows(given, progress.part(0, 0.3)), given.segments.label_maps()
        series = read_source_series(self.files)
        series = replace(series, stated=self.stated or series.stated)
        return write_measurement_report(
            rows, series, maps, self.structures, path, reader, progress=progress.part(0.3, 1)
        )


def export_of(table, dicom: bool = False) -> Export:
    """What a table was measured of, for another thread to read (main thread). Raises InputError.

    dicom: the files of its volume are needed.
    """
    segmentation, volume, settings = measured_nodes(table)
    files = tuple(dicom_files_of(volume)) if dicom else ()
    source = measurement_source(segmentation, volume, segment_ids_of(table))
    provenance = provenance_of(table)
    column = table.GetTable().GetColumnByName("count_voxels")
    counts = () if column is None else tuple(column.GetTuple1(n) for n in range(column.GetNumberOfTuples()))
    return Export(
        source,
        settings,
        counts,
        tuple(edits_of(table)),
        provenance.as_dict() if provenance is not None else {},
        {value: _structure(segmentation, segment_id) for value, segment_id in enumerate(source.ids, 1)},
        files,
        stated_unit_of(volume),
    )


def _structure(segmentation, segment_id: str) -> Structure:
    segment = segmentation.GetSegmentation().GetSegment(segment_id)
    info = segment_info(segment, segment_id)
    entry = info.terminology
    return Structure(info.name, info.color, entry.category, entry.type, entry.modifier, entry.region)
