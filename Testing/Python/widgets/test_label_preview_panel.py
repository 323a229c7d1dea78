"""The live preview of segments: local or whole, followed by seeds, and nothing of it left behind."""

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
    """Two bright blocks in noise, shown in the views, and the panel on them."""

    def __init__(self):
        import slicer

        from MedProcLib.scene.segmentation_input import segmentation_source
        from MedProcLib.scene.views import show_in_slices
        from MedProcLib.widgets.label_preview_panel import LabelPreviewPanel

        values = np.random.default_rng(0).normal(100, 5, (40, 36, 32))
        values[5:35, 4:14, 4:14], values[5:35, 20:30, 18:28] = 200, 300
        self.volume = slicer.util.addVolumeFromArray(values.astype(np.float32), name="CT")
        self.recipe = Recipe.of(
            create_operation("enhancement.gaussian", {"sd_mm": 0.5}), create_operation("segmentation.auto_threshold")
        )
        self.region, self.seeds = None, []
        show_in_slices(self.volume)
        self.panel = LabelPreviewPanel(
            lambda: self.volume,
            lambda: self.recipe,
            lambda: self.region,
            lambda volume: segmentation_source(volume, seeds=self.seeds),
        )

    def previews(self):
        import slicer

        nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        return {node.GetName(): node for node in nodes if "preview" in node.GetName()}

    def labels(self, name):
        from MedProcLib.scene.segmentations import labels_of_segmentation

        return sitk.GetArrayFromImage(labels_of_segmentation(self.previews()[name], self.volume)[0])

    def whole(self):
        from MedProcLib.scene.segmentation_input import segmentation_source

        given = segmentation_source(self.volume, seeds=self.seeds).read()
        return sitk.GetArrayFromImage(self.recipe.run(image=given.image, **given.things)["labels"])

    def on(self):
        self.panel.switch.checked = True


@pytest.fixture
def stage(scene):
    stage = Stage()
    yield stage
    stage.panel.close()


def test_a_label_rule_is_shown_on_the_slices_in_view_as_it_would_come_out(stage, wait):
    assert stage.panel.is_local()
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 3)
    red = stage.labels("Segmentation preview Red")
    plane = int(np.flatnonzero(red.any(axis=(1, 2)))[0])
    np.testing.assert_array_equal(red[plane], stage.whole()[plane])
    assert "ms a view" in stage.panel.status_label.text


def test_each_view_has_its_own_and_they_are_hidden_and_not_saved(stage, wait):
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 3)
    for name, node in stage.previews().items():
        display = node.GetDisplayNode()
        assert [display.GetNthViewNodeID(0), display.GetNumberOfViewNodeIDs()] == [
            f"vtkMRMLSliceNode{name.split()[-1]}",
            1,
        ]
        assert node.GetHideFromEditors() and not node.GetSaveWithScene() and not display.GetSaveWithScene()


def test_other_chains_are_computed_whole_in_their_structures_colors(stage, wait):
    from MedProcLib.segmentation.structures import structure

    stage.recipe = Recipe.of(
        create_operation("segmentation.auto_threshold"),
        create_operation("segmentation.components"),
        create_operation("segmentation.name_segments", {"names": "1: bone, 2: liver"}),
    )
    assert not stage.panel.is_local()
    stage.on()
    assert wait(lambda: stage.panel.live.idle and "whole volume" in stage.panel.status_label.text)
    np.testing.assert_array_equal(stage.labels("Segmentation preview"), stage.whole())
    content = stage.previews()["Segmentation preview"].GetSegmentation()
    assert content.GetNthSegment(0).GetName() == "Bone"
    np.testing.assert_allclose(content.GetNthSegment(1).GetColor(), structure("liver").color)
    # and back to the slices
    stage.recipe = Recipe.of(create_operation("segmentation.auto_threshold"))
    stage.panel.changed()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 3)
    assert "Segmentation preview" not in stage.previews()


