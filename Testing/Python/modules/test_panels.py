"""What all four panels promise: they load, say what is missing, fit a narrow column, and survive their scene."""

import numpy as np
import pytest
from clicks import add_volume

MODULES = ("MedProcEnhancement", "MedProcSegmentation", "MedProcQuantification", "MedProcComparison")
every_module = pytest.mark.parametrize("name", MODULES)


@every_module
def test_without_data_the_button_says_what_is_missing(panel, name):
    widget = panel(name)
    assert not widget.run.button.enabled
    assert widget.run.message.startswith("Choose ")
    assert widget.run.button.toolTip == widget.run.message


@every_module
def test_a_panel_that_is_left_lets_go_of_its_parameters(panel, name):
    import gc
    import weakref

    import host

    widget = panel(name)
    known = weakref.ref(widget.parameters)
    host.leave(widget)
    gc.collect()
    assert known() is None  # else each visit would leave observers behind


@every_module
def test_everything_has_a_tooltip(panel, name):
    widget = panel(name)
    bare = []
    for child in widget.panel.findChildren("QWidget"):
        kind = child.className()
        if kind.startswith(("qMRMLNode", "QComboBox", "QLineEdit", "QCheckBox", "QPushButton", "ctkSlider", "QTable")):
            inside = child.parent()
            if (
                not child.toolTip
                and not inside.inherits("qMRMLNodeComboBox")
                and child.name
                and "qt_" not in child.name
            ):
                bare.append(child.name)
    assert bare == []


@every_module
def test_nothing_is_cut_off_in_a_narrow_column(panel, name):
    widget = panel(name, 360)
    for step in widget.chain.steps:
        step.unfold(True)
    import slicer

    slicer.app.processEvents()
    assert widget.panel.minimumSizeHint.width() <= 340
    cut = [
        child.text
        for child in widget.panel.findChildren("QWidget")
        if child.className() in ("QLabel", "QPushButton", "QCheckBox")
        and child.visible
        and not (child.className() == "QLabel" and child.wordWrap)
        and child.width < child.sizeHint.width()
    ]
    assert cut == []


@every_module
def test_no_text_however_long_makes_a_panel_wider(panel, name):
    """An open section gets no narrower than its contents would like to be: a text of eight lines made it 577 pixels,
    and a node with the name of its series as many."""
    import slicer

    from MedProcLib.widgets.wrapped_label import show_wrapped

    add_volume("2021-03-04 CT of a very long series description with many words and so on 1.25mm", np.ones((2, 3, 4)))
    widget = panel(name, 360)
    for child in widget.panel.findChildren("QWidget"):
        if child.className() == "ctkCollapsibleButton":
            child.collapsed = False
        elif child.className() == "QLabel" and child.wordWrap:
            show_wrapped(child, "The sum of diameters is 23 % and 23.2 mm above the nadir: progressive disease. " * 8)
    slicer.app.processEvents()
    assert widget.panel.minimumSizeHint.width() <= 345


@every_module
def test_the_chain_is_kept_in_the_parameter_node(panel, name):
    from MedProcLib.core.recipe import Recipe

    widget = panel(name)
    default = widget.recipe()
    assert default == widget.logic.defaultRecipe()
    step = next(s for s in widget.chain.steps if s.declaration.parameters)
    editor = next(e for e in step.operation_panel.editors.values() if e.parameter.kind in ("choice", "bool", "float"))
    change(editor)
    assert widget.recipe() != default
    assert Recipe.from_json(widget.parameters.recipe) == widget.recipe()


@every_module
def test_recipe_survives_save_close_and_load(panel, name, scene, tmp_path):
    import slicer

    widget = panel(name)
    step = next(s for s in widget.chain.steps if s.declaration.parameters)
    change(next(e for e in step.operation_panel.editors.values() if e.parameter.kind in ("choice", "bool", "float")))
    changed = widget.recipe()
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.recipe() == widget.logic.defaultRecipe()
    slicer.util.loadScene(path)
    assert widget.recipe() == changed


@every_module
def test_a_recipe_of_another_version_shows_the_default(panel, name, scene):
    widget = panel(name)
    widget.parameters.recipe = '{"recipe": 99, "steps": []}'
    assert widget.recipe() == widget.logic.defaultRecipe()
    assert "version" in widget.run.message
    widget.run.start(lambda: (lambda progress: progress.ask(lambda: "loaded"), str))
    scene.Clear(0)
    assert widget.run.message.startswith("Choose ")  # what was said of that scene goes with it


@every_module
def test_leaving_and_coming_back(panel, name):
    import host

    widget = panel(name)
    host.leave(widget)
    assert widget.parameters is None
    host.enter(widget)
    assert widget.parameters is not None and widget.run.message.startswith("Choose ")


@every_module
def test_reloaded_as_a_developer_does(panel, name, scene):
    import slicer

    old = panel(name)
    slicer.util.reloadScriptedModule(name)
    new = old.parent.self()
    assert new is not old and type(new).__name__ == type(old).__name__
    assert old.parameters is None and new.parameters is not None and not old.panel.visible
    slicer.mrmlScene.Clear(0)  # those of the old panel no longer listen
    assert old.parameters is None and new.run.message.startswith("Choose ")


