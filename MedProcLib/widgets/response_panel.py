"""Response criteria: the category at each time point with its arithmetic, and charts over time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.evaluation import without_role
from ..comparison.response.criteria import CRITERIA, best
from ..comparison.response.needs import DATE, asked_for
from ..comparison.response.outcome import Response
from ..comparison.tracks.case import case_of
from ..comparison.tracks.clinical import read_clinical, with_clinical
from ..core.errors import InputError
from ..scene.plots import show_chart
from ..scene.timeline_charts import CHARTS, add_timeline_chart
from ..scene.timeline_edits import Edit, choose_criterion
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_roles import with_proposed_roles
from ..scene.timeline_tables import criterion_of, responses_of
from .clinical_form import ClinicalForm
from .fields import NO_FINDINGS, allow, beside, combo, push_button, row_table, text_label
from .link_label import link_label, show_links
from .results_table import ResultsTable
from .wrapped_label import show_wrapped

NAMES = ("", *CRITERIA)
HEIGHT = 120
MOST_MISSING = 10  # lines for which there is room
CRITERION_TIP = _("The rules by which the response is told")
CHART_TIP = _("Draw it in a plot view; it then follows every correction")
PROPOSE_TIP = _("Make the largest measurable findings targets, as RECIST 1.1 would; correct it above")
CLINICAL_TIP = _(
    "Read what criteria need beside the images from a JSON file: steroids, clinical state, PET reference, "
    "confirmation, properties of lesions; it is kept with the findings. Without a file fill in the fields below"
)


class ResponsePanel:
    """widget: to put in a layout.

    get_node: the patient's text node, or None; get_reader, edit: as of TracksPanel; say(message, is_problem): tells how
    a chart went; chosen(): called when the user chose another criterion; look_at(track id): called for a finding that
    the criterion misses something of. Call changed() when the patient may be another one.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        get_reader: Callable[[], str],
        edit: Callable[[Edit], bool],
        say: Callable[[str, bool], None],
        chosen: Callable[[], None],
        look_at: Callable[[str], None],
    ) -> None:
        self._get_node, self._get_reader, self._edit, self._say = get_node, get_reader, edit, say
        self._chosen, self._look_at = chosen, look_at
        self.responses: list[Response] = []
        self._filling = False
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        titles = [_("none"), *(criterion.title for criterion in CRITERIA.values())]
        self.criterion_box = combo("criterionBox", CRITERION_TIP, titles)
        self.criterion_box.connect("currentIndexChanged(int)", self._on_criterion)
        self.propose_button = push_button(
            "proposeRolesButton", _("Propose roles"), "", lambda: self._edit(with_proposed_roles)
        )
        form = qt.QFormLayout()
        form.addRow(_("Criterion:"), self.criterion_box)
        self.clinical_button = push_button("clinicalButton", _("Clinical data..."), "", self._on_clinical)
        form.addRow("", beside(self.propose_button, self.clinical_button))
        layout.addLayout(form)
        tip = _("The response at each time point; click one to see its arithmetic")
        self.table = row_table("responseTable", tip)
        self.table.setFixedHeight(HEIGHT)
        self.table.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.table.horizontalHeader().stretchLastSection = True
        self.results = ResultsTable(self.table, self._on_row)
        layout.addWidget(self.table)
        self.steps_label = text_label()
        layout.addWidget(self.steps_label)
        self.missing_label = link_label(self._on_missing)
        layout.addWidget(self.missing_label)
        self.form = ClinicalForm(get_node, get_reader, edit, say)
        layout.addWidget(self.form.widget)
        self.chart_box = combo("timelineChart", _("What the plot view is to show"), [_(kind) for kind in CHARTS])
        self.chart_button = push_button("timelineChartButton", _("Show chart"), CHART_TIP, self.show_chart)
        row = qt.QHBoxLayout()
        row.addWidget(self.chart_box, 1)
        row.addWidget(self.chart_button)
        layout.addLayout(row)
        self.changed()

    def changed(self) -> None:
        """Show the response of the patient as it is now."""
        node = self._get_node()
        name = criterion_of(node) if node is not None else ""
        self._filling = True
        self.criterion_box.currentIndex = NAMES.index(name) if name in NAMES else 0
        self._filling = False
        about = [CRITERIA[name].source, CRITERIA[name].caution] if name in CRITERIA else []
        self.criterion_box.toolTip = "\n".join(filter(None, (CRITERION_TIP, *about)))
        before = len(self.responses)
        self.responses, missing = responses_of(patient_of_node(node), name) if node is not None else ([], "")
        row = self.results.row
        self.form.changed()
        self.results.show(
            [_("Date"), _("Category"), _("Parts")],
            [[r.date.isoformat(), str(r.category), _parts(r)] for r in self.responses],
            [_parts(r) for r in self.responses],
        )
        self.table.visible = bool(self.responses)
        if self.responses and (len(self.responses) != before or not 0 <= row < len(self.responses)):
            self.table.setCurrentCell(len(self.responses) - 1, 0)
        self._show_steps(missing)
        self.criterion_box.enabled = node is not None
        allow(self.chart_button, CHART_TIP, NO_FINDINGS if node is None else "")
        missing = ""
        if node is None:
            missing = NO_FINDINGS
        elif not self._get_reader().strip():
            missing = _("Type your name as reader.")
        for button, tip in ((self.propose_button, PROPOSE_TIP), (self.clinical_button, CLINICAL_TIP)):
            allow(button, tip, missing)

    def show_chart(self) -> None:
        """Draw the chart that is chosen."""
        kind = list(CHARTS)[self.chart_box.currentIndex]
        try:
            chart = add_timeline_chart(self._get_node(), kind)
        except InputError as error:
            self._say(str(error), True)
            return
        show_chart(chart)
        self._say(_("Chart '{name}'.").format(name=chart.GetName()), False)

    def read_clinical(self, path: str | Path) -> None:
        """Give the patient the clinical data of a file; see comparison.tracks.clinical."""
        try:
            clinical = read_clinical(path)
        except InputError as error:
            self._say(str(error), True)
            return
        if self._edit(lambda patient, who, when: with_clinical(patient, clinical, who, when)):
            self._say(_("Clinical data: {path}").format(path=path), False)

    def _on_clinical(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.widget, _("Clinical data"), "", "JSON (*.json)")
        if path:
            self.read_clinical(path)

    def _on_criterion(self, index: int) -> None:
        node = self._get_node()
        if not self._filling and node is not None:
            choose_criterion(node, NAMES[index])
            self._chosen()

    def _on_row(self, row: int) -> None:
        self.form.show_time_point(row)
        self._show_steps()

    def _show_steps(self, missing: str = "") -> None:
        row = self.results.row
        response = self.responses[row] if not missing and 0 <= row < len(self.responses) else None
        lines = []
        if response is not None:
            open_ = without_role(patient_of_node(self._get_node()))
            lines = [*response.steps, *response.notes, *response.doubts, *self._best(), *filter(None, [open_])]
        show_wrapped(self.steps_label, "\n".join(lines))
        said = response.missing if response is not None else ()
        lines = [_("Missing: {what}").format(what=text) for text in said[:MOST_MISSING]]
        if len(said) > MOST_MISSING:
            lines.append(_("{count} more are missing.").format(count=len(said) - MOST_MISSING))
        show_links(self.missing_label, [(line, asked_for(line)) for line in lines or [missing]])

    def _on_missing(self, target: str) -> None:
        """What is missing was clicked."""
        if target not in self.form.fields:
            self._look_at(target)
            return
        row = self.results.row
        if target == DATE:  # there are no rows then
            row = [point.date for point in patient_of_node(self._get_node()).time_points].index(None)
        self.form.show_time_point(row)
        self.form.go_to(target)

    def _best(self) -> list[str]:
        """The best overall response, below the last time point."""
        if self.results.row != len(self.responses) - 1:
            return []
        node = self._get_node()
        try:
            found = best(criterion_of(node), case_of(patient_of_node(node)))
        except InputError:  # of nodule growth, which grades no response
            return []
        return [_("Best response: {category} ({steps})").format(category=found.category, steps="; ".join(found.steps))]


def _parts(response: Response) -> str:
    return ", ".join(f"{part} {category}" for part, category in response.parts.items())
