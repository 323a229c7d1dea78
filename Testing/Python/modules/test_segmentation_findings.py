"""MedProc Segmentation: from a run to decided, corrected findings, clicked through on images that are known."""

import numpy as np
import pytest
from three_spots import NAME, PLAIN, statuses, use

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation


def key(widget, letter):
    widget.findings.shortcuts[letter].activated.emit()


def test_keys_lead_through_the_list(spots, panel):
    import slicer

    widget = spots
    assert not widget.findings.buttons["accept"].enabled
    key(widget, "N")
    assert widget.findings.row == 0 and widget.findings.buttons["accept"].enabled
    key(widget, "A")
    assert statuses(widget) == ["accepted", "proposed", "proposed"] and widget.findings.row == 1
    assert widget.run.message == "Finding 1 is accepted."
    key(widget, "R")
    assert statuses(widget) == ["accepted", "rejected", "proposed"] and widget.findings.row == 2
    key(widget, "P")
    key(widget, "U")
    assert statuses(widget) == ["accepted", "proposed", "proposed"] and widget.findings.row == 1
    accepted = slicer.util.getNode("Spots accepted findings").GetSegmentation()
    assert accepted.GetNthSegment(0).GetName() == "Finding 1 (accepted)"
    assert widget.findings.table_widget.item(0, 0).text() == "✓ Finding 1"
    assert widget.findings.summary_label.text == "2 proposed, 1 accepted, 0 rejected."
    assert (
        panel("MedProcQuantification").parameters.segmentation.GetName() == "Spots accepted findings"
    )  # not proposals


def test_every_view_jumps_to_a_clicked_finding(spots, scene):
    from MedProcLib.scene.coordinates import ras_of
    from MedProcLib.scene.findings import center_of

    spots.findings.table_widget.setCurrentCell(1, 0)
    place = ras_of(center_of(spots.resultRows()[1]))
    for name in ("Red", "Yellow", "Green"):
        to_ras = scene.GetNodeByID(f"vtkMRMLSliceNode{name}").GetSliceToRAS()
        np.testing.assert_allclose([to_ras.GetElement(axis, 3) for axis in range(3)], place, atol=1e-6)
    np.testing.assert_allclose(scene.GetFirstNodeByClass("vtkMRMLCrosshairNode").GetCrosshairRAS(), place, atol=1e-6)
    assert spots.findings.reason_label.text.startswith("27 mm³.")


def test_a_decision_without_a_reader_is_not_possible(spots):
    spots.setReader(" ")
    spots.findings.select(0)
    assert not spots.findings.buttons["accept"].enabled
    assert spots.findings.buttons["accept"].toolTip == "Type your name as reader."
    spots.findings.accept()
    assert spots.run.message == "A decision needs the reader's name." and statuses(spots)[0] == "proposed"


def test_a_wrong_decision_is_taken_back_from_where_it_led(spots):
    widget = spots
    assert widget.findings.buttons["undo"].toolTip == "No finding is decided yet."
    for letter in "NAR":
        key(widget, letter)
    assert statuses(widget) == ["accepted", "rejected", "proposed"] and widget.findings.row == 2
    key(widget, "U")
    assert statuses(widget) == ["accepted", "proposed", "proposed"] and widget.findings.row == 1
    key(widget, "U")
    assert statuses(widget) == ["proposed"] * 3 and widget.findings.row == 0
    assert not widget.findings.buttons["undo"].enabled


def test_several_findings_are_decided_and_taken_back_together(spots):
    from PySide6.QtCore import QItemSelectionModel

    findings, table = spots.findings, spots.findings.table_widget
    findings.select(0)
    findings.comment_edit.text = "of the first"
    findings.reject()
    findings.undo()
    findings.select(0)
    flags = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(table.model().index(2, 0), flags.Select | flags.Rows)
    assert findings.chosen == [0, 2] and findings.buttons["accept"].text == "Accept 2"
    assert findings.reason_label.text.startswith("2 findings are selected") and findings.comment_edit.text == ""
    key(spots, "A")
    assert statuses(spots) == ["accepted", "proposed", "accepted"] and findings.row == 1
    assert spots.run.message == "2 findings are accepted." and findings.buttons["accept"].text == "Accept"
    assert [row["comment"] for row in spots.resultRows()] == ["of the first", "", ""]
    key(spots, "U")
    assert statuses(spots) == ["proposed"] * 3 and spots.run.message == "2 findings are proposed."
    assert not findings.buttons["undo"].enabled
    assert [row["comment"] for row in spots.resultRows()] == ["of the first", "", ""]


