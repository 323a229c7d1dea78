"""What a classifier proposes for the findings of a table: a new table, shown with its reasons."""

import math
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.progress import Progress
from ..quantification.classification.feature_columns import PATIENTS
from ..quantification.classification.prediction import predict_table
from ..quantification.classification.told import notes_of_predictions, proposals_in_words
from ..scene.classifier_scene import add_proposals, model_in_node
from ..scene.measurement_place import place_of_row
from ..scene.tables import rows_of_table, show_table
from ..scene.views import jump_views
from .fields import row_table, text_label
from .findings_choice import FindingsChoice
from .results_table import ResultsTable
from .run_panel import RunPanel
from .task_runner import Commit, Compute
from .wrapped_label import show_wrapped, wish_no_width

NAMES = ("finding", "lesion", "name", "segment", "case", "id", "index")  # the first that a table has names its rows
PARTS = ("component", "slice")
WHOLE = "all"  # a component that is none
MOST_ROWS = 500
TABLE_HEIGHT = 150

Row = dict[str, Any]


class ProposalsPanel:
    """widget: to put in a layout. Its choices are the module's parameters classifier, findingsTable and proposalsTable.

    get_parameters: those, also while the panel shows none. Call changed() when they are others, clear() when the
    scene closes, close() when the module goes.
    """

    def __init__(self, get_parameters: Callable[[], Any]) -> None:
        self._get_parameters = get_parameters
        self._rows: list[Row] = []
        self._seen: tuple | None = None
        self.widget = qt.QWidget()
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.table = FindingsChoice(
            "findingsTable",
            _("Findings to classify, with the columns that the classifier learned from"),
            lambda prepare: self.run.start(prepare),
            lambda node: setattr(get_parameters(), "findingsTable", node),
        )
        wish_no_width(self.table.widget)
        rows.addRow(_("Findings:"), self.table.widget)
        self.run = RunPanel(
            _("Propose classes"),
            _("Say what each finding is, with probabilities and reasons, in a new table; needs no other package"),
            self.prepare,
        )
        rows.addRow(self.run.widget)
        self.note_label = text_label()
        rows.addRow(self.note_label)
        self.table_widget = row_table("proposals", _("Click a row to see it in every view; hover for the reasons"))
        self.table_widget.setMinimumHeight(TABLE_HEIGHT)
        self.results = ResultsTable(self.table_widget, self._on_row)
        rows.addRow(self.table_widget)
        self.table_button = qt.QPushButton(_("Show the whole table"))
        self.table_button.objectName = "proposalsTableView"
        self.table_button.toolTip = _("All columns, beside the images")
        self.table_button.connect("clicked()", lambda: show_table(self._get_parameters().proposalsTable))
        rows.addRow(self.table_button)
        self._show(None)

    def changed(self) -> None:
        """Look again at what is chosen, and say what is missing."""
        parameters = self._get_parameters()
        missing = ""
        if parameters.classifier is None:
            missing = _("Train a classifier, or load one.")
        else:
            try:
                self.table.findings(parameters.findingsTable)
            except InputError as error:
                missing = str(error)
        self.run.set_missing(missing)
        self._show(parameters.proposalsTable)

    def clear(self) -> None:
        """The scene closes."""
        self.run.discard()
        self.run.say("")  # what was said was of this scene
        self._show(None)

    def close(self) -> None:
        """The module goes."""
        self.run.close()

    def prepare(self) -> tuple[Compute, Commit]:
        """Read model and table (main thread); see RunPanel. Raises InputError."""
        parameters = self._get_parameters()
        node, of_table = parameters.classifier, parameters.findingsTable
        table, names = self.table.findings(of_table), (node.GetName(), of_table.GetName())
        model = model_in_node(node)

        def compute(progress: Progress) -> Any:
            progress(0.1, _("Predicting"))
            return predict_table(model, table)

        def commit(found: Any) -> str:
            notes = notes_of_predictions(found)
            made = add_proposals(model, table, found, names, notes)
            self._get_parameters().proposalsTable = made
            told = _("Proposals for {findings}: '{name}'.")
            return told.format(findings=proposals_in_words(model, found), name=made.GetName())

        return compute, commit

    def _show(self, node: Any) -> None:
        state = None if node is None else (node.GetID(), node.GetMTime(), node.GetTable().GetMTime())
        if state == self._seen and node is not None:
            return
        self._seen = state
        rows = rows_of_table(node) if node is not None else []
        self._rows = rows[:MOST_ROWS]
        self.results.show(
            [_("Finding"), _("Proposed"), _("Probability"), _("Note")],
            [[_name(row, at), *_proposal(row), _note(row)] for at, row in enumerate(self._rows)],
            [_tip(row) for row in self._rows],
        )
        header = self.table_widget.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        for widget in (self.table_widget, self.table_button):
            widget.visible = bool(rows)
        lines = [f"{node.GetName()}:", *(node.GetDescription() or "").splitlines()] if rows else []
        if len(rows) > MOST_ROWS:
            lines.append(_("{n} more rows are in the table.").format(n=len(rows) - MOST_ROWS))
        show_wrapped(self.note_label, "\n".join(lines))

    def _on_row(self, number: int) -> None:
        row = {name: value for name, value in self._rows[number].items() if isinstance(value, (int, float))}
        where = place_of_row(row, None)
        if where is not None:
            jump_views(slicer.mrmlScene, where)


def _name(row: Row, at: int) -> str:
    """Whose and which finding a row is."""
    own = {name.casefold(): _whole(value) for name, value in row.items()}
    patient = next((own[name] for name in PATIENTS if name in own), "")
    name = next((own[name] for name in NAMES if own.get(name) not in (None, "")), "")
    parts = [f"{part} {own[part]}" for part in PARTS if _said(own.get(part))]
    told = [str(each) for each in (patient, name) if _said(each)]
    return ", ".join([*told, *parts]) or str(at + 1)


def _whole(value: Any) -> Any:
    """Numbers of a column in which some are missing have a fraction, which names do not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _said(value: Any) -> bool:
    return value not in (None, "", WHOLE) and value == value


def _proposal(row: Row) -> list[Any]:
    called = str(row.get("predicted", ""))
    share = row.get(f"probability_{called}")
    return [called, f"{100 * share:.0f} %" if isinstance(share, float) and math.isfinite(share) else ""]


def _note(row: Row) -> str:
    if row.get("learned_from") == "true":
        return _("learned from")
    if row.get("inside_training_range") == "false":
        return _("unlike")
    return _("incomplete") if row.get("missing_features") else ""


def _tip(row: Row) -> str:
    shares = [
        f"{name.removeprefix('probability_')}: {100 * value:.1f} %"
        for name, value in row.items()
        if name.startswith("probability_") and isinstance(value, float)
    ]
    lines = [", ".join(shares), _("Reasons: {reasons}").format(reasons=row.get("reasons", ""))]
    for column, told in (
        ("outside_features", _("Beyond what was learned from: {features}")),
        ("missing_features", _("Missing, the training median stands for them: {features}")),
    ):
        if row.get(column):
            lines.append(told.format(features=row[column]))
    if row.get("learned_from") == "true":
        lines.append(_("The classifier learned from this finding."))
    return "\n".join(lines)
