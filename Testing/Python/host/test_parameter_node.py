"""Parameters kept in a node: types, validators, defaults, widgets, scene closed and loaded."""

import enum
import pathlib
from typing import Annotated

import pytest


@pytest.fixture
def node(scene):
    return scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


class Mode(enum.Enum):
    FAST = "fast"
    GOOD = "good"


def _wrapper_class():
    from slicer import vtkMRMLScalarVolumeNode
    from slicer.parameterNodeWrapper import Choice, Default, Minimum, WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        volume: vtkMRMLScalarVolumeNode
        level: Annotated[float, WithinRange(0, 10)] = 2.5
        count: Annotated[int, Minimum(1)] = 3
        enabled: bool = True
        name: str = "lesion"
        mode: Mode = Mode.GOOD
        size: Annotated[str, Choice(["small", "large"]), Default("large")]
        folder: pathlib.Path
        recipe: list[str]

    return Parameters


def test_values_have_their_types_and_defaults(node):
    parameters = _wrapper_class()(node)
    assert parameters.volume is None
    assert (parameters.level, parameters.count, parameters.enabled) == (2.5, 3, True)
    assert (parameters.name, parameters.mode, parameters.size) == ("lesion", Mode.GOOD, "large")
    assert parameters.folder == pathlib.Path(".")
    assert parameters.recipe == []
    assert parameters.dataType("name") is str
    assert parameters.default("level").value == 2.5


def test_values_are_read_back_by_another_wrapper(node):
    import numpy as np
    import slicer

    volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4)), name="CT")
    parameters = _wrapper_class()(node)
    parameters.volume = volume
    parameters.level = 7
    parameters.enabled = False
    parameters.name = ""
    parameters.mode = Mode.FAST
    parameters.recipe = ["a", "b"]
    again = _wrapper_class()(node)
    assert again.volume is volume
    assert (again.level, again.enabled, again.name, again.mode) == (7.0, False, "", Mode.FAST)
    assert again.recipe == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("level", 10.01), ("level", "x"), ("count", 0), ("count", True), ("size", "huge"), ("name", 5), ("volume", "CT")],
)
def test_invalid_values_are_refused_and_nothing_is_written(node, name, value):
    parameters = _wrapper_class()(node)
    before = getattr(parameters, name)
    with pytest.raises(ValueError):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_unknown_type_is_refused_when_the_class_is_made(scene):
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    with pytest.raises(TypeError):

        @parameterNodeWrapper
        class Parameters:
            value: complex


def test_packs_are_kept_member_by_member(node):
    from slicer.parameterNodeWrapper import FloatRange, nestedParameterNames, parameterNodeWrapper, parameterPack

    @parameterPack
    class Limits:
        window: FloatRange
        title: str = "limits"

    @parameterNodeWrapper
    class Parameters:
        limits: Limits

    parameters = Parameters(node)
    limits = Limits(FloatRange(1.0, 2.0), "new")
    parameters.limits = limits
    assert Parameters(node).limits == limits
    assert nestedParameterNames(Limits) == ["window.minimum", "window.maximum", "title"]
    assert node.GetParameter("limits.window.maximum") == "2.0"


def test_widgets_and_node_follow_each_other(node):
    import ctk
    import qt

    parameters = _wrapper_class()(node)
    slider, box, check, edit, combo, choice = (
        ctk.ctkSliderWidget(), qt.QSpinBox(), qt.QCheckBox(), qt.QLineEdit(), qt.QComboBox(), qt.QComboBox(),
    )  # fmt: skip
    widgets = {"level": slider, "count": box, "enabled": check, "name": edit, "mode": combo, "size": choice}
    tag = parameters.connectParametersToGui(widgets)
    assert (slider.minimum, slider.maximum, slider.value) == (0, 10, 2.5)
    assert (box.value, box.minimum, check.checked, edit.text) == (3, 1, True, "lesion")
    assert (combo.currentText, choice.currentText) == ("good", "large")
    slider.value = 4
    combo.currentIndex = 0
    edit.text = "node"
    check.checked = False
    assert (parameters.level, parameters.mode, parameters.name, parameters.enabled) == (4, Mode.FAST, "node", False)
    parameters.size = "small"
    parameters.count = 9
    assert (choice.currentText, box.value) == ("small", 9)
    parameters.disconnectGui(tag)
    slider.value = 8
    parameters.name = "other"
    assert parameters.level == 4
    assert edit.text == "node"


def test_slider_without_bounds_is_refused(node):
    import ctk
    import qt
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        value: float = 1.0
        count: int = 1

    parameters = Parameters(node)
    with pytest.raises(RuntimeError, match="bounds"):
        parameters.connectParametersToGui({"value": ctk.ctkSliderWidget()})
    with pytest.raises(RuntimeError, match="bounds"):
        parameters.connectParametersToGui({"count": qt.QSlider()})
    parameters.connectParametersToGui({"value": qt.QDoubleSpinBox()})


def test_binding_goes_by_the_exact_widget_class(node):
    import qt

    class Edit(qt.QLineEdit):
        pass

    parameters = _wrapper_class()(node)
    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        parameters.connectParametersToGui({"name": Edit()})
    with pytest.raises(ValueError, match="nonsense"):
        parameters.connectParametersToGui({"nonsense": qt.QLineEdit()})


def test_closing_the_scene_empties_the_singleton_node_and_defaults_come_back(scene):
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

    class SomethingLogic(ScriptedLoadableModuleLogic):
        pass

    logic = SomethingLogic()
    node = logic.getParameterNode()
    parameters = _wrapper_class()(node)
    parameters.name = "changed"
    scene.Clear(0)
    assert logic.getParameterNode() is node
    assert node.GetAttribute("ModuleName") == "Something"
    assert parameters.name == "lesion"


def test_values_survive_save_and_load(scene, tmp_path):
    import numpy as np
    import slicer
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

    class SavedLogic(ScriptedLoadableModuleLogic):
        pass

    parameters = _wrapper_class()(SavedLogic().getParameterNode())
    parameters.volume = slicer.util.addVolumeFromArray(np.ones((3, 4, 5), np.int16), name="MR")
    parameters.level = 6.25
    parameters.mode = Mode.FAST
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    scene.Clear(0)
    assert slicer.util.loadScene(path) is None  # nothing is returned; failure raises
    again = _wrapper_class()(SavedLogic().getParameterNode())
    assert again.volume.GetName() == "MR"
    assert slicer.util.arrayFromVolume(again.volume).sum() == 60
    assert (again.level, again.mode) == (6.25, Mode.FAST)


def test_unions_are_those_slicer_knows(scene):
    from typing import Union

    from slicer import vtkMRMLModelNode, vtkMRMLScalarVolumeNode
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    for refused in (
        vtkMRMLModelNode | vtkMRMLScalarVolumeNode | None,
        Union[vtkMRMLModelNode, vtkMRMLScalarVolumeNode],  # noqa: UP007
    ):
        with pytest.raises(TypeError, match="Slicer"):
            parameterNodeWrapper(type("Wrapped", (), {"__annotations__": {"node": refused}}))
