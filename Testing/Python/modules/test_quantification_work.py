"""MedProc Quantification at work: live figures, dragged lines, the table's views, charts, SUV, files."""

import json

import numpy as np
import pytest

NAME = "MedProcQuantification"


def paint(segmentation, volume):
    """Add a block of 3 x 4 x 2 voxels to 'One', as an editor does."""
    import slicer

    segment = segmentation.GetSegmentation().GetSegmentIdBySegmentName("One")
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)
    mask[6:8, 10:14, 16:19] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)


def texts(widget):
    table = widget.results.table_widget
    return [[table.item(r, c).text().strip() for c in range(table.columnCount)] for r in range(table.rowCount)]


def headings(view):
    return [view.table_widget.horizontalHeaderItem(c).text() for c in range(view.table_widget.columnCount)]


def test_figures_follow_the_segments(panel, block, scene):
    from host import wait_until

    volume, segmentation = block()
    widget = panel(NAME)
    widget.live.switch.click()
    assert wait_until(lambda: widget.resultTable() is not None and widget.live.live.idle)
    table = widget.resultTable()
    assert texts(widget)[-1][:2] == ["One", "36.0"]
    nodes = scene.GetNumberOfNodes()
    paint(segmentation, volume)
    assert wait_until(lambda: ["One", "84.0"] in [line[:2] for line in texts(widget)])
    assert wait_until(lambda: widget.live.live.idle)
    assert widget.resultTable() is table and scene.GetNumberOfNodes() == nodes
    widget.live.switch.click()
    version = widget.live.live.version
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(0))
    assert widget.live.live.version == version and len(texts(widget)) > 2  # off is off


def test_figures_of_what_the_segments_were_say_so(panel, block, finish, scene, tmp_path):
    import host
    import slicer

    volume, segmentation = block()
    widget = panel(NAME)
    note = widget.results.note_label
    widget.run.button.click()
    finish(widget)
    assert note.text == ""
    host.leave(widget)
    paint(segmentation, volume)  # in the Segment Editor
    host.enter(widget)
    assert note.text.startswith("The segments changed since")
    widget.run.button.click()
    finish(widget)
    assert note.text == ""
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(0))
    assert note.text.startswith("The segments changed since") and host.errors == []
    widget.live.switch.click()
    assert host.wait_until(lambda: note.text == "", 20)
    widget.live.switch.click()
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert note.text == "" and widget.resultTable() is not None
    paint(widget.parameters.segmentation, widget.parameters.inputVolume)
    assert note.text.startswith("The segments changed since")


def test_the_table_follows_from_other_modules(panel, block, scene):
    import host

    from MedProcLib.scene.diameter_lines import lines_of

    volume, segmentation = block()
    widget = panel(NAME)
    widget.ui.diametersCheckBox.click()
    widget.live.switch.click()
    assert host.wait_until(lambda: widget.resultTable() is not None and widget.live.live.idle)
    host.leave(widget)
    paint(segmentation, volume)
    assert host.wait_until(lambda: ["One", "84.0"] in [line[:2] for line in texts(widget)] and widget.live.live.idle)
    lines_of(widget.resultTable())[0].SetNthControlPointPositionWorld(0, [40, 40, 4])
    assert any("✎" in text for line in texts(widget) for text in line)
    scene.Clear(0)
    assert not widget.live.active and not widget.lines.active and widget.parameters is None
    host.enter(widget)
    assert widget.parameters is not None and texts(widget) == []


def test_live_says_what_is_wrong_and_goes_on(panel, block, scene):
    import slicer
    from host import wait_until

    volume, segmentation = block()
    widget = panel(NAME)
    widget.live.switch.click()
    assert wait_until(lambda: widget.resultTable() is not None and widget.live.live.idle)
    mask = np.zeros((12, 20, 24), np.uint8)
    for segment in list(segmentation.GetSegmentation().GetSegmentIDs()):
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
    assert wait_until(lambda: "No segment of 'Seg'" in widget.live.status_label.text)
    paint(segmentation, volume)
    assert wait_until(lambda: "measured" in widget.live.status_label.text)
    assert texts(widget)[0][:2] == ["One", "48.0"]
    scene.RemoveNode(segmentation)
    assert widget.live.status_label.text == "" and widget.run.message.startswith("Choose the segmentation")
    assert "of what is gone in 'Image'" in widget.results.note_label.text and texts(widget)[0][:2] == ["One", "48.0"]


