"""MedProc Comparison over three time points, with given outlines: a reader's corrections, clicked through."""

import re
from dataclasses import replace

import numpy as np
import pytest
from three_studies import DATES, patient_of, settle


def cells(widget):
    table = widget.tracks.table
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def test_the_list_and_its_keys(compared):
    widget, tracks = compared, compared.tracks
    # the recipe took the studies as they lie; what holds for all of them is said once
    told = "The alignment was not checked.\nThe recipe has no registration: the studies were taken as aligned."
    assert widget.ui.verdictLabel.text == told
    assert [line[:4] for line in cells(widget)] == [
        ["F001", "grown", "+95", "yes"],
        ["F002", "gone", "-100", "yes"],
        ["F003", "new", "", "yes"],
    ]
    assert [line[4:] for line in cells(widget)] == [
        ["216", "512", "1000"],
        ["125", "125", ""],
        ["", "", "343"],
    ]
    tracks.reference_box.currentIndex = 1  # since baseline
    assert cells(widget)[0][2] == "+363"
    tracks.measure_box.currentIndex = 1  # longest diameter
    assert float(cells(widget)[0][4]) == pytest.approx(np.hypot(6, 6), abs=1.5)
    assert tracks.track == "F001" and "2021-03-02: 512 mm³ [" in tracks.reason_label.text
    tracks.shortcuts["N"].activated.emit()
    tracks.shortcuts["P"].activated.emit()
    tracks.shortcuts["A"].activated.emit()
    assert tracks.track == "F002" and cells(widget)[0][0] == "✓ F001"  # on to the next open one
    tracks.shortcuts["R"].activated.emit()
    tracks.shortcuts["A"].activated.emit()
    assert [line[0] for line in cells(widget)] == ["✓ F001", "✗ F002", "✓ F003"]
    assert tracks.summary_label.text == "3 findings, 0 to decide."
    tracks.shortcuts["U"].activated.emit()
    assert [line[0] for line in cells(widget)] == ["✓ F001", "✗ F002", "F003"]
    tracks.filter_box.currentIndex = 4  # rejected
    assert [line[0] for line in cells(widget)] == ["✗ F002"]
    tracks.select("F001")
    assert tracks.filter_box.currentIndex == 0
    tracks.at_box.currentIndex = 2
    tracks.shortcuts["R"].activated.emit()
    statuses = [o.status for o in patient_of(widget).track("F001").observations]
    assert statuses == ["accepted", "rejected", "accepted"]
    assert cells(widget)[0][1] == "grown"  # since baseline
    tracks.reference_box.currentIndex = 0
    assert cells(widget)[0][1] == "reappeared"


def test_corrections_of_what_is_one_lesion(compared):
    widget, actions = compared, compared.actions
    widget.tracks.select("F001")
    possible = {name: button.enabled for name, (button, _tip) in actions.buttons.items()}
    assert not any(possible.values()) and "'At'" in actions.buttons["split"][0].toolTip  # nothing is chosen yet
    actions.other_box.currentIndex = actions.other_box.findText("F002")
    assert [name for name, (button, _tip) in actions.buttons.items() if button.enabled] == ["merge"]
    actions.buttons["merge"][0].click()
    settle(widget)
    volumes = [[o.volume.value for o in t.observations] for t in patient_of(widget).tracks]
    assert volumes == [[216 + 125, 512 + 125, 1000], [343]]  # measured as one
    assert widget.run.message == "F002 joined to F001."
    widget.tracks.undo()
    assert [t.id for t in patient_of(widget).tracks] == ["F001", "F002", "F003"]
    assert widget.tracks.buttons["redo"].enabled
    widget.tracks.buttons["redo"].click()
    settle(widget)
    assert [[o.volume.value for o in t.observations] for t in patient_of(widget).tracks] == volumes
    assert "Redone" in widget.run.message and not widget.tracks.buttons["redo"].enabled
    widget.tracks.undo()
    widget.tracks.select("F001")
    widget.tracks.at_box.currentIndex = 3
    actions.buttons["move"][0].click()
    assert [len(t.observations) for t in patient_of(widget).tracks] == [2, 2, 1, 1]
    actions.buttons["split"][0].click()
    assert "no observations on both sides" in widget.run.message
    widget.tracks.undo()
    actions.other_box.currentIndex = actions.other_box.findText("F002")
    actions.buttons["swap"][0].click()
    assert [o.time_point for o in patient_of(widget).track("F002").observations] == ["FLAIR 0", "FLAIR 1", "FLAIR 2"]