def seed_list(*places):
    """Points at voxels (x, y, z) of a volume without geometry of its own."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    for place in places:
        node.AddControlPoint(place)
    return node


def test_seeds_that_move_are_followed(stage, wait):
    stage.recipe = Recipe.of(
        create_operation("segmentation.auto_threshold"), create_operation("segmentation.keep_at_seeds")
    )
    stage.seeds = [seed_list((8, 8, 20))]
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 1)
    first = stage.labels("Segmentation preview")
    stage.seeds[0].SetNthControlPointPosition(0, 22, 25, 20)
    stage.panel.changed()
    assert wait(lambda: stage.panel.live.idle)
    second = stage.labels("Segmentation preview")
    assert first[20, 8, 8] and not first[20, 25, 22] and second[20, 25, 22] and not second[20, 8, 8]
    stage.seeds[0].SetNthControlPointPosition(0, 900, 25, 20)
    stage.panel.changed()
    assert wait(lambda: "lies outside the image" in stage.panel.status_label.text)
    assert stage.previews() == {}


def test_a_volume_that_moves_takes_its_preview_along(stage, wait, scene):
    import slicer

    stage.recipe = Recipe.of(
        create_operation("segmentation.auto_threshold"), create_operation("segmentation.components")
    )
    stage.on()
    assert wait(lambda: stage.panel.live.idle and "Segmentation preview" in stage.previews())

    def right_end():
        bounds = [0.0] * 6
        stage.previews()["Segmentation preview"].GetRASBounds(bounds)
        return bounds[1]

    before = right_end()
    turned = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    stage.volume.SetAndObserveTransformNodeID(turned.GetID())
    moved = slicer.util.vtkMatrixFromArray(np.array([[1, 0, 0, 7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    turned.SetMatrixTransformToParent(moved)
    assert wait(lambda: stage.panel.live.idle and right_end() == pytest.approx(before + 7))


def test_growing_goes_on_with_each_stroke_until_it_is_the_result(stage, wait):
    stage.recipe = Recipe.of(
        create_operation("enhancement.gaussian", {"sd_mm": 0.5}), create_operation("segmentation.grow_from_seeds")
    )
    stage.seeds = [seed_list((8, 8, 20)), seed_list((15, 17, 2))]
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 1)
    for place in ((22, 25, 20), (23, 25, 30)):
        stage.seeds[0].AddControlPoint(place)
        stage.panel.changed()
        assert wait(lambda: stage.panel.live.idle)
        assert "first look" not in stage.panel.status_label.text
        np.testing.assert_array_equal(stage.labels("Segmentation preview"), stage.whole())


def test_a_region_is_found_once(stage, wait):
    calls = []

    class Half:
        declaration = create_operation("segmentation.body_mask").declaration

        def __call__(self, image, mask=None, progress=None):
            calls.append(1)
            values = np.zeros((40, 36, 32), np.uint8)
            values[:, :, :16] = 1
            from MedProcLib.core.geometry import Geometry

            return Geometry.of(image).image_of(values)

    stage.region = Half()
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 3)
    assert not stage.labels("Segmentation preview Red")[:, :, 16:].any()
    stage.recipe = Recipe.of(create_operation("segmentation.auto_threshold"))
    stage.panel.changed()
    assert wait(lambda: stage.panel.live.idle)
    assert len(calls) == 1


def test_what_cannot_be_previewed_says_why_and_shows_nothing(stage, wait):
    stage.recipe = Recipe.of(create_operation("enhancement.gaussian"))
    stage.on()
    assert wait(lambda: "give no segments" in stage.panel.status_label.text)

    def refuse(volume):
        raise InputError("There is no seed.")

    stage.panel._get_source = refuse
    stage.panel.changed()
    assert wait(lambda: stage.panel.status_label.text == "There is no seed.")
    assert stage.previews() == {}


def test_switched_off_nothing_is_left(stage, wait, scene):
    count = scene.GetNumberOfNodes()
    stage.on()
    assert wait(lambda: stage.panel.live.idle and len(stage.previews()) == 3)
    stage.panel.switch.checked = False
    assert scene.GetNumberOfNodes() == count and stage.panel.status_label.text == ""


def test_the_scene_may_close_meanwhile(stage, wait, scene):
    stage.on()
    assert wait(lambda: stage.previews())
    stage.panel.close()
    scene.Clear(0)
    assert stage.previews() == {} and not stage.panel.active
