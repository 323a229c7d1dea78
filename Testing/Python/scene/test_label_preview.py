"""Segments that are not a result yet are seen in 3D too where their surfaces are soon made."""

import numpy as np
import pytest
import SimpleITK as sitk

SURFACE = "Closed surface"


def labels(shape, *blocks):
    values = np.zeros(shape, np.uint8)
    for value, block in enumerate(blocks, 1):
        values[block] = value
    return sitk.GetImageFromArray(values)


def preview_node(scene):
    return scene.GetFirstNodeByName("Segmentation preview")


def test_small_segments_have_surfaces_and_are_seen_in_3d(scene):
    from MedProcLib.scene.label_preview import LabelPreview, preview_segments
    from MedProcLib.scene.offscreen import OffscreenThreeDView

    image = labels((40, 40, 40), np.s_[5:15, 5:15, 5:15], np.s_[20:35, 20:35, 20:35])
    preview = LabelPreview()
    with OffscreenThreeDView((120, 120)) as view:
        view.reset(box_visible=False)
        empty = view.array().astype(int)
        assert preview.show(preview_segments(image, in_3d=True)) == 2
        content = preview_node(scene).GetSegmentation()
        sizes = [
            content.GetNthSegment(n).GetRepresentation(SURFACE).GetBounds() for n in range(2)
        ]  # RAS, mm: x of the first block is -14.5 to -4.5
        assert sizes[0][0] == pytest.approx(-14.5, abs=0.6) and sizes[0][1] == pytest.approx(-4.5, abs=0.6)
        view.reset(box_visible=False)
        seen = np.abs(view.array().astype(int) - empty).max(axis=-1) > 30
        assert seen.mean() > 0.05
        preview.show(preview_segments(image))  # a look that has none
        assert content.GetNthSegment(0).GetRepresentation(SURFACE) is None
        preview.clear()
    assert preview_node(scene) is None


def test_slice_views_show_what_was_shown_last_and_nobody_is_told_of_each_segment(scene):
    """Slicer's Segmentations module would look for an item of each in the subject hierarchy."""
    import slicer

    from MedProcLib.scene.label_preview import LabelPreview, preview_segments
    from MedProcLib.scene.offscreen import OffscreenSliceView

    left, right, told = np.s_[10, 5:15, 5:15], np.s_[10, 5:15, 25:35], []
    preview = LabelPreview()
    with OffscreenSliceView((80, 80)) as view:
        view.node.GetSliceToRAS().DeepCopy(axial_at(-20, -10, 10))
        view.node.UpdateMatrices()
        view.node.SetFieldOfView(40, 40, 1)
        empty = view.array().astype(int)

        def seen():
            return (np.abs(view.array().astype(int) - empty).max(axis=-1) > 20).mean(axis=0) > 0.2

        preview.show(preview_segments(labels((20, 20, 40), left)))
        for event in (slicer.vtkSegmentation.SegmentAdded, slicer.vtkSegmentation.SegmentRemoved):
            preview_node(scene).AddObserver(event, lambda caller, event: told.append(event))
        first = seen()
        preview.show(preview_segments(labels((20, 20, 40), right)))
        second = seen()
    assert first.any() and second.any() and not (first & second).any() and not told
    preview.clear()


def axial_at(*center):
    """Axial slice to RAS, as Slicer shows it: the patient's right at the left."""
    from MedProcLib.scene.coordinates import matrix_of_array

    matrix = np.diag([-1.0, 1.0, 1.0, 1.0])
    matrix[:3, 3] = center
    return matrix_of_array(matrix)


def test_large_segments_have_none(scene):
    from MedProcLib.scene.label_preview import SURFACE_VOXELS, LabelPreview, preview_segments

    side = int(SURFACE_VOXELS ** (1 / 3)) + 2
    corners = (0, side - 1)
    image = labels((side,) * 3, np.ix_(corners, corners, corners))
    preview = LabelPreview()
    assert preview.show(preview_segments(image, in_3d=True)) == 1
    assert preview_node(scene).GetSegmentation().GetNthSegment(0).GetRepresentation(SURFACE) is None
    preview.clear()


def test_an_image_that_is_previewed_is_listed_nowhere(scene):
    from MedProcLib.scene.hierarchy import hierarchy_of
    from MedProcLib.scene.label_preview import ImagePreview

    listed = []
    scene.AddObserver(scene.NodeAddedEvent, lambda caller, event: listed.append(len(names(caller))))

    def names(caller):
        nodes = (caller.GetNthNode(number) for number in range(caller.GetNumberOfNodes()))
        return [n for n in nodes if n.IsA("vtkMRMLVolumeNode") and not n.GetHideFromEditors()]

    preview = ImagePreview(scene)
    preview.show(sitk.GetImageFromArray(np.ones((3, 4, 5), np.float32)), "Step 2")
    node = scene.GetFirstNodeByName("Step 2")
    assert set(listed) == {0} and not hierarchy_of(scene).GetItemByDataNode(node)
    assert not node.GetSaveWithScene() and not node.GetDisplayNode().GetSaveWithScene()
    preview.clear()
    assert not scene.IsNodePresent(node)