def test_a_dragged_line_changes_the_table(panel, block, finish):
    from MedProcLib.scene.diameter_lines import lines_of

    block()
    widget = panel(NAME)
    widget.ui.readerEdit.text = "A. Reader"
    widget.ui.diametersCheckBox.click()
    widget.run.button.click()
    finish(widget)
    assert not widget.ui.takeBackButton.visible
    line = next(line for line in lines_of(widget.resultTable()) if line.GetName() == "One long diameter")
    before = texts(widget)[-1]
    start = np.array(line.GetNthControlPointPositionWorld(0))
    line.SetNthControlPointPositionWorld(1, start + np.array([0, 12.5, 0]))
    assert texts(widget)[-1][2] == "12.5 ✎" and texts(widget)[-1][1] == before[1]
    assert "A. Reader" in widget.results.table_widget.item(3, 0).toolTip()
    first = widget.resultTable()
    widget.run.button.click()  # a new table, with lines of its own
    assert finish(widget).endswith("Diameters drawn by a reader hold: 1.")
    assert widget.resultTable() is not first and texts(widget)[-1][2] == "12.5 ✎"
    assert len(lines_of(widget.resultTable())) == 6 and lines_of(first) == []
    widget.ui.takeBackButton.click()
    finish(widget)
    assert texts(widget)[-1] == before
    widget.run.button.click()  # what was taken back does not come back from the table before
    finish(widget)
    assert texts(widget)[-1] == before


def test_a_line_that_is_dragged_after_leaving_during_the_run_has_its_reader(panel, block, finish):
    import host

    from MedProcLib.scene.diameter_lines import lines_of
    from MedProcLib.scene.reader_edits import edits_of

    block()
    widget = panel(NAME)
    widget.ui.readerEdit.text = "A. Reader"
    widget.ui.diametersCheckBox.click()
    widget.run.button.click()
    host.leave(widget)
    finish(widget)
    table = widget.logic.getParameterNode().resultTable
    lines_of(table)[0].SetNthControlPointPositionWorld(0, [40, 40, 4])
    assert [edit.reader for edit in edits_of(table)] == ["A. Reader"]
    host.enter(widget)
    assert any("✎" in text for line in texts(widget) for text in line)


def test_distances_between_segments(panel, block, finish):
    import slicer

    block()
    widget = panel(NAME)
    box = widget.chain.operation_box
    titles = [box.itemText(number) for number in range(box.count)]
    assert "Moments and patterns" in titles and "Key points" in titles
    box.currentIndex = titles.index("Distances between segments")
    widget.run.button.click()
    finish(widget)
    (line,) = texts(widget)
    assert line[0] == "Two to One" and line[1] == "7.02"  # edges 6 mm apart along x and 2 mm along z, rounded
    widget.results.table_widget.setCurrentCell(0, 0)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(8)  # where they are nearest
    box.currentIndex = titles.index("Moments and patterns")  # rows of slices alone
    widget.run.button.click()
    finish(widget)
    assert [line[:2] for line in texts(widget)] == [["Two", "2"], ["One", "6"]]


def test_corrections_are_taken_back(panel, block, finish):
    from MedProcLib.scene.diameter_lines import lines_of

    block()
    widget = panel(NAME)
    widget.ui.diametersCheckBox.click()
    widget.run.button.click()
    finish(widget)
    before = texts(widget)
    table = widget.resultTable()
    line = lines_of(table)[0]
    line.SetNthControlPointPositionWorld(0, [40, 40, 4])
    assert texts(widget) != before and widget.ui.takeBackButton.visible
    widget.ui.takeBackButton.click()
    finish(widget)
    assert texts(widget) == before and widget.resultTable() is table and not widget.ui.takeBackButton.visible


def test_only_chosen_segments(panel, block, finish):
    _volume, segmentation = block()
    widget = panel(NAME)
    widget.parameters.segments = "Checked in a list"
    items = widget.ui.segmentList
    assert items.visible and [items.item(n).text() for n in range(items.count)] == ["Two", "One"]
    import qt

    segment = segmentation.GetSegmentation().GetNthSegment(1)
    widget.ui.inputsButton.collapsed = True
    segment.SetName("Other")
    widget.refresh()
    widget.ui.inputsButton.collapsed = False
    assert [items.item(n).text() for n in range(items.count)] == ["Two", "Other"]
    segment.SetName("One")
    widget.refresh()

    items.item(0).setCheckState(qt.Qt.Unchecked)
    widget.run.button.click()
    finish(widget)
    assert [line[0] for line in texts(widget)] == ["One"]
    items.item(1).setCheckState(qt.Qt.Unchecked)
    widget.run.button.click()
    assert "check at least one" in finish(widget)
    widget.parameters.segments = "Visible"
    segmentation.GetDisplayNode().SetSegmentVisibility(segmentation.GetSegmentation().GetNthSegmentID(1), False)
    widget.run.button.click()
    finish(widget)
    assert [line[0] for line in texts(widget)] == ["Two", "part 1", "part 2"]