def test_taking_back_one_of_several_selected_keeps_its_comment(spots, scene, finish):
    from PySide6.QtCore import QItemSelectionModel

    findings, table = spots.findings, spots.findings.table_widget
    findings.select(0)
    findings.comment_edit.text = "of the first"
    findings.reject()
    findings.select(0)
    flags = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(table.model().index(2, 0), flags.Select | flags.Rows)
    findings.undo()
    assert statuses(spots) == ["proposed"] * 3 and spots.resultRows()[0]["comment"] == "of the first"
    findings.select(0)
    assert findings.comment_edit.text == "of the first"
    first = spots.parameters.resultTable
    spots.run.button.click()
    finish(spots)
    assert spots.parameters.resultTable is not first and findings.comment_edit.text == ""  # of another list's finding
    spots.parameters.resultTable = first
    assert findings.row < 0 or findings.comment_edit.text == "of the first"
    scene.Clear(0)
    assert findings.comment_edit.text == ""


def test_keys_are_letters_while_something_is_typed(spots):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    findings = spots.findings
    spots.parent.activateWindow()
    findings.select(0)
    for field in (findings.comment_edit, findings.reader_edit, findings.filter_box):
        field.setFocus()
        QTest.keyClicks(QApplication.focusWidget(), "ar")
    assert statuses(spots) == ["proposed"] * 3 and spots.reader() == "A. Readerar"
    assert findings.filter_box.currentText == "Accepted"
    findings.select(0)
    findings.comment_edit.setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_A)
    assert statuses(spots) == ["accepted", "proposed", "proposed"]
    assert spots.resultRows()[0]["comment"] == "ar"


def test_filter_and_comment(spots):
    widget = spots
    widget.findings.select(2)
    widget.findings.comment_edit.text = 'an "artifact"'
    widget.findings.reject()
    widget.findings.filter_box.currentIndex = 3
    assert widget.findings.table_widget.rowCount == 1
    assert widget.resultRows()[2]["comment"] == "an 'artifact'"
    widget.findings.select(0)
    assert widget.findings.filter_box.currentIndex == 0 and widget.findings.row == 0


def test_decisions_survive_save_close_and_load_and_go_on(spots, tmp_path):
    import slicer

    spots.findings.select(0)
    spots.findings.accept()
    spots.findings.reject()
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert spots.findings.table_widget.rowCount == 0
    slicer.util.loadScene(path)
    assert statuses(spots) == ["accepted", "rejected", "proposed"]
    assert spots.findings.reader_edit.text == "A. Reader"
    shown = slicer.util.getNode("Spots bright outliers").GetDisplayNode()
    assert [shown.GetSegmentVisibility(f"Segment_{n}") for n in (1, 2, 3)] == [False, False, True]
    spots.findings.select(2)
    spots.findings.accept()
    assert slicer.util.getNode("Spots accepted findings").GetSegmentation().GetNumberOfSegments() == 2


def test_headings_sort_the_list(spots):
    widget, header = spots, spots.findings.table_widget.horizontalHeader()
    header.sectionClicked.emit(1)
    header.sectionClicked.emit(1)
    assert [widget.findings.table_widget.item(n, 1).text() for n in range(3)] == ["8", "27.0", "64.0"]
    widget.findings.select(1)
    assert widget.findings.table_widget.currentRow() == 1
    key(widget, "N")
    assert widget.findings.row == 0  # the next in the order that is seen
    key(widget, "R")
    assert statuses(widget) == ["rejected", "proposed", "proposed"] and widget.findings.row == 2
    header.sectionClicked.emit(1)
    assert [widget.findings.table_widget.item(n, 1).text() for n in range(3)] == ["64.0", "27.0", "8"]


def test_with_alt_the_keys_work_beside_the_list_too(spots):
    import host

    QtTest = pytest.importorskip("PySide6.QtTest", reason="no keys are pressed inside Slicer")
    from PySide6 import QtCore

    widget, alt = spots, QtCore.Qt.KeyboardModifier.AltModifier
    widget.findings.select(0)
    window = widget.panel.window()
    window.activateWindow()
    elsewhere = widget.ui.stepsFrame  # as a slice view is
    elsewhere.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
    elsewhere.setFocus()
    host.start().processEvents()
    QtTest.QTest.keyClick(elsewhere, QtCore.Qt.Key.Key_A)
    assert statuses(widget) == ["proposed"] * 3
    QtTest.QTest.keyClick(elsewhere, QtCore.Qt.Key.Key_A, alt)
    assert statuses(widget) == ["accepted", "proposed", "proposed"]
    QtTest.QTest.keyClick(elsewhere, QtCore.Qt.Key.Key_R, alt)
    assert statuses(widget) == ["accepted", "rejected", "proposed"]
    widget.ui.resultsButton.collapsed = True  # who does not see the list decides nothing
    QtTest.QTest.keyClick(elsewhere, QtCore.Qt.Key.Key_A, alt)
    assert statuses(widget) == ["accepted", "rejected", "proposed"]


