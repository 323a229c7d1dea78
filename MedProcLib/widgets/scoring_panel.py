"""A segmentation scored against a reference: a table of figures for each segment, and the distances as colors."""

from collections.abc import Callable
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import SlicerParameterNamePropertyName

from ..core.units import shown as shown_unit
from ..segmentation.scoring.result import Scores, SegmentScore
from .fields import connect_node, row_table
from .results_table import NO_VALUE, ResultsTable
from .run_panel import RunPanel
from .task_runner import Commit, Compute
from .wrapped_label import show_wrapped

SEGMENTATION = "vtkMRMLSegmentationNode"
# Figures in the table, where there is room for few; all of them are in the table node.
SHOWN = {
    "dice": _("Dice"),
    "surface_dice": _("Surface\nDice"),
    "hausdorff_95": _("HD 95 %\n[mm]"),
    "volume_difference": _("Volume\n± [mm³]"),
}
LARGEST_TOLERANCE_MM = 20.0
MOST_LINES = 12  # of the table; more are scrolled to
FRAME_PX = 4

# prepare(reference node, test node, tolerance in mm): compute gives the Scores, or something that has them as `scores`;
# commit adds the nodes and returns a line for the user.
Prepare = Callable[[Any, Any, float], tuple[Compute, Commit]]


class ScoringPanel:
    """widget: two segmentations, a tolerance, the button, and the figures of each segment.

    The three are kept in the module's parameter node, as scoreReference, scoreTest and scoreTolerance.
    Call changed() when nodes were added or removed, clear() when the scene closes, close() when the module goes.
    """

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._scored: tuple[Any, Any] = (None, None)  # the segmentations that the figures are of
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.reference_box = _node_box(_("The segmentation taken as the truth"), "scoreReference")
        self.test_box = _node_box(_("The segmentation to score; segments are matched by name"), "scoreTest")
        self.tolerance = ctk.ctkSliderWidget()
        self.tolerance.objectName = "scoreTolerance"
        self.tolerance.maximum, self.tolerance.decimals, self.tolerance.singleStep = LARGEST_TOLERANCE_MM, 1, 0.5
        self.tolerance.value, self.tolerance.suffix = 1.0, " mm"
        self.tolerance.toolTip = _("Distance within which two borders count as one, for surface Dice")
        for widget in (self.reference_box, self.test_box, self.tolerance):
            widget.setProperty(SlicerParameterNamePropertyName, widget.objectName)
        rows.addRow(_("Reference:"), self.reference_box)
        rows.addRow(_("Test:"), self.test_box)
        rows.addRow(_("Tolerance:"), self.tolerance)
        self.run = RunPanel(
            _("Score"), _("Measure agreement and distances; adds a table and a colored surface"), self.prepare
        )
        rows.addRow(self.run.widget)
        self.table_widget = row_table("scoreTable", _("Figures of each segment; hover over a row for all of them"))
        rows.addRow(self.table_widget)
        self.results = ResultsTable(self.table_widget, lambda row: None)
        self.notes_label = qt.QLabel()
        self.notes_label.wordWrap = True
        self.notes_label.textFormat = qt.Qt.PlainText
        rows.addRow(self.notes_label)
        for box in (self.reference_box, self.test_box):
            connect_node(box, lambda node: self.changed())
        self.show(None)
        self.changed()

    def set_scene(self, scene: Any) -> None:
        """Offer the segmentations of this scene."""
        for box in (self.reference_box, self.test_box):
            box.setMRMLScene(scene)

    def changed(self) -> None:
        """Look again at what is chosen, and say what is missing; figures of others are not shown beside it."""
        self.run.set_missing(self._missing())
        if self._chosen() != self._scored:
            self.show(None)

    def clear(self) -> None:
        """The scene closes."""
        self._scored = (None, None)
        self.run.discard()
        self.show(None)

    def close(self) -> None:
        """The module goes."""
        self.run.close()
        self.set_scene(None)

    def prepare(self) -> tuple[Compute, Commit]:
        """Read the nodes (main thread); see RunPanel. Raises InputError."""
        chosen = self._chosen()
        compute, commit = self._prepare(*chosen, float(self.tolerance.value))

        def commit_and_show(result: Any) -> Any:
            line = commit(result)
            self._scored = chosen
            self.show(getattr(result, "scores", result))
            return line

        return compute, commit_and_show

    def show(self, scores: Scores | None) -> None:
        """Show the figures of each segment, and their mean where there are several."""
        rows: list[SegmentScore] = list(scores.rows) if scores is not None else []
        if scores is not None and len(rows) > 1:
            rows.append(scores.mean)
        first = rows[0].measurements if rows else ()
        figures = [m for name in SHOWN for m in first if m.name == name]
        self.results.show(
            [_("Segment"), *[SHOWN[m.name] for m in figures]],
            [[row.name, *[_value(row, m.name) for m in figures]] for row in rows],
            [_all_figures(row) for row in rows],
        )
        header = self.table_widget.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        # as high as its rows, for a scroll bar would take the names' room
        lines = [self.table_widget.rowHeight(row) for row in range(min(len(rows), MOST_LINES))]
        self.table_widget.setFixedHeight(header.sizeHint.height() + sum(lines) + FRAME_PX)
        self.table_widget.visible = bool(rows)
        show_wrapped(self.notes_label, "\n".join(scores.notes) if scores is not None else "")

    def _chosen(self) -> tuple[Any, Any]:
        return self.reference_box.currentNode(), self.test_box.currentNode()

    def _missing(self) -> str:
        reference, test = self._chosen()
        if reference is None or test is None:
            return _("Choose the reference and the segmentation to score.")
        return _("Reference and test are the same segmentation.") if reference is test else ""


def _node_box(tip: str, name: str) -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.objectName = name
    box.nodeTypes = [SEGMENTATION]
    box.addEnabled = box.removeEnabled = False
    box.noneEnabled = True
    box.toolTip = tip
    return box


def _value(row: SegmentScore, name: str) -> Any:
    value = row.value(name)
    return value if value == value else NO_VALUE


def _all_figures(row: SegmentScore) -> str:
    lines = [f"{m.name.replace('_', ' ')}: {m.value:.4g} {shown_unit(m.unit)}".rstrip() for m in row.measurements]
    return "\n".join([row.name, *lines])
