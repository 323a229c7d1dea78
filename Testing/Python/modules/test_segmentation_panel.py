"""MedProc Segmentation clicked through, on a real FLAIR image and on two bright balls in noise."""

import time

import numpy as np
import pytest

NAME = "MedProcSegmentation"


@pytest.fixture
def balls(scene):
    """A volume of noise with a bright ball of 5 mm and one of 3 mm radius; what the console's first steps find."""
    import slicer

    z, y, x = np.mgrid[:24, :36, :40]
    values = np.random.default_rng(0).normal(100, 3, z.shape)
    for center, radius in (((8, 12, 12), 5), ((15, 24, 28), 3)):
        values[(z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2 <= radius**2] += 40
    return slicer.util.addVolumeFromArray(values.astype(np.float32), name="Balls")


def plain_outliers(widget):
    """The console's default steps in the whole image; what is proposed for a real one takes long."""
    widget.chain.set_recipe(widget.logic.defaultRecipe())
    widget.onChainEdited()
    widget.parameters.region = "Whole image"


def test_apply_segments_a_real_image(panel, load, finish, content, tmp_path):
    import host
    import slicer

    volume = load("study1_FLAIR")
    before = slicer.util.arrayFromVolume(volume).copy()
    widget = panel(NAME)
    assert widget.parameters.inputVolume is volume
    widget.run.button.click()
    assert widget.run.button.text == "Cancel" and not widget.ui.inputsButton.enabled
    message = finish(widget)
    segmentation = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    count = segmentation.GetSegmentation().GetNumberOfSegments()
    said = f"{count} findings" if count > 1 else "One finding"
    assert message == f"{said} in '{segmentation.GetName()}'." and count >= 1
    assert widget.findings.table_widget.rowCount == count
    assert widget.run.button.text == "Apply" and widget.ui.inputsButton.enabled
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), before)
    volumes = [widget.resultRows()[row]["volume_mm3"] for row in range(count)]
    assert volumes == sorted(volumes, reverse=True)
    assert host.grab(widget, tmp_path / "panel.png").stat().st_size > 5000


def test_a_row_jumps_the_slice_views(panel, balls, finish):
    import slicer

    widget = panel(NAME)
    plain_outliers(widget)
    widget.run.button.click()
    finish(widget)
    widget.findings.table_widget.setCurrentCell(0, 0)
    row = widget.resultRows()[0]
    red = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    center = [red.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)]
    np.testing.assert_allclose(center, [-row["center_l_mm"], -row["center_p_mm"], row["center_s_mm"]], atol=1e-6)


def test_cancel_leaves_the_scene(panel, load, finish, content):
    import host

    load("study1_FLAIR", 1)
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert host.wait_until(lambda: widget.run.progress_bar.value > 0)
    widget.run.button.click()
    start = time.process_time()
    assert finish(widget, 10).startswith("Cancelled")
    assert time.process_time() - start < 3  # of all threads; the promise is a second of the user's time
    assert content() == before


def test_a_constant_image_is_explained(panel, scene, finish, content):
    import slicer

    slicer.util.addVolumeFromArray(np.full((20, 20, 20), 7.0), name="Flat")
    widget = panel(NAME)
    widget.parameters.region = "Whole image"
    before = content()
    widget.run.button.click()
    assert "constant" in finish(widget)
    assert content() == before
    widget.parameters.region = "Body"
    assert not widget.run.message  # which was of the steps before


def test_nothing_found_adds_nothing(panel, balls, finish, content):
    widget = panel(NAME)
    before = content()
    plain_outliers(widget)
    widget.chain.steps[0].operation_panel.editors["high"].widget.value = 100
    widget.run.button.click()
    assert finish(widget).startswith("Nothing was found")
    assert content() == before


def test_scene_closed_during_a_run(panel, load, finish):
    import host
    import slicer

    load("study1_FLAIR", 1)
    widget = panel(NAME)
    widget.run.button.click()
    assert host.wait_until(lambda: widget.run.progress_bar.value > 0)
    slicer.mrmlScene.Clear(0)
    assert not widget.run.running
    assert host.wait_until(lambda: not widget.run.runner._timer.active)
    assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode") is None
    assert not widget.run.button.enabled