@every_module
def test_without_a_main_window(panel, name, app, monkeypatch, scene, load):
    """As `Slicer --no-main-window --testing` runs the generic tests of extensions: there is no layout manager."""
    import host

    if host.IN_SLICER:
        pytest.skip("this Slicer has its window or has none")
    monkeypatch.setattr(app, "_layout_manager", None)
    widget = panel(name)
    load("study1_FLAIR")
    host.leave(widget)
    host.enter(widget)
    if hasattr(widget, "preview"):
        widget.preview.switch.click()
        assert host.wait_until(lambda: widget.preview.live.idle or widget.preview.status_label.text, 20)
    scene.Clear(0)
    assert widget.run.message.startswith("Choose ")


@every_module
def test_a_panel_that_was_left_writes_nothing(panel, name, scene):
    """Whatever happens in its widgets, also as often as it was entered before."""
    import host
    import slicer

    widget = panel(name)
    for _ in range(3):
        host.leave(widget)
        host.enter(widget)
    node = widget.parameters.parameterNode
    boxes = [w for w in widget._bound_widgets().values() if w.className() == "QComboBox"]
    host.leave(widget)

    def content():
        return {key: node.GetParameter(key) for key in node.GetParameterNames()}

    before = content()
    for box in boxes:
        box.currentIndex = (box.currentIndex + 1) % box.count
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Another")
    assert boxes and content() == before
    host.enter(widget)
    assert {k: v for k, v in content().items() if k in before and v != before[k]} == {}


@every_module
def test_names_that_do_not_fit_are_in_the_tooltip(panel, name, scene):
    import slicer

    widget = panel(name)
    boxes = slicer.util.findChildren(widget.panel, className="qMRMLNodeComboBox")
    names = {box: f"Ä long name of a node {number}" for number, box in enumerate(boxes)}
    for box, text in names.items():
        box.setCurrentNode(None)
        tip = box.toolTip
        node = getattr(slicer, box.nodeTypes[0])()
        node.SetName(text)
        node.SetAttribute("MedProc.Classifier", "1")  # of text nodes none else are offered
        scene.AddNode(node)
        box.setCurrentNode(node)
        assert box.toolTip.startswith(f"{text}\n\n") and box.toolTip.endswith(tip)
        node.SetName("renamed")
        assert box.toolTip == f"renamed\n\n{tip}"
        box.setCurrentNode(None)
        assert box.toolTip == tip
    assert len(boxes) > 1


@every_module
def test_self_test(scene, panel, name):
    import slicer

    panel(name)
    slicer.selfTests[name](msec=1)


@every_module
def test_icon_is_legible_in_size(app, name):
    from pathlib import Path

    import qt

    image = qt.QImage(str(Path(__file__).parents[3] / "MedProc" / name / "Resources" / "Icons" / f"{name}.png"))
    assert (image.width(), image.height()) == (128, 128)


def change(editor):
    """Change a parameter as a user does."""
    kind, widget = editor.parameter.kind, editor.widget
    if kind == "bool":
        widget.click()
    elif kind == "choice":
        widget.currentIndex = (widget.currentIndex + 1) % widget.count
    else:
        widget.value = widget.value + widget.singleStep


def test_a_node_of_the_name_of_the_one_before_is_chosen(panel, scene):
    import slicer

    first, second = (slicer.util.addVolumeFromArray(np.zeros((4, 5, 6)), name="FLAIR") for _ in range(2))
    second.SetName("FLAIR")
    for name in ("MedProcEnhancement", "MedProcSegmentation"):
        widget = panel(name)
        widget.parameters.inputVolume = first
        box = widget.ui.inputSelector
        box.setCurrentNode(second)  # what a click does, of which Slicer then tells with nodeActivated alone
        box.nodeActivated.emit(second)
        assert widget.parameters.inputVolume is second, name
    points = panel("MedProcComparison").timePoints
    points.select(0)
    points.remove_button.click()
    assert [point.volume for point in points.chosen()] == [second]
    points.volume_box.setCurrentNode(first)
    points.volume_box.nodeActivated.emit(first)
    assert [point.volume for point in points.chosen()] == [first]


def test_choices_stay_when_a_scene_is_added_to_this_one(panel, scene):
    """Lists of nodes are filled anew then, and tell that nothing is chosen."""
    import slicer

    first, second = (add_volume(name, np.ones((4, 5, 6))) for name in ("First", "Second"))
    points = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Seeds")

    def add_scene():
        scene.StartState(scene.ImportState)
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Third")
        scene.EndState(scene.ImportState)

    segmentation = panel("MedProcSegmentation")
    segmentation.parameters.inputVolume = second
    segmentation.keepNodes("seeds", [points])
    add_scene()
    assert segmentation.parameters.inputVolume is segmentation.ui.inputSelector.currentNode() is second
    assert segmentation.keptNodes("seeds") == list(segmentation.ui.seedsBox.checkedNodes()) == [points]
    comparison = panel("MedProcComparison")
    comparison.timePoints.select(0)
    comparison.timePoints.images_box.check(second)
    before = comparison.chosenTimePoints()
    add_scene()
    assert comparison.chosenTimePoints() == before and before[0].images == (second,)
    assert comparison.timePoints.volume_box.currentNode() is first


@pytest.mark.parametrize("name, parameter", [("MedProcSegmentation", "region"), ("MedProcEnhancement", "applyTo")])
def test_a_choice_of_another_version_is_the_usual_one(panel, name, parameter):
    import host

    widget = panel(name)
    usual, node = getattr(widget.parameters, parameter), widget.parameters.parameterNode
    host.leave(widget)
    node.SetParameter(parameter, "Left half")  # which no list of this version has
    host.enter(widget)
    assert getattr(widget.parameters, parameter) == usual and node.GetParameter(parameter) == usual
    assert widget.run.message.startswith("Choose ")