def test_change_maps_are_made_shown_and_reported(compared, finish, tmp_path):
    from MedProcLib.scene.change_maps import change_maps_at, map_colors_of, shown_change_map

    widget, maps = compared, compared.maps
    assert [maps.start_box.itemText(n) for n in range(3)] == [date.isoformat() for date in DATES]
    maps.kind_box.currentIndex = 0
    maps.make_button.click()  # the first and the last
    assert finish(widget) == "Map made: Difference map."
    (first,) = change_maps_at(widget.patientNode())
    assert shown_change_map(widget.patientNode()) is first is maps.map
    figures = {maps.table.item(row, 1).text() for row in range(maps.table.rowCount)}
    assert "mean difference" in figures
    maps.threshold_slider.value = 10
    assert map_colors_of(first).threshold == 10
    # two later ones, which are compared first
    maps.start_box.currentIndex = 2
    assert not maps.make_button.enabled  # of one time point and itself
    maps.start_box.currentIndex = 1
    assert maps.make_button.enabled
    widget.session.forget()  # as after loading a scene
    maps.make_button.click()
    assert finish(widget) == "Map made: Difference map."
    assert len(change_maps_at(widget.patientNode())) == 2 and maps.shown_box.count == 3
    assert "FLAIR 1 to FLAIR 2" in maps.map.GetName()
    maps.shown_box.currentIndex = 0
    assert shown_change_map(widget.patientNode()) is None and not maps.threshold_slider.visible
    assert map_colors_of(first).threshold == 10
    maps.kind_box.currentIndex = 4  # nothing divides tissues: the findings are what is gained and lost
    maps.make_button.click()
    assert finish(widget) == "Map made: Tissue gain and loss."
    maps.kind_box.currentIndex = 0
    maps.start_box.currentIndex = 0
    maps.make_button.click()  # again: it takes the place of the one there was
    assert finish(widget) == "Map made: Difference map."
    assert len(change_maps_at(widget.patientNode())) == 3
    # the second as after adding a scene with a patient of its own, which is not the one of this session
    for session in ((widget.session.comparison, widget.patientNode()), ("another's", None)):
        widget.session.keep(*session)
        widget.saveReport(tmp_path / "report.html")
        assert "Written" in finish(widget)
        html = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert html.count("Change maps: ") == 2 and "Findings: FLAIR 1 → FLAIR 2" in html


def test_a_run_ends_while_the_reader_works_elsewhere(compared, finish):
    import host

    first = compared.patientNode()
    compared.run.button.click()
    host.leave(compared)
    assert finish(compared).startswith("Last study against the first")
    host.enter(compared)
    assert compared.patientNode() is compared.session.patient is not first
    assert len(compared.tracks.rows) == 3