def test_input_removed_during_a_run(panel, balls, finish):
    import host
    import slicer

    widget = panel(NAME)
    plain_outliers(widget)
    widget.run.button.click()
    slicer.mrmlScene.RemoveNode(balls)
    assert "was removed" in finish(widget)
    assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode") is None
    assert host.errors == []


def test_region_and_results_survive_save_close_and_load(panel, balls, finish, tmp_path):
    import slicer

    widget = panel(NAME)
    plain_outliers(widget)
    widget.ui.groupingBox.currentText = "All findings in one"
    widget.run.button.click()
    finish(widget)
    rows = widget.resultRows()
    widget.ui.regionBox.currentText = "Segment"
    widget.ui.maskSelector.setCurrentNode(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode"))
    widget.ui.maskSegmentBox.currentIndex = 1
    segment = widget.parameters.maskSegment
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.findings.table_widget.rowCount == 0 and widget.parameters.region == "Brain"
    slicer.util.loadScene(path)
    assert widget.parameters.region == "Segment" and widget.ui.groupingBox.currentText == "All findings in one"
    assert widget.parameters.maskSegment == segment and widget.ui.maskSegmentBox.currentText == "Findings"
    assert widget.ui.inputSelector.currentNode().GetName() == "Balls"
    assert [row["finding"] for row in widget.resultRows()] == [row["finding"] for row in rows]
    assert widget.run.button.enabled


def test_a_label_of_a_label_map_is_searched_in(panel, balls, finish, tmp_path):
    """Its labels are listed by a worker, called as its colors or its file say."""
    import host
    import slicer

    from MedProcLib.scene.provenance import provenance_of

    values = np.zeros((24, 36, 40), np.uint8)
    values[2:14, 4:20, 4:20], values[12:18, 20:30, 22:34], values[20, 1, 1] = 1, 3, 7
    labels = slicer.util.addVolumeFromArray(values, name="Organs", nodeClassName="vtkMRMLLabelMapVolumeNode")
    path = tmp_path / "organs.nrrd"
    assert slicer.util.saveNode(labels, str(path))
    (tmp_path / "organs.ctbl").write_text("# Color table file\n1 Liver 9 9 9 255\n3 Left_kidney 9 9 9 255\n")
    widget = panel(NAME)
    plain_outliers(widget)
    widget.ui.regionBox.currentText = "Segment"
    box = widget.ui.maskSegmentBox
    widget.ui.maskSelector.setCurrentNode(labels)
    assert host.wait_until(lambda: box.visible, 5)
    assert [box.itemText(n) for n in range(box.count)] == ["All labels", "Liver", "Left kidney", "Label 7"]
    box.currentIndex = 2
    widget.run.button.click()
    assert finish(widget).startswith("One finding")
    (row,) = widget.resultRows()
    assert 80 < row["volume_mm3"] < 160  # the small ball
    assert provenance_of(widget.resultTable()).inputs["mask"] == "Organs, label 3"
    slicer.util.updateVolumeFromArray(labels, np.where(values == 3, 4, values).astype(np.uint8))
    widget.maskSegments.show(labels, "3")
    assert host.wait_until(lambda: box.count == 4 and box.itemText(2) == "Label 4", 5)
    assert "the one chosen before is not there" in widget.run.message
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", "Mine")
    colors.SetTypeToUser()
    colors.SetNumberOfColors(5)
    colors.SetColor(4, "Kidney <l>", 1, 0, 0, 1)
    labels.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    slicer.util.arrayFromVolumeModified(labels)
    widget.maskSegments.show(labels, "")
    assert host.wait_until(lambda: box.itemText(2) == "Kidney <l>", 5)


@pytest.mark.parametrize("grouping", ["One for each finding", "All findings in one"])
def test_existing_segments_stay(panel, balls, finish, grouping):
    import slicer

    widget = panel(NAME)
    plain_outliers(widget)
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    mine.SetReferenceImageGeometryParameterFromVolumeNode(balls)
    segment = mine.GetSegmentation().AddEmptySegment("Findings", "Findings")
    mask = np.zeros(slicer.util.arrayFromVolume(balls).shape, np.uint8)
    mask[:, 10:30, 10:30] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, mine, segment, balls)
    widget.ui.outputSelector.setCurrentNode(mine)
    widget.ui.groupingBox.currentText = grouping
    widget.run.button.click()
    finish(widget)
    assert mine.GetSegmentation().GetNumberOfSegments() >= 2
    np.testing.assert_array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(mine, segment, balls), mask)
