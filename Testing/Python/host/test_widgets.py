"""Widgets besides the node combo box."""

import numpy as np
import pytest


@pytest.fixture
def segmentation(scene):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "S")
    node.CreateDefaultDisplayNodes()
    for name in ("liver", "lesion"):
        node.GetSegmentation().AddEmptySegment(name, name)
    return node


def test_slider_widget_keeps_within_limits_and_rounds(scene):
    import ctk

    slider = ctk.ctkSliderWidget()
    got = []
    slider.valueChanged.connect(got.append)
    slider.minimum, slider.maximum, slider.decimals = -5, 5, 1
    slider.value = 3.14159
    slider.value = 99
    slider.maximum = 2
    assert got == [3.1, 5.0, 2.0]
    slider.minimum = 4  # beyond the maximum, which follows
    assert (slider.maximum, slider.value) == (4, 4)


def test_a_step_beyond_the_limits_is_refused(scene):
    import ctk
    import host

    slider = ctk.ctkSliderWidget()
    slider.singleStep = 0.1
    slider.maximum = 0.5
    slider.singleStep = 1
    assert slider.singleStep == 0.1 and "out of bounds" in str(host.errors.pop())


def test_inner_spin_box_moves_the_slider_widget(scene):
    import ctk
    import qt

    slider = ctk.ctkSliderWidget()
    slider.findChild(qt.QDoubleSpinBox).value = 42
    assert slider.value == 42
    inner = slider.findChild(qt.QSlider)
    inner.value = inner.maximum
    assert slider.value == slider.maximum


def test_range_widget_keeps_values_ordered(scene):
    import ctk

    widget = ctk.ctkRangeWidget()
    widget.setRange(-10, 10)
    widget.setValues(-3, 4)
    widget.minimumValue = 6
    assert (widget.minimumValue, widget.maximumValue) == (6, 6)
    widget.maximum = 2
    assert (widget.minimumValue, widget.maximumValue) == (2, 2)


def test_double_spin_box_signals(scene):
    import ctk

    box = ctk.ctkDoubleSpinBox()
    got = []
    box.connect("valueChanged(double)", got.append)
    box.maximum = 10
    box.setValue(3)
    box.stepUp()
    box.value = 100
    assert got == [3, 4, 10]


def test_collapsible_button_hides_its_contents(app):
    import ctk
    import qt

    button = ctk.ctkCollapsibleButton()
    button.text = "Section"
    layout = qt.QVBoxLayout(button)
    label, hidden = qt.QLabel("inside"), qt.QLabel("hidden by the author")
    layout.addWidget(label)
    layout.addWidget(hidden)
    hidden.hide()
    button.show()
    got = []
    button.contentsCollapsed.connect(got.append)
    button.collapsed = True
    assert not label.visible
    button.collapsed = False
    assert label.visible
    assert not hidden.visible
    button.click()
    assert button.collapsed
    assert got == [True, False, True]
    button.close()


def test_path_line_edit_tells_of_the_path(scene, tmp_path):
    import ctk

    edit = ctk.ctkPathLineEdit()
    got = []
    edit.currentPathChanged.connect(got.append)
    edit.validInputChanged.connect(got.append)
    edit.currentPath = str(tmp_path)
    edit.currentPath = str(tmp_path)
    assert got == [str(tmp_path), True]


def test_segments_table_lists_and_selects(segmentation):
    import slicer

    view = slicer.qMRMLSegmentsTableView()
    view.setMRMLScene(slicer.mrmlScene)
    view.setSegmentationNode(segmentation)
    assert view.segmentCount == 2
    changes = []
    view.connect("selectionChanged(QItemSelection,QItemSelection)", lambda: changes.append(view.selectedSegmentIDs()))
    view.setSelectedSegmentIDs(["lesion"])
    assert view.selectedSegmentIDs() == ("lesion",)
    assert changes == [("lesion",)]
    segmentation.GetSegmentation().AddEmptySegment("node", "node")
    assert view.displayedSegmentIDs() == ("liver", "lesion", "node")
    assert view.selectedSegmentIDs() == ("lesion",)
    segmentation.GetSegmentation().GetSegment("liver").SetName("Leber")
    assert view.tableWidget().item(0, 3).text() == "Leber"
    segmentation.GetSegmentation().RemoveSegment("lesion")
    assert view.rowForSegmentID("node") == 1
    view.setSegmentationNode(None)
    assert view.segmentCount == 0


def test_table_view_shows_the_table_node(scene):
    import qt
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLTableNode", "T")
    slicer.util.updateTableFromArray(node, np.array([[1.5, 2.5], [3.5, 4.5]]), ["volume", "mean"])
    view = slicer.qMRMLTableView()
    view.setMRMLScene(scene)
    view.setMRMLTableNode(node)
    model = view.model()
    assert [model.headerData(column, qt.Qt.Horizontal) for column in range(2)] == ["volume", "mean"]
    assert model.index(1, 0).data() == "3.5"
    slicer.util.updateTableFromArray(node, np.array([[7.0]]), ["only"])
    assert (model.rowCount(), model.columnCount()) == (1, 1)
    view.setMRMLTableNode(None)
    assert model.rowCount() == 0


def test_placeholders_accept_what_the_api_lists(segmentation):
    import slicer

    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(segmentation)
    editor.setActiveEffectByName("Paint")
    editor.setEffectNameOrder(["Paint"])
    editor.unorderedEffectsVisible = False
    assert editor.segmentationNode() is segmentation
    assert editor.activeEffect().name == "Paint"
    with pytest.raises(AttributeError):
        editor.setActiveEfect("Paint")
    tree = slicer.qMRMLSubjectHierarchyTreeView()
    tree.setMRMLScene(slicer.mrmlScene)
    tree.setCurrentNode(segmentation)
    assert tree.currentNode() is segmentation
    slicer.qMRMLPlotView().fitToContent()
