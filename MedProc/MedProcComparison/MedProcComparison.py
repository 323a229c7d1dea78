"""MedProc Comparison: what changed between the studies of a patient, finding by finding, for a reader to decide."""

import datetime
import importlib.util
import sys
from pathlib import Path
from typing import Annotated

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

from MedProcLib.comparison.tracks.edits import accept, reject
from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.scene.timeline_edits import edit_patient
from MedProcLib.scene.timeline_input import read_time_points, write_time_points
from MedProcLib.scene.timeline_nodes import is_patient_node, patient_nodes, patient_of_node
from MedProcLib.scene.timeline_report import reviewed
from MedProcLib.scene.timeline_scene import landmark_errors_of, left_out_of, verdicts_of
from MedProcLib.widgets.about import describe_module
from MedProcLib.widgets.add_study import AddStudy
from MedProcLib.widgets.change_maps_panel import ChangeMapsPanel
from MedProcLib.widgets.columns import leave_columns
from MedProcLib.widgets.comparison_logic import ComparisonLogic
from MedProcLib.widgets.comparison_sentence import sentence
from MedProcLib.widgets.fields import combo, titled
from MedProcLib.widgets.file_choice import ask_where_to_write
from MedProcLib.widgets.list_choice import ListBox
from MedProcLib.widgets.module_widget import ModuleWidget
from MedProcLib.widgets.outline_panel import OutlinePanel
from MedProcLib.widgets.patient_files_panel import PatientFilesPanel
from MedProcLib.widgets.response_panel import ResponsePanel
from MedProcLib.widgets.session_comparison import SessionComparison
from MedProcLib.widgets.study_dates import StudyDates
from MedProcLib.widgets.time_points_panel import TimePointsPanel
from MedProcLib.widgets.timeline_views_panel import TimelineViewsPanel
from MedProcLib.widgets.track_actions import TrackActions
from MedProcLib.widgets.track_editing import TrackEditing
from MedProcLib.widgets.tracks_panel import TracksPanel
from MedProcLib.widgets.verdict_label import show_verdicts

AUTOMATIC, BELOW = "Chosen from the images", "As set below"
SETTLE_MS = 300  # after the last node that was added
REPORT_TIP = _("Write the report with pictures, findings and limits as one HTML file")
NO_REPORT_TIP = _("Compare first, or load a patient: the report is made from what was found.")


