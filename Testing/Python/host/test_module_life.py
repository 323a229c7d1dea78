"""A scripted module through its whole life: loaded, shown, used, saved, closed, pictured, destroyed."""

from pathlib import Path

import host
import numpy as np
import pytest

MODULE = Path(__file__).parent / "demo_module" / "DemoModule" / "DemoModule.py"


@pytest.fixture
def demo(scene):
    host.load_module(MODULE)
    widget = host.show_module("DemoModule")
    yield widget
    host.close_module(widget)


@pytest.fixture
def volume(scene):
    import slicer

    voxels = np.zeros((10, 12, 14), np.int16)
    voxels[2:5, 3:6, 4:8] = 200
    return slicer.util.addVolumeFromArray(voxels, name="CT")


def test_module_is_described_and_registered(demo, app):
    import slicer

    assert slicer.modules.demomodule.title == "Demo Module"
    assert slicer.modules.demomodule.path == str(MODULE)
    assert slicer.modules.DemoModuleWidget is demo
    assert slicer.util.getModuleWidget("DemoModule") is demo
    assert "DemoModule" in app.moduleManager().modulesNames()
    assert demo.parent.isEntered


def test_button_computes_into_the_segmentation(demo, volume):
    ui = demo.ui
    assert ui.inputSelector.currentNode() is volume
    assert not ui.applyButton.enabled
    segmentation = ui.outputSelector.addNode()
    assert ui.applyButton.enabled
    ui.thresholdSlider.value = 150
    ui.labelLineEdit.text = "tumor"
    ui.applyButton.click()
    assert ui.resultLabel.text == "36 voxels"
    assert segmentation.GetSegmentation().GetNthSegment(0).GetName() == "tumor"
    ui.sideComboBox.currentIndex = 1
    ui.applyButton.click()
    assert ui.resultLabel.text == "1644 voxels"


def test_error_in_the_panel_is_seen(demo, volume):
    demo.ui.outputSelector.addNode()
    demo.logic.process = lambda *arguments: 1 / 0
    demo.ui.applyButton.click()
    assert [type(failure.error) for failure in host.errors] == [ZeroDivisionError]
    host.errors.clear()


def test_closed_scene_empties_the_panel(demo, volume, scene):
    demo.ui.outputSelector.addNode()
    demo.ui.thresholdSlider.value = 500
    scene.Clear(0)
    assert demo.ui.inputSelector.currentNode() is None
    assert not demo.ui.applyButton.enabled
    assert demo.ui.thresholdSlider.value == 100


def test_saved_scene_fills_the_panel_again(demo, volume, scene, tmp_path):
    import slicer

    demo.ui.outputSelector.addNode().SetName("Result")
    demo.ui.thresholdSlider.value = 321
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    demo.initializeParameterNode()
    assert demo.ui.inputSelector.currentNode().GetName() == "CT"
    assert demo.ui.outputSelector.currentNode().GetName() == "Result"
    assert demo.ui.thresholdSlider.value == 321


def test_leaving_and_entering(demo, volume):
    host.leave(demo)
    assert not demo.parent.isEntered
    demo.ui.thresholdSlider.value = 7  # nobody listens
    host.enter(demo)
    assert demo.ui.thresholdSlider.value == 100


def test_picture_of_the_panel(demo, volume, tmp_path):
    from PIL import Image

    image = Image.open(host.grab(demo, tmp_path / "panel.png"))
    assert image.width == 420
    assert image.height > 200
    assert len(image.convert("L").getcolors()) > 20


def test_self_test_passes(demo):
    import slicer

    slicer.selfTests["DemoModule"](msec=1)


def test_panel_can_be_shown_again_after_it_was_closed(scene):
    import slicer

    host.load_module(MODULE)
    for _ in range(3):
        widget = host.show_module("DemoModule")
        host.close_module(widget)
    assert not hasattr(slicer.modules, "DemoModuleWidget")
    scene.AddNewNodeByClass("vtkMRMLSegmentationNode")  # nobody of the closed panels may fail on this


def test_wait_until_gives_up(app):
    assert not host.wait_until(lambda: False, timeout_s=0.05)
    assert host.wait_until(lambda: True, timeout_s=0)


def test_unknown_module_is_named(scene):
    with pytest.raises(KeyError, match="NoSuchModule"):
        host.show_module("NoSuchModule")
