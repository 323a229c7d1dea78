"""MedProc Comparison: what changed between two studies of a patient, finding by finding, for a reader to decide."""

import datetime
import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import qt
import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

if importlib.util.find_spec("MedProcLib") is None:  # a source checkout: it lies beside MedProc/
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from MedProcLib.comparison.defaults import head_mr_recipe
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Comparison, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.core.atomic import whole_file
from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.report.finding_measurements import measure_findings
from MedProcLib.report.report import report_html
from MedProcLib.scene.comparison_scene import ComparisonNodes, add_comparison
from MedProcLib.scene.comparison_tables import finding_name
from MedProcLib.scene.decisions import decide
from MedProcLib.scene.studies import date_of_volume, study_of_volume
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.views import jump_slices
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.inputs import require_present, scalar_volumes
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.results_table import ResultsTable
from MedProcLib.widgets.side_by_side import show_side_by_side

AUTOMATIC, BELOW = "Chosen from the images", "As set below"
VERDICT = "MedProc.Verdict"  # attributes of the findings table
REASONS = "MedProc.Reasons"
VERDICT_TEXT = {
    Verdict.GOOD: _("The studies are aligned well."),
    Verdict.DOUBTFUL: _("The alignment is doubtful: check it in the views before relying on any finding."),
    Verdict.FAILED: _("The alignment failed: nothing was compared."),
}
VERDICT_STYLE = {  # dark text on a light ground, so it reads on Slicer's light and dark style
    Verdict.GOOD: "background: #dff2e1; color: #14451a;",
    Verdict.DOUBTFUL: "background: #fff0cc; color: #5c3c00;",
    Verdict.FAILED: "background: #fbdcd9; color: #6e1109;",
}