def test_views_columns_and_order(panel, block, finish):
    block()
    widget = panel(NAME)
    view = widget.results
    widget.chain.operation_panel.editors["slices"].widget.click()
    widget.run.button.click()
    finish(widget)
    assert [view.view_box.itemText(n) for n in range(view.view_box.count)] == ["Segments", "Parts", "Slices"]
    view.set_view("Slices")
    assert [line[:2] for line in texts(widget)] == [
        *(["Two", str(n)] for n in (2, 3, 4, 8)),
        ["One", "6"],
        ["One", "7"],
    ]
    assert [title.split("\n")[0] for title in headings(view)] == [
        *("Segment", "Slice", "Area", "Long", "Short", "Mean", "SD"),  # no volume
    ]
    view.filter_edit.text = "one"
    assert len(texts(widget)) == 2
    view.filter_edit.text = ""
    view.set_view("Segments")
    assert [title.split("\n")[0] for title in headings(view)] == ["Segment", "Volume", "Long", "Short", "Mean", "SD"]
    header = view.table_widget.horizontalHeader()
    header.sectionClicked(1)  # the largest volume first
    assert [line[0] for line in texts(widget)] == ["Two", "One"]
    header.sectionClicked(1)
    assert [line[0] for line in texts(widget)] == ["One", "Two"]
    view.columns_menu.aboutToShow()
    actions = {action.text: action for action in view.columns_menu.actions()}
    assert actions["Volume [mm³]"].checked and not actions["Surface area [mm²]"].checked
    actions["Surface area [mm²]"].trigger()
    assert "Surface area\n[mm²]" in headings(view)
    assert json.loads(widget.parameters.shownColumns)[-1] == "surface_area"
    import slicer

    view.table_button.click()
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveTableID() == widget.resultTable().GetID()


def test_charts(panel, block, finish, scene):
    block()
    widget = panel(NAME)
    assert not widget.charts.button.enabled
    widget.run.button.click()
    finish(widget)
    made = []
    for kind in range(5):
        widget.charts.kind_box.currentIndex = kind
        widget.charts.button.click()
        made.append(finish(widget))
    assert (
        made[0] == "Chart 'Seg measurements: histogram'." and scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 5
    )
    widget.charts.kind_box.currentIndex = 5
    widget.charts.button.click()
    assert "check 'Slices'" in finish(widget)
    widget.charts.kind_box.currentIndex = 7
    widget.charts.button.click()
    assert "There is no line" in finish(widget)
    widget.ui.diametersCheckBox.click()
    widget.chain.operation_panel.editors["slices"].widget.click()
    widget.run.button.click()
    finish(widget)
    widget.charts.kind_box.currentIndex = 5
    assert widget.charts.y_box.currentText == "Long [mm]"  # slices have no volume, which was chosen before
    widget.charts.button.click()
    assert finish(widget).endswith("figure along the slices'.")
    widget.charts.kind_box.currentIndex = 7
    widget.charts.line_box.setCurrentNodeIndex(0)
    widget.charts.button.click()
    assert finish(widget).startswith("Chart 'Seg measurements")


def test_calcium_of_the_segments(panel, block, finish):
    import slicer

    volume, _segmentation = block("CT")
    array = slicer.util.arrayFromVolume(volume)
    array[3, 4:7, 5:8], array[10:] = 250, -1000
    slicer.util.arrayFromVolumeModified(volume)
    widget = panel(NAME)
    widget.chain.operation_box.currentIndex = 1
    assert widget.recipe().steps[0].operation.declaration.name == "quantification.calcium_score"
    widget.run.button.click()
    finish(widget)
    rows = {row["name"]: row for row in widget.results.shown}
    assert rows["Two"]["agatston_score"] == pytest.approx(9 * 2 * 2 / 3)  # 9 mm2, weight 2, slices of 2 mm
    assert len(texts(widget)[0]) > 2 and widget.unit() == "HU"


def test_the_unit_follows_the_volume(panel, block):
    block("CT")
    widget = panel(NAME)
    assert widget.unit() == "HU" and not widget.suv.widget.visible
    assert json.loads(widget.parameters.recipe)["steps"][0]["parameters"]["intensity_unit"] == "HU"


def test_figures_of_pet_are_proposed_where_the_values_are_in_suv(panel, block, finish):
    import slicer

    volume, _segmentation = block()
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "SUV by body weight")
    volume.SetVoxelValueUnits(entry)
    widget = panel(NAME)

    def chosen():
        values = widget.chain.operation_panel.parameters()
        return values["intensity_unit"], values["pet"]

    assert chosen() == ("SUV", True)
    widget.run.button.click()
    finish(widget)
    assert [title.split("\n")[0] for title in headings(widget.results)][1:5] == ["SUVmax", "SUVpeak", "MTV", "Volume"]
    other = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6)), name="MR")
    widget.parameters.inputVolume = other
    assert chosen() == ("intensity", False)
    widget.chain.operation_panel.editors["robust"].widget.click()  # figures of the reader's own choice stay
    widget.parameters.inputVolume = volume
    assert chosen() == ("SUV", False)


