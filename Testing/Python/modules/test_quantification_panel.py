"""MedProc Quantification on segments of a real image, clicked through."""

import csv

import numpy as np
import pytest

NAME = "MedProcQuantification"


@pytest.fixture
def segmented(load):
    """A FLAIR volume with a segmentation: a block in two pieces, and a single one."""
    import SimpleITK as sitk

    from MedProcLib.core.geometry import Geometry
    from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
    from MedProcLib.scene.volumes import image_of_volume

    volume = load("study1_FLAIR")
    grid = Geometry.of(image_of_volume(volume))
    labels = np.zeros(tuple(reversed(grid.size)), np.uint8)
    labels[10:14, 40:46, 40:50] = 1
    labels[20:22, 40:42, 40:42] = 1
    labels[10:12, 60:64, 60:64] = 2
    image = grid.image_of(labels)
    assert isinstance(image, sitk.Image)
    return volume, segmentation_from_labels(image, {1: SegmentInfo("Two"), 2: SegmentInfo("One")}, "Seg", volume)


def test_measure_and_show(panel, segmented, finish):
    import slicer

    volume, segmentation = segmented
    widget = panel(NAME)
    assert widget.parameters.segmentation is segmentation and widget.parameters.inputVolume is volume
    widget.run.button.click()
    assert finish(widget).startswith("2 segments measured: ")
    table = widget.results.table_widget
    names = [table.item(row, 0).text().strip() for row in range(table.rowCount)]
    assert names == ["Two", "part 1", "part 2", "One"]
    rows = widget.results.shown
    voxel = np.prod(volume.GetSpacing())
    assert [row["voxel_volume_mm3"] for row in rows] == pytest.approx([248 * voxel, 240 * voxel, 8 * voxel, 32 * voxel])
    values = slicer.util.arrayFromVolume(volume)[10:12, 60:64, 60:64]
    assert rows[3]["mean"] == pytest.approx(values.mean(), rel=1e-6)
    widget.results.table_widget.setCurrentCell(3, 0)
    red = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    center = [red.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)]
    expected = np.array([-1, -1, 1]) * [rows[3][f"centroid_{axis}_mm"] for axis in "lps"]
    np.testing.assert_allclose(center, expected, atol=1e-6)


def test_what_is_not_measured_whole_is_said(panel, segmented, finish, scene):
    import slicer
    import vtk

    volume, segmentation = segmented
    segmentation.GetSegmentation().AddEmptySegment("Nothing")
    slicer.util.arrayFromVolume(volume)[:, :, 1::2] = np.nan
    to_world, shift = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_world)
    for axis in range(3):  # both pieces of the first segment beyond the first column of voxels
        shift.SetElement(axis, 3, -45 * to_world.GetElement(axis, 0))
    moved = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Moved")
    moved.SetMatrixTransformToParent(shift)
    segmentation.SetAndObserveTransformNodeID(moved.GetID())
    widget = panel(NAME)
    widget.run.button.click()
    said = finish(widget)
    assert said.startswith("2 segments measured: ") and "Without a voxel in the volume: 1." in said
    assert "At the border of the volume, so that more may lie beyond: 1." in said
    assert said.endswith("Segments with voxels that hold no number, which are left out of the intensities: 2.")
    voxel = np.prod(volume.GetSpacing())
    assert widget.results.shown[0]["voxel_volume_mm3"] == pytest.approx(4 * 6 * 5 * voxel)
    color = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Photograph")
    widget.parameters.inputVolume = None
    assert widget.missing().endswith("becomes one in the module Vector to Scalar Volume.")
    scene.RemoveNode(color)
    assert widget.missing() == "Choose the volume to measure in."


def test_names_with_their_colors_are_not_cut(panel, segmented, finish):
    _volume, segmentation = segmented
    segmentation.GetSegmentation().GetNthSegment(0).SetName("Lesion 1")
    widget = panel(NAME)
    widget.run.button.click()
    finish(widget)
    table = widget.results.table_widget
    assert table.item(0, 0).text() == "Lesion 1" and table.columnWidth(0) >= table.sizeHintForColumn(0)
    long = [f"Node of the {side} side of the neck, level II" for side in ("left", "right")]
    for number, name in enumerate(long):
        segmentation.GetSegmentation().GetNthSegment(number).SetName(name)
    widget.run.button.click()
    finish(widget)
    cut = [table.item(row, 0).text().strip() for row in range(table.rowCount)]
    assert cut[1:3] == ["part 1", "part 2"]
    assert cut[0].startswith("…left") and cut[3].startswith("…right")
    assert long[0] in table.item(0, 0).toolTip()


def test_diameter_lines(panel, segmented, finish):
    import slicer

    widget = panel(NAME)
    widget.ui.diametersCheckBox.click()
    widget.run.button.click()
    finish(widget)
    lines = {
        node.GetName(): node.GetLineLengthWorld() for node in slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")
    }
    rows = widget.results.shown
    assert lines["One long diameter"] == pytest.approx(rows[3]["long_diameter_mm"], rel=1e-4)
    assert lines["Two part 2 short diameter"] == pytest.approx(rows[2]["short_diameter_mm"], rel=1e-4)


