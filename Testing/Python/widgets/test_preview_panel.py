"""The live preview in the slice views: what it shows, when it computes anew, and that it leaves nothing behind."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation


@pytest.fixture
def wait(scene):
    from host import wait_until

    return lambda condition: wait_until(condition, 20)


class Stage:
    """A volume shown in the views, a chain, and the panel on them."""

    def __init__(self):
        import slicer

        from MedProcLib.scene.views import show_in_slices
        from MedProcLib.widgets.preview_panel import PreviewPanel

        rng = np.random.default_rng(0)
        values = 100 + 50 * (np.arange(40) % 20 > 10)[:, None, None] + rng.normal(0, 10, (40, 36, 32))
        self.volume = slicer.util.addVolumeFromArray(values.astype(np.float32), name="MR")
        self.recipe = Recipe.of(create_operation("enhancement.gaussian", {"sd_mm": 2.0}))
        self.mask = None
        show_in_slices(self.volume)
        self.panel = PreviewPanel(lambda: self.volume, lambda: self.recipe, lambda: self.mask)

    def previews(self):
        import slicer

        nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        return {node.GetName(): node for node in nodes if "preview" in node.GetName()}

    def values(self, view):
        import slicer

        return slicer.util.arrayFromVolume(self.previews()[f"MR preview ({view})"])

    @property
    def idle(self):
        return self.panel.live.idle


@pytest.fixture
def stage(scene):
    stage = Stage()
    yield stage
    stage.panel.close()


def result(stage):
    from MedProcLib.scene.volumes import image_of_volume

    return sitk.GetArrayFromImage(stage.recipe.run(image=image_of_volume(stage.volume))["image"])


def test_every_view_shows_what_the_chain_would_give(stage, wait):
    stage.panel.switch.checked = True
    assert wait(lambda: stage.idle and len(stage.previews()) == 3)
    whole = result(stage)
    axial, sagittal = stage.values("Red"), stage.values("Yellow")
    assert axial.shape[1:] == (36, 32) and axial.shape[0] <= 2
    assert sagittal.shape[:2] == (40, 36)
    errors = [np.abs(axial[0] - plane).max() for plane in whole]
    assert min(errors) < 1e-3 and errors[int(np.argmin(errors)) - 3] > 1
    assert "ms" in stage.panel.status_label.text


def test_a_parameter_and_a_slice_that_change_are_followed(stage, wait):
    import slicer

    from MedProcLib.scene.views import jump_slices

    stage.panel.switch.checked = True
    assert wait(lambda: stage.idle and len(stage.previews()) == 3)
    before = stage.values("Red").copy()
    stage.recipe = Recipe.of(create_operation("enhancement.gaussian", {"sd_mm": 0.5}))
    stage.panel.changed()
    assert wait(lambda: stage.idle)
    assert stage.values("Red").std() > 1.5 * before.std()
    jump_slices(slicer.mrmlScene, (-15.5, -17.5, 4))
    assert wait(lambda: stage.idle)
    assert np.abs(stage.values("Red")[0] - result(stage)[4]).max() < 1e-3


def test_a_volume_that_moves_or_is_changed_elsewhere_is_followed(stage, wait, scene):
    import slicer

    stage.panel.switch.checked = True
    assert wait(lambda: stage.idle and len(stage.previews()) == 3)
    before, version = stage.values("Red").mean(), stage.panel.live.version
    slicer.util.arrayFromVolume(stage.volume)[:] += 1000
    slicer.util.arrayFromVolumeModified(stage.volume)
    assert wait(lambda: stage.idle and stage.values("Red").mean() > before + 900)
    turned = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    stage.volume.SetAndObserveTransformNodeID(turned.GetID())
    moved = slicer.util.vtkMatrixFromArray(np.array([[1, 0, 0, 7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    turned.SetMatrixTransformToParent(moved)
    assert wait(lambda: stage.idle and stage.previews()["MR preview (Red)"].GetOrigin()[0] == 7)
    followed = stage.panel.live.version
    stage.volume.SetName("renamed")
    assert stage.panel.live.version == followed > version  # its voxels lie where they lay
    stage.volume.GetImageData().Initialize()  # as while a scene is read
    stage.volume.Modified()
    assert wait(lambda: "no voxels" in stage.panel.status_label.text)


def test_a_step_that_learns_is_first_approximate_then_exact(stage, wait):
    standardize = create_operation("enhancement.standardize", {"method": "z_score"})
    stage.recipe = Recipe.of(create_operation("enhancement.gaussian", {"sd_mm": 1.0}), standardize)
    stage.panel.switch.checked = True
    assert wait(lambda: stage.idle and len(stage.previews()) == 3)
    stage.recipe = Recipe.of(create_operation("enhancement.gaussian", {"sd_mm": 3.0}), standardize)
    seen = []
    say = stage.panel._say
    stage.panel._say = lambda text: (seen.append(text), say(text))
    stage.panel.changed()
    assert wait(lambda: stage.idle)
    assert any(text.startswith("Approximate") for text in seen) and "ms" in seen[-1]
    whole = result(stage)
    assert min(np.abs(stage.values("Red")[0] - plane).max() for plane in whole) < 1e-3


def test_side_by_side_asks_for_the_layout_and_gives_the_views_back(stage, wait, scene):
    import slicer

    from MedProcLib.scene.coordinates import array_of_matrix
    from MedProcLib.scene.views import slice_composites, slice_nodes

    manager = slicer.app.layoutManager()
    layout = manager.layout
    over = slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.float32), name="Over it")
    yellow = next(node for node in slice_nodes(scene) if node.GetLayoutName() == "Yellow")
    for composite in slice_composites(scene):
        composite.SetForegroundVolumeID(over.GetID())
        composite.SetForegroundOpacity(0.25)

    def views():
        shown = [
            (c.GetBackgroundVolumeID(), c.GetForegroundVolumeID(), c.GetForegroundOpacity(), c.GetLinkedControl())
            for c in slice_composites(scene)
        ]
        return shown, array_of_matrix(yellow.GetSliceToRAS()).tolist(), yellow.GetFieldOfView(), manager.layout

    before = views()
    stage.panel.switch.checked = True
    stage.panel.mode_box.currentIndex = 3
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView != layout
    assert wait(lambda: stage.idle and list(stage.previews()) == ["MR preview (Yellow)"])
    assert yellow.GetOrientation() == "Axial"
    stage.panel.switch.checked = False
    assert stage.previews() == {} and yellow.GetOrientation() == "Sagittal" and views() == before


def test_side_by_side_cuts_the_volume_at_no_side(stage, wait, scene):
    from MedProcLib.scene.views import slice_nodes

    red, yellow = (next(n for n in slice_nodes(scene) if n.GetLayoutName() == name) for name in ("Red", "Yellow"))
    width, height, _depth = red.GetFieldOfView()
    stage.panel.switch.checked = True
    stage.panel.mode_box.currentIndex = 3
    for node in (red, yellow):  # the views get their size afterwards, and keep their height in mm
        node.SetFieldOfView(width / 2, height, 1)
    assert wait(lambda: red.GetFieldOfView()[:2] == pytest.approx((width, 2 * height)))
    assert yellow.GetFieldOfView()[:2] == pytest.approx((width, 2 * height))
    stage.panel.switch.checked = False
    assert red.GetFieldOfView()[1] == pytest.approx(height)


def test_only_the_views_of_the_layout_take_time(stage, wait, scene):
    from MedProcLib.scene.views import slice_nodes

    red, green = (next(n for n in slice_nodes(scene) if n.GetLayoutName() == name) for name in ("Red", "Green"))
    try:
        red.SetMappedInLayout(True)  # as the application does with a layout of one view
        stage.panel.switch.checked = True
        assert wait(lambda: stage.idle and list(stage.previews()) == ["MR preview (Red)"])
        green.SetMappedInLayout(True)  # another layout, with two
        assert wait(lambda: stage.idle and set(stage.previews()) == {"MR preview (Red)", "MR preview (Green)"})
    finally:
        for node in (red, green):
            node.SetMappedInLayout(False)


def test_switched_off_nothing_is_left(stage, wait, scene):
    count = scene.GetNumberOfNodes()
    stage.panel.switch.checked = True
    assert wait(lambda: stage.idle and len(stage.previews()) == 3)
    stage.panel.switch.checked = False
    assert scene.GetNumberOfNodes() == count and stage.panel.status_label.text == ""


def test_what_cannot_be_previewed_says_why(stage, wait):
    stage.recipe = Recipe()
    stage.panel.switch.checked = True
    assert wait(lambda: "Switch on at least one step" in stage.panel.status_label.text)
    stage.recipe = Recipe.of(create_operation("segmentation.body_mask"))
    stage.panel.changed()
    assert wait(lambda: "no image" in stage.panel.status_label.text)

    def refuse():
        raise InputError("Choose another one.")

    stage.panel._get_recipe = refuse
    stage.panel.changed()
    assert wait(lambda: stage.panel.status_label.text == "Choose another one.")


def test_the_scene_may_close_meanwhile(stage, wait, scene):
    stage.panel.switch.checked = True
    stage.panel.close()
    scene.Clear(0)
    assert stage.previews() == {} and not stage.panel.active