class MedProcComparison(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        describe_module(
            parent,
            title=_("MedProc Comparison"),
            summary=_("Say what changed between two studies of a patient: each finding new, grown, stable or gone."),
        )


@parameterNodeWrapper
class MedProcComparisonParameterNode:
    """findingsTable, shownBaseline, shownFollowUp: nodes of the last comparison."""

    baselineVolume: vtkMRMLScalarVolumeNode
    baselineDate: str = ""
    baselineSegmentation: vtkMRMLSegmentationNode
    followUpVolume: vtkMRMLScalarVolumeNode
    followUpDate: str = ""
    followUpSegmentation: vtkMRMLSegmentationNode
    steps: Annotated[str, Choice([AUTOMATIC, BELOW])] = AUTOMATIC
    recipe: str = ""
    reader: str = ""
    findingsTable: vtkMRMLTableNode
    shownBaseline: vtkMRMLScalarVolumeNode
    shownFollowUp: vtkMRMLScalarVolumeNode


class MedProcComparisonWidget(ModuleWidget):
    run_text = _("Compare")
    run_tip = _("Register the studies, find what changed and list it; the volumes are not modified")
    locked_sections = ("inputsButton", "stepsButton", "resultsButton", "outputsButton")

    def makeLogic(self):
        return MedProcComparisonLogic()

    def connectPanel(self):
        self.comparison = None  # what the report is made of; a scene that is loaded does not bring it back
        self.results = ResultsTable(self.ui.findingsTable, self.onFindingSelected)
        self.ui.acceptButton.connect("clicked()", lambda: self.decide("accepted"))
        self.ui.rejectButton.connect("clicked()", lambda: self.decide("rejected"))
        self.ui.undecideButton.connect("clicked()", lambda: self.decide("proposed"))
        self.ui.reportButton.connect("clicked()", self.onSaveReport)
        self.ui.sideBySideButton.connect("clicked()", self.onSideBySide)
        self.ui.baselineSelector.connect("nodeActivated(vtkMRMLNode*)", lambda node: self.proposeDate("baseline"))
        self.ui.followUpSelector.connect("nodeActivated(vtkMRMLNode*)", lambda node: self.proposeDate("followUp"))

    def proposeInputs(self):
        parameters = self.parameters
        if parameters.baselineVolume is None or parameters.followUpVolume is None:
            volumes = sorted(scalar_volumes(), key=lambda node: date_of_volume(node) or datetime.date.max)
            if len(volumes) >= 2:
                parameters.baselineVolume, parameters.followUpVolume = volumes[:2]
        for which in ("baseline", "followUp"):
            if not getattr(parameters, f"{which}Date"):
                self.proposeDate(which)

    def proposeDate(self, which):
        """Fill in the date that a chosen volume tells."""
        volume = getattr(self.parameters, f"{which}Volume")
        date = date_of_volume(volume) if volume is not None else None
        setattr(self.parameters, f"{which}Date", date.isoformat() if date else "")

    def refresh(self):
        rows = self.findingRows()
        self.results.show(
            [_("No."), _("Change"), _("Before\n[mm³]"), _("After\n[mm³]"), _("Diff.\n[%]"), _("Status")],
            [
                [
                    row["finding"],
                    row["change"],
                    row["volume_first"],
                    row["volume_other"],
                    row["difference_percent"],
                    row["status"],
                ]
                for row in rows
            ],
            [_tip(row) for row in rows],
        )
        self.ui.stepsFrame.enabled = self.parameters.steps == BELOW
        self.showVerdict()
        self.updateButtons()

    def showVerdict(self):
        table = self.parameters.findingsTable
        verdict = table.GetAttribute(VERDICT) if table is not None else None
        if not verdict:
            self.ui.verdictLabel.text, self.ui.verdictLabel.styleSheet = _("No comparison yet."), ""
            return
        text = f"{VERDICT_TEXT[Verdict(verdict)]}\n{table.GetAttribute(REASONS) or ''}".strip()
        self.ui.verdictLabel.text = text
        self.ui.verdictLabel.styleSheet = f"{VERDICT_STYLE[Verdict(verdict)]} padding: 6px; border-radius: 3px;"
        # layouts inside layouts do not ask how high a text gets when it wraps
        self.ui.verdictLabel.setMinimumHeight(self.ui.verdictLabel.heightForWidth(self.ui.verdictLabel.width))
        self.ui.resultsButton.updateGeometry()

    def updateButtons(self):
        """Enable what can be done, and say what is missing for the rest."""
        parameters = self.parameters
        missing = ""
        if self.results.row < 0:
            missing = _("Select a finding in the table.")
        elif not parameters.reader.strip():
            missing = _("Type your name as reader.")
        for button, does in (
            (self.ui.acceptButton, _("Accept the selected finding as it is")),
            (self.ui.rejectButton, _("Reject the selected finding; the report does not count it")),
            (self.ui.undecideButton, _("Take the decision back: the finding is a proposal again")),
        ):
            button.enabled = not missing
            button.toolTip = missing or does
        self.ui.reportButton.enabled = self.comparison is not None
        self.ui.reportButton.toolTip = (
            _("Write the report with pictures, findings and limits as one HTML file")
            if self.comparison is not None
            else _("Compare first: the report is made from the comparison of this session.")
        )
        self.ui.sideBySideButton.enabled = parameters.shownFollowUp is not None

    def missing(self):
        parameters = self.parameters
        if parameters.baselineVolume is None or parameters.followUpVolume is None:
            return _("Choose the volumes of both studies.")
        if parameters.baselineVolume is parameters.followUpVolume:
            return _("Both studies are the same volume: choose another one.")
        try:
            dates = [_date(text) for text in (parameters.baselineDate, parameters.followUpDate)]
        except InputError as error:
            return str(error)
        if all(dates) and dates[0] > dates[1]:
            return _("The baseline is dated after the follow-up: swap the volumes, or correct the dates.")
        return ""

    def prepare(self):
        parameters = self.parameters
        task = self.logic.prepare(
            parameters.baselineVolume,
            parameters.followUpVolume,
            self.recipe() if parameters.steps == BELOW else None,
            parameters.baselineSegmentation,
            parameters.followUpSegmentation,
            parameters.baselineDate,
            parameters.followUpDate,
        )

        def commitResult(comparison):
            nodes = self.logic.commit(task, comparison)
            self.comparison = comparison
            parameters.shownBaseline, parameters.shownFollowUp = nodes.volumes
            parameters.findingsTable = nodes.pairs[0].findings
            return _sentence(comparison)

        return task.compute, commitResult

    def onSceneStartClose(self, caller=None, event=None):
        self.comparison = None
        ModuleWidget.onSceneStartClose(self, caller, event)

    def findingRows(self):
        table = self.parameters.findingsTable
        return rows_of_table(table) if table is not None else []

    def onFindingSelected(self, index):
        row = self.findingRows()[index]
        jump_slices(slicer.mrmlScene, [row[f"center_{axis}"] for axis in "LPS"])
        self.ui.commentEdit.text = row.get("comment", "")
        self.updateButtons()

    def decide(self, status):
        """Write the reader's decision on the selected finding."""
        parameters = self.parameters
        finding = self.logic.decide(
            parameters.findingsTable, self.results.row, status, parameters.reader, self.ui.commentEdit.text
        )
        self.refresh()
        self.run.say(_("{finding} is {status}.").format(finding=finding, status=status))

    def onSideBySide(self):
        show_side_by_side(self.parameters.shownBaseline, self.parameters.shownFollowUp)

    def onSaveReport(self):
        path = qt.QFileDialog.getSaveFileName(self.panel, _("Save report"), "report.html", "HTML (*.html)")
        if path:
            self.saveReport(path)

    def saveReport(self, path):
        """Write the report of the comparison with the decisions made so far; drawn in the worker."""
        comparison = self.logic.reviewed(self.comparison, self.parameters.findingsTable)

        def written(html):
            with whole_file(path) as temporary:
                Path(temporary).write_text(html, encoding="utf-8")
            return _("Written: {path}").format(path=path)

        self.run.start(lambda: (lambda progress: self.logic.report(comparison, progress), written))


@dataclass(frozen=True)
class ComparisonTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    baseline: Any
    followUp: Any
    studies: tuple[Study, Study]
    recipe: Recipe | None

    def compute(self, progress: Progress = SILENT) -> Comparison:
        return compare(self.studies, self.recipe, progress=progress)


class MedProcComparisonLogic(ScriptedLoadableModuleLogic):
    """Compare studies from the Python console:

    logic = MedProcComparisonLogic()
    comparison, nodes = logic.process(slicer.util.getNode("FLAIR 2019"), slicer.util.getNode("FLAIR 2021"))
    print(comparison.pairs[0].registration.verdict, [f.change for f in comparison.pairs[0].findings])
    """

    def getParameterNode(self):
        return MedProcComparisonParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """The steps for MR of the head: brain mask, bias correction, lesions, registration, change, matching."""
        return head_mr_recipe()

    def process(
        self,
        baseline,
        followUp,
        recipe=None,
        baselineSegmentation=None,
        followUpSegmentation=None,
        baselineDate="",
        followUpDate="",
        progress=SILENT,
    ):
        """Compare two volume nodes; returns the comparison (comparison.result) and its nodes (ComparisonNodes).

        recipe: core.recipe.Recipe, None for one chosen from the images. Segmentation nodes of findings are optional;
        they are used instead of the step that segments. Dates are YYYY-MM-DD, '' for what the volumes tell.
        Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepare(
            baseline,
            followUp,
            recipe,
            baselineSegmentation,
            followUpSegmentation,
            baselineDate,
            followUpDate,
        )
        comparison = task.compute(progress)
        return comparison, self.commit(task, comparison)

    def prepare(
        self,
        baseline,
        followUp,
        recipe,
        baselineSegmentation=None,
        followUpSegmentation=None,
        baselineDate="",
        followUpDate="",
    ) -> ComparisonTask:
        """Read the nodes (main thread). Raises InputError."""
        if baseline is not None and baseline is followUp:
            raise InputError("Both studies are the same volume: choose another one.")
        studies = (
            study_of_volume(baseline, baselineSegmentation, date=_date(baselineDate)),
            study_of_volume(followUp, followUpSegmentation, date=_date(followUpDate)),
        )
        return ComparisonTask(baseline, followUp, studies, recipe)

    def commit(self, task: ComparisonTask, comparison: Comparison) -> ComparisonNodes:
        """Add the comparison to the scene (main thread)."""
        require_present(task.baseline, task.followUp)
        sources = [task.baseline, task.followUp]
        if comparison.studies[0] is not task.studies[0]:  # their dates put them in another order
            sources.reverse()
        nodes = add_comparison(comparison, sources=sources)
        registration = comparison.pairs[0].registration
        nodes.pairs[0].findings.SetAttribute(VERDICT, str(registration.verdict))
        nodes.pairs[0].findings.SetAttribute(REASONS, "\n".join(registration.reasons))
        return nodes

    def decide(self, table, index, status, reader, comment="") -> str:
        """Write a reader's decision ('accepted', 'rejected', 'proposed') on a row of the findings table.

        Returns the finding's name. Raises InputError without a reader's name.
        """
        return decide(table, index, status, reader, comment)

    def reviewed(self, comparison: Comparison, table) -> Comparison:
        """The comparison with the decisions that stand in the findings table."""
        rows = {row["finding"]: row for row in rows_of_table(table)}
        pair = comparison.pairs[0]
        findings = tuple(
            replace(finding, **{key: rows[finding_name(finding)][key] for key in ("status", "reader", "decided")})
            for finding in pair.findings
        )
        return replace(comparison, pairs=(replace(pair, findings=findings), *comparison.pairs[1:]))

    def report(self, comparison: Comparison, progress: Progress = SILENT) -> str:
        """The report as one HTML page; touches no node."""
        return report_html(comparison, measure_findings(comparison, progress.part(0, 0.5)), progress.part(0.5, 1))


def _date(text: str) -> datetime.date | None:
    if not text.strip():
        return None
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"'{text.strip()}' is not a date: write it as 2024-05-31, or leave it empty.") from None


def _tip(row: dict[str, Any]) -> str:
    lines = [row["threshold"]]
    if row["reader"]:
        lines.append(f"{row['status']}: {row['reader']}, {row['decided']}")
    return "\n".join([*lines, *filter(None, [row.get("comment", "")])])


def _sentence(comparison: Comparison) -> str:
    changes = [str(finding.change) for finding in comparison.pairs[0].findings]
    counts = ", ".join(f"{changes.count(change)} {change}" for change in dict.fromkeys(changes))
    return counts[:1].upper() + counts[1:] + "." if counts else _("No finding in either study.")


class MedProcComparisonTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def makeStudy(self, name, blocks):
        """A volume of noise with cubes of (z, y, x, side) voxels of 1 mm in it, and their segmentation."""
        values = np.random.default_rng(len(name)).normal(100, 5, (30, 40, 50)).astype(np.float32)
        mask = np.zeros(values.shape, np.uint8)
        for z, y, x, side in blocks:
            mask[z : z + side, y : y + side, x : x + side] = 1
        values[mask > 0] += 100
        volume = slicer.util.addVolumeFromArray(values, name=name)
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{name} findings")
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        segment = segmentation.GetSegmentation().AddEmptySegment("Findings")
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
        return volume, segmentation

    def compareStudies(self):
        """Studies in one place: a cube grows from 6 to 10 mm, one of 5 mm goes, one of 7 mm comes."""
        first, firstSegments = self.makeStudy("First", [(5, 5, 5, 6), (20, 30, 40, 5)])
        other, otherSegments = self.makeStudy("Other study", [(4, 4, 4, 10), (20, 8, 36, 7)])
        recipe = Recipe.of(create_operation("comparison.match_findings"))
        logic = MedProcComparisonLogic()
        comparison, nodes = logic.process(
            first, other, recipe, firstSegments, otherSegments, baselineDate="2020-01-31", followUpDate="2021-02-01"
        )
        return logic, comparison, nodes

    def test_known_changes(self):
        _logic, comparison, nodes = self.compareStudies()
        found = {str(finding.change): finding.volumes_mm3 for finding in comparison.pairs[0].findings}
        self.assertEqual(set(found), {"grown", "gone", "new"})
        np.testing.assert_allclose([found["grown"], found["gone"], found["new"]], [(216, 1000), (125, 0), (0, 343)])
        self.assertEqual(comparison.studies[1].date, datetime.date(2021, 2, 1))
        self.assertEqual(len(rows_of_table(nodes.pairs[0].findings)), 3)

    def test_decisions_reach_the_report(self):
        logic, comparison, nodes = self.compareStudies()
        table = nodes.pairs[0].findings
        with self.assertRaises(InputError):
            logic.decide(table, 0, "accepted", " ")
        finding = logic.decide(table, 1, "rejected", "A. Reader", "an artifact")
        row = rows_of_table(table)[1]
        self.assertEqual((row["finding"], row["status"], row["reader"]), (finding, "rejected", "A. Reader"))
        self.assertEqual(row["comment"], "an artifact")
        reviewed = logic.reviewed(comparison, table)
        self.assertEqual([f.status for f in reviewed.pairs[0].findings].count("rejected"), 1)
        self.assertIn("A. Reader", logic.report(reviewed))

    def test_error_leaves_the_scene(self):
        first, _segments = self.makeStudy("First", [(5, 5, 5, 6)])
        flat = slicer.util.addVolumeFromArray(np.zeros((30, 40, 50)), name="Flat")
        count = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(InputError):
            MedProcComparisonLogic().process(first, flat)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
