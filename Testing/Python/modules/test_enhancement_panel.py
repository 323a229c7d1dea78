"""MedProc Enhancement on a real FLAIR image, clicked through."""

import numpy as np
import pytest

NAME = "MedProcEnhancement"


def only(widget, *names):
    """Make the chain of just these operations, as a user does."""
    from MedProcLib.core.registry import find_operation

    while widget.chain.steps:
        widget.chain.steps[-1].actions["remove"].trigger()
    for name in names:
        widget.chain.add(find_operation(name))


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


# ---- several volumes


def add_volume(name, values, spacing=(1.0, 1.0, 1.0)):
    import slicer

    node = slicer.util.addVolumeFromArray(np.asarray(values, np.float32), name=name)
    node.SetSpacing(*spacing)
    return node


@pytest.fixture
def three(scene):
    """Three volumes of different size and values: A and B in a study of a patient, C elsewhere."""
    from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, place_under

    rng = np.random.default_rng(5)
    nodes = [
        add_volume(name, 100 * (number + 1) + rng.normal(0, 5, (6, 20 + 4 * number, 24)), (1, 1, 2 + number))
        for number, name in enumerate("ABC")
    ]
    study = add_study(scene, add_patient(scene, "Patient"), "2020")
    place_under(nodes[0], study)
    place_under(nodes[1], add_folder(scene, study, "Series"))
    return nodes


def volumes(scene):
    return {
        scene.GetNthNodeByClass(number, "vtkMRMLScalarVolumeNode").GetName()
        for number in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"))
    }


def parent_of(node):
    from MedProcLib.scene.hierarchy import hierarchy_of

    hierarchy = hierarchy_of(node.GetScene())
    return hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))


def choose(combo_box, text):
    combo_box.currentIndex = [combo_box.itemText(index) for index in range(combo_box.count)].index(text)


def test_several_volumes(panel, three, finish, scene):
    """Each checked volume becomes a new one beside it, with the voxels that it alone would get."""
    import slicer

    from MedProcLib.scene.provenance import provenance_of
    from MedProcLib.scene.volumes import image_of_volume

    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    choose(widget.ui.applyBox, "Several volumes")
    assert not widget.run.button.enabled and "at least one" in widget.run.message
    assert widget.ui.volumesBox.visible and not widget.ui.outputSelector.visible
    for node in (three[0], three[2]):
        widget.ui.volumesBox.check(node)
    widget.ui.inputSelector.setCurrentNode(three[2])
    widget.run.button.click()
    assert finish(widget) == "Done: 2 new volumes, each beside its input."
    assert volumes(scene) == {"A", "B", "C", "A enhanced", "C enhanced"}
    assert widget.parameters.result.GetName() == "C enhanced"
    for node in (three[0], three[2]):
        result = slicer.util.getNode(f"{node.GetName()} enhanced")
        expected = widget.recipe().run(image=image_of_volume(node))["image"]
        made = image_of_volume(result)
        assert made.GetSpacing() == expected.GetSpacing() and made.GetSize() == expected.GetSize()
        np.testing.assert_array_equal(*map(_array, (made, expected)))
        assert provenance_of(result).inputs == {"image": node.GetName()}
        assert parent_of(result) == parent_of(node)


def _array(image):
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(image)


def test_all_volumes_of_a_study(panel, three, finish, scene):
    """Those in folders below too; running again takes the same volumes, not the results of the first run."""
    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    choose(widget.ui.applyBox, "A study or folder")
    offered = [widget.ui.branchBox.itemText(index) for index in range(widget.ui.branchBox.count)]
    assert offered == ["Patient (2)", "Patient / 2020 (2)", "Patient / 2020 / Series (1)"]
    assert not widget.run.button.enabled
    choose(widget.ui.branchBox, "Patient / 2020 (2)")
    for run in (1, 2):
        widget.run.button.click()
        assert finish(widget) == "Done: 2 new volumes, each beside its input."
        assert len(volumes(scene)) == 3 + 2 * run
    assert {"A enhanced", "B enhanced"} < volumes(scene) and "C enhanced" not in volumes(scene)


def test_the_list_of_studies_follows_the_scene(panel, three, scene):
    from MedProcLib.scene.hierarchy import add_folder, hierarchy_of, place_under

    widget = panel(NAME)
    choose(widget.ui.applyBox, "A study or folder")
    folder = add_folder(scene, hierarchy_of(scene).GetSceneItemID(), "Follow-up")
    place_under(three[2], folder)
    assert "Follow-up (1)" in [widget.ui.branchBox.itemText(index) for index in range(widget.ui.branchBox.count)]
    choose(widget.ui.branchBox, "Follow-up (1)")
    assert widget.chosenVolumes() == [three[2]]
    scene.RemoveNode(three[2])
    assert widget.chosenVolumes() == [] and not widget.run.button.enabled


def test_an_error_names_the_volume_and_nothing_is_added(panel, three, finish, content):
    flat = add_volume("Flat", np.full((4, 10, 10), 7))
    widget = panel(NAME)
    only(widget, "enhancement.gaussian", "enhancement.standardize")
    choose(widget.ui.applyBox, "Several volumes")
    for node in (three[0], flat, three[1]):
        widget.ui.volumesBox.check(node)
    before = content()
    widget.run.button.click()
    message = finish(widget)
    assert message.startswith("'Flat': Step 2 (enhancement.standardize)") and "Nothing was added" in message
    assert content() == before


