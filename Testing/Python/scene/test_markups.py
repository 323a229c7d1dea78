"""Lines and points at LPS positions, and seeds as the reader placed them."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.scene.markups import line_from_points, points_node_from, points_of_markups
from MedProcLib.scene.transforms import transform_node_from


def test_slicer_measures_the_line_we_drew(scene):
    node = line_from_points((1, 2, 3), (4, 6, 15), "longest diameter")
    assert node.GetMeasurement("length").GetValue() == pytest.approx(13.0)
    assert node.GetLocked()
    assert list(node.GetNthControlPointPosition(0)) == [-1, -2, 3]  # RAS
    assert points_of_markups(node) == pytest.approx(np.array([[1, 2, 3], [4, 6, 15]]))


def test_labeled_points(scene):
    places = np.array([[1.5, -2.5, 3.5], [0, 0, 0]])
    node = points_node_from(places, ["F1 new", "F2 gone"], "places")
    assert [node.GetNthControlPointLabel(index) for index in range(2)] == ["F1 new", "F2 gone"]
    assert points_of_markups(node) == pytest.approx(places)
    assert points_node_from(np.empty((0, 3)), [], "none").GetNumberOfControlPoints() == 0


def test_seeds_are_read_in_world_space_and_without_the_one_being_placed(scene):
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "seeds")
    node.AddControlPoint(-10, -20, 30)
    node.AddControlPoint(0, 0, 0)
    node.SetNthControlPointPositionMissing(1)
    shift = transform_node_from(sitk.TranslationTransform(3, (-1.0, -2.0, -3.0)), "t")  # world to node
    node.SetAndObserveTransformNodeID(shift.GetID())
    assert points_of_markups(node) == pytest.approx(np.array([[11.0, 22.0, 33.0]]))


def test_refusals(scene):
    with pytest.raises(InputError, match="No point list"):
        points_of_markups(None)
    with pytest.raises(InputError, match="'seeds' has no point"):
        points_of_markups(scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "seeds"))