def test_roles_criterion_and_chart(compared, tmp_path):
    import slicer

    widget, response = compared, compared.response
    response.criterion_box.currentIndex = 1
    assert "role" in response.missing_label.text
    response.propose_button.click()
    assert [str(r.category) for r in response.responses] == ["baseline", "non-CR/non-PD", "PD"]
    widget.tracks.select("F001")
    widget.actions.role_box.currentIndex = 1  # target: smaller than the criterion would have it, which is said
    assert [str(r.category) for r in response.responses] == ["baseline", "SD", "PD"]
    rise = re.search(r"\+([\d.]+) mm", response.steps_label.text)  # long diagonals of cubes of 6 and 10 mm
    assert float(rise[1]) == pytest.approx(4 * 2**0.5, abs=0.6)
    assert "Best response: SD" in response.steps_label.text
    widget.actions.organ_edit.text = "liver"
    widget.actions.organ_edit.editingFinished.emit()
    assert patient_of(widget).track("F001").organ == "liver"
    file = tmp_path / "clinical.json"
    file.write_text('{"protocol": {"confirm": true}, "time_points": {"T9": {}}}')
    response.read_clinical(file)
    assert "'T9' is no time point" in widget.run.message and not patient_of(widget).protocol.confirm
    file.write_text('{"protocol": {"confirm": true}}')
    response.read_clinical(file)
    assert "clinical.json" in widget.run.message and patient_of(widget).protocol.confirm
    response.chart_box.currentIndex = 2
    response.chart_button.click()
    assert "sum over time" in widget.run.message
    assert slicer.util.getNodesByClass("vtkMRMLPlotChartNode")[0].GetTitle() == "Doe findings: sum over time"
    widget.saveReport("/nowhere/report.html")
    settle(widget)
    assert "nowhere" in widget.run.message


def test_outlines_are_measured_as_they_are_drawn_and_taken_back(compared):
    import host
    import slicer

    from MedProcLib.scene.timeline_display import segments_by_label
    from MedProcLib.scene.timeline_nodes import segmentation_at, volume_at

    widget = compared
    widget.tracks.select("F001")
    widget.ui.outlinesButton.collapsed = False
    node, point = widget.patientNode(), "FLAIR 2"
    segmentation, volume = segmentation_at(node, point), volume_at(node, point)
    assert widget.outlines.editor.node is segmentation
    label = patient_of(widget).track("F001").at(point).labels[0]
    segment = segments_by_label(segmentation)[label]

    def voxels():
        return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)

    drawn = voxels().copy()
    drawn[20:24, 20:24, 20:24] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, segment, volume)
    widget.tracks.select("F002")
    widget.tracks.accept()  # before what was drawn is measured: neither may be lost
    assert host.wait_until(lambda: "redrawn" in widget.run.message, 20)
    assert patient_of(widget).track("F002").observations[0].status == "accepted"
    widget.tracks.select("F001")
    assert patient_of(widget).track("F001").at(point).volume.value == 1000 + 64
    assert cells(widget)[0][6] == "1064"
    widget.tracks.undo()
    assert voxels().sum() == 1000 and cells(widget)[0][6] == "1000"
    widget.tracks.buttons["redo"].click()
    assert voxels().sum() == 1000 + 64 and cells(widget)[0][6] == "1064"
    widget.tracks.undo()
    assert voxels().sum() == 1000 and cells(widget)[0][6] == "1000"
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, segment, volume)
    widget.outlines.editor.settle()
    widget.tracks.select("F002")
    widget.tracks.reject()
    widget.exit()  # before it is measured: it is all the same
    settle(widget)
    widget.enter()
    settle(widget)
    assert cells(widget)[0][6] == "1064"
    assert patient_of(widget).history[-1].who == widget.reader() != ""
    widget.ui.outlinesButton.collapsed = False
    widget.tracks.undo()
    assert voxels().sum() == 1000 and cells(widget)[0][6] == "1000"
    for thick in (2, 4):  # the second stroke comes while the first one is measured
        drawn[20:24] = 0
        drawn[20 : 20 + thick, 20:24, 20:24] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, segment, volume)
        widget.outlines.editor.settle()
    settle(widget)
    for volume_mm3 in ("1064", "1032", "1000"):
        assert cells(widget)[0][6] == volume_mm3 == str(voxels().sum())
        widget.tracks.undo()
    widget.tracks.select("F001")
    widget.tracks.buttons["reject"].click()  # what the program does to segments is no drawing
    host.wait_until(lambda: False, 1.0)
    assert "redrawn" not in patient_of(widget).history[-1].what
    widget.ui.outlinesButton.collapsed = True
    assert widget.outlines.editor.node is None
    widget.ui.outlinesButton.collapsed = False
    assert widget.outlines.editor.node is not None
    widget.choosePatient(None)
    assert widget.outlines.editor.node is None  # nobody draws in outlines of a patient that is not shown


