"""`resample`: images and segmentations on the grid of another image."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.app.segment_names import segment_structures
from MedProcLib.core.files import read_image_file


@pytest.fixture
def other_file(tmp_path):
    """An empty image of coarser voxels over the same place, turned the other way."""
    made = sitk.Image((20, 22, 14), sitk.sitkInt16)
    made.SetSpacing((3.0, 3.0, 4.0))
    made.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    made.SetOrigin((-12.0, 82.0, 30.0))
    path = tmp_path / "other.nrrd"
    sitk.WriteImage(made, str(path))
    return path


@pytest.fixture
def shift_file(tmp_path):
    path = tmp_path / "T.tfm"
    sitk.WriteTransform(sitk.Euler3DTransform((20, 50, 60), 0.1, -0.05, 0.2, (4.0, -6.0, 3.0)), str(path))
    return path


@pytest.fixture
def labels_file(image, tmp_path):
    """Labels 1 and 7, as whole numbers stored as floats, and their names beside."""
    bodies = sitk.Cast(image > 300, sitk.sitkFloat32) * 6 + sitk.Cast(image > 100, sitk.sitkFloat32)
    path = tmp_path / "labels.nii.gz"
    sitk.WriteImage(bodies, str(path))
    (tmp_path / "labels.txt").write_text('1 255 0 0 1 1 1 "Liver"\n7 0 255 0 1 1 1 "Cyst"\n9 0 0 255 1 1 1 "Stone"\n')
    return path


def test_an_image_with_a_transform_is_as_itk_has_it(medproc, image, image_file, other_file, shift_file, tmp_path):
    image.SetMetaData("MedProcQuantity", "[hnsf'U]")
    sitk.WriteImage(image, str(image_file))
    made = tmp_path / "made.nrrd"
    line = ("resample", image_file, "--like", other_file, "--transform", shift_file, "-o", made)
    code, out, err = medproc(*line)
    assert (code, out) == (0, f"Image on the grid of {other_file}: {made}\n")
    darkest = float(sitk.GetArrayViewFromImage(image).min())
    other, shift = sitk.ReadImage(str(other_file)), sitk.ReadTransform(str(shift_file))
    expected = sitk.Resample(image, other, shift, sitk.sitkLinear, darkest, image.GetPixelID())
    found = read_image_file(made)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found.image), sitk.GetArrayFromImage(expected))
    assert found.quantity == "[hnsf'U]" and f"lie outside {image_file}: {darkest:g} there" in err


def test_a_segmentation_goes_there_and_back(medproc, image, image_file, labels_file, other_file, shift_file, tmp_path):
    """It keeps its numbers and their names; what has no voxel left is told."""
    there, back = tmp_path / "there.seg.nrrd", tmp_path / "back.nrrd"
    line = ("resample", labels_file, "--like", image_file, "--transform", shift_file, "-o", there)
    assert medproc(*line)[:2] == (0, f"Segmentation on the grid of {image_file}: {there}\n")
    assert {n: each.name for n, each in segment_structures(str(there), None, []).items()} == {1: "Liver", 7: "Cyst"}
    line = ("resample", there, "--like", image_file, "--transform", shift_file, "--inverse", "-o", back)
    assert medproc(*line)[0] == 0
    first, last = (sitk.GetArrayFromImage(sitk.ReadImage(str(path))) for path in (labels_file, back))
    inner = sitk.GetArrayFromImage(sitk.BinaryErode(image > 100, (2, 2, 1))) > 0
    core = sitk.GetArrayFromImage(sitk.BinaryErode(image > 300, (2, 2, 1))) > 0
    assert set(np.unique(last)) == {0, 1, 7} and core.any() and (last[core] == 7).all()
    assert ((last == 0) & inner & (last != first)).sum() < 0.02 * inner.sum()
    huge = sitk.Image((2, 2, 2), sitk.sitkUInt8)
    huge.CopyInformation(
        sitk.Resample(image, (2, 2, 2), sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), (30, 36, 30))
    )
    sitk.WriteImage(huge, str(tmp_path / "huge.nrrd"))
    _, _, err = medproc("resample", labels_file, "--like", tmp_path / "huge.nrrd", "-o", back)
    assert "note: no voxel is left of Cyst" in err


def test_what_cannot_be_resampled(refused, image, image_file, labels_file, other_file, tmp_path):
    image.SetOrigin((5000.0, 0.0, 0.0))
    sitk.WriteImage(image, str(tmp_path / "far.nrrd"))
    line = ("-o", tmp_path / "o.nrrd")
    for file in (image_file, labels_file):
        assert "have no place in common" in refused("resample", file, "--like", tmp_path / "far.nrrd", *line)
    assert "give it with --transform" in refused("resample", image_file, "--like", other_file, "--inverse", *line)
    dark = sitk.Image(image.GetSize(), sitk.sitkFloat32) + float("nan")
    sitk.WriteImage(dark, str(tmp_path / "dark.nrrd"))
    assert "holds no number" in refused("resample", tmp_path / "dark.nrrd", "--like", tmp_path / "dark.nrrd", *line)
    (tmp_path / "T.tfm").write_text("nothing")
    given = ("resample", image_file, "--like", other_file, "--transform", tmp_path / "T.tfm")
    assert "no transform that ITK knows" in refused(*given, *line)
    assert "There is no file" in refused(*given[:-1], tmp_path / "no.tfm", *line)
    assert "is an input" in refused("resample", image_file, "--like", other_file, "-o", other_file)
