"""Pictures of slice and 3D views, checked by where their colors are."""

import os

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.scene import opengl


@pytest.fixture(scope="module", autouse=True)
def drawable():
    try:
        opengl.ensure_offscreen_opengl()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def volume(scene):
    """40 mm cube of zeros (RAS 0..39), bright where R > 19, and brighter still where also S > 19."""
    import slicer

    voxels = np.zeros((40, 40, 40), np.int16)
    voxels[:, :, 20:] = 100
    voxels[20:, :, 20:] = 200
    node = slicer.util.addVolumeFromArray(voxels, name="CT")
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevel(200, 100)
    node.GetDisplayNode().SetInterpolate(False)
    return node


@pytest.fixture
def segmentation(scene, volume):
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = node.GetSegmentation().AddEmptySegment("t", "t", [1.0, 0.0, 0.0])
    mask = np.zeros((40, 40, 40), np.uint8)
    mask[15:25, 15:25, 2:12] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, volume)
    node.CreateClosedSurfaceRepresentation()
    return node


def test_axial_slice_shows_the_patients_right_on_the_left(volume):
    from MedProcLib.scene.offscreen import OffscreenSliceView

    with OffscreenSliceView((120, 100)) as view:
        view.show(volume, offset=5)
        picture = view.array()
    assert picture.shape == (100, 120, 3)
    assert picture.dtype == np.uint8
    assert picture[50, 40, 0] == pytest.approx(127, abs=2)  # R > 19: the patient's right, on the left of the picture
    assert picture[50, 80, 0] == 0


def test_offset_and_orientation_choose_the_slice(volume):
    from MedProcLib.scene.offscreen import OffscreenSliceView

    with OffscreenSliceView((100, 100)) as view:
        view.show(volume, offset=30)
        assert view.array()[50, 30, 0] == 255
        view.show(volume, orientation="Coronal", offset=20)
        coronal = view.array()
        assert (coronal[30, 30, 0], coronal[70, 80, 0]) == (255, 0)  # superior is up
        assert coronal[70, 30, 0] == pytest.approx(127, abs=2)
        view.show(volume, orientation="Sagittal", offset=30)
        assert view.array()[30, 50, 0] == 255


def test_foreground_is_blended_over_the_background(scene, volume):
    import slicer

    from MedProcLib.scene.offscreen import OffscreenSliceView

    white = slicer.util.addVolumeFromArray(np.full((40, 40, 40), 200, np.int16), name="white")
    white.GetDisplayNode().SetAutoWindowLevel(False)
    white.GetDisplayNode().SetWindowLevel(200, 100)
    with OffscreenSliceView((100, 100)) as view:
        view.show(volume, white, offset=5, foreground_opacity=0.25)
        assert view.array()[50, 70, 0] == pytest.approx(64, abs=2)
        view.show(None)
        assert view.array().max() == 0


def test_segmentation_is_drawn_in_its_color(volume, segmentation):
    from MedProcLib.scene.offscreen import OffscreenSliceView, OffscreenThreeDView

    with OffscreenSliceView((100, 100)) as view:
        view.show(volume, offset=20)
        flat = view.array().astype(int)
    assert (flat[50, 80, 0] > 100) and (flat[50, 80, 1:] < 20).all()
    with OffscreenThreeDView((100, 100)) as view:
        view.reset(box_visible=False)
        solid = view.array().astype(int)
    assert (solid[50, 50, 0] > 100) and (solid[50, 50, 1:] < 60).all()


def test_a_cube_turned_by_45_degrees_looks_wider(segmentation):
    from MedProcLib.scene.offscreen import OffscreenThreeDView

    widths = []
    with OffscreenThreeDView((200, 200)) as view:
        for azimuth in (0, 45):
            view.reset(box_visible=False, azimuth=azimuth)
            widths.append(np.sum(view.array()[100, :, 1] < 60))
    assert widths[1] == pytest.approx(1.25 * widths[0], rel=0.1)  # smoothed corners, in perspective


def test_views_leave_no_nodes_behind(scene, volume, segmentation):
    from MedProcLib.scene.offscreen import OffscreenSliceView, OffscreenThreeDView

    before = {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}
    with OffscreenSliceView((50, 50)) as flat, OffscreenThreeDView((50, 50)) as solid:
        flat.show(volume)
        flat.array()
        solid.reset()
        solid.array()
    assert {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())} == before


def test_two_slice_views_are_independent(volume):
    from MedProcLib.scene.offscreen import OffscreenSliceView

    with OffscreenSliceView((60, 60)) as low, OffscreenSliceView((60, 60)) as high:
        low.show(volume, offset=5)
        high.show(volume, offset=30)
        assert high.array()[30, 20, 0] == 255
        assert low.array()[30, 20, 0] == pytest.approx(127, abs=2)


def test_oblique_left_handed_volume_fills_the_picture(scene):
    import slicer
    import vtk

    from MedProcLib.scene.offscreen import OffscreenSliceView

    volume = slicer.util.addVolumeFromArray(np.full((20, 30, 40), 100, np.int16))
    matrix = vtk.vtkMatrix4x4()
    slicer.util.updateVTKMatrixFromArray(
        matrix, np.array([[0.6, -0.8, 0, 10], [0.8, 0.6, 0, -20], [0, 0, -2.5, 30], [0, 0, 0, 1]])
    )
    volume.SetIJKToRASMatrix(matrix)
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(100, 50)
    with OffscreenSliceView((100, 100)) as view:
        view.show(volume)
        picture = view.array()
    assert picture[50, 50, 0] == 255  # the middle of the volume is the middle of the picture
    assert 0.2 < (picture[:, :, 0] == 255).mean() < 0.9


def test_an_unknown_orientation_is_refused(volume):
    from MedProcLib.scene.offscreen import OffscreenSliceView

    with OffscreenSliceView((80, 60)) as view, pytest.raises(InputError, match="Oblique"):
        view.show(volume, orientation="Oblique")


def test_unusable_graphics_are_found_without_a_crash(monkeypatch):
    monkeypatch.setattr(opengl, "OFFSCREEN_WINDOWS_LINUX", ("vtkNoSuchWindow",))
    monkeypatch.setattr(opengl, "OFFSCREEN_WINDOWS", {})
    monkeypatch.setenv(opengl.VARIABLE, "vtkNoSuchWindowEither")
    with pytest.raises(InputError, match="libegl1"):
        opengl.ensure_offscreen_opengl()
    assert os.environ[opengl.VARIABLE] == "vtkNoSuchWindowEither"
