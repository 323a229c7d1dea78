"""MedProc Enhancement on a real FLAIR image, clicked through."""

import numpy as np
import pytest
from clicks import add_volume, choose, only

NAME = "MedProcEnhancement"


@pytest.fixture
def volume(load):
    return load("study1_FLAIR", 4)


def test_apply_makes_a_new_volume(panel, volume, finish, tmp_path):
    import host
    import slicer

    from MedProcLib.core.geometry import Geometry
    from MedProcLib.scene.provenance import provenance_of
    from MedProcLib.scene.volumes import image_of_volume

    widget = panel(NAME)
    only(widget, "enhancement.non_local_means", "enhancement.standardize")
    before = slicer.util.arrayFromVolume(volume).copy()
    widget.run.button.click()
    assert widget.run.button.text == "Cancel"
    assert finish(widget) == "Done: 'study1_FLAIR enhanced'."
    result = widget.parameters.result
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), before)
    grids = [Geometry.of(image_of_volume(node)) for node in (volume, result)]
    assert grids[0].same_grid(grids[1])
    provenance = provenance_of(result)
    assert provenance.recipe == widget.recipe() and provenance.inputs["image"] == "study1_FLAIR"
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    items = [hierarchy.GetItemByDataNode(node) for node in (volume, result)]
    assert hierarchy.GetItemParent(items[0]) == hierarchy.GetItemParent(items[1])
    assert host.grab(widget, tmp_path / "panel.png").stat().st_size > 5000


def test_same_voxels_as_the_recipe_in_python(panel, volume, finish):
    import SimpleITK as sitk
    import slicer

    from MedProcLib.scene.volumes import image_of_volume

    widget = panel(NAME)
    only(widget, "enhancement.curvature_diffusion", "enhancement.standardize")
    widget.run.button.click()
    finish(widget)
    expected = widget.recipe().run(image=image_of_volume(volume))["image"]
    np.testing.assert_array_equal(
        slicer.util.arrayFromVolume(widget.parameters.result), sitk.GetArrayFromImage(expected)
    )


def test_show_input_and_result(panel, volume, finish):
    import slicer

    widget = panel(NAME)
    only(widget, "enhancement.standardize")
    widget.run.button.click()
    finish(widget)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == widget.parameters.result.GetID()
    widget.ui.showInputButton.click()
    assert red.GetBackgroundVolumeID() == volume.GetID()
    widget.ui.showOutputButton.click()
    assert red.GetBackgroundVolumeID() == widget.parameters.result.GetID()


def test_a_second_run_adds_another_volume_unless_one_is_chosen(panel, volume, finish):
    import slicer

    widget = panel(NAME)
    only(widget, "enhancement.standardize")
    for _run in range(2):
        widget.run.button.click()
        finish(widget)
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert len(set(names)) == 3
    first = slicer.util.getNode("study1_FLAIR enhanced")
    widget.ui.outputSelector.setCurrentNode(first)
    widget.run.button.click()
    finish(widget)
    assert widget.parameters.result is first
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 3


def test_cancel_leaves_the_scene(panel, load, finish, content):
    import host

    load("study1_FLAIR")
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert host.wait_until(lambda: widget.run.progress_bar.value > 0, 30)
    widget.run.button.click()
    assert finish(widget, 10).startswith("Cancelled")
    assert content() == before


def test_a_constant_image_is_explained(panel, scene, finish, content):
    import slicer

    slicer.util.addVolumeFromArray(np.full((20, 20, 20), 7.0), name="Flat")
    widget = panel(NAME)
    before = content()
    widget.run.button.click()
    assert "constant" in finish(widget)
    assert content() == before


def test_what_is_missing(panel, volume):
    widget = panel(NAME)
    assert widget.run.button.enabled and widget.run.message == ""
    only(widget)
    assert not widget.run.button.enabled and widget.run.button.toolTip == "Add at least one step."
    only(widget, "enhancement.gaussian")
    widget.chain.steps[0].enabled_box.click()
    assert not widget.run.button.enabled and widget.run.button.toolTip == "Switch on at least one step."
    widget.chain.steps[0].enabled_box.click()
    widget.ui.outputSelector.setCurrentNode(volume)
    assert not widget.run.button.enabled and "not modified" in widget.run.message


def test_mask_of_another_grid_and_a_segment(panel, volume, finish):
    """A label map with coarser voxels, and one segment of a segmentation, limit where the steps are fitted."""
    import SimpleITK as sitk
    import slicer

    from MedProcLib.scene.segmentations import segmentation_from_labels
    from MedProcLib.scene.volumes import image_of_volume, volume_from_image

    image = image_of_volume(volume)
    mask = sitk.Cast(image > 200, sitk.sitkUInt8)
    label_map = volume_from_image(sitk.Shrink(mask, [2, 2, 1]), "Coarse", labels=True)
    segmentation = segmentation_from_labels(mask + sitk.Cast(image > 300, sitk.sitkUInt8), None, "Seg", volume)
    widget = panel(NAME)
    only(widget, "enhancement.standardize")
    results = []
    for node, segment in ((None, 0), (label_map, 0), (segmentation, 2)):
        widget.ui.maskSelector.setCurrentNode(node)
        widget.ui.maskSegmentBox.currentIndex = segment
        widget.run.button.click()
        assert finish(widget).startswith("Done")
        results.append(slicer.util.arrayFromVolume(widget.parameters.result).mean())
    assert len({round(float(mean), 6) for mean in results}) == 3
    widget.ui.maskSelector.setCurrentNode(label_map)
    assert not widget.run.button.enabled and "segment" in widget.run.message


