"""Slice views through their nodes, in a scene without a window."""

import numpy as np
import pytest
from samples import numbered, turned_grid

from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.views import (
    jump_slices,
    jump_views,
    link_slices,
    share_window_level,
    show_in_slices,
    slice_composites,
    slice_nodes,
)
from MedProcLib.scene.volumes import volume_from_image


def volume(name: str, center=(0.0, 0.0, 0.0), degrees=(0, 0, 0)):
    return volume_from_image(numbered(turned_grid((40, 36, 20), (1.0, 1.0, 2.0), degrees, center)), name)


def center_ras(node) -> np.ndarray:
    return array_of_matrix(node.GetSliceToRAS())[:3, 3]


def test_all_slice_views_show_the_volumes(scene):
    background, foreground = volume("a"), volume("b")
    show_in_slices(background, foreground, 0.3)
    composites = slice_composites(scene)
    assert len(composites) == len(slice_nodes(scene)) >= 3
    for composite in composites:
        assert composite.GetBackgroundVolumeID() == background.GetID()
        assert composite.GetForegroundVolumeID() == foreground.GetID()
        assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    show_in_slices(foreground)
    assert slice_composites(scene)[0].GetForegroundVolumeID() is None
    assert slice_composites(scene)[0].GetBackgroundVolumeID() == foreground.GetID()


def test_the_background_fits_the_views(scene):
    show_in_slices(volume("a", center=(10.0, 20.0, 30.0)))
    sides = {"Axial": (40, 36), "Coronal": (40, 40), "Sagittal": (36, 40)}  # mm: 40 x 36 x (20 x 2)
    seen = set()
    for node in slice_nodes(scene):
        assert center_ras(node) == pytest.approx((-10, -20, 30))
        width, height, _ = node.GetFieldOfView()
        side = sides[node.GetOrientation()]
        assert min(width / side[0], height / side[1]) == pytest.approx(1.0)
        pixels = node.GetDimensions()
        assert width / pixels[0] == pytest.approx(height / pixels[1])
        seen.add(node.GetOrientation())
    assert seen == set(sides)


def test_views_jump_to_an_lps_position_and_follow_each_other(scene):
    show_in_slices(volume("a"))
    jump_slices(scene, (3.0, -4.0, 5.0))
    assert all(center_ras(node) == pytest.approx((-3, 4, 5)) for node in slice_nodes(scene))
    link_slices(scene)
    assert all(node.GetLinkedControl() and node.GetHotLinkedControl() for node in slice_composites(scene))
    link_slices(scene, False)
    assert not any(node.GetLinkedControl() for node in slice_composites(scene))


def test_what_the_cameras_jump_to_is_not_cut_away(scene):
    camera, asked = scene.AddNewNodeByClass("vtkMRMLCameraNode"), []
    camera.AddObserver(camera.ResetCameraClippingEvent, lambda caller, event: asked.append(caller.GetFocalPoint()))
    eye = np.array(camera.GetPosition()) - camera.GetFocalPoint()
    jump_views(scene, (3.0, -4.0, 5.0))
    assert camera.GetFocalPoint() == (-3, 4, 5) == asked[-1]
    assert np.array(camera.GetPosition()) - camera.GetFocalPoint() == pytest.approx(eye)


def test_equal_values_look_equal(scene):
    first, second = volume("a"), volume("b")
    first.GetDisplayNode().SetWindowLevel(350, 40)
    share_window_level([first, second])
    assert (second.GetDisplayNode().GetWindow(), second.GetDisplayNode().GetLevel()) == (350, 40)
    scene.RemoveNode(second.GetDisplayNode())  # as of a volume that a script made
    share_window_level([first, second])
    assert (second.GetDisplayNode().GetWindow(), second.GetDisplayNode().GetLevel()) == (350, 40)
