"""Measurements of a segmentation node in a volume node: into the scene, and out of it again.

given = measurement_input(segmentation, volume)             # main thread
rows = measured_rows(given, settings)                       # any thread
nodes = add_measurements(rows, given, recipe, segmentation, volume)   # main thread
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.row import Row
from MedProcLib.scene.commit import commit
from MedProcLib.scene.diameter_lines import remove_lines, show_lines
from MedProcLib.scene.measurement_input import MeasurementInput, MeasurementSource, measured_rows, measurement_input
from MedProcLib.scene.measurement_table import add_measurement_table, fill_measurement_table
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.reader_edits import (
    edits_in_place,
    edits_of,
    forget_edits,
    replace_edits,
    show_edits,
    take_over_edits,
)

__all__ = ["MeasurementNodes", "add_measurements", "measured_nodes", "measured_rows", "measurement_input"]

# In which a table refers to what was measured.
SEGMENTATION_ROLE, VOLUME_ROLE = "MedProc.MeasuredSegmentation", "MedProc.MeasuredVolume"


@dataclass(frozen=True)
class MeasurementNodes:
    """table: a row for each object; drawn: of how many objects the diameters are drawn as lines.

    held: how many diameters are those that a reader drew; adrift: how many drawn ones are kept but not shown, as no row
    is of an object at their place.
    """

    table: Any
    drawn: int
    held: int = 0
    adrift: int = 0


def add_measurements(
    rows: Sequence[Row],
    given: MeasurementInput | MeasurementSource,
    recipe: Recipe,
    segmentation,
    volume,
    output=None,
    lines: bool = False,
    earlier=None,
) -> MeasurementNodes:
    """Write the figures to a table under the volume's study, or into the table `output`; main thread.

    What a reader edited in `output` holds when it was of the same segmentation; else the edits of the table `earlier`
    of this segmentation and volume, by default the newest, are taken over. lines: draw the diameters as lines that can
    be dragged; lines of other tables of this segmentation are removed, without `lines` those of this one too.
    """
    if not is_measured_of(output, segmentation):
        earlier = earlier if _is_of(earlier, segmentation, volume) else _newest(segmentation, volume)
        if output is not None:
            forget_edits(output)
    else:
        earlier = None
    kept = provenance_of(output) if output is not None and edits_of(output) else None
    with commit():
        if output is None:
            table = add_measurement_table(rows, given.ids, f"{given.segmentation_name} measurements", like=volume)
        else:
            table = output
            fill_measurement_table(table, rows, given.ids)
        write_provenance(table, Provenance(recipe, given.inputs, edits=kept.edits if kept is not None else ()))
        table.SetNodeReferenceID(SEGMENTATION_ROLE, segmentation.GetID())
        table.SetNodeReferenceID(VOLUME_ROLE, volume.GetID())
        if earlier is not None:
            take_over_edits(table, earlier)
        edits = edits_in_place(edits_of(table), rows, given.ids)
        held = 0
        if edits:
            replace_edits(table, edits)
            held = show_edits(table)
        for other in _tables():  # first, so that the new lines may have their names
            if is_measured_of(other, segmentation) and not (lines and other is table):
                remove_lines(other)
        drawn = show_lines(table, rows, volume) if lines else 0
    return MeasurementNodes(table, drawn, held, sum(edit.segment_id in given.ids for edit in edits) - held)


def is_measured_of(table, segmentation) -> bool:
    """Whether a table node, or None, holds measurements of a segmentation node."""
    return table is not None and table.GetNodeReference(SEGMENTATION_ROLE) is segmentation


def origin_of(table) -> tuple:
    """Segmentation and volume node that a table node holds measurements of; None for those that are gone."""
    return table.GetNodeReference(SEGMENTATION_ROLE), table.GetNodeReference(VOLUME_ROLE)


def _is_of(table, segmentation, volume) -> bool:
    return is_measured_of(table, segmentation) and table.GetNodeReference(VOLUME_ROLE) is volume


def _newest(segmentation, volume):
    """The table that was made last of these nodes, or None."""
    return next((table for table in reversed(_tables()) if _is_of(table, segmentation, volume)), None)


def _tables() -> list:
    scene = slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLTableNode")
    return [scene.GetNthNodeByClass(number, "vtkMRMLTableNode") for number in range(count)]


def measured_nodes(table) -> tuple[Any, Any, Any]:
    """Segmentation and volume that a table was measured of, and how. Raises InputError when one is gone."""
    provenance = provenance_of(table) if table is not None else None
    nodes = [table.GetNodeReference(role) if provenance else None for role in (SEGMENTATION_ROLE, VOLUME_ROLE)]
    if provenance is None or None in nodes:
        raise InputError("What the table was measured of is not in the scene anymore: measure again.")
    (_number, settings), *_others = provenance.recipe.enabled_steps
    return nodes[0], nodes[1], settings
