"""The scene without the application: logics, slicer.util, subject hierarchy, and being inside Slicer."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.scene import headless

ROOT = Path(__file__).resolve().parents[3]


def _run(code: str) -> str:
    """Run code in a Python of its own, as the command line does, and return what it prints."""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_utilities_work_without_qt():
    printed = _run(
        """
import sys
import numpy as np
from MedProcLib.scene.headless import start_headless_scene
core = start_headless_scene()
import slicer
assert start_headless_scene() is core
assert slicer.mrmlScene is core.scene
voxels = np.zeros((6, 7, 8), np.int16)
volume = slicer.util.addVolumeFromArray(voxels, name="CT")
segmentation = core.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
segment = segmentation.GetSegmentation().AddEmptySegment("a", "a")
mask = voxels.astype(np.uint8)
mask[1:3, 2:5, 3:4] = 1
slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
print(int(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume).sum()))
table = core.scene.AddNewNodeByClass("vtkMRMLTableNode")
slicer.util.updateTableFromArray(table, np.arange(6.0).reshape(3, 2), ["x", "y"])
print(slicer.util.arrayFromTableColumn(table, "y").tolist())
hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(core.scene)
print(hierarchy.GetNumberOfItems())
print(any(name.startswith("PySide6") for name in sys.modules))
"""
    )
    assert printed.split("\n")[:4] == ["6", "[1.0, 3.0, 5.0]", "3", "False"]


def test_missing_core_is_an_input_error_that_says_how(monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer", None)
    with pytest.raises(InputError, match="pip install slicer-core"):
        headless.import_slicer()


def test_inside_the_application_its_own_scene_is_used(app):
    import slicer

    core = headless.start_headless_scene()
    assert core.scene is slicer.mrmlScene
    assert core.application_logic is app.applicationLogic()
    assert core.logics["Volumes"] is slicer.modules.volumes.logic()


def test_orientation_presets_and_label_colors_survive_a_closed_scene(scene):
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLSliceNode")
    assert node.SetOrientation("Coronal")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    labels.CreateDefaultDisplayNodes()
    assert labels.GetDisplayNode().GetColorNode() is not None
    assert slicer.util.getNode("vtkMRMLColorTableNodeFileGenericAnatomyColors.txt").GetNumberOfColors() > 100


def test_bundle_keeps_one_item_for_each_node(scene, tmp_path):
    """Items are neither lost nor doubled when a bundle is opened twice."""
    import slicer

    for name in ("CT", "MR"):
        slicer.util.addVolumeFromArray(np.zeros((2, 3, 4)), name=name)
    path = str(tmp_path / "scene.mrb")
    scene.WriteToMRB(path)
    for run in range(2):
        scene.Clear(0)
        folder = tmp_path / f"run{run}"
        folder.mkdir()
        assert slicer.app.applicationLogic().OpenSlicerDataBundle(path, str(folder))
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        assert hierarchy.GetNumberOfItems() == 2
        assert len(slicer.util.getNodesByClass("vtkMRMLSubjectHierarchyNode")) == 1


def test_hidden_nodes_have_no_item(scene):
    import slicer

    node = scene.CreateNodeByClass("vtkMRMLTextNode")
    node.UnRegister(None)
    node.SetHideFromEditors(True)
    scene.AddNode(node)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    assert hierarchy.GetItemByDataNode(node) == 0
