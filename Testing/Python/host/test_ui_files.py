""".ui files: custom classes, properties, connections, and what Slicer does not have."""

import pytest
from host.failures import UiError

TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0"><class>Panel</class>
 <widget class="qMRMLWidget" name="Panel">
  <layout class="QVBoxLayout" name="layout"><item>{widget}</item></layout>
 </widget>
 <connections>{connections}</connections>
</ui>
"""
SCENE_CONNECTION = (
    "<connection><sender>Panel</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>"
    "<receiver>selector</receiver><slot>{slot}</slot></connection>"
)


@pytest.fixture
def load(scene, tmp_path):
    import slicer

    def load(widget, connections=""):
        path = tmp_path / "panel.ui"
        path.write_text(TEMPLATE.format(widget=widget, connections=connections), encoding="utf-8")
        return slicer.util.loadUI(str(path))

    return load


def test_scene_reaches_the_selector_through_the_connection(load, scene):
    import slicer

    selector = (
        '<widget class="qMRMLNodeComboBox" name="selector"><property name="nodeTypes">'
        "<stringlist><string>vtkMRMLTextNode</string></stringlist></property></widget>"
    )
    top = load(selector, SCENE_CONNECTION.format(slot="setMRMLScene(vtkMRMLScene*)"))
    node = scene.AddNewNodeByClass("vtkMRMLTextNode")
    ui = slicer.util.childWidgetVariables(top)
    assert ui.selector.currentNode() is None
    top.setMRMLScene(scene)
    assert ui.selector.currentNode() is node
    top.setMRMLScene(None)
    assert ui.selector.mrmlScene() is None


def test_native_and_custom_properties_are_applied(load):
    import slicer

    top = load(
        '<widget class="ctkSliderWidget" name="slider">'
        '<property name="minimum"><double>-5</double></property>'
        '<property name="maximum"><double>5</double></property>'
        '<property name="value"><double>2.5</double></property>'
        '<property name="toolTip"><string>tip</string></property>'
        '<property name="enabled"><bool>false</bool></property>'
        '<property name="SlicerParameterName" stdset="0"><string>level</string></property></widget>'
    )
    slider = slicer.util.childWidgetVariables(top).slider
    assert (slider.minimum, slider.maximum, slider.value) == (-5, 5, 2.5)
    assert (slider.toolTip, slider.enabled) == ("tip", False)
    assert slider.property("SlicerParameterName") == "level"


@pytest.mark.parametrize(
    ("widget", "message"),
    [
        ('<widget class="ctkSlidrWidget" name="w"/>', "unknown class"),
        (
            '<widget class="ctkSliderWidget" name="w"><property name="valu"><double>1</double></property></widget>',
            "valu",
        ),
        ('<widget class="QPushButton" name="w"><property name="txt"><string>x</string></property></widget>', "txt"),
    ],
)
def test_what_slicer_does_not_have_is_refused(load, widget, message):
    with pytest.raises(UiError, match=message):
        load(widget)


def test_misspelt_slot_of_a_connection_is_refused(load):
    with pytest.raises(AttributeError, match="setMRMLScen"):
        load(
            '<widget class="qMRMLNodeComboBox" name="selector"/>',
            SCENE_CONNECTION.format(slot="setMRMLScen(vtkMRMLScene*)"),
        )


def test_connection_to_nobody_is_refused(load):
    with pytest.raises(UiError, match="selector"):
        load('<widget class="QLabel" name="other"/>', SCENE_CONNECTION.format(slot="setMRMLScene(vtkMRMLScene*)"))
