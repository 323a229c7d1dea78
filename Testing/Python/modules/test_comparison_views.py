"""MedProc Comparison over three time points: how they are put beside each other, faded, and left again."""

import pytest
from three_studies import DATES


def column_nodes():
    import slicer

    nodes = {n.GetLayoutName(): n for n in slicer.util.getNodesByClass("vtkMRMLSliceNode")}
    return [nodes[f"MedProc{n}"] for n in (1, 2, 3)]


def test_views_are_left_alone_where_the_reader_wants_that(compared):
    import slicer

    from MedProcLib.widgets.columns import columns_shown
    from MedProcLib.widgets.timeline_views_panel import TimelineViewsPanel

    widget = compared
    usual = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    for wanted in (False, True):
        widget.views.after_box.click()
        assert TimelineViewsPanel(lambda: None).after_box.checked is wanted  # also in the next session
        slicer.app.layoutManager().setLayout(usual)
        widget.showCompared()
        assert columns_shown() is wanted


def test_ways_to_see_two_time_points(compared):
    import host
    import slicer

    from MedProcLib.scene.timeline_nodes import volume_at
    from MedProcLib.widgets.columns import columns_shown

    widget, views = compared, compared.views
    node = widget.patientNode()
    # what was compared is shown at once, with the first finding in the middle
    middles = [slice_node.GetSliceToRAS().GetElement(2, 3) for slice_node in column_nodes()]
    assert columns_shown() and middles == pytest.approx([8, 8.5, 8.5], abs=0.6)
    usual = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    slicer.app.layoutManager().setLayout(usual)
    views.show_button.click()
    assert columns_shown() and views.shown == ["FLAIR 0", "FLAIR 1", "FLAIR 2"]
    layout = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    assert not layout.GetSaveWithScene()  # who opens the scene elsewhere would have no views
    labels = {n.GetLayoutName(): n.GetLayoutLabel() for n in slicer.util.getNodesByClass("vtkMRMLSliceNode")}
    assert [labels[f"MedProc{n}"] for n in (1, 2, 3)] == [date.isoformat() for date in DATES]
    display = volume_at(node, "FLAIR 0").GetDisplayNode()
    host.leave(widget)
    host.start().processEvents()
    display.SetWindowLevel(display.GetWindow() / 2, display.GetLevel())  # in the Volumes module, say
    windows = [volume_at(node, point).GetDisplayNode().GetWindow() for point in ("FLAIR 1", "FLAIR 2")]
    assert windows == pytest.approx([display.GetWindow()] * 2, rel=0.2)
    host.enter(widget)
    views.image_box.currentIndex = 1  # the other images of the visits
    composites = {c.GetLayoutName(): c for c in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    shown = slicer.mrmlScene.GetNodeByID(composites["MedProc2"].GetBackgroundVolumeID())
    assert shown.GetName().startswith("T1 1")
    assert shown.GetParentTransformNode() is volume_at(node, "FLAIR 1").GetParentTransformNode()
    views.image_box.currentIndex = 0
    views.mode_box.currentIndex = 1  # fade
    assert slicer.app.layoutManager().layout == usual and layout.GetSaveWithScene()
    red = composites["Red"]
    ends = (volume_at(node, "FLAIR 0").GetID(), volume_at(node, "FLAIR 2").GetID())
    assert (red.GetBackgroundVolumeID(), red.GetForegroundVolumeID(), red.GetForegroundOpacity()) == (*ends, 0.5)
    views.amount_slider.value = 80
    assert red.GetForegroundOpacity() == pytest.approx(0.8)
    for mode in (2, 3):
        views.mode_box.currentIndex = mode
        assert red.GetForegroundVolumeID() not in ends and red.GetForegroundOpacity() == 1
    views.mode_box.currentIndex = 4  # flicker
    views.amount_slider.value = 0.2
    seen = set()
    assert host.wait_until(lambda: seen.add(red.GetForegroundOpacity()) or seen == {0.0, 1.0}, 3)
    window = volume_at(node, "FLAIR 1").GetDisplayNode()
    window.SetWindowLevel(window.GetWindow() / 2, window.GetLevel())
    others = [volume_at(node, point).GetDisplayNode().GetWindow() for point in ("FLAIR 0", "FLAIR 2")]
    assert others == pytest.approx([window.GetWindow()] * 2, rel=0.2)
    host.leave(widget)  # nothing flickers while the reader works elsewhere
    assert red.GetForegroundVolumeID() is None
    host.enter(widget)
    views.show_button.click()
    slicer.mrmlScene.Clear(0)  # while it flickers
    assert host.wait_until(lambda: not views.widget.enabled, 3)


@pytest.fixture
def window(app):
    """Slicer's main window."""
    import host
    import slicer

    known = slicer.util.mainWindow()
    window = known or slicer.qSlicerMainWindow()
    window.objectName = "qSlicerMainWindow"
    yield window
    if known is None:
        window.objectName = ""
        window.deleteLater()
        host.wait_until(lambda: slicer.util.mainWindow() is None)


def test_columns_go_with_the_scene_and_before_slicer_ends(window, compared):
    import host
    import slicer

    from MedProcLib.widgets.columns import columns_shown, leave_columns

    manager, layouts = slicer.app.layoutManager(), slicer.vtkMRMLLayoutNode
    manager.setLayout(layouts.SlicerLayoutConventionalView)
    compared.views.show_button.click()
    assert columns_shown()
    for node in column_nodes():  # as the views do when they get their size, afterwards
        node.SetDimensions(100, 400, 1)
        node.SetFieldOfView(node.GetFieldOfView()[1] / 4, *node.GetFieldOfView()[1:])
    middles = [node.GetSliceToRAS().GetElement(2, 3) for node in column_nodes()]
    # 50 x 40 voxels of 1 mm: the whole width is seen
    assert host.wait_until(lambda: all(n.GetFieldOfView()[:2] == pytest.approx((50, 200)) for n in column_nodes()), 3)
    assert [node.GetSliceToRAS().GetElement(2, 3) for node in column_nodes()] == middles
    for module, stays in (("Data", True), ("", False)):  # none is shown before Slicer keeps its layout and ends
        window.moduleSelector().selectModule(module)
        assert columns_shown() is stays
    assert manager.layout == layouts.SlicerLayoutConventionalView
    compared.views.show_button.click()
    assert columns_shown()
    slicer.mrmlScene.Clear(0)
    assert manager.layout == layouts.SlicerLayoutConventionalView
    manager.setLayout(731)  # as Slicer starts when it was left in columns
    leave_columns()
    assert manager.layout == layouts.SlicerLayoutFourUpView
