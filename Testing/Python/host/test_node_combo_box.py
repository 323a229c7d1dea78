"""qMRMLNodeComboBox and its checkable sister behave as in Slicer."""

import numpy as np
import pytest


@pytest.fixture
def combo(scene):
    import slicer

    widget = slicer.qMRMLNodeComboBox()
    widget.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    yield widget
    widget.setMRMLScene(None)


def _volume(name):
    import slicer

    return slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16), name=name)


def test_empty_and_disabled_until_a_scene_is_set(combo, scene):
    volume = _volume("CT")
    assert combo.currentNode() is None
    assert not combo.enabled
    combo.setMRMLScene(scene)
    assert combo.enabled
    assert combo.currentNode() is volume


def test_node_asked_for_before_the_scene_is_remembered(combo, scene):
    _volume("first")
    second = _volume("second")
    combo.setCurrentNodeID(second.GetID())
    combo.setMRMLScene(scene)
    assert combo.currentNode() is second


def test_none_is_chosen_at_first_when_it_is_offered(combo, scene):
    combo.noneEnabled = True
    _volume("CT")
    combo.setMRMLScene(scene)
    assert combo.currentNode() is None
    assert combo.currentNodeID == ""
    assert combo.nodeCount() == 1


def test_signals_tell_of_a_change_once(combo, scene):
    combo.noneEnabled = True
    combo.setMRMLScene(scene)
    got = []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: got.append(node))
    combo.connect("currentNodeChanged(bool)", lambda valid: got.append(valid))
    combo.connect("nodeActivated(vtkMRMLNode*)", lambda node: got.append("activated"))
    volume = _volume("CT")
    combo.setCurrentNode(volume)
    combo.setCurrentNode(volume)
    combo.setCurrentNode(None)
    assert got == [volume, True, None, False]


def test_removed_and_closed_nodes_are_left(combo, scene):
    first, second = _volume("first"), _volume("second")
    combo.setMRMLScene(scene)
    combo.setCurrentNode(first)
    scene.RemoveNode(first)
    assert combo.currentNode() is second
    scene.Clear(0)
    assert combo.currentNode() is None


def test_types_children_and_hidden_nodes(combo, scene):
    combo.setMRMLScene(scene)
    volume = _volume("CT")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    hidden = _volume("hidden")
    hidden.SetHideFromEditors(True)
    combo.showHidden = False
    assert [combo.nodeFromIndex(index) for index in range(combo.nodeCount())] == [volume, labels]
    combo.showChildNodeTypes = False
    assert combo.nodeCount() == 1
    combo.showHidden = True
    assert combo.nodeCount() == 2


def test_attribute_filters_nodes(combo, scene):
    combo.setMRMLScene(scene)
    plain, marked = _volume("plain"), _volume("marked")
    marked.SetAttribute("MedProc.Role", "baseline")
    combo.addAttribute("vtkMRMLScalarVolumeNode", "MedProc.Role", "baseline")
    assert combo.nodeCount() == 1
    assert combo.currentNode() is marked
    combo.removeAttribute("vtkMRMLScalarVolumeNode", "MedProc.Role")
    assert combo.nodeCount() == 2
    combo.setCurrentNode(plain)
    assert combo.currentNode() is plain


def test_adding_renaming_and_removing(combo, scene):
    combo.setMRMLScene(scene)
    combo.baseName = "Result"
    added, renamed = [], []
    combo.nodeAddedByUser.connect(added.append)
    combo.currentNodeRenamed.connect(renamed.append)
    first, second = combo.addNode(), combo.addNode()
    assert [first.GetName(), second.GetName()] == ["Result", "Result_1"]
    assert added == [first, second]
    assert combo.currentNode() is second
    second.SetName("Follow-up")
    assert renamed == ["Follow-up"]
    combo.removeCurrentNode()
    assert combo.currentNode() is first


def test_users_choice_in_the_list_activates(combo, scene):
    import qt

    combo.setMRMLScene(scene)
    _volume("first")
    second = _volume("second")
    got = []
    combo.nodeActivated.connect(got.append)
    inner = combo.findChild(qt.QComboBox)
    inner.currentIndex = 1
    inner.activated.emit(1)
    assert got == [second]
    assert combo.currentNode() is second


def test_checkable_combo_box(scene):
    import slicer

    combo = slicer.qMRMLCheckableNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    combo.setMRMLScene(scene)
    first, second = _volume("first"), _volume("second")
    changes = []
    combo.checkedNodesChanged.connect(lambda: changes.append(len(combo.checkedNodes())))
    combo.setCheckState(second, 2)
    combo.check(first)
    combo.check(first)
    assert combo.allChecked()
    scene.RemoveNode(first)
    assert combo.checkedNodes() == (second,)
    combo.uncheck(second)
    assert combo.noneChecked()
    assert changes == [1, 2, 0]
    combo.setMRMLScene(None)


def test_a_node_of_the_name_of_the_one_before_is_told_as_activated_alone(combo, scene):
    """As of Slicer 5.12, whose combo box follows the text that is shown."""
    combo.setMRMLScene(scene)
    first, second = _volume("FLAIR"), _volume("FLAIR")
    second.SetName("FLAIR")
    combo.setCurrentNode(first)
    got = []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: got.append(node))
    combo.setCurrentNode(second)
    assert combo.currentNode() is second and not got
    second.SetName("T1")
    assert got == [second]


def test_choices_and_checks_go_when_the_list_is_filled_anew(combo, scene):
    """As after a scene was loaded into this one: Slicer is not importing any more when it tells of its end."""
    import slicer

    checkable = slicer.qMRMLCheckableNodeComboBox()
    checkable.nodeTypes = combo.nodeTypes
    volume = _volume("CT")
    combo.noneEnabled = True
    got = []
    for box in (combo, checkable):
        box.setMRMLScene(scene)
    combo.setCurrentNode(volume)
    checkable.check(volume)
    combo.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: got.append((node, scene.IsImporting())))
    checkable.connect("checkedNodesChanged()", lambda: got.append((checkable.checkedNodes(), scene.IsImporting())))
    scene.StartState(scene.ImportState)
    other = _volume("MR")
    assert not got
    scene.EndState(scene.ImportState)
    assert sorted(got, key=str) == [((), 0), (None, 0)]
    assert combo.currentNode() is None and checkable.nodeFromIndex(1) is other
    checkable.setMRMLScene(None)
