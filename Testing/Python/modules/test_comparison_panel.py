"""MedProc Comparison on the real pair of studies, clicked through."""

import numpy as np

NAME = "MedProcComparison"


def test_compare_review_report_and_reload(panel, load, finish, content, tmp_path):
    """The reader's whole way, in one run, because the comparison is the long part."""
    import host
    import slicer

    first, other = load("study1_FLAIR", 4), load("study2_FLAIR", 4)
    before = [slicer.util.arrayFromVolume(volume).copy() for volume in (first, other)]
    widget = panel(NAME)
    assert (widget.parameters.baselineVolume, widget.parameters.followUpVolume) == (first, other)
    assert not widget.ui.reportButton.enabled and "Compare first" in widget.ui.reportButton.toolTip

    widget.run.button.click()
    assert widget.run.button.text == "Cancel"
    finish(widget, 400)
    assert "aligned well" in widget.ui.verdictLabel.text
    for volume, values in zip((first, other), before, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), values)
    rows = widget.findingRows()
    assert widget.ui.findingsTable.rowCount == len(rows) >= 1
    assert widget.parameters.shownBaseline is first and widget.parameters.shownFollowUp is not other

    assert not widget.ui.acceptButton.enabled and "Select" in widget.ui.acceptButton.toolTip
    widget.ui.findingsTable.setCurrentCell(0, 0)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    center = [red.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)]
    np.testing.assert_allclose(center, np.array([-1, -1, 1]) * [rows[0][f"center_{axis}"] for axis in "LPS"], atol=1e-3)
    assert not widget.ui.acceptButton.enabled and "name" in widget.ui.acceptButton.toolTip
    widget.ui.readerEdit.text = "A. Reader"
    widget.ui.commentEdit.text = "seen on T2 too"
    widget.ui.acceptButton.click()
    decided = widget.findingRows()[0]
    assert (decided["status"], decided["reader"], decided["comment"]) == ("accepted", "A. Reader", "seen on T2 too")
    assert "accepted by A. Reader" in widget.parameters.findingsTable.GetAttribute("MedProc.Provenance")
    assert host.grab(widget, tmp_path / "panel.png").stat().st_size > 5000

    widget.saveReport(tmp_path / "report.html")
    assert "Written" in finish(widget)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "A. Reader" in html and html.rstrip().endswith("</html>")
    widget.saveReport(tmp_path / "nowhere" / "report.html")
    assert "nowhere" in finish(widget)

    widget.ui.sideBySideButton.click()
    manager = slicer.app.layoutManager()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    shown = [manager.sliceWidget(view).mrmlSliceCompositeNode().GetBackgroundVolumeID() for view in ("Red", "Yellow")]
    assert shown == [first.GetID(), widget.parameters.shownFollowUp.GetID()]
    planes = [manager.sliceWidget(view).mrmlSliceNode().GetSliceToRAS() for view in ("Red", "Yellow")]
    elements = [[plane.GetElement(row, column) for row in range(4) for column in range(4)] for plane in planes]
    np.testing.assert_allclose(*elements, atol=1e-6)

    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.ui.findingsTable.rowCount == 0 and widget.ui.verdictLabel.text == "No comparison yet."
    slicer.util.loadScene(path)
    reloaded = widget.findingRows()
    assert [row["finding"] for row in reloaded] == [row["finding"] for row in rows]
    assert reloaded[0]["status"] == "accepted" and reloaded[0]["comment"] == "seen on T2 too"
    assert "aligned well" in widget.ui.verdictLabel.text and widget.ui.readerEdit.text == "A. Reader"
    assert not widget.ui.reportButton.enabled and widget.ui.sideBySideButton.enabled


def test_cancel_leaves_the_scene(panel, load, finish, content):
    import host

    load("study1_FLAIR", 4)
    load("study2_FLAIR", 4)
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert host.wait_until(lambda: widget.run.progress_bar.value > 0, 60)
    widget.run.button.click()
    assert finish(widget, 10).startswith("Cancelled")
    assert content() == before


def test_a_constant_image_is_explained(panel, load, finish, content):
    import slicer

    load("study1_FLAIR", 4)
    slicer.util.addVolumeFromArray(np.full((20, 20, 20), 7.0), name="Flat")
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert "constant" in finish(widget)
    assert content() == before


def test_what_is_missing(panel, load):
    first, other = load("study1_FLAIR"), load("study2_FLAIR")
    widget = panel(NAME)
    assert widget.run.button.enabled
    widget.ui.followUpSelector.setCurrentNode(first)
    assert "same volume" in widget.run.message and not widget.run.button.enabled
    widget.ui.followUpSelector.setCurrentNode(other)
    widget.ui.baselineDateEdit.text = "31.5.2020"
    assert "2024-05-31" in widget.run.message
    widget.ui.baselineDateEdit.text = "2020-05-31"
    widget.ui.followUpDateEdit.text = "2019-05-31"
    assert "swap" in widget.run.message and not widget.run.button.enabled
    widget.ui.followUpDateEdit.text = "2021-05-31"
    assert widget.run.button.enabled and widget.run.message == ""


def test_dates_and_order_are_proposed(panel, load):
    later, earlier = load("study1_FLAIR"), load("study2_FLAIR")
    later.SetName("FLAIR 2021-03-04")
    earlier.SetName("FLAIR 20190102")
    widget = panel(NAME)
    assert (widget.parameters.baselineVolume, widget.parameters.followUpVolume) == (earlier, later)
    assert (widget.ui.baselineDateEdit.text, widget.ui.followUpDateEdit.text) == ("2019-01-02", "2021-03-04")