def test_the_user_of_this_slicer_is_the_reader(panel, finish, tmp_path):
    import slicer

    user = slicer.app.applicationLogic().GetUserInformation()
    try:
        widget = panel(NAME)
        widget.setReader("Somebody else")
        assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
        user.SetName("B. User")
        slicer.mrmlScene.Clear(0)
        assert widget.findings.reader_edit.text == "B. User"
        slicer.util.loadScene(str(tmp_path / "scene.mrb"))
        assert widget.reader() == widget.findings.reader_edit.text == "B. User"
        widget.setReader("C. Colleague")
        widget.exit()
        widget.enter()
        assert widget.reader() == "C. Colleague"  # typed in this scene
    finally:
        user.SetName("")


def test_a_name_typed_in_one_module_holds_in_the_others_and_for_the_next_patient(panel, load, scene):
    import host

    load("study1_FLAIR")
    segmentation, quantification = panel(NAME), panel("MedProcQuantification")
    host.leave(quantification)
    edit = segmentation.findings.reader_edit
    edit.text = "A. Reader"
    edit.textEdited.emit("A. Reader")
    host.enter(quantification)
    assert quantification.ui.readerEdit.text == "A. Reader"
    scene.Clear(0)
    assert segmentation.parameters.reader == quantification.parameters.reader == "A. Reader"
    quantification.parameters.reader = "by a script"
    quantification.ui.readerEdit.text = "B. Reader"
    quantification.ui.readerEdit.textEdited.emit("B. Reader")
    host.enter(segmentation)
    assert segmentation.findings.reader_edit.text == "B. Reader"


def test_a_second_run_gives_a_second_list(spots, finish):
    spots.findings.select(2)
    spots.findings.reject()
    spots.findings.filter_box.currentIndex = 3  # rejected
    spots.findings.select(2)
    spots.run.button.click()
    finish(spots)
    assert spots.findings.table_widget.rowCount == 3  # of the new list none is hidden, and none was looked at
    assert spots.findings.row < 0 and not spots.findings.buttons["accept"].enabled
    assert spots.ui.listBox.visible and spots.ui.listBox.count == 2
    spots.findings.select(0)
    spots.findings.accept()
    spots.ui.listBox.currentIndex = 0
    assert statuses(spots) == ["proposed", "proposed", "rejected"]


def test_ten_thousand_rows_stay_usable(panel, finish):
    import slicer

    values = np.full((50, 100, 100), 100, np.float32)
    values += np.random.default_rng(0).normal(0, 1, values.shape).astype(np.float32)
    values[::2, ::5, ::5] = 200
    slicer.util.addVolumeFromArray(values, name="Dust")
    widget = panel(NAME)
    use(widget, Recipe.of(create_operation("segmentation.bright_outliers", PLAIN)))
    widget.parameters.region = "Whole image"
    widget.run.button.click()
    message = finish(widget)
    assert message.startswith("10000 findings in 'Dust bright outliers'.") and "3D" in message
    assert widget.findings.table_widget.rowCount == 300
    assert widget.findings.pages.label.text == "1 to 300 of 10000"
    widget.findings.pages.buttons[1].click()
    assert widget.findings.pages.label.text == "301 to 600 of 10000"
    widget.findings.select(299)
    widget.findings.next()
    assert widget.findings.row == 300 and widget.findings.pages.label.text == "301 to 600 of 10000"
    widget.setReader("R")
    widget.findings.select(9999)
    assert widget.findings.pages.label.text == "9901 to 10000 of 10000"
    widget.findings.accept()
    node = slicer.util.getNode("Dust accepted findings")
    assert node.GetSegmentation().GetNthSegment(0).GetName() == "Finding 10000 (accepted)"