def test_state_survives_save_close_and_load(panel, volume, finish, tmp_path):
    import slicer

    widget = panel(NAME)
    only(widget, "enhancement.standardize")
    widget.run.button.click()
    finish(widget)
    recipe = widget.recipe()
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.parameters.inputVolume is None and not widget.ui.showOutputButton.enabled
    slicer.util.loadScene(path)
    assert widget.recipe() == recipe
    assert widget.ui.inputSelector.currentNode().GetName() == "study1_FLAIR"
    assert widget.parameters.result.GetName() == "study1_FLAIR enhanced"
    assert widget.parameters.result.GetAttribute("MedProc.Provenance")
    assert widget.ui.showOutputButton.enabled


def test_the_preview_follows_the_panel_and_ends_with_the_result(panel, volume, scene):
    """Changed once for each change of chain, volume or mask; switched off when the result or another module comes."""
    import slicer
    from host import wait_until

    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    calls = []
    changed = widget.preview.changed
    widget.preview.changed = lambda: (calls.append(widget.recipe()), changed())
    widget.chain.steps[0].operation_panel.editors["sd_mm"].widget.value = 3.0
    assert len(calls) == 1 and calls[-1].steps[0].operation.sd_mm == 3.0
    choose(widget.ui.applyBox, "Several volumes")
    assert len(calls) == 1
    choose(widget.ui.applyBox, "One volume")
    other = add_volume("Other", np.random.default_rng(2).normal(50, 5, (6, 12, 12)).astype(np.float32))
    widget.ui.inputSelector.setCurrentNode(other)
    assert len(calls) == 2 and calls[-1].enabled_steps

    def previews():
        return [n for n in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if "preview" in n.GetName()]

    only(widget, "enhancement.gaussian")
    widget.preview.switch.checked = True
    assert wait_until(lambda: len(previews()) == 3 and previews()[0].GetImageData().GetDimensions()[0] == 12, 20)
    widget.run.run_or_cancel()
    assert wait_until(lambda: not widget.run.running and widget.parameters.result is not None, 20)
    assert not widget.preview.active and previews() == []
    widget.preview.switch.checked = True
    assert wait_until(lambda: len(previews()) == 3, 20)
    widget.exit()
    assert previews() == []


def test_quality_before_and_after_is_compared_in_the_panel(panel, volume):
    from host import wait_until

    from MedProcLib.scene.volumes import image_of_volume, volume_from_image

    widget = panel(NAME)
    assert not widget.quality.run.button.enabled
    only(widget, "enhancement.gaussian")
    widget.chain.steps[0].operation_panel.editors["sd_mm"].widget.value = 3.0
    widget.run.run_or_cancel()
    assert wait_until(lambda: widget.parameters.result is not None and not widget.run.running, 20)
    assert widget.quality.run.button.enabled
    widget.quality.run.run_or_cancel()
    assert wait_until(lambda: widget.quality.table_node is not None and not widget.quality.run.running, 30)
    rows = {row.figure.name: row for row in widget.quality._lines if row is not None}
    assert 0 <= rows["noise"].after.value < 0.8 * rows["noise"].before.value
    widget.parameters.inputVolume = volume_from_image(image_of_volume(volume), "Other")
    assert not widget.quality._lines and not widget.quality.run.button.enabled  # there is no result of this one
    assert "no result" in widget.quality.run.message and not widget.ui.showOutputButton.enabled
    widget.parameters.inputVolume = volume
    assert widget.quality.run.button.enabled


def test_a_mask_of_other_voxels_is_resampled_with_a_note(panel, volume, finish, scene):
    import slicer

    from MedProcLib.scene.volumes import image_of_volume, volume_from_image

    fine = image_of_volume(volume) > 100
    coarse = volume_from_image(fine[::2, ::2, ::1], "Coarse mask", labels=True)
    same = volume_from_image(fine, "Mask", labels=True)
    widget = panel(NAME)
    only(widget, "enhancement.median")
    widget.parameters.mask = same
    widget.run.button.click()
    assert "resampled" not in finish(widget)
    widget.parameters.mask = coarse
    widget.run.button.click()
    assert finish(widget).endswith("The mask has other voxels and was resampled (nearest neighbor).")
    outside = slicer.util.arrayFromVolume(volume) < 50
    result = slicer.util.arrayFromVolume(widget.parameters.result)
    assert np.mean(result[outside] == slicer.util.arrayFromVolume(volume)[outside]) > 0.9
