"""What the enhancement panel asks of the scene: samples of volumes, branches of the hierarchy, lists of nodes."""

import numpy as np


def add_volume(name, values, spacing=(1.0, 1.0, 1.0)):
    import slicer

    node = slicer.util.addVolumeFromArray(values, name=name)
    node.SetSpacing(*spacing)
    return node


def test_a_sample_is_whole_slices_spread_over_the_volume(scene):
    import SimpleITK as sitk

    from MedProcLib.scene.volumes import sample_of_volume

    values = np.arange(40, dtype=np.int16)[:, None, None] * np.ones((1, 30, 20), np.int16)
    node = add_volume("Ramp", values, (0.5, 0.6, 3.0))
    sample = sample_of_volume(node, most_voxels=6000)
    array = sitk.GetArrayFromImage(sample)
    assert array.shape == (10, 30, 20) and sample.GetSpacing() == (0.5, 0.6, 3.0)
    slices = array[:, 0, 0]
    assert np.array_equal(array, slices[:, None, None] * np.ones_like(array)) and set(np.diff(slices)) <= {3, 4, 5}
    assert sitk.GetArrayFromImage(sample_of_volume(node)).shape == (40, 30, 20)
    assert sitk.GetArrayFromImage(sample_of_volume(node, 1)).shape[0] == 3


def test_branches_of_one_name_are_told_apart(scene):
    from MedProcLib.scene.hierarchy import add_folder, branches, hierarchy_of, place_under

    nodes = [add_volume(name, np.zeros((2, 3, 4))) for name in "ABC"]
    top = hierarchy_of(scene).GetSceneItemID()
    for node in nodes[:2]:
        place_under(node, add_folder(scene, top, "Scans"))
    add_folder(scene, top, "Empty")
    found = branches(scene, "vtkMRMLScalarVolumeNode")
    assert [(branch.path, branch.nodes) for branch in found] == [("Scans", (nodes[0],)), ("Scans #2", (nodes[1],))]
    assert branches(scene, "vtkMRMLLabelMapVolumeNode") == []


def test_lists_of_nodes_forget_removed_ones(scene):
    import slicer

    from MedProcLib.scene.nodes import referenced_nodes, set_referenced_nodes

    owner = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    nodes = [add_volume(name, np.zeros((2, 3, 4))) for name in "ABC"]
    set_referenced_nodes(owner, "list", [nodes[2], nodes[0]])
    assert referenced_nodes(owner, "list") == [nodes[2], nodes[0]]
    set_referenced_nodes(owner, "list", nodes)
    slicer.mrmlScene.RemoveNode(nodes[1])
    assert referenced_nodes(owner, "list") == [nodes[0], nodes[2]]
    set_referenced_nodes(owner, "list", [])
    assert referenced_nodes(owner, "list") == []
