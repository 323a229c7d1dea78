"""A change of the scene is whole or not there."""

import numpy as np
import pytest
import slicer
import vtk
from samples import ball, bspline_transform, numbered, turned_grid

from MedProcLib.scene.color_tables import add_change_colors
from MedProcLib.scene.commit import commit
from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, place_under
from MedProcLib.scene.markups import points_node_from
from MedProcLib.scene.plots import Series, chart_from_series
from MedProcLib.scene.segmentations import segmentation_from_labels
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image


def content(scene) -> tuple:
    """Everything there is: nodes with their state, and the subject hierarchy."""
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    ids = [items.GetId(index) for index in range(items.GetNumberOfIds())]
    return (
        [(node.GetID(), node.GetName(), node.GetMTime()) for node in nodes if node is not hierarchy],
        [(item, hierarchy.GetItemName(item), hierarchy.GetItemParent(item)) for item in ids],
    )


def add_a_bit_of_everything(scene, source) -> None:
    volume = volume_from_image(numbered(turned_grid()), "result", like=source)
    segmentation = segmentation_from_labels(ball(turned_grid(), (0, 0, 0), 6), None, "seg", source)
    segmentation.CreateClosedSurfaceRepresentation()
    study = add_study(scene, add_patient(scene, "P"), "S")
    place_under(volume, add_folder(scene, study, "F"))
    volume.SetAndObserveTransformNodeID(transform_node_from(bspline_transform(), "t").GetID())
    points_node_from(np.zeros((2, 3)), ["a", "b"], "points")
    chart_from_series([Series("s", [1, 2], [3, 4])], "chart", "x", "y")
    add_change_colors(scene)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_commit_leaves_the_scene_as_it_was(scene, error):
    source = volume_from_image(numbered(turned_grid()), "input")
    data, checksum = source.GetImageData().GetMTime(), slicer.util.arrayFromVolume(source).tobytes()
    before = content(scene)
    with pytest.raises(error), commit():
        add_a_bit_of_everything(scene, source)
        assert scene.IsBatchProcessing()
        raise error
    assert content(scene) == before
    assert not scene.IsBatchProcessing()
    assert source.GetImageData().GetMTime() == data
    assert slicer.util.arrayFromVolume(source).tobytes() == checksum


def test_a_commit_that_ends_well_stays_and_knows_its_nodes(scene):
    source = volume_from_image(numbered(turned_grid()), "input")
    before = scene.GetNumberOfNodes()
    with commit() as change:
        add_a_bit_of_everything(scene, source)
    added = [node.GetName() for node in change.nodes]
    assert {"result", "seg", "t", "points", "chart", "Change"} <= set(added)
    assert "input" not in added
    assert scene.GetNumberOfNodes() == before + len(added)
    assert not scene.IsBatchProcessing()
    change.undo()
    assert scene.GetNumberOfNodes() == before
