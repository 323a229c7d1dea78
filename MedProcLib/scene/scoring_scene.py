"""Score one segmentation node against another: a table of all figures, and the surface colored by distance.

given = scoring_source(reference, test).read(progress)   # the source in the main thread, read() in any
result = score_segmentations(given, settings)       # any thread
nodes = add_scoring(result, reference, test)        # main thread
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkAssignAttribute

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.color_tables import add_signed_distance_colors
from MedProcLib.scene.commit import commit
from MedProcLib.scene.distance_surface import DISTANCE, distance_surface, distances_of
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.scoring_input import ScoringInput, scoring_input, scoring_source
from MedProcLib.scene.tables import Column, table_from_columns
from MedProcLib.segmentation.scoring.result import Scores, SegmentScore
from MedProcLib.segmentation.scoring.score import Score, score

__all__ = ["ScoringNodes", "ScoringResult", "add_scoring", "score_segmentations", "scoring_input", "scoring_source"]

# Roles of the references by which the table and the surface know the segmentations they were made of.
REFERENCE_ROLE, TEST_ROLE = "MedProc.ScoringReference", "MedProc.ScoringTest"
# The colors end at this percentile of the distances' size, and not below so many mm.
WINDOW_PERCENTILE, NARROWEST_WINDOW = 99.0, 0.1
LEGEND_TITLE = "Distance to the reference (mm)"


@dataclass(frozen=True)
class ScoringResult:
    """Scores of the segments of two nodes, and the test's surface (RAS) with its distance to the reference.

    surface: has no points when no segment is in both, or when none was asked for.
    """

    scores: Scores
    surface: vtkPolyData
    settings: Score
    reference_name: str
    test_name: str

    @property
    def window_mm(self) -> float:
        """The colors run from minus to plus this distance."""
        distances = np.abs(distances_of(self.surface))
        largest = float(np.percentile(distances, WINDOW_PERCENTILE)) if distances.size else 0.0
        return max(largest, NARROWEST_WINDOW)


@dataclass(frozen=True)
class ScoringNodes:
    """table: a row per segment, the mean last; model: the colored surface, None where there is none."""

    table: Any
    model: Any | None


def score_segmentations(
    given: ScoringInput,
    settings: Score = Score(),  # noqa: B008 (immutable)
    surface: bool = True,
    progress: Progress = SILENT,
) -> ScoringResult:
    """Scores of all segments that scoring_input read, and the colored surface. Touches no node. Raises Cancelled."""
    scoring, coloring = progress.parts(3, 1 if surface else 1e-9)
    rows: dict[int, SegmentScore] = {}
    notes: list[str] = list(given.notes)
    for layer, part in zip(given.layers, scoring.parts(*[1] * len(given.layers)), strict=True):
        scores = score(layer.reference, layer.test, settings, list(layer.names), layer.names, part)
        rows |= {row.label: row for row in scores.rows if row.label is not None}
        notes += scores.notes
    ordered = tuple(rows[label] for label in sorted(rows))
    pairs = [(layer.reference, layer.test) for layer in given.layers] if surface else []
    colored, alone = distance_surface(pairs, coloring)
    if alone and surface:
        names = ", ".join(rows[value].name for value in sorted(alone))
        notes.append(f"Without a counterpart there is no distance to color by: {names}.")
    scores = Scores(ordered, dict(vars(settings)), tuple(dict.fromkeys(notes)))
    return ScoringResult(scores, colored, settings, given.reference_name, given.test_name)


def add_scoring(result: ScoringResult, reference, test, scene=None) -> ScoringNodes:
    """Add the table and the colored surface beside the test's node. Main thread.

    Those of an earlier scoring of the same two nodes are replaced. Raises InputError when one of the two is not in the
    scene anymore; then nothing is added.
    """
    scene = scene or slicer.mrmlScene
    for node in (reference, test):
        if not scene.IsNodePresent(node):
            raise InputError(f"'{node.GetName()}' was removed meanwhile, so nothing was added. Score again.")
    earlier = _earlier(reference, test, scene)
    provenance = Provenance(Recipe.of(result.settings), {"reference": result.reference_name, "test": result.test_name})
    with commit(scene):
        table = add_scores_table(result.scores, f"{test.GetName()} scores", scene, like=test)
        model = _add_surface(result, f"{test.GetName()} distances", scene, test)
        for node in filter(None, (table, model)):
            node.SetNodeReferenceID(REFERENCE_ROLE, reference.GetID())
            node.SetNodeReferenceID(TEST_ROLE, test.GetID())
            write_provenance(node, provenance)
    for old in earlier:
        _take_place(table if old.IsA("vtkMRMLTableNode") else model, old, scene)
    return ScoringNodes(table, model)


def add_scores_table(scores: Scores, name: str, scene=None, like=None):
    """Add a table with a row for each segment, the mean last, and a column for each figure."""
    rows = [*scores.rows, scores.mean]
    columns = [
        Column("segment", [row.name for row in rows]),
        Column("missing", [row.missing for row in rows], meaning="where the segment has no voxel"),
    ]
    for figures in zip(*(row.measurements for row in rows), strict=True):
        first = figures[0]
        meaning = str(first.parameters.get("definition", ""))
        columns.append(Column(first.name, [float(m.value) for m in figures], first.unit, meaning))
    table = table_from_columns(columns, name, scene, like)
    table.SetDescription(_description(scores))
    return table


def _description(scores: Scores) -> str:
    parameters = ", ".join(f"{name} {value}" for name, value in scores.parameters.items())
    return " ".join([*scores.notes, f"Parameters: {parameters}."])


def _add_surface(result: ScoringResult, name: str, scene, like):
    """The model node of the colored surface with its color legend; None when the surface is empty."""
    if result.surface.GetNumberOfPoints() == 0:
        return None
    colors = add_signed_distance_colors(scene)
    display = scene.AddNode(new_node("vtkMRMLModelDisplayNode", f"{name} display", scene))
    model = new_node("vtkMRMLModelNode", name, scene)
    model.SetAndObserveMesh(result.surface)
    model.SetDescription(
        f"Surface of {result.test_name}: distance to {result.reference_name} in mm, positive where it reaches beyond."
    )
    scene.AddNode(model)
    model.SetAndObserveDisplayNodeID(display.GetID())
    display.SetAndObserveColorNodeID(colors.GetID())
    display.SetActiveScalar(DISTANCE, vtkAssignAttribute.POINT_DATA)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(-result.window_mm, result.window_mm)
    display.SetScalarVisibility(True)
    display.SetVisibility2D(True)
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(display)
    if legend is not None:
        legend.SetTitleText(LEGEND_TITLE)
        legend.SetNumberOfLabels(5)
    place_beside(model, like)
    return model


def _earlier(reference, test, scene) -> list:
    """The nodes of an earlier scoring of these two segmentations."""
    wanted = (reference.GetID(), test.GetID())
    return [
        node
        for kind in ("vtkMRMLTableNode", "vtkMRMLModelNode")
        for node in (scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind)))
        if (node.GetNodeReferenceID(REFERENCE_ROLE), node.GetNodeReferenceID(TEST_ROLE)) == wanted
    ]


def _take_place(node, old, scene) -> None:
    """Remove an outdated table or surface with its colors; the new one, where there is one, gets its name."""
    name = old.GetName()
    for part in _parts(old):
        if scene.IsNodePresent(part):
            scene.RemoveNode(part)
    if node is not None:
        node.SetName(name)


def _parts(node) -> Sequence:
    if not node.IsA("vtkMRMLModelNode"):
        return [node]
    displays = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    colors = {display.GetColorNode() for display in displays if display.IsA("vtkMRMLModelDisplayNode")}
    return [node, *displays, *(color for color in colors if color is not None and not color.GetSingletonTag())]