def test_suv_is_offered_for_pet_and_says_what_it_needs(panel, block, finish):
    import slicer

    volume, _segmentation = block("PT")
    widget = panel(NAME)
    assert widget.suv.widget.visible
    widget.suv.figures["weight_kg"].value = 70
    assert widget.suv.settings().weight_kg == 70 and widget.suv.settings().dose_mbq is None
    widget.suv.button.click()
    assert "DICOM" in finish(widget) and widget.parameters.inputVolume is volume
    assert widget.suv.settings().weight_kg == 70
    other, _segmentation = block("PT")
    widget.parameters.inputVolume = other
    assert widget.suv.settings().weight_kg is None  # of another patient, or another day
    widget.suv.figures["weight_kg"].value = 70
    slicer.mrmlScene.Clear(0)
    block("PT")
    assert widget.suv.settings().weight_kg is None


def test_files(panel, block, finish, tmp_path):
    block()
    widget = panel(NAME)
    widget.run.button.click()
    finish(widget)
    widget.export.write_record(tmp_path / "all.json")
    assert finish(widget).startswith("Written: ")
    record = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert len(record["rows"]) == 5 and record["figures"]["voxel_volume"]["code"]["value"] == "YEKZ"
    widget.export.write_dicom(tmp_path / "r.dcm")
    assert "was not loaded from DICOM" in finish(widget) and not (tmp_path / "r.dcm").exists()


@pytest.fixture
def sequence(block, scene):
    """The block's volume as proxy of a sequence of three images, 10 s apart, each brighter by 50."""
    import slicer

    volume, segmentation = block()
    node = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Dynamic")
    node.SetIndexName("time")
    node.SetIndexUnit("s")
    first = slicer.util.arrayFromVolume(volume).copy()
    for number in range(3):
        slicer.util.updateVolumeFromArray(volume, first + 50 * number)
        node.SetDataNodeAtValue(volume, str(10 * number))
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(node.GetID())
    browser.AddProxyNode(volume, node, False)
    return volume, segmentation


def test_over_time(panel, sequence, finish, scene):
    import host

    widget = panel(NAME)
    assert widget.ui.timesCheckBox.visible
    widget.ui.timesCheckBox.click()
    widget.run.button.click()
    assert finish(widget).startswith("2 segments measured at 3 time points: ")
    view = widget.results
    assert view.view == "Time points"  # what was asked for
    view.filter_edit.text = "one"
    means = [row["mean"] for row in view.shown]
    assert [line[1] for line in texts(widget)] == ["0 s", "10 s", "20 s"]
    assert np.diff(means) == pytest.approx([50, 50], rel=1e-4)
    view.set_view("Segments")
    widget.charts.kind_box.currentIndex = 6
    widget.charts.button.click()  # which needs the time points, whatever is listed
    assert finish(widget).startswith("Chart ") and view.view == "Time points"
    widget.charts.kind_box.currentIndex = 5
    widget.charts.button.click()
    assert "check 'Slices'" in finish(widget)
    host.leave(widget)
    scene.Clear(0)
    assert view.filter_edit.text == ""  # the next patient's segments are all listed


def test_from_the_console(block, panel, tmp_path):
    from MedProcQuantification import MedProcQuantificationLogic

    from MedProcLib.quantification.measure import Measure
    from MedProcLib.scene.tables import rows_of_table

    volume, segmentation = block()
    logic = MedProcQuantificationLogic()
    ids = list(segmentation.GetSegmentation().GetSegmentIDs())
    table = logic.process(segmentation, volume, Measure(components=False), segments=ids[1:])
    assert [row["name"] for row in rows_of_table(table)] == ["One"]
    logic.export(table, tmp_path / "t.csv")
    logic.export(table, tmp_path / "t.json")
    assert (tmp_path / "t.csv").read_text().count("\n") == 2 and (tmp_path / "t.json").exists()


def test_a_second_task_waits_until_the_first_has_ended(panel, block, finish, scene, caplog):
    import logging

    block()
    widget = panel(NAME)
    widget.run.button.click()
    finish(widget)
    caplog.set_level(logging.WARNING)
    widget.run.button.click()
    assert widget.run.running
    before = widget.run.message
    widget.charts.show()
    assert "Something is being computed" in caplog.text and widget.run.message == before
    assert finish(widget).startswith("2 segments") and not scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode")