def test_a_chosen_table_is_replaced(panel, segmented, finish):
    import slicer

    widget = panel(NAME)
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Mine")
    widget.ui.outputSelector.setCurrentNode(mine)
    for _run in range(2):
        widget.run.button.click()
        finish(widget)
    tables = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLTableNode")]
    assert tables == ["Mine"] and mine.GetNumberOfRows() == 5


def test_export(panel, segmented, finish, tmp_path):
    import qt

    widget = panel(NAME)
    assert not widget.export.buttons["exportTable"].enabled
    widget.run.button.click()
    finish(widget)
    widget.export.buttons["copyTable"].click()
    pasted = [line.split("\t") for line in qt.QApplication.clipboard().text().splitlines()]
    assert [line[0] for line in pasted] == ["Segment", "Two", "part 1", "part 2", "One"]
    assert pasted[0][1] == "Volume [mm³]" and widget.run.message == "Copied: 4 rows."
    assert float(pasted[3][1]) == pytest.approx(widget.results.shown[2]["voxel_volume_mm3"], rel=0.01)
    widget.export.write_table(tmp_path / "figures.csv")
    with open(tmp_path / "figures.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["Two", "Two", "Two", "One", "One"]
    widget.export.write_table(tmp_path / "nowhere" / "figures.csv")
    assert "nowhere" in widget.run.message


def test_an_empty_segmentation_is_explained(panel, load, finish, content):
    import slicer

    load("study1_FLAIR")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Empty")
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert "no segment" in finish(widget)
    assert content() == before


def test_results_survive_save_close_and_load(panel, segmented, finish, tmp_path):
    import slicer

    widget = panel(NAME)
    widget.ui.diametersCheckBox.click()
    widget.run.button.click()
    finish(widget)
    names = [row["name"] for row in widget.results.shown]
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.results.table_widget.rowCount == 0 and not widget.ui.diametersCheckBox.checked
    slicer.util.loadScene(path)
    assert [row["name"] for row in widget.results.shown] == names
    assert widget.ui.diametersCheckBox.checked and widget.results.table_widget.rowCount == 4
    assert widget.parameters.segmentation.GetName() == "Seg"


def test_figures_of_something_else_than_what_is_chosen_say_so(panel, segmented, load, finish):
    volume, _segmentation = segmented
    widget = panel(NAME)
    label = widget.results.note_label
    assert label.text == "Nothing measured yet."
    widget.run.button.click()
    finish(widget)
    assert label.text == "" and not label.visible
    widget.parameters.inputVolume = load("study2_FLAIR")
    assert label.text == "These figures are of 'Seg' in 'study1_FLAIR', not of what is chosen now."
    widget.parameters.inputVolume = volume
    assert label.text == ""


def test_a_segmentation_brings_the_volume_it_was_drawn_on(panel, segmented, load, scene):
    volume, segmentation = segmented
    other = load("study2_FLAIR")
    drawn = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "On the other")
    drawn.SetReferenceImageGeometryParameterFromVolumeNode(other)
    unknown = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "On none")
    widget = panel(NAME)

    def choose(node):
        widget.ui.segmentationSelector.setCurrentNode(node)
        widget.ui.segmentationSelector.nodeActivated.emit(node)
        return widget.parameters.inputVolume

    assert widget.parameters.segmentation is segmentation and widget.parameters.inputVolume is volume
    assert choose(drawn) is other
    assert choose(unknown) is other
    assert choose(segmentation) is volume
    widget.parameters.inputVolume = other  # as PET beside CT: the reader wants this one
    assert choose(drawn) is other
    assert choose(segmentation) is volume
    widget.parameters.inputVolume = other
    assert choose(unknown) is other


def test_features_wait_for_what_they_are_computed_of(panel, segmented):
    widget = panel(NAME)
    button = widget.features.button
    assert button.enabled and "IBSI" in button.toolTip
    widget.parameters.segmentation = None
    assert not button.enabled and button.toolTip.startswith("Choose the segmentation to measure")


def test_a_segment_whose_name_looks_like_markup_keeps_color_and_name(panel, segmented, finish):
    import qt

    _volume, segmentation = segmented
    segmentation.GetSegmentation().GetNthSegment(0).SetName('<b>3"</b> & more')
    widget = panel(NAME)
    widget.run.button.click()
    finish(widget)
    item = widget.results.table_widget.item(0, 0)
    assert item.text() == "<b>3'</b> & more" and item.data(qt.Qt.DecorationRole) is not None
    assert item.toolTip().startswith("<qt>&lt;b&gt;3&#x27;&lt;/b&gt; &amp; more<br>count: ")
