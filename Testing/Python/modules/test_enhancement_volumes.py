"""MedProc Enhancement of several volumes, and with a reference volume."""

import numpy as np
import pytest
from clicks import add_volume, choose, only

NAME = "MedProcEnhancement"


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


def test_a_mask_that_misses_one_of_several_volumes_is_said_before_the_first_is_enhanced(panel, three, content):
    import slicer

    from MedProcLib.core.errors import InputError
    from MedProcLib.core.progress import Progress
    from MedProcLib.core.recipe import Recipe
    from MedProcLib.core.registry import create_operation

    logic = panel(NAME).logic
    array = slicer.util.arrayFromVolume(three[0])
    mask = slicer.util.addVolumeFromArray(
        np.ones(array.shape, np.uint8), name="Here", nodeClassName="vtkMRMLLabelMapVolumeNode"
    )
    mask.CopyOrientation(three[0])
    three[2].SetOrigin(5000, 0, 0)
    before, said = content(), []
    progress = Progress(lambda fraction, message: said.append(message))
    with pytest.raises(InputError, match="'Here' selects no voxel of 'C'"):
        logic.processAll(three, Recipe.of(create_operation("enhancement.gaussian")), mask, progress=progress)
    assert content() == before and not any("1/3" in message for message in said)


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


@pytest.mark.parametrize(
    ("modality", "operation", "kept", "unit"),
    [
        ("CT", "enhancement.gaussian", "CT", "HU"),
        ("CT", "enhancement.clahe", "", "intensity"),
        ("PT", "enhancement.gaussian", "PT", "SUV"),
        ("DX", "enhancement.clahe", "DX", "intensity"),
    ],
)
def test_modality_and_unit_stay_with_the_result_where_they_hold(scene, modality, operation, kept, unit):
    import slicer

    from MedProcLib.core.registry import create_operation
    from MedProcLib.scene.hierarchy import hierarchy_of, modality_of_volume
    from MedProcLib.scene.value_unit import unit_of_values
    from MedProcLib.widgets.enhancement_logic import EnhancementLogic

    volume = add_volume("Series", np.random.default_rng(5).normal(100, 5, (6, 20, 24)))
    hierarchy = hierarchy_of(scene)
    attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(volume), attribute, modality)
    if modality == "PT":
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "SUV by body weight")
        volume.SetVoxelValueUnits(entry)
    logic = EnhancementLogic()
    result = logic.process(volume, create_operation(operation))
    assert (modality_of_volume(result), unit_of_values(result)) == (kept, unit)
    assert result.GetVoxelValueUnits() is None or result.GetVoxelValueUnits() is not volume.GetVoxelValueUnits()
    logic.process(volume, create_operation("enhancement.clahe"), output=result)
    assert unit_of_values(result) == "intensity"
