"""Time points in the views: whose outlines are where, one window for all, and two volumes in one view."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import timelines
from samples import ball, bspline_transform, turned_grid
from timelines import MOVES, NAMES

from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.offscreen import OffscreenSliceView
from MedProcLib.scene.pair_view import PairView, plane_grid
from MedProcLib.scene.slice_preview import Mode, Pattern, plane_corners
from MedProcLib.scene.timeline_edits import show_patient
from MedProcLib.scene.timeline_nodes import PLACES, segmentation_at
from MedProcLib.scene.timeline_views import COLUMNS, hide, jump_columns, show_outlines
from MedProcLib.scene.timeline_window import SharedWindow
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.views import slice_composites, slice_nodes
from MedProcLib.scene.volumes import volume_from_image


def columns(scene, count=2):
    """Slice views as the layout of columns makes them."""
    slice_nodes(scene)
    for name in COLUMNS[:count]:
        node = slicer.vtkMRMLSliceNode()
        node.SetName(name)
        node.SetLayoutName(name)
        scene.AddNode(node)
    return {node.GetLayoutName(): node for node in slice_nodes(scene)}


def test_a_column_shows_its_own_outlines_and_the_other_views_those_of_two(scene):
    node, views = timelines.add_to(scene), columns(scene)
    show_outlines(node, {COLUMNS[0]: NAMES[1], COLUMNS[1]: NAMES[2]}, [NAMES[0], NAMES[2]])

    def shown(view):
        displays = {point: segmentation_at(node, point).GetDisplayNode() for point in NAMES}
        return [p for p, d in displays.items() if d.GetVisibility() and d.IsDisplayableInView(views[view].GetID())]

    assert shown(COLUMNS[0]) == [NAMES[1]] and shown(COLUMNS[1]) == [NAMES[2]]
    assert shown("Red") == [NAMES[0], NAMES[2]]
    show_outlines(node, {}, [NAMES[1]])
    assert shown(COLUMNS[0]) == [] and shown("Red") == [NAMES[1]]
    hide(None)
    hide(segmentation_at(node, NAMES[1]))
    assert shown("Red") == []


def test_displays_that_somebody_removed_are_no_hindrance(scene):
    node = timelines.add_to(scene)
    for shown in (segmentation_at(node, NAMES[0]), node.GetNodeReference(PLACES)):
        scene.RemoveNode(shown.GetDisplayNode())
    show_outlines(node, {}, [NAMES[0]])
    show_patient(node)
    assert segmentation_at(node, NAMES[0]).GetDisplayNode() is not None


def test_columns_go_each_to_its_own_place(scene):
    views = columns(scene)
    jump_columns(scene, [np.array([1.0, 2.0, 3.0]), np.array([-4.0, 5.0, -6.0])])
    origins = [[views[name].GetSliceToRAS().GetElement(axis, 3) for axis in range(3)] for name in COLUMNS[:2]]
    assert origins == [pytest.approx([-1, -2, 3]), pytest.approx([4, -5, -6])]


def volumes_of(scene, *windows):
    found = []
    for number, (window, level) in enumerate(windows):
        node = volume_from_image(turned_grid((4, 5, 6)).empty_image(sitk.sitkFloat32), f"v{number}", scene)
        node.GetDisplayNode().SetWindowLevel(window, level)
        found.append(node)
    return found


def windows_of(volumes):
    return [(v.GetDisplayNode().GetWindow(), v.GetDisplayNode().GetLevel()) for v in volumes]


def test_of_calibrated_images_one_window_is_shown(scene):
    volumes, shared = volumes_of(scene, (400, 40), (2000, 300), (50, 0)), SharedWindow()
    shared.start(volumes, calibrated=True)
    assert windows_of(volumes) == [(400, 40)] * 3
    volumes[2].GetDisplayNode().SetWindowLevel(1500, -500)
    assert windows_of(volumes) == [(1500, -500)] * 3
    shared.stop()
    volumes[0].GetDisplayNode().SetWindowLevel(80, 30)
    assert windows_of(volumes)[1:] == [(1500, -500)] * 2


def test_of_other_images_each_keeps_its_range(scene):
    volumes, shared = volumes_of(scene, (100, 50), (1000, 600)), SharedWindow()
    shared.start(volumes, calibrated=False)
    assert windows_of(volumes) == [(100, 50), (1000, 600)]
    volumes[0].GetDisplayNode().SetWindowLevel(50, 60)
    assert windows_of(volumes)[1] == pytest.approx((500, 700))
    volumes[1].GetDisplayNode().SetWindowLevel(1000, 600)
    assert windows_of(volumes)[0] == pytest.approx((100, 50))
    shared.start([], calibrated=False)


def test_a_view_s_pixels_are_a_grid_where_the_view_is(scene):
    with OffscreenSliceView((50, 40)) as view:
        volume = volume_from_image(sitk.Cast(ball(turned_grid(), (0, 0, 0), 12), sitk.sitkFloat32), "v", scene)
        view.show(volume, orientation="Sagittal", offset=3.0)
        view.node.RotateToVolumePlane(volume)  # oblique
        grid = plane_grid(view.node)
        assert grid.size == (50, 40, 1)
        corners = plane_corners(view.node)
        edges = grid.points(np.array([(-0.5, -0.5, 0), (49.5, -0.5, 0), (49.5, 39.5, 0), (-0.5, 39.5, 0)]))
        assert edges == pytest.approx(corners, abs=1e-6)


@pytest.mark.parametrize("move", [MOVES[1], bspline_transform()], ids=["rigid", "B-spline"])
def test_two_time_points_in_one_view(scene, move):
    """The lower volume is dark, the upper one bright in a ball: what is bright was shown through its transform."""
    grid = timelines.mirrored((0.0, 0.0, 0.0))
    below = volume_from_image(grid.empty_image(sitk.sitkFloat32), "below", scene)
    bright = 100 * sitk.GetArrayFromImage(ball(grid, move.TransformPoint((0.0, 0.0, 0.0)), 12)).astype(np.float32)
    over = volume_from_image(Geometry.of(grid.empty_image()).image_of(bright), "over", scene)
    over.SetAndObserveTransformNodeID(transform_node_from(move, "t", scene).GetID())
    for volume in (below, over):
        volume.GetDisplayNode().SetWindowLevel(100, 50)
    with OffscreenSliceView((100, 100)) as view:
        view.show(below, offset=0.0)
        pair, name = PairView(below, over), view.node.GetLayoutName()

        def picture(pattern):
            pair.show(pattern, [name])
            return view.array()[..., 0].astype(int)

        whole = picture(Pattern(Mode.FADE, 1.0)) > 128
        fov = view.node.GetFieldOfView()[0] / 100
        assert np.count_nonzero(whole) * fov**2 == pytest.approx(np.pi * 12**2, rel=0.06)
        assert np.argwhere(whole).mean(axis=0) == pytest.approx([50, 50], abs=1.5 / fov)
        assert picture(Pattern(Mode.FADE, 0.5)).max() == pytest.approx(128, abs=6)
        assert picture(Pattern(Mode.FADE, 0.0)).max() == 0
        swiped = picture(Pattern(Mode.SWIPE, 0.5)) > 128
        assert not swiped[:, :49].any() and swiped[:, 52:].sum() == pytest.approx(whole[:, 52:].sum(), rel=0.06)
        fields = picture(Pattern(Mode.CHECKERBOARD, 8.0)) > 128
        assert 0.3 < fields.sum() / whole.sum() < 0.7
        pair.clear()
        assert view.array().max() == 0
        assert all(composite.GetForegroundVolumeID() is None for composite in slice_composites(scene))
    assert not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[2:]  # the slices it made are gone