def test_a_study_is_added_to_findings_that_were_decided_and_one_taken_out(compared, finish, tmp_path):
    import slicer

    from MedProcLib.scene.timeline_nodes import segmentation_at

    widget = compared
    assert not widget.addStudy.button.visible
    ours = widget.chosenTimePoints()
    others = [replace(point, volume=point.images[0], images=()) for point in ours]
    for points, known in ((others[1:], False), ([ours[0], others[1]], True), (ours, False)):
        widget.keepTimePoints(points)  # of another patient; of this one; of those there are
        widget.refresh()
        assert widget.addStudy.button.visible is known
    widget.tracks.select("F002")
    widget.tracks.reject()
    values = np.random.default_rng(9).normal(100, 5, (30, 40, 50)).astype(np.float32)
    mask = np.zeros(values.shape, np.uint8)
    for z, y, x, side in ((4, 4, 4, 11), (20, 8, 36, 7), (22, 30, 10, 4)):
        mask[z : z + side, y : y + side, x : x + side] = 1
    volume = slicer.util.addVolumeFromArray(values + 100 * mask, name="FLAIR 2021-09-01")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Outlines 3")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = segmentation.GetSegmentation().AddEmptySegment("Findings")
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
    widget.timePoints.add_button.click()
    choose = widget.timePoints
    choose.volume_box.setCurrentNode(volume)
    choose.segmentation_box.setCurrentNode(segmentation)
    assert widget.addStudy.button.visible
    widget.addStudy.button.click()
    assert finish(widget) == "FLAIR 2021-09-01 was added. Since FLAIR 1: 1 grown, 2 new."
    patient = patient_of(widget)
    # between the second and the third by its date
    assert [point.id for point in patient.time_points] == ["FLAIR 0", "FLAIR 1", "FLAIR 2021-09-01", "FLAIR 2"]
    assert [o.volume.value for o in patient.track("F001").observations] == [216, 512, 1331, 1000]
    assert {o.status for o in patient.track("F002").observations} == {"rejected"}
    assert [o.volume.value for o in patient.track("F003").observations] == [343, 343]
    assert [o.volume.value for o in patient.track("F004").observations] == [64]
    names = segmentation_at(widget.patientNode(), "FLAIR 2021-09-01").GetSegmentation()
    found = {names.GetNthSegment(n).GetName() for n in range(names.GetNumberOfSegments())}
    assert found == {"F001 grown", "F003 new", "F004 new"}
    assert not widget.addStudy.button.visible and widget.tracks.table.columnCount == 8
    # what the new study made stable (F003) is no longer among what changed, which is listed first
    order = [(row.track.id, str(row.change)) for row in widget.tracks.rows]
    assert order.index(("F004", "gone")) < order.index(("F003", "stable"))
    widget.tracks.undo()  # the rejection, not the study
    assert "nothing to undo" in widget.run.message
    take_out_the_first(widget, finish, patient, tmp_path)


def take_out_the_first(widget, finish, patient, tmp_path):
    from MedProcLib.scene.timeline_nodes import segmentation_at

    assert not widget.addStudy.take_button.visible
    widget.timePoints.select(0)
    widget.timePoints.remove_button.click()
    assert widget.addStudy.take_button.text == "Take FLAIR 0 out of findings"
    widget.addStudy.take_button.click()
    assert "taken out" in widget.run.message and not widget.addStudy.take_button.visible
    less = patient_of(widget)
    assert [point.id for point in less.time_points] == ["FLAIR 1", "FLAIR 2021-09-01", "FLAIR 2"]
    assert [o.volume.value for o in less.track("F001").observations] == [512, 1331, 1000]
    assert not segmentation_at(widget.patientNode(), "FLAIR 0").GetDisplayNode().GetVisibility()
    widget.saveReport(tmp_path / "report.html")
    assert "Written" in finish(widget)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "FLAIR 1" in html and "<b>FLAIR 0</b>" not in html
    widget.tracks.undo()
    assert patient_of(widget).tracks == patient.tracks and patient_of(widget).time_points == patient.time_points
    assert widget.addStudy.take_button.visible