def test_volume_and_segments_that_are_gone(spots):
    import slicer

    slicer.mrmlScene.RemoveNode(slicer.util.getNode("Spots bright outliers"))
    spots.findings.select(0)
    spots.findings.accept()
    assert "not there anymore" in spots.run.message
    spots.ui.editorButton.collapsed = False
    assert spots.correction.editor.node is None
    spots.findings.reject()
    assert statuses(spots)[0] == "rejected"


def test_the_result_is_scored_against_a_reference(spots, tmp_path):
    import host
    import slicer

    widget = spots
    volume, found = slicer.util.getNode("Spots"), slicer.util.getNode("Spots bright outliers")
    truth = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Truth")
    truth.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = truth.GetSegmentation().AddEmptySegment("Finding 1", "Finding 1")
    mask = np.zeros((20, 30, 40), np.uint8)
    mask[4:8, 5:9, 6:11] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, truth, segment, volume)
    panel = widget.scoring
    widget.ui.scoreButton.collapsed = False
    panel.reference_box.setCurrentNode(truth)
    panel.test_box.setCurrentNode(found)
    panel.run.button.click()
    assert host.wait_until(lambda: not panel.run.running, 60)
    assert panel.run.message == "3 segments scored in 'Spots bright outliers scores'."
    assert panel.table_widget.item(0, 0).text() == "Finding 1"
    assert float(panel.table_widget.item(0, 1).text()) == pytest.approx(2 * 64 / (64 + 80), abs=1e-3)
    assert slicer.util.getNode("Spots bright outliers distances").GetPolyData().GetNumberOfPoints() > 10

    panel.tolerance.value = 2.5
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert panel.reference_box.currentNode() is None and not panel.table_widget.visible
    slicer.util.loadScene(path)
    assert [box.currentNode().GetName() for box in (panel.reference_box, panel.test_box)] == [
        "Truth",
        "Spots bright outliers",
    ]
    assert panel.tolerance.value == 2.5
    widget.parameters.scoreTest = None
    assert "Choose the reference" in panel.run.message


def test_a_list_of_another_volume_than_the_chosen_one_is_named(spots):
    import slicer

    widget = spots
    assert not widget.ui.listBox.visible
    widget.parameters.inputVolume = slicer.util.addVolumeFromArray(np.ones((4, 5, 6), np.float32), name="Other")
    assert widget.ui.listBox.visible and widget.ui.listBox.currentText.startswith("Spots bright outliers")
    widget.parameters.inputVolume = slicer.util.getNode("Spots")
    assert not widget.ui.listBox.visible


def test_large_findings_are_listed_in_ml(panel, finish):
    import slicer

    values = np.random.default_rng(2).normal(100, 5, (20, 30, 40)).astype(np.float32)
    values[4:8, 5:9, 6:10] = values[12:15, 20:23, 30:33] = 200
    slicer.util.addVolumeFromArray(values, name="Spots").SetSpacing(12, 12, 12)
    widget = panel(NAME)
    use(widget, Recipe.of(create_operation("segmentation.bright_outliers", PLAIN)))
    widget.parameters.region = "Whole image"
    widget.run.button.click()
    finish(widget)
    table = widget.findings.table_widget
    assert table.horizontalHeaderItem(1).text() == "Volume\n[ml]"
    assert [table.item(row, 1).text() for row in range(2)] == ["110.6", "46.7"]


def test_findings_in_a_radiograph_are_listed_in_mm2(panel, finish):
    import slicer

    values = np.random.default_rng(2).normal(100, 5, (1, 60, 60)).astype(np.float32)
    values[0, 4:8, 5:9] = values[0, 30:36, 20:28] = 200
    volume = slicer.util.addVolumeFromArray(values, name="Hand")
    volume.SetSpacing(2, 2, 1)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    modality = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(volume), modality, "DX")
    widget = panel(NAME)
    use(widget, Recipe.of(create_operation("segmentation.bright_outliers", PLAIN)))
    widget.parameters.region = "Whole image"
    widget.run.button.click()
    finish(widget)
    table = widget.findings.table_widget
    assert table.horizontalHeaderItem(1).text() == "Area\n[mm²]"
    assert [float(table.item(row, 1).text()) for row in range(2)] == [192, 64]
    assert [row["reason"] for row in widget.resultRows()] == ["192 mm²", "64 mm²"]
    assert table.columnCount == 3  # the score is the area
    widget.setReader("A. Reader")
    widget.findings.select(0)
    widget.findings.accept()
    for name in ("Hand bright outliers", "Hand accepted findings"):  # a large picture's would take ten times as long
        assert not slicer.util.getNode(name).GetSegmentation().ContainsRepresentation("Closed surface")
