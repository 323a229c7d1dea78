"""Segmentation files written without Slicer, read by Slicer's own storage node."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import write_image
from MedProcLib.core.seg_nrrd import segment_headers, segments_in_file
from MedProcLib.scene.terminology import entry_in, entry_of, terminology_of, terminology_text
from MedProcLib.segmentation.structures import structure


@pytest.fixture
def labels() -> sitk.Image:
    """Values 1, 2 and 7 in an oblique, anisotropic grid."""
    array = np.zeros((6, 8, 10), np.uint8)
    array[1:3, 2:4, 3:6], array[3:5, 4:7, 1:3], array[5, 7, 9] = 1, 2, 7
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 0.9, 2.5))
    image.SetOrigin((10, -20, 30))
    image.SetDirection(sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix())
    return image


def test_slicer_reads_names_colors_codes_and_voxels(scene, labels, tmp_path):
    import slicer

    shown = {1: structure("lung_right"), 2: structure("lung_left")}
    terms = {value: terminology_text(entry_of(each)) for value, each in shown.items()}
    path = tmp_path / "lungs.seg.nrrd"
    write_image(labels, path, "{}", segment_headers(labels, shown, terms))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "read")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    segmentation = node.GetSegmentation()
    read = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
    assert [segment.GetName() for segment in read] == ["Right lung", "Left lung", "Segment 7"]
    for segment, key in zip(read, ("lung_right", "lung_left"), strict=False):
        np.testing.assert_allclose(segment.GetColor(), structure(key).color, atol=1e-5)
        assert terminology_of(segment) == entry_of(structure(key))
    from MedProcLib.core.geometry import Geometry
    from MedProcLib.scene.segmentations import labels_of_segmentation

    back, _ = labels_of_segmentation(node, Geometry.of(labels))
    expected = np.array([0, 1, 2, 0, 0, 0, 0, 3])[sitk.GetArrayFromImage(labels)]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(back), expected)
    assert slicer.mrmlScene is scene


def test_segments_are_read_back_from_the_header(labels, tmp_path):
    path = tmp_path / "named.seg.nrrd"
    term = terminology_text(entry_of(structure("bone")))
    write_image(labels, path, "", segment_headers(labels, {1: structure("bone"), 0: structure("lesion")}, {1: term}))
    found = segments_in_file(path)
    assert {label: segment.name for label, segment in found.items()} == {1: "Bone", 2: "Lesion 2", 7: "Lesion 7"}
    np.testing.assert_allclose(found[2].color, structure("lesion").color, atol=1e-5)
    assert entry_in(found[1].term) == entry_of(structure("bone")) and found[2].term == ""
    plain = tmp_path / "plain.nii.gz"
    write_image(labels, plain)
    assert segments_in_file(plain) == {}
