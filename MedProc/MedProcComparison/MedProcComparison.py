"""MedProc Comparison: what changed between the studies of a patient, finding by finding, for a reader to decide."""

import datetime
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import qt
import slicer
from slicer import vtkMRMLTextNode
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
from MedProcLib.comparison.evaluation import Evaluated
from MedProcLib.comparison.pipeline import compare, with_map_of
from MedProcLib.comparison.result import Comparison
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_findings import studies_followed
from MedProcLib.comparison.tracks.edits import accept, reject
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.core.atomic import write_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.report.finding_measurements import measure_findings
from MedProcLib.report.report import report_html
from MedProcLib.scene.change_maps import show_change_map
from MedProcLib.scene.comparison_scene import ComparisonNodes, add_comparison, add_pair_to_scene
from MedProcLib.scene.studies import study_of_volume
from MedProcLib.scene.timeline_edits import edit_patient, put_patient, redo_edit, undo_edit
from MedProcLib.scene.timeline_input import TimePointInput, in_time_order, read_time_points, write_time_points
from MedProcLib.scene.timeline_nodes import is_patient_node, patient_nodes, patient_of_node
from MedProcLib.scene.timeline_outlines import unmeasured, unmeasured_outlines
from MedProcLib.scene.timeline_report import evaluated_of, reviewed
from MedProcLib.scene.timeline_restore import restoring
from MedProcLib.scene.timeline_scene import verdicts_of
from MedProcLib.scene.timeline_views import hide
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.add_study import AddStudy
from MedProcLib.widgets.change_maps_panel import ChangeMapsPanel
from MedProcLib.widgets.comparison_sentence import sentence
from MedProcLib.widgets.inputs import require_present
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.outline_panel import OutlinePanel
from MedProcLib.widgets.patient_files_panel import PatientFilesPanel
from MedProcLib.widgets.response_panel import ResponsePanel
from MedProcLib.widgets.time_points_panel import TimePointsPanel, date_of
from MedProcLib.widgets.timeline_views_panel import TimelineViewsPanel
from MedProcLib.widgets.track_actions import TrackActions
from MedProcLib.widgets.tracks_panel import TracksPanel
from MedProcLib.widgets.verdict_label import show_verdicts

AUTOMATIC, BELOW = "Chosen from the images", "As set below"
REPORT_TIP = _("Write the report with pictures, findings and limits as one HTML file")
NO_REPORT_TIP = _("Compare first, or load a patient: the report is made from what was found.")


