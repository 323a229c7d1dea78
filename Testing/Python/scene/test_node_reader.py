"""Voxels of nodes read for a worker: consistent, copied anew only where something changed."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, labels_of_segmentation, segmentation_from_labels
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

GRID = turned_grid((12, 10, 8), (1.0, 1.5, 2.0))


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


@pytest.fixture
def nodes(scene):
    """(segmentation of two layers, volume) on an oblique grid; the second segment lies over the first."""
    values = np.random.default_rng(0).integers(-99, 99, GRID.size[::-1], dtype=np.int16)
    labels = np.zeros(GRID.size[::-1], np.uint8)
    labels[2:6, 3:7, 4:9] = 1
    volume = volume_from_image(GRID.image_of(values), "CT")
    segmentation = segmentation_from_labels(GRID.image_of(labels), {1: SegmentInfo("Low")}, "Seg", volume)
    add_segments(segmentation, GRID.image_of(labels * (values > 0)), {1: SegmentInfo("Over")})
    return segmentation, volume


def ids(segmentation) -> list[str]:
    return list(segmentation.GetSegmentation().GetSegmentIDs())


def test_what_is_read_is_what_the_nodes_hold(nodes):
    segmentation, volume = nodes
    (image,), segments = NodeReader().read(segmentation, ids(segmentation), [volume], SILENT)
    expected = image_of_volume(volume)
    assert np.array_equal(array(image), array(expected)) and image.GetDirection() == expected.GetDirection()
    assert image.GetPixelID() == sitk.sitkInt16 and image.GetOrigin() == expected.GetOrigin()
    for number, labels in enumerate(segments.label_maps()):
        alone, _ = labels_of_segmentation(segmentation, volume, [ids(segmentation)[number]])
        assert np.array_equal(array(labels) == number + 1, array(alone) == 1)


def test_only_what_changed_is_copied_again(nodes):
    segmentation, volume = nodes
    reader, first = NodeReader(), ids(segmentation)[0]
    (image,), segments = reader.read(segmentation, ids(segmentation), [volume], SILENT)
    content = segmentation.GetSegmentation()
    data = content.GetSegment(first).GetRepresentation("Binary labelmap")
    slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, first)[0, 0, 0] = 0
    data.Modified()
    (again,), newer = reader.read(segmentation, ids(segmentation), [volume], SILENT)
    assert again is image
    assert newer.layers[1].voxels is segments.layers[1].voxels
    assert newer.layers[0].voxels.sum() == segments.layers[0].voxels.sum() - 1
    slicer.util.arrayFromVolume(volume)[0] = 7
    slicer.util.arrayFromVolumeModified(volume)
    (third,), _segments = reader.read(segmentation, ids(segmentation), [volume], SILENT)
    assert (array(third)[0] == 7).all() and not (array(image)[0] == 7).all()
    volume.SetSpacing(2, 2, 2)
    (moved,), segments = reader.read(segmentation, ids(segmentation), [volume], SILENT)
    assert moved.GetSpacing() == pytest.approx((2, 2, 2)) and segments.grid.spacing == pytest.approx((2, 2, 2))


def test_a_change_while_it_is_read_is_read_too(nodes):
    segmentation, volume = nodes
    asked = []

    def ask(action):
        result = action()
        asked.append(action)
        if len(asked) == 4:  # the volume is copied, the segments are not yet
            slicer.util.arrayFromVolume(volume)[...] = 5
            slicer.util.arrayFromVolumeModified(volume)
            slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, ids(segmentation)[0])[...] = 1
            segmentation.GetSegmentation().GetNthSegment(0).GetRepresentation("Binary labelmap").Modified()
        return result

    (image,), segments = NodeReader().read(segmentation, ids(segmentation), [volume], Progress(ask=ask))
    assert len(asked) > 8 and (array(image) == 5).all()
    assert segments.layers[0].voxels.all()


def test_nodes_that_cannot_be_copied_as_they_are(nodes):
    segmentation, volume = nodes
    shear = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = slicer.util.vtkMatrixFromArray(np.array([[1, 0.4, 0, 0], [0, 1, 0, 3], [0, 0, 1, 0], [0, 0, 0, 1]]))
    shear.SetMatrixTransformToParent(matrix)
    volume.SetAndObserveTransformNodeID(shear.GetID())
    (image,), _segments = NodeReader().read(segmentation, ids(segmentation), [volume], SILENT)
    assert np.array_equal(array(image), array(image_of_volume(volume)))
    volume.SetAndObserveImageData(None)
    with pytest.raises(InputError, match="has no voxels"):
        NodeReader().read(segmentation, ids(segmentation), [volume], SILENT)


def test_a_segment_removed_before_it_is_read_is_said(nodes):
    segmentation, volume = nodes
    chosen = ids(segmentation)
    segmentation.GetSegmentation().RemoveSegment(chosen[1])
    with pytest.raises(InputError, match="removed"):
        NodeReader().read(segmentation, chosen, [volume], SILENT)


@pytest.mark.parametrize("components", [3, 4])
def test_of_a_color_picture_the_brightness_is_read(scene, components):
    """A photograph of a stain is a volume of colors in one slice."""
    pixels = np.zeros((1, 6, 5, components), np.uint8)
    pixels[0, 2, 3, :3] = 200, 100, 50
    picture = sitk.GetImageFromArray(pixels, isVector=True)
    picture.SetSpacing((0.5, 0.5, 1.0))
    volume = volume_from_image(picture, "Stain")
    image = NodeReader().image(volume)
    assert image.GetNumberOfComponentsPerPixel() == 1 and image.GetSpacing() == (0.5, 0.5, 1.0)
    assert array(image)[0, 2, 3] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert np.count_nonzero(array(image)) == 1


def test_a_preview_lets_go_of_nodes_that_it_starts_from_no_more(nodes, scene):
    import gc
    import weakref

    from MedProcLib.scene.segmentation_input import segmentation_source

    segmentation, volume = nodes
    values = np.zeros(GRID.size[::-1], np.int16)
    reference = volume_from_image(GRID.image_of(values), "Reference")
    reader, kept = NodeReader(), dict[str, object]()
    first = segmentation_source(volume, seeds=[segmentation], reference=reference).read(reader, kept=kept)
    again = segmentation_source(volume, seeds=[segmentation], reference=reference).read(reader, kept=kept)
    assert again.image is first.image and again.things["seeds"] is first.things["seeds"]
    gone = [weakref.ref(first.things[name]) for name in ("seeds", "reference")]
    voxels = weakref.ref(reference.GetImageData())
    scene.RemoveNode(reference)
    del first, again, reference
    assert segmentation_source(volume).read(reader, kept=kept).things == {}
    gc.collect()
    assert voxels() is None and [each() for each in gone] == [None, None]
