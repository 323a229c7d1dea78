"""What MedProc Quantification does, for its panel and the Python console."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from ..core.preset import recipe_of
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from ..core.registry import create_operation
from ..quantification.radiomics.settings import Radiomics
from ..quantification.radiomics.settings_file import settings_for, settings_in
from ..quantification.row import Row
from ..quantification.table import without_number
from ..scene.features_scene import add_features, segment_features, segment_robustness
from ..scene.hierarchy import modality_of_volume
from ..scene.measurement_export import export_of, write_table
from ..scene.measurement_input import MeasurementSource, measured_rows, measurement_input, measurement_source
from ..scene.measurement_scene import MeasurementNodes, add_measurements
from ..scene.sequences import frames_of
from ..scene.value_unit import unit_of_values
from .inputs import require_present


@dataclass(frozen=True)
class QuantificationTask:
    """All that a run needs; compute() may run in a worker thread, whose progress brings the copying of voxels here."""

    segmentation: Any
    volume: Any
    output: Any
    lines: bool
    source: MeasurementSource
    recipe: Recipe
    earlier: Any = None

    def compute(self, progress: Progress = SILENT) -> list[Row]:
        (_number, settings), *_others = self.recipe.enabled_steps
        progress(0.0, "Reading the segments")
        return measured_rows(self.source.read(progress), settings, progress.part(0.05, 1))


class QuantificationLogic:
    """The module's logic, but for what Slicer's base class adds. Main thread, unless said otherwise."""

    def defaultRecipe(self) -> Recipe:
        """The measurement with its settings."""
        return Recipe.of(create_operation("quantification.measure"))

    def process(
        self,
        segmentation,
        volume,
        recipe: Any = None,
        output=None,
        lines=False,
        progress=SILENT,
        segments=None,
        allTimes=False,
    ):
        """Measure a segmentation node in a volume node and return the table node, a new one unless `output` is given.

        recipe: core.recipe.Recipe, or its one operation: Measure, CalciumScore, BodyComposition; lines: also draw the
        diameters as line nodes; segments: ids, all by default; allTimes: in every volume of the sequence that the
        volume shows.
        Raises InputError, Cancelled; then the scene is as it was.
        """
        recipe = recipe_of(recipe, ()) if recipe is not None else self.defaultRecipe()
        task = self.prepare(segmentation, volume, recipe, output, lines, segments, allTimes)
        return self.commit(task, task.compute(progress)).table

    def prepare(
        self, segmentation, volume, recipe, output=None, lines=False, segments=None, allTimes=False, reader=None
    ) -> QuantificationTask:
        """Look at the nodes (main thread); see process. reader: one that knows them. Raises InputError."""
        frames = frames_of(volume) if allTimes else ()
        source = measurement_source(segmentation, volume, segments, frames, reader)
        return QuantificationTask(segmentation, volume, output, lines, source, recipe)

    def commit(self, task: QuantificationTask, rows: list[Row]) -> MeasurementNodes:
        """Write the figures to the scene (main thread)."""
        require_present(task.segmentation, task.volume, task.output)
        nodes = (task.segmentation, task.volume, task.output)
        return add_measurements(rows, task.source, task.recipe, *nodes, task.lines, task.earlier)

    def features(
        self, segmentation, volume, settings: Radiomics | None = None, segments=None, perturbations=0, progress=SILENT
    ):
        """Radiomic features of segments in a volume node, as a new table node. Raises InputError, Cancelled.

        settings: by default those for the volume's modality, as on the command line.
        perturbations: how often (2 to 1000) to draw image and outline anew, for the interval and the ICC of each
        feature; 0 for none.
        """
        if settings is None:
            modality = modality_of_volume(volume)
            usual = settings_for(modality)[0]
            settings, note = settings_in(usual, unit_of_values(volume), f"'{volume.GetName()}'", modality)
            if note:
                progress.note(note)
        given = measurement_input(segmentation, volume, segments)
        found = segment_features(given, settings, progress.part(0, 0.1 if perturbations else 1))
        varied = segment_robustness(given, settings, perturbations, progress.part(0.1, 1)) if perturbations else None
        return add_features(found, given, volume, settings, varied)

    def export(self, table, path) -> None:
        """Write a table as .csv, .tsv or .xlsx, or all that was measured as .json, or nothing. Raises InputError."""
        if Path(path).suffix.lower() == ".json":
            export_of(table).write_record(path)
        else:
            write_table(table, path)

    def exportDicom(self, table, path, reader="", progress=SILENT) -> list[Path]:
        """Write a DICOM measurement report, and beside it the segmentation it refers to; returns the files.

        Raises InputError for a volume that is not from DICOM, and for segments that changed since they were measured.
        """
        return export_of(table, dicom=True).write_dicom(path, reader, progress)


def what_was_measured(rows: list[Row], table: str, chosen: int = 0) -> str:
    """Lines for the reader. Of segments, not of rows: a segment in one piece has two. chosen: segments to measure."""
    pairs, times = sum(row.other is not None for row in rows), len({row.time_point for row in rows})
    measured = {row.segment for row in rows}
    count = pairs or len(measured)
    if pairs:
        text = _("One pair of segments: '{table}'.") if pairs == 1 else _("{count} pairs of segments: '{table}'.")
    elif times > 1:
        text = _("{count} segments measured at {times} time points: '{table}'.")
        text = text if count > 1 else _("One segment measured at {times} time points: '{table}'.")
    else:
        text = _("One segment measured: '{table}'.") if count == 1 else _("{count} segments measured: '{table}'.")
    said = [text.format(count=count, times=times, table=table)]
    if not pairs and 0 not in measured:  # what is of all segments together has rows of its own
        cut = len({row.segment for row in rows if row.is_whole and row.at_border})
        if chosen > count:
            said.append(_("Without a voxel in the volume: {n}.").format(n=chosen - count))
        if cut:
            said.append(_("At the border of the volume, so that more may lie beyond: {n}.").format(n=cut))
        lacking = len({row.segment for row in rows if row.is_whole and without_number(row)})
        if lacking:
            said.append(
                _("Segments with voxels that hold no number, which are left out of the intensities: {n}.").format(
                    n=lacking
                )
            )
    return " ".join(said)