class MedProcComparison(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        summary = _("Say what changed between a patient's studies: each finding new, grown, stable, shrunk or gone.")
        describe_module(parent, title=_("MedProc Comparison"), summary=summary)
        slicer.app.connect("startupCompleted()", leave_columns)


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
        self.session = SessionComparison()
        self.timePoints = TimePointsPanel(self.chosenTimePoints, self.keepTimePoints)
        self.views = TimelineViewsPanel(self.patientNode)
        self.maps = ChangeMapsPanel(self.patientNode, self.makeMap)
        self.outlines = OutlinePanel(
            *(ui.outlinesButton, ui.outlinesFrame, self.patientNode, lambda: self.tracks.track, self.reader),
            *(start, lambda: self.run.running, say, self.onPatientChanged),
        )
        self.edits = edits = TrackEditing(self.patientNode, self.reader, self.outlines, self.run, self.onPatientChanged)
        self.dates = StudyDates(self.patientNode, lambda change: edits.edit(change, _("a reader without a name")))
        self.tracks = TracksPanel(
            *(self.patientNode, self.reader, self.setReader, edits.edit, edits.undo, edits.redo, self.onTrack)
        )
        self.actions = TrackActions(
            self.patientNode, lambda: self.tracks.track, lambda: self.tracks.time_point, self.reader, edits.edit
        )
        self.response = ResponsePanel(
            *(self.patientNode, self.reader, edits.edit, say, self.onPatientChanged, self.tracks.select)
        )
        self.files = PatientFilesPanel(self.patientNode, start, self.onPatientLoaded)
        box = combo("patientFindings", _("Whose findings are shown: those of each comparison in the scene"))
        self.patients = ListBox(box, self.onPatientLoaded, patient_nodes)
        self.patientRow = titled(_("Of:"), box)
        ui.resultsButton.layout().insertWidget(0, self.patientRow)
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
            *(self.patientNode, self.timePoints, self.chosenRecipe, start, self.outlines.ours),
            *(edits.edit, self.onStudiesChanged),
        )
        for button in (self.addStudy.button, self.addStudy.take_button):
            ui.runFrame.layout().addWidget(button)
        self._loading = qt.QTimer()
        self._loading.setSingleShot(True)
        self._loading.interval = SETTLE_MS
        self._loading.connect("timeout()", self.onLoaded)
        ui.reportButton.connect("clicked()", self.onSaveReport)
        self.views.show_button.connect("clicked()", self.maps.changed)
        self.tracks.at_box.connect("currentIndexChanged(int)", lambda index: self.actions.changed())
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAddedEvent, self.onNodeAdded)

    def proposeInputs(self):
        if self.parameters.patient is None:
            self.parameters.patient = next(iter(patient_nodes()), None)
        if self.parameters.patient is None or not self.chosenTimePoints():
            self.timePoints.propose()

    def onNodeAdded(self, caller=None, event=None):
        """Studies may be loaded one by one while the panel is open; their place in the hierarchy comes last."""
        if self.parameters is not None and not self.run.running:
            self._loading.start()

    def onLoaded(self):
        scene = slicer.mrmlScene
        if self.parameters is None or self.run.running:
            return
        if scene.IsBatchProcessing() or scene.IsImporting():
            self._loading.start()  # again once all of it is there
            return
        self.proposeInputs()
        self.timePoints.changed()
        self.run.set_missing(self.missing())

    def refresh(self):
        self.timePoints.changed()
        self.ui.stepsFrame.enabled = self.parameters.steps == BELOW
        self.onPatientChanged()

    def onPatientChanged(self):
        """Show the findings as they are now, everywhere in the panel."""
        self.followDates()
        node = self.patientNode()
        self.patients.show(node)
        self.patientRow.visible = self.patients.count > 1
        if node is not None:
            show_verdicts(self.ui.verdictLabel, verdicts_of(node), left_out_of(node), landmark_errors_of(node))
        else:
            show_verdicts(self.ui.verdictLabel, None, self.session.left_out)
        self.tracks.changed()
        self.actions.changed()
        self.response.changed()
        self.views.changed()
        self.maps.changed()
        self.outlines.changed()
        self.files.changed()
        self.addStudy.changed()
        ready = self.session.can_report(node)
        self.ui.reportButton.enabled = ready
        self.ui.reportButton.toolTip = REPORT_TIP if ready else NO_REPORT_TIP

    def followDates(self):
        """Have the list of time points say the dates that its studies have among the findings."""
        chosen = self.chosenTimePoints()
        followed = self.dates.followed(chosen)
        if followed != chosen:
            write_time_points(self.parameters.parameterNode, followed)
            self.timePoints.changed()

    def missing(self):
        return self.timePoints.missing()

    def prepare(self):
        task = self.logic.prepareStudies(self.chosenTimePoints(), self.chosenRecipe())

        def commitResult(comparison):
            nodes = self.logic.commit(task, comparison)
            self.session.keep(comparison, nodes.patient)
            self.choosePatient(nodes.patient)
            self.onPatientChanged()  # no patient may follow none, with another verdict
            self.showCompared()
            return sentence(comparison)

        return task.compute, commitResult

    def showCompared(self):
        """Bring what was compared into the views, with the first finding, unless the reader works elsewhere."""
        if self.patientNode() is not None and self.views.show_compared():
            self.tracks.select_first()

    def onStudiesChanged(self):
        self.session.forget()  # it knows nothing of a new study
        self.onPatientChanged()
        self.showCompared()

    def runEnded(self, outcome):
        self.outlines.ended()

    def closePanel(self):
        self._loading.stop()
        self.outlines.close()
        self.views.close()

    def exit(self):
        """Nothing flickers and nobody draws here while the reader works elsewhere."""
        self.outlines.stop()
        self.views.leave()
        super().exit()

    def onSceneStartClose(self, caller=None, event=None):
        self._loading.stop()
        self.timePoints.forget()
        self.session.forget()
        self.outlines.forget()
        self.views.stop()
        self.views.leave_columns()
        ModuleWidget.onSceneStartClose(self, caller, event)
        self.onPatientChanged()  # none is shown: the next one's nodes may have the same ids

    def chosenRecipe(self):
        """The steps as set in the panel; None for those that suit the images."""
        return self.recipe() if self.parameters.steps == BELOW else None

    def chosenTimePoints(self):
        return read_time_points(self.parameters.parameterNode) if self.parameters is not None else []

    def keepTimePoints(self, timePoints):
        before = self.chosenTimePoints()
        write_time_points(self.parameters.parameterNode, timePoints)
        after = self.chosenTimePoints()
        kept = self.dates.changed(before, after)
        if kept != after:
            write_time_points(self.parameters.parameterNode, kept)

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

    def makeMap(self, name, start, end):
        """Make a change map of two time points (ids), and show it."""
        self.run.start(lambda: self.session.prepare_map(self.patientNode(), name, start, end, self.maps.changed))

    def onPatientLoaded(self, node):
        self.session.forget()
        self.choosePatient(node)
        self._loading.start()  # its studies are proposed where none are chosen: they came while this ran

    def choosePatient(self, node):
        """Have the panel show a patient, at once or, when the reader went to another module, on coming back."""
        parameters = self.parameters if self.parameters is not None else self.logic.getParameterNode()
        parameters.patient = node

    def onSaveReport(self):
        path = ask_where_to_write(self.panel, _("Save report"), "report.html", "HTML (*.html)")
        if path:
            self.saveReport(path)

    def saveReport(self, path):
        """Write the report of the comparison with the decisions made so far."""
        self.run.start(lambda: self.session.prepare_report(self.patientNode(), path, self.logic.report))


class MedProcComparisonLogic(ComparisonLogic, ScriptedLoadableModuleLogic):
    """Compare studies from the Python console:

    logic = MedProcComparisonLogic()
    patient = logic.compare([slicer.util.getNode(name) for name in ("FLAIR 2019", "FLAIR 2021", "FLAIR 2023")])
    print([(track.id, [o.volume.value for o in track.observations]) for track in patient.tracks])
    """

    def getParameterNode(self):
        return MedProcComparisonParameterNode(super().getParameterNode())


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
        volumes[0].SetName("Study 2")  # as series of DICOM studies are often of one name
        recipe = Recipe.of(create_operation("comparison.match_findings"))
        dates = ["2022-01-01", datetime.date(2020, 1, 1), "2021-01-01"]
        patient = MedProcComparisonLogic().compare(volumes, dates, segmentations, recipe)
        self.assertEqual([point.id for point in patient.time_points], ["Study 1", "Study 2", "Study 2 (3)"])
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