class MedProcComparison(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        summary = _("Say what changed between a patient's studies: each finding new, grown, stable, shrunk or gone.")
        describe_module(parent, title=_("MedProc Comparison"), summary=summary)


@parameterNodeWrapper
class MedProcComparisonParameterNode:
    """patient: text node of the findings of the last comparison. The time points are kept beside these parameters,
    see scene.timeline_input."""

    steps: Annotated[str, Choice([AUTOMATIC, BELOW])] = AUTOMATIC
    recipe: str = ""
    reader: str = ""
    patient: vtkMRMLTextNode


class MedProcComparisonWidget(ModuleWidget):
    run_text = _("Compare")
    run_tip = _("Register the studies, find what changed and list it; the volumes are not modified")
    locked_sections = ("inputsButton", "stepsButton", "resultsButton", "mapsButton", "outlinesButton", "outputsButton")

    def makeLogic(self):
        return MedProcComparisonLogic()

    def connectPanel(self):
        ui, start, say = self.ui, self.run.start, self.run.say
        self.comparison = None  # of this session; that of a loaded scene is made again when it is needed
        self.comparedPatient = None  # whose node the comparison gave
        self.timePoints = TimePointsPanel(self.chosenTimePoints, self.keepTimePoints)
        self.views = TimelineViewsPanel(self.patientNode)
        self.maps = ChangeMapsPanel(self.patientNode, self.makeMap)
        self.tracks = TracksPanel(
            *(self.patientNode, self.reader, self.setReader, self.edit, self.undo, self.redo, self.onTrack)
        )
        self.actions = TrackActions(
            self.patientNode, lambda: self.tracks.track, lambda: self.tracks.time_point, self.reader, self.edit
        )
        self.response = ResponsePanel(self.patientNode, self.reader, self.edit, say)
        self.outlines = OutlinePanel(
            *(ui.outlinesButton, ui.outlinesFrame, self.patientNode, lambda: self.tracks.track, self.reader),
            *(start, lambda: self.run.running, say, self.onPatientChanged),
        )
        self.files = PatientFilesPanel(self.patientNode, start, self.onPatientLoaded)
        for frame, part in (
            (ui.timePointsFrame, self.timePoints),
            (ui.tracksFrame, self.tracks),
            (ui.actionsFrame, self.actions),
            (ui.viewsFrame, self.views),
            (ui.mapsFrame, self.maps),
            (ui.responseFrame, self.response),
            (ui.filesFrame, self.files),
        ):
            frame.layout().addWidget(part.widget)
        self.addStudy = AddStudy(
            *(self.patientNode, self.timePoints, self.chosenRecipe, start, self.outlines.ours, self.onStudyAdded)
        )
        ui.runFrame.layout().addWidget(self.addStudy.button)
        ui.reportButton.connect("clicked()", self.onSaveReport)
        self.views.show_button.connect("clicked()", self.maps.changed)

    def proposeInputs(self):
        self.timePoints.propose()
        if self.parameters.patient is None:
            self.parameters.patient = next(iter(patient_nodes()), None)

    def refresh(self):
        self.timePoints.changed()
        self.ui.stepsFrame.enabled = self.parameters.steps == BELOW
        self.onPatientChanged()

    def onPatientChanged(self):
        """Show the findings as they are now, everywhere in the panel."""
        node = self.patientNode()
        show_verdicts(self.ui.verdictLabel, verdicts_of(node) if node is not None else None)
        self.tracks.changed()
        self.actions.changed()
        self.response.changed()
        self.views.changed()
        self.maps.changed()
        self.outlines.changed()
        self.files.changed()
        self.addStudy.changed()
        ready = self.comparison is not None or (node is not None and len(patient_of_node(node).time_points) > 1)
        self.ui.reportButton.enabled = ready
        self.ui.reportButton.toolTip = REPORT_TIP if ready else NO_REPORT_TIP

    def missing(self):
        return self.timePoints.missing()

    def prepare(self):
        task = self.logic.prepareStudies(self.chosenTimePoints(), self.chosenRecipe())

        def commitResult(comparison):
            nodes = self.logic.commit(task, comparison)
            self.comparison, self.comparedPatient = comparison, nodes.patient
            self.choosePatient(nodes.patient)
            return sentence(comparison)

        return task.compute, commitResult

    def onStudyAdded(self):
        self.comparison = None  # it knows nothing of the new study
        self.onPatientChanged()

    def runEnded(self, outcome):
        self.outlines.ended()

    def cleanup(self):
        self.outlines.close()
        self.views.close()
        super().cleanup()

    def exit(self):
        """Nothing flickers and nobody draws here while the reader works elsewhere."""
        self.outlines.stop()
        self.views.stop()
        super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self.comparison = self.comparedPatient = None
        self.outlines.forget()
        self.views.stop()
        ModuleWidget.onSceneStartClose(self, caller, event)

    def chosenRecipe(self):
        """The steps as set in the panel; None for those that suit the images."""
        return self.recipe() if self.parameters.steps == BELOW else None

    def chosenTimePoints(self):
        return read_time_points(self.parameters.parameterNode) if self.parameters is not None else []

    def keepTimePoints(self, timePoints):
        write_time_points(self.parameters.parameterNode, timePoints)

    def patientNode(self):
        node = self.parameters.patient if self.parameters is not None else None
        return node if is_patient_node(node) else None

    def reader(self):
        return self.parameters.reader if self.parameters is not None else ""

    def setReader(self, name):
        self.parameters.reader = name

    def onTrack(self, track):
        """Another finding is looked at: views and corrections follow."""
        self.views.jump(track)
        self.actions.changed()
        self.outlines.look_at(track)

    def edit(self, change):
        """Do a reader's correction; True when it was done."""
        try:
            what = self.outlines.ours(lambda: edit_patient(self.patientNode(), change, self.reader()))
        except InputError as error:
            self.run.say(str(error), True)
            return False
        self.onPatientChanged()
        self.run.say(_("{what}.").format(what=what))
        self.measureMissing()
        return True

    def undo(self):
        """Take the last correction back, with its outline where it drew one."""
        self.goThroughHistory(self.outlines.outlines.require, undo_edit)

    def redo(self):
        """Do again what was taken back last, with its outline where it drew one."""
        self.goThroughHistory(self.outlines.outlines.require_again, redo_edit)

    def goThroughHistory(self, requireOutlines, step):
        node = self.patientNode()
        try:
            drawn = requireOutlines(node)
            what = self.outlines.ours(lambda: step(node, self.reader()))
            if drawn is not None:
                self.outlines.restore(drawn)
        except InputError as error:
            self.run.say(str(error), True)
            return
        self.onPatientChanged()
        self.run.say(_("{what}.").format(what=what))
        self.measureMissing()  # what was joined may have been taken back before it was measured

    def makeMap(self, name, start, end):
        """Make a change map of two time points (ids), and show it."""

        def prepare():
            node = self.patientNode()
            order = patient_of_node(node).order
            current = self.currentComparison(node)

            def compute(progress):
                before, work = progress.parts(1, 1)
                comparison = current(before)
                places = tuple(studies_followed(comparison)[order[point]] for point in (start, end))
                known = any((pair.fixed, pair.moving) == places for pair in comparison.all_pairs)
                return (*with_map_of(comparison, places, name, work), known)

            def commitResult(result):
                comparison, pair, known = result
                require_present(node)
                volumes = add_pair_to_scene(comparison, pair, node, only_maps=known).maps
                self.comparison, self.comparedPatient = comparison, node
                show_change_map(volumes[-1])
                self.maps.changed()
                return _("Map made: {title}.").format(title=pair.maps[-1].title)

            return compute, commitResult

        self.run.start(prepare)

    def currentComparison(self, node):
        """What gives the comparison as the reader left it, in any thread: this session's, or one made again."""
        other = node is not None and node is not self.comparedPatient  # a scene with its own patient was added
        if self.comparison is None or other:
            return restoring(node)
        comparison = reviewed(self.comparison, node)
        return lambda progress: comparison

    def onPatientLoaded(self, node):
        self.comparison = None
        self.choosePatient(node)

    def choosePatient(self, node):
        """Have the panel show a patient, at once or, when the reader went to another module, on coming back."""
        parameters = self.parameters if self.parameters is not None else self.logic.getParameterNode()
        parameters.patient = node

    def measureMissing(self):
        """Measure what a correction joined."""
        node = self.patientNode()  # None when the reader went to another module meanwhile
        points = unmeasured(patient_of_node(node)) if node is not None else ()
        if not points or self.run.running:
            return
        what = self.run.message

        def prepare():
            outlines = unmeasured_outlines(node, points[0])

            def commitResult(patient):
                self.outlines.ours(lambda: put_patient(node, patient))
                self.onPatientChanged()
                qt.QTimer.singleShot(0, self.measureMissing)
                return what

            return outlines.measured, commitResult

        self.run.start(prepare)

    def onSaveReport(self):
        path = qt.QFileDialog.getSaveFileName(self.panel, _("Save report"), "report.html", "HTML (*.html)")
        if path:
            self.saveReport(path)

    def saveReport(self, path):
        """Write the report of the comparison with the decisions made so far; drawn in the worker."""

        def written(html):
            write_text(html, path)
            return _("Written: {path}").format(path=path)

        def prepare():
            node = self.patientNode()
            current, evaluated = self.currentComparison(node), evaluated_of(node)

            def compute(progress):
                before, drawing = progress.parts(1, 1)
                return self.logic.report(current(before), drawing, evaluated)

            return compute, written

        self.run.start(prepare)


@dataclass(frozen=True)
class ComparisonTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    timePoints: tuple[TimePointInput, ...]
    studies: tuple[Study, ...]
    recipe: Recipe | None

    def compute(self, progress: Progress = SILENT) -> Comparison:
        return compare(self.studies, self.recipe, progress=progress)


class MedProcComparisonLogic(ScriptedLoadableModuleLogic):
    """Compare studies from the Python console:

    logic = MedProcComparisonLogic()
    patient = logic.compare([slicer.util.getNode(name) for name in ("FLAIR 2019", "FLAIR 2021", "FLAIR 2023")])
    print([(track.id, [o.volume.value for o in track.observations]) for track in patient.tracks])
    """

    def getParameterNode(self):
        return MedProcComparisonParameterNode(super().getParameterNode())

    def defaultRecipe(self) -> Recipe:
        """The steps for MR of the head: brain mask, bias correction, lesions, registration, change, matching."""
        return head_mr_recipe()

    def compare(
        self,
        studies: Sequence[Any],
        dates: Sequence[str] = (),
        segmentations: Sequence[Any] = (),
        recipe: Recipe | None = None,
        progress: Progress = SILENT,
    ) -> Patient | None:
        """Compare two to twenty volume nodes; returns the patient with the findings over time (tracks.model), which the
        scene holds too (scene.timeline_nodes.patient_nodes); None when no study could be registered.

        dates: YYYY-MM-DD for each, '' for what the volume tells; segmentations: of the findings, None for those to be
        segmented; recipe: None for one chosen from the images. Raises InputError, Cancelled; then nothing is added.
        """
        for what, given in (("dates", dates), ("segmentations", segmentations)):
            if given and len(given) != len(studies):
                raise InputError(f"There are {len(given)} {what} for {len(studies)} studies; give one for each.")
        timePoints = [
            TimePointInput(volume, dates[n] if dates else "", segmentations[n] if segmentations else None)
            for n, volume in enumerate(studies)
        ]
        task = self.prepareStudies(timePoints, recipe)
        nodes = self.commit(task, task.compute(progress))
        return patient_of_node(nodes.patient) if nodes.patient is not None else None

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
        """Compare two volume nodes; returns the comparison (comparison.result) and its nodes (ComparisonNodes)."""
        timePoints = [
            TimePointInput(baseline, baselineDate, baselineSegmentation),
            TimePointInput(followUp, followUpDate, followUpSegmentation),
        ]
        task = self.prepareStudies(timePoints, recipe)
        comparison = task.compute(progress)
        return comparison, self.commit(task, comparison)

    def prepareStudies(self, timePoints: Sequence[TimePointInput], recipe: Recipe | None) -> ComparisonTask:
        """Read the nodes (main thread). Raises InputError."""
        ids = [point.volume.GetID() for point in timePoints if point.volume is not None]
        if len(set(ids)) < len(ids):
            raise InputError("Two studies are the same volume: choose another one.")
        ordered = in_time_order(timePoints)
        studies = tuple(study_of_volume(p.volume, p.segmentation, date=date_of(p.date)) for p in ordered)
        return ComparisonTask(tuple(ordered), studies, recipe)

    def commit(self, task: ComparisonTask, comparison: Comparison) -> ComparisonNodes:
        """Add the comparison to the scene (main thread)."""
        places = [next(n for n, each in enumerate(task.studies) if each is study) for study in comparison.studies]
        points = [task.timePoints[place] for place in places]
        images = [point.images for point in points]
        require_present(*(point.volume for point in points), *(image for each in images for image in each))
        nodes = add_comparison(comparison, sources=[point.volume for point in points], images=images)
        for point in points:  # or its outlines would be seen twice
            hide(point.segmentation)
        return nodes

    def report(self, comparison: Comparison, progress: Progress = SILENT, evaluated: Evaluated | None = None) -> str:
        """The report as one HTML page; touches no node. evaluated: what a response criterion gives."""
        rows = measure_findings(comparison, progress.part(0, 0.5))
        return report_html(comparison, rows, progress.part(0.5, 1), evaluated)


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
        volumes = [[o.volume.value for o in track.observations] for track in patient_of_node(nodes.patient).tracks]
        self.assertEqual(volumes, [[216, 1000], [125], [343]])

    def test_three_studies_from_the_console(self):
        blocks = [(5, 5, 5, 6)], [(5, 5, 5, 8)], [(4, 4, 4, 10), (20, 8, 36, 7)]
        studies = [self.makeStudy(f"Study {n}", each) for n, each in enumerate(blocks)]
        volumes, segmentations = zip(*studies, strict=True)
        recipe = Recipe.of(create_operation("comparison.match_findings"))
        dates = ["2022-01-01", "2020-01-01", "2021-01-01"]
        patient = MedProcComparisonLogic().compare(volumes, dates, segmentations, recipe)
        self.assertEqual([point.id for point in patient.time_points], ["Study 1", "Study 2", "Study 0"])
        self.assertEqual([o.volume.value for o in patient.track("F001").observations], [512, 1000, 216])

    def test_decisions_reach_the_report(self):
        logic, comparison, nodes = self.compareStudies()
        with self.assertRaises(InputError):
            edit_patient(nodes.patient, lambda patient, who, when: accept(patient, "F001", who, when), " ")
        edit_patient(
            nodes.patient, lambda patient, who, when: reject(patient, "F002", who, when, note="artifact"), "A. Reader"
        )
        decided = patient_of_node(nodes.patient).track("F002").observations[0]
        self.assertEqual((decided.status, decided.reader, decided.note), ("rejected", "A. Reader", "artifact"))
        self.assertIn("A. Reader", logic.report(reviewed(comparison, nodes.patient)))

    def test_error_leaves_the_scene(self):
        first, _segments = self.makeStudy("First", [(5, 5, 5, 6)])
        flat = slicer.util.addVolumeFromArray(np.zeros((30, 40, 50)), name="Flat")
        count = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(InputError):
            MedProcComparisonLogic().process(first, flat)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