def test_cancel_of_several_leaves_the_scene(panel, load, finish, content):
    import host

    nodes = [load("study1_FLAIR"), load("study2_FLAIR")]
    widget = panel(NAME)
    only(widget, "enhancement.n4", "enhancement.non_local_means")
    choose(widget.ui.applyBox, "Several volumes")
    for node in nodes:
        widget.ui.volumesBox.check(node)
    before = content()
    widget.run.button.click()
    assert host.wait_until(lambda: "1/2 study1_FLAIR: " in widget.run.message, 30)
    widget.run.button.click()
    assert finish(widget, 10).startswith("Cancelled")
    assert content() == before


def test_chosen_volumes_survive_save_close_and_load(panel, three, scene, tmp_path):
    import slicer

    widget = panel(NAME)
    choose(widget.ui.applyBox, "Several volumes")
    for node in three[:2]:
        widget.ui.volumesBox.check(node)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert widget.chosenVolumes() == []
    slicer.util.loadScene(path)
    assert [node.GetName() for node in widget.chosenVolumes()] == ["A", "B"]
    assert [node.GetName() for node in widget.ui.volumesBox.checkedNodes()] == ["A", "B"]


def test_from_the_console(panel, three, content):
    from MedProcLib.core.errors import InputError
    from MedProcLib.core.recipe import Recipe
    from MedProcLib.core.registry import create_operation

    logic = panel(NAME).logic
    recipe = Recipe.of(create_operation("enhancement.gaussian"))
    results = logic.processAll(three, recipe)
    assert [node.GetName() for node in results] == ["A enhanced", "B enhanced", "C enhanced"]
    before = content()
    flat = add_volume("Flat", np.full((4, 10, 10), 7))
    flat_before = content()
    with pytest.raises(InputError, match="'Flat': "):
        logic.processAll([three[0], flat], Recipe.of(create_operation("enhancement.standardize")))
    assert content() == flat_before != before
    with pytest.raises(InputError, match="at least one"):
        logic.processAll([], recipe)


# ---- a reference volume


def test_a_reference_is_asked_for_only_by_a_step_that_needs_one(panel, three, finish):
    from MedProcLib.core.registry import operations
    from MedProcLib.scene.provenance import provenance_of

    needing = next(d.name for d in operations("enhancement") if "reference" in d.inputs)
    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    assert not widget.ui.referenceSelector.visible
    only(widget, "enhancement.gaussian", needing)
    assert widget.ui.referenceSelector.visible and widget.ui.referenceLabel.visible
    assert not widget.run.button.enabled and "reference volume" in widget.run.message
    widget.ui.referenceSelector.setCurrentNode(three[1])
    assert widget.run.button.enabled
    widget.run.button.click()
    assert finish(widget) == "Done: 'A enhanced'."
    assert provenance_of(widget.parameters.result).inputs == {"image": "A", "reference": "B"}
    widget.chain.steps[1].enabled_box.click()
    assert not widget.ui.referenceSelector.visible and widget.run.button.enabled


# ---- presets


def test_a_preset_is_proposed_used_and_can_be_changed(panel, volume, scene):
    from MedProcLib.enhancement.presets.presets import preset_named

    widget = panel(NAME)
    assert widget.recipe() == preset_named("mr_brain_flair").recipe()
    assert widget.ui.presetBox.currentText == "MR brain FLAIR"
    assert "study1_FLAIR" in widget.ui.presetReason.text
    ct = np.random.default_rng(1).normal(40, 5, (8, 40, 40))
    ct[:, :10] = -1000
    ct[:, 30, 30] = 900
    other = add_volume("Other", ct)
    widget.ui.inputSelector.setCurrentNode(other)
    assert widget.recipe() == preset_named("ct_soft_tissue").recipe()
    assert "Hounsfield" in widget.ui.presetReason.text
    choose(widget.ui.presetBox, "PET")
    assert widget.recipe() == preset_named("pet").recipe()
    widget.ui.inputSelector.setCurrentNode(volume)
    assert widget.recipe() == preset_named("pet").recipe(), "what the user chose stays"
    assert widget.ui.presetReason.text.startswith("Proposed: MR brain FLAIR.")
    choose(widget.ui.presetBox, "MR brain FLAIR (proposed)")
    assert widget.recipe() == preset_named("mr_brain_flair").recipe()


def test_a_chain_of_the_user_is_not_replaced(panel, volume):
    widget = panel(NAME)
    only(widget, "enhancement.gaussian")
    assert widget.ui.presetBox.currentText == "Custom"
    own = widget.recipe()
    widget.ui.inputSelector.setCurrentNode(add_volume("PET 1", np.ones((4, 8, 8))))
    assert widget.recipe() == own and widget.ui.presetBox.currentText == "Custom"


def test_dicom_tags_decide(panel, scene, monkeypatch):
    """What Slicer's database says of the volume's first slice counts before its values."""
    import slicer

    values = {"0008,0060": "CT", "0018,0015": "CHEST", "0018,1210": "B70f"}

    class Database:
        def instanceValue(self, instance, tag):
            return values.get(tag, "") if instance == "1.2.3" else ""

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    node = add_volume("Series 4", np.random.default_rng(1).normal(100, 5, (4, 10, 10)))
    node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    widget = panel(NAME)
    proposal = widget.proposed.proposal
    assert proposal.preset.name == "ct_lung" and "B70f" in proposal.reason


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