def test_findings_are_saved_and_loaded_as_files(compared, finish, tmp_path):
    import host
    import slicer

    from MedProcLib.scene.timeline_nodes import volume_at
    from MedProcLib.scene.timeline_views import COLUMNS
    from MedProcLib.scene.views import slice_composites

    widget = compared
    widget.tracks.select("F003")
    widget.tracks.accept()
    before = patient_of(widget)
    widget.files.save(tmp_path / "doe.json")
    assert "Written" in finish(widget)
    slicer.mrmlScene.Clear(0)
    assert not widget.files.save_button.enabled
    widget.files.load(tmp_path / "doe.json")
    assert "Read" in finish(widget)
    assert host.wait_until(lambda: len(widget.chosenTimePoints()) == 3, 5)  # what was read is proposed
    assert "Read" in widget.run.message
    first, tracks = widget.patientNode(), widget.tracks
    assert patient_of(widget).tracks == before.tracks
    assert cells(widget)[2][0] == "✓ F003" and widget.ui.verdictLabel.text == ""
    widget.views.show_button.click()
    tracks.filter_box.currentIndex = 2
    tracks.select("F001")
    tracks.comment_edit.text, tracks.at_box.currentIndex = "of the first", 1
    widget.files.load(tmp_path / "doe.json")  # as another patient whose studies and findings are called the same
    finish(widget)
    assert widget.patientNode() is not first and len(cells(widget)) == 3
    assert (tracks.track, tracks.comment_edit.text, tracks.time_point) == ("", "", None)
    shown = [each for each in slice_composites(slicer.mrmlScene) if each.GetLayoutName() in COLUMNS[:3]]
    volumes = [volume_at(widget.patientNode(), point).GetID() for point in before.order]
    assert [each.GetBackgroundVolumeID() for each in shown] == volumes


def test_what_changed_is_listed_first_and_stays_there(panel, scene):
    import slicer

    from MedProcLib.core.recipe import Recipe
    from MedProcLib.core.registry import create_operation
    from MedProcLib.scene.timeline_nodes import patient_nodes

    same = (20, 30, 40, 7)
    volumes, segmentations = [], []
    for number, blocks in enumerate(((same, (5, 5, 5, 6)), (same, (4, 4, 4, 10), (20, 8, 36, 6)))):
        mask = np.zeros((30, 40, 50), np.uint8)
        for z, y, x, side in blocks:
            mask[z : z + side, y : y + side, x : x + side] = 1
        volumes.append(slicer.util.addVolumeFromArray(100.0 + mask, name=f"Study {number}"))
        segmentations.append(scene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"Outlines {number}"))
        segmentations[-1].SetReferenceImageGeometryParameterFromVolumeNode(volumes[-1])
        segment = segmentations[-1].GetSegmentation().AddEmptySegment("Findings")
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentations[-1], segment, volumes[-1])
    widget = panel("MedProcComparison")
    recipe = Recipe.of(create_operation("comparison.match_findings"))
    widget.logic.compare(volumes, ["2020-01-01", "2021-01-01"], segmentations, recipe)
    widget.parameters.patient = patient_nodes()[0]
    tracks = widget.tracks
    assert [str(row.change) for row in tracks.rows] == ["grown", "new", "stable"]
    order = [row.track.id for row in tracks.rows]
    assert order != sorted(order)
    widget.setReader("A. Reader")
    tracks.select(order[0])
    tracks.reject()
    assert [row.track.id for row in tracks.rows] == order and tracks.track == order[1]
    assert tracks.rows[0].change is None
