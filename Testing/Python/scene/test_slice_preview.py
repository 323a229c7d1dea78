"""The preview over a volume in a slice view: where it is seen, in which gray, and that nothing stays of it."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene import opengl


@pytest.fixture(scope="module", autouse=True)
def drawable():
    try:
        opengl.ensure_offscreen_opengl()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def volume(scene):
    """40 mm cube of 50 (gray 64), in the window 0..200; RAS 0..39."""
    import slicer

    node = slicer.util.addVolumeFromArray(np.full((40, 40, 40), 50, np.int16), name="CT")
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevel(200, 100)
    node.GetDisplayNode().SetInterpolate(False)
    return node


@pytest.fixture
def view(volume):
    from MedProcLib.scene.offscreen import OffscreenSliceView

    with OffscreenSliceView((120, 120)) as view:
        view.show(volume, offset=20)
        yield view


def slab(volume, value=150.0):
    from MedProcLib.scene.volumes import image_of_volume

    grid = Geometry.of(image_of_volume(volume)[:, :, 20:21])
    return grid.image_of(np.full((1, 40, 40), value, np.float32))


def shown(view, preview, pattern, image):
    preview.show(view.node.GetLayoutName(), image, pattern, (200, 100))
    return view.array()[:, :, 0]


def test_fade_swipe_and_checkerboard_show_the_preview_where_they_say(view, volume):
    from MedProcLib.scene.slice_preview import Mode, Pattern, SlicePreview

    preview, image = SlicePreview(volume), slab(volume)
    assert shown(view, preview, Pattern(Mode.FADE, 1.0), image)[60, 60] == pytest.approx(191, abs=2)
    assert view.array()[60, 60, 0] == pytest.approx(191, abs=2)
    preview.set_pattern(Pattern(Mode.FADE, 0.0))
    assert view.array()[60, 60, 0] == pytest.approx(64, abs=2)
    preview.set_pattern(Pattern(Mode.FADE, 0.5))
    assert view.array()[60, 60, 0] == pytest.approx(128, abs=3)
    swipe = shown(view, preview, Pattern(Mode.SWIPE, 0.5), image)
    assert swipe[60, 40] == pytest.approx(64, abs=2) and swipe[60, 80] == pytest.approx(191, abs=2)
    preview.set_pattern(Pattern(Mode.SWIPE, 0.25))
    assert view.array()[60, 40, 0] == pytest.approx(191, abs=2)
    board = shown(view, preview, Pattern(Mode.CHECKERBOARD, 10.0), image)
    inner = board[15:105, 15:105]
    assert 0.4 < (inner > 128).mean() < 0.6
    assert {63, 191} <= {int(v) for v in np.unique(inner)}
    assert abs(int(board[60, 55]) - int(board[60, 85])) > 100  # one field of 10 mm further, 3 pixels a mm
    preview.clear()


def test_voxels_without_a_number_show_the_volume(view, volume):
    from MedProcLib.scene.slice_preview import Mode, Pattern, SlicePreview

    values = sitk.GetArrayFromImage(slab(volume))
    values[0, :, :20] = np.nan  # R < 20: on the right of the picture
    picture = shown(view, SlicePreview(volume), Pattern(Mode.FADE, 1.0), Geometry.of(slab(volume)).image_of(values))
    assert picture[60, 80] == pytest.approx(64, abs=2) and picture[60, 40] == pytest.approx(191, abs=2)


def test_nothing_stays(view, volume, scene):
    import slicer

    from MedProcLib.scene.slice_preview import Pattern, SlicePreview
    from MedProcLib.scene.views import slice_composites

    other = slicer.util.addVolumeFromArray(np.full((40, 40, 40), 7, np.int16), name="Other")
    composites = {c.GetLayoutName(): c for c in slice_composites(scene)}
    composite = composites[view.node.GetLayoutName()]
    composite.SetForegroundVolumeID(other.GetID())
    composite.SetForegroundOpacity(0.3)
    count = scene.GetNumberOfNodes()
    preview = SlicePreview(volume)
    preview.show(view.node.GetLayoutName(), slab(volume), Pattern(), (200, 100))
    added = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())][count:]
    assert added and not any(node.GetSaveWithScene() for node in added)
    assert all(node.GetHideFromEditors() for node in added if node.IsA("vtkMRMLVolumeNode"))
    preview.clear()
    assert scene.GetNumberOfNodes() == count
    assert composite.GetForegroundVolumeID() == other.GetID()
    assert composite.GetForegroundOpacity() == pytest.approx(0.3)


def test_the_plane_of_a_view_is_in_patient_coordinates(view):
    from MedProcLib.scene.slice_preview import plane_corners

    corners = plane_corners(view.node)
    np.testing.assert_allclose(corners[:, 2], 20, atol=1e-6)
    np.testing.assert_allclose(corners[:, :2].mean(axis=0), (-19.5, -19.5), atol=1e-6)
    width, height, _ = view.node.GetFieldOfView()
    np.testing.assert_allclose(np.ptp(corners, axis=0), (width, height, 0), atol=1e-6)


def test_the_window_follows_a_change_of_scale_and_stays_without_one(volume):
    from MedProcLib.scene.slice_preview import matched_window

    rng = np.random.default_rng(0)
    before = sitk.GetImageFromArray(rng.uniform(0, 200, (1, 40, 40)).astype(np.float32))
    assert matched_window(volume, before, before + 5) == (200, 100)
    window, level = matched_window(volume, before, before / 200 - 3)
    assert window == pytest.approx(1, abs=0.02) and level == pytest.approx(-2.5, abs=0.02)


def test_the_key_of_a_volume_changes_with_voxels_and_place(volume):
    import slicer

    from MedProcLib.scene.slice_preview import content_key

    first = content_key(volume)
    volume.GetDisplayNode().SetWindowLevel(10, 5)
    volume.SetName("Another name")
    assert content_key(volume) == first
    slicer.util.arrayFromVolume(volume)[0, 0, 0] = 3
    slicer.util.arrayFromVolumeModified(volume)
    second = content_key(volume)
    assert second != first
    volume.SetSpacing(2, 1, 1)
    assert content_key(volume) != second
