"""Reading and writing images: what comes back, and each kind of bad file with its message."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.core.errors import InputError
from MedProcLib.core.files import (
    read_image,
    read_image_file,
    require_image_target,
    stem,
    write_image,
    write_transform,
)
from MedProcLib.core.geometry import Geometry

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")


def sample(pixel_type=sitk.sitkInt16, size=(20, 15, 10)) -> sitk.Image:
    """Noise on an oblique, mirrored, anisotropic grid."""
    values = np.random.default_rng(1).integers(0, 100, size[::-1])
    image = sitk.Cast(sitk.GetImageFromArray(values.astype(np.int16)), pixel_type)
    if len(size) == 3:
        rotation = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.2, -0.4, 1.1).GetMatrix(), (3, 3))
        image.SetSpacing((0.7, 1.3, 4.0))
        image.SetOrigin((-80.5, 33.25, 12.125))
        image.SetDirection((rotation @ np.diag([1, -1, 1])).ravel())
    return image


def written(folder: Path, ending: str, image: sitk.Image | None = None, compressed: bool = False) -> Path:
    """A file as another program would write it."""
    path = folder / f"image{ending}"
    sitk.WriteImage(sample() if image is None else image, str(path), compressed)
    return path


def patched(path: Path, offset: int, form: str, *values) -> Path:
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, offset, *values)
    path.write_bytes(content)
    return path


def replaced(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    return path


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "pixel_type", [sitk.sitkInt8, sitk.sitkUInt16, sitk.sitkInt32, sitk.sitkFloat32, sitk.sitkFloat64]
)
def test_values_type_and_grid_come_back(tmp_path, ending, pixel_type):
    image = sample(pixel_type)
    write_image(image, tmp_path / f"image{ending}")
    again = read_image(tmp_path / f"image{ending}")
    assert again.GetPixelID() == pixel_type
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(image))
    # NIfTI keeps the position in single precision
    assert np.allclose(Geometry.of(again).corners(), Geometry.of(image).corners(), atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == [f"image{ending}"]


@settings(max_examples=30, deadline=None)
@given(
    spacing=st.tuples(*[st.floats(0.05, 12)] * 3),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    angles=st.tuples(*[st.floats(-3.1, 3.1)] * 3),
    mirrored=st.booleans(),
    ending=st.sampled_from(ENDINGS),
)
def test_any_grid_comes_back(tmp_path_factory, spacing, origin, angles, mirrored, ending):
    rotation = np.reshape(sitk.Euler3DTransform((0, 0, 0), *angles).GetMatrix(), (3, 3))
    direction = rotation @ np.diag([-1.0 if mirrored else 1.0, 1, 1])
    grid = Geometry((6, 5, 4), spacing, origin, tuple(direction.ravel()))
    target = tmp_path_factory.mktemp("grid") / f"image{ending}"
    write_image(grid.empty_image(), target)
    found = read_image_file(target)
    assert np.abs(Geometry.of(found.image).corners() - grid.corners()).max() < 1e-3
    assert found.notes == ()


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_provenance_is_kept_in_the_header(tmp_path, ending):
    image, record = sample(), '{"recipe": 1, "a": "b: c = d"}'
    write_image(image, tmp_path / f"image{ending}", record)
    assert sitk.ReadImage(str(tmp_path / f"image{ending}")).GetMetaData("MedProcProvenance") == record
    assert not image.HasMetaDataKey("MedProcProvenance")


def test_2d_images_are_read_as_2d(tmp_path):
    assert read_image(written(tmp_path, ".mha", sample(size=(20, 15)))).GetSize() == (20, 15)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_single_time_point_is_a_volume(tmp_path, ending):
    series = sitk.JoinSeries([sample()])
    assert series.GetDimension() == 4
    found = read_image(written(tmp_path, ending, series))
    assert found.GetSize() == (20, 15, 10)
    assert np.allclose(Geometry.of(found).corners(), Geometry.of(sample()).corners(), atol=1e-4)


def test_a_time_series_stays_4d(tmp_path):
    assert read_image(written(tmp_path, ".nii.gz", sitk.JoinSeries([sample()] * 3))).GetSize() == (20, 15, 10, 3)


def test_color_is_read_as_color(tmp_path):
    color = sitk.Compose([sitk.Cast(sample(), sitk.sitkUInt8)] * 3)
    assert read_image(written(tmp_path, ".nrrd", color)).GetNumberOfComponentsPerPixel() == 3


@pytest.mark.parametrize("ending", [*ENDINGS, ".hdr"])
@pytest.mark.parametrize("pixel_type", [np.float32, np.float64])
def test_values_that_are_not_finite_stay_so(tmp_path, ending, pixel_type):
    """ITK reads them as 0 from NIfTI files, without a word."""
    values = np.arange(60, dtype=pixel_type).reshape(3, 4, 5)
    values[0, 1, 2], values[2, 3, 4], values[1, 0, 0] = np.nan, np.inf, -np.inf
    found = read_image(written(tmp_path, ending, sitk.GetImageFromArray(values)))
    assert np.array_equal(sitk.GetArrayFromImage(found), values, equal_nan=True)


@pytest.mark.parametrize("value", [np.nan, 7.0])
def test_constant_and_all_nan_images_are_read(tmp_path, value):
    values = np.full((4, 4, 4), value, np.float32)
    found = read_image(written(tmp_path, ".nii.gz", sitk.GetImageFromArray(values)))
    assert np.array_equal(sitk.GetArrayFromImage(found), values, equal_nan=True)


def test_missing_file(tmp_path):
    assert refusal(tmp_path / "none.nii.gz").endswith("none.nii.gz; check the path.")


@pytest.mark.parametrize("content", [b"not an image", b"\x00" * 500])
@pytest.mark.parametrize("name", ["file.nrrd", "file.nii", "file.mha", "file.dcm", "file.png", "file"])
def test_not_an_image(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert "is not an image MedProc reads (NRRD, NIfTI, MetaImage, DICOM, PNG, JPEG, TIFF)" in refusal(tmp_path / name)


def test_not_an_image_though_it_is_gzip_named_nifti(tmp_path):
    (tmp_path / "file.nii.gz").write_bytes(gzip.compress(b"hello"))
    assert "is not a NIfTI file, or its header is damaged" in refusal(tmp_path / "file.nii.gz")


def test_an_empty_file(tmp_path):
    (tmp_path / "file.nii.gz").write_bytes(b"")
    assert "is empty" in refusal(tmp_path / "file.nii.gz")


def test_a_folder_without_images(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert "holds no DICOM images" in refusal(tmp_path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("share", [0.98, 0.5])
@pytest.mark.parametrize("ending", ENDINGS)
def test_truncated(tmp_path, ending, share, compressed):
    """ITK itself takes a truncated NIfTI file for whole."""
    path = written(tmp_path, ending, compressed=compressed)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "is truncated: it holds" in refusal(path) and "of 6," in refusal(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_truncated_in_the_header(tmp_path, ending):
    path = written(tmp_path, ending, compressed=True)
    path.write_bytes(path.read_bytes()[:60])
    assert any(word in refusal(path) for word in ("truncated", "damaged"))


def test_damaged_compression(tmp_path):
    path = written(tmp_path, ".nii.gz")
    content = bytearray(path.read_bytes())
    content[1000:1100] = bytes(100)
    content[-4:] = bytes(4)
    path.write_bytes(content)
    assert any(word in refusal(path) for word in ("truncated", "damaged"))


@pytest.mark.parametrize("value", [0.0, -1.3, np.nan])
def test_bad_spacing_in_nifti(tmp_path, value):
    """ITK replaces zero by one and hides the sign."""
    path = patched(written(tmp_path, ".nii"), 76 + 2 * 4, "<f", value)
    assert f"the spacing in the NIfTI header is 0.7 x {value:.4g} x 4" in refusal(path)


@pytest.mark.parametrize(("slope", "inter", "said"), [(0.0, 5.0, True), (0.0, 0.0, False), (2.0, 5.0, False)])
def test_an_intercept_without_a_slope_in_nifti_is_said(tmp_path, slope, inter, said):
    path = written(tmp_path, ".nii", sitk.Image([5, 5, 5], sitk.sitkInt16))
    patched(patched(path, 112, "<f", slope), 116, "<f", inter)
    found = read_image_file(path)
    assert any("5 (scl_inter) was added" in note for note in found.notes) == said
    assert sitk.GetArrayViewFromImage(found.image).max() == inter


@pytest.mark.parametrize("value", ["0", "-1", "nan"])
def test_bad_spacing_in_metaimage(tmp_path, value):
    path = written(tmp_path, ".mha", sitk.Image([5, 5, 5], sitk.sitkUInt8))
    replaced(path, b"ElementSpacing = 1", b"ElementSpacing = " + value.encode())
    assert f"the spacing in the MetaImage header is {value} x 1 x 1" in refusal(path)


@pytest.mark.parametrize(
    ("directions", "shown"), [(b"(0,0,0) (0,1,0) (0,0,1)", "0 x 1 x 1"), (b"(nan,0,0) (0,1,0) (0,0,1)", "nan x 1 x 1")]
)
def test_bad_spacing_in_nrrd(tmp_path, directions, shown):
    image = sitk.Image([5, 5, 5], sitk.sitkUInt8)
    path = replaced(written(tmp_path, ".nrrd", image), b"(1,0,0) (0,1,0) (0,0,1)", directions)
    assert f"the spacing in the NRRD header is {shown}" in refusal(path)


def test_bad_plain_spacings_in_nrrd(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(
        b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nspacings: 1 -1 1\nencoding: raw\n\n" + bytes(8)
    )
    assert "is 1 x -1 x 1; all must be above 0" in refusal(tmp_path / "a.nrrd")


def test_no_spacing_in_nrrd(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(
        b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n\n" + bytes(8)
    )
    assert "states no spacing" in refusal(tmp_path / "a.nrrd")


def test_unknown_unit_in_nrrd(tmp_path):
    image = sitk.Image([5, 5, 5], sitk.sitkUInt8)
    path = replaced(written(tmp_path, ".nrrd", image), b"space origin", b'space units: "cm" "cm" "cm"\nspace origin')
    assert "gives lengths in 'cm'; convert the image to mm" in refusal(path)


def test_unknown_unit_in_nifti(tmp_path):
    assert "unknown unit of length (code 5)" in refusal(patched(written(tmp_path, ".nii"), 123, "B", 5))


def test_meters_in_nifti_become_mm(tmp_path):
    found = read_image_file(patched(written(tmp_path, ".nii"), 123, "B", 1))
    assert np.allclose(found.image.GetSpacing(), (700, 1300, 4000))


def test_no_unit_in_nifti_is_noted(tmp_path):
    found = read_image_file(patched(written(tmp_path, ".nii"), 123, "B", 0))
    assert found.notes == ("the header gives no unit of length: mm is assumed",)


def test_a_sequence_of_tracked_frames_is_told_from_a_volume(shared_data):
    of_ultrasound = shared_data / "07_ultrasound"
    path = of_ultrasound / "bone_L14_tracked_sequence.igs.mha"
    whole, third = read_image_file(path), read_image_file(f"{path}#3")
    assert len(whole.notes) == 1 and whole.notes[0].startswith("a sequence of 21 frames, not a volume")
    assert third.notes == () and np.array_equal(*map(sitk.GetArrayFromImage, (third.image, whole.image[:, :, 2:3])))
    with pytest.raises(InputError, match="choose 1 to 21"):
        read_image_file(f"{path}#22")
    assert read_image_file(of_ultrasound / "spine_phantom_3d.mha").notes == ()


def test_sheared_axes_in_metaimage(tmp_path):
    image = sitk.Image([5, 5, 5], sitk.sitkUInt8)
    path = replaced(written(tmp_path, ".mha", image), b"TransformMatrix = 1 0 0", b"TransformMatrix = 1 0.2 0")
    assert "not at right angles (sheared)" in refusal(path)


def test_sheared_axes_in_nrrd(tmp_path):
    image = sitk.Image([5, 5, 5], sitk.sitkUInt8)
    assert "sheared" in refusal(replaced(written(tmp_path, ".nrrd", image), b"(0,1,0)", b"(0.2,1,0)"))


def test_sheared_sform_in_nifti(tmp_path):
    """ITK falls back to the qform without a word."""
    first_row_second_column = 280 + 4
    path = written(tmp_path, ".nii", sitk.Image([20, 20, 20], sitk.sitkUInt8))
    assert "sform of the NIfTI header is sheared" in refusal(patched(path, first_row_second_column, "<f", 0.3))


def test_an_sform_alone_that_is_far_from_right_angles(tmp_path):
    """ITK refuses it with words of its own, which say to copy a file that is whole."""
    path = written(tmp_path, ".nii", sitk.Image([20, 20, 20], sitk.sitkUInt8))
    patched(path, 252, "<h", 0)  # no qform
    assert "not at right angles (sheared)" in refusal(patched(path, 280 + 8, "<3f", 0.9, 0.0, 0.0))


def test_values_are_those_of_the_file_that_was_named(tmp_path):
    """ITK takes the voxels of image.nii for those of image.nii.gz beside it."""
    for ending, value in ((".nii", 1), (".nii.gz", 2)):
        sitk.WriteImage(sitk.Image([4, 5, 6], sitk.sitkFloat32) + value, str(tmp_path / f"image{ending}"))
    assert [read_image(tmp_path / f"image{ending}")[3, 4, 5] for ending in (".nii", ".nii.gz")] == [1, 2]


def test_sform_scaled_other_than_the_spacing(tmp_path):
    path = written(tmp_path, ".nii", sitk.Image([20, 20, 20], sitk.sitkUInt8))
    assert "scaled other than its spacing (1 x 1 x 1 mm)" in refusal(patched(path, 280, "<f", -2.0))


def test_two_positions_in_nifti_are_noted(tmp_path):
    path = patched(written(tmp_path, ".nii", sitk.Image([20, 20, 20], sitk.sitkUInt8)), 280 + 12, "<f", 50.0)
    found = read_image_file(path)
    assert found.image.GetOrigin() == (-50.0, 0.0, 0.0)
    assert found.notes == ("the header holds two positions (qform is 50 mm from sform): sform is used",)


def test_no_position_in_nifti_is_noted(tmp_path):
    path = patched(written(tmp_path, ".nii"), 252, "<hh", 0, 0)
    assert "no position or orientation" in read_image_file(path).notes[0]


def test_analyze_files_are_refused(tmp_path):
    path = patched(written(tmp_path, ".nii"), 344, "4s", b"")
    assert "is an Analyze file, which gives no orientation" in refusal(path)


def test_a_voxel_file_that_is_missing_is_named(tmp_path):
    path = written(tmp_path, ".mhd")
    (tmp_path / "image.raw").unlink()
    assert "its voxel file image.raw is missing" in refusal(path)
    path = written(tmp_path, ".nhdr")
    (tmp_path / "image.raw").unlink()
    assert "its voxel file image.raw is missing" in refusal(path)


def test_headers_with_a_file_of_voxels_are_read(tmp_path):
    for ending in (".mhd", ".nhdr"):
        assert read_image(written(tmp_path, ending)).GetSize() == (20, 15, 10)


@pytest.mark.parametrize("name", ["a.png", "a", "a.mhd", "a.nii.bz2"])
def test_an_output_of_unknown_kind_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"does not end like an image; use one of .nii.gz, .nii, .nrrd, .mha"):
        require_image_target(tmp_path / name)


def test_transforms_are_written_whole_and_keep_their_convention(tmp_path):
    transform = sitk.Euler3DTransform((1, 2, 3), 0.1, 0.2, 0.3, (10, 20, 30))
    write_transform(transform, tmp_path / "t.tfm")
    again = sitk.ReadTransform(str(tmp_path / "t.tfm"))
    assert np.allclose(again.TransformPoint((5, 6, 7)), transform.TransformPoint((5, 6, 7)), atol=1e-9)
    with pytest.raises(InputError, match="does not end like a transform"):
        write_transform(transform, tmp_path / "t.nrrd")


def test_the_stem_of_a_name():
    assert [stem(name) for name in ("a/FLAIR.nii.gz", "b/x.y.NRRD", "study_1", "c/")] == [
        "FLAIR",
        "x.y",
        "study_1",
        "c",
    ]


def test_real_images_are_read_without_a_note(data):
    for number, size in ((1, (320, 320, 36)), (2, (320, 320, 46))):
        found = read_image_file(data / "ms_patient01" / f"study{number}_FLAIR.nii.gz")
        assert found.image.GetSize() == size and found.kind == "NIfTI" and found.notes == ()


def test_a_time_point_of_a_4d_image_is_chosen(tmp_path):
    frames = [sample() + 1000 * n for n in range(3)]
    film = sitk.JoinSeries(frames)
    film.SetMetaData("MedProcQuantity", "{SUVbw}g/ml")
    film.SetMetaData("MedProcModality", "PT")
    sitk.WriteImage(film, str(tmp_path / "film.nrrd"))
    file = read_image_file(f"{tmp_path / 'film.nrrd'}#2")
    assert (file.quantity, file.modality) == ("{SUVbw}g/ml", "PT")
    found = file.image
    assert Geometry.of(found).same_grid(Geometry.of(frames[1]))
    assert (sitk.GetArrayFromImage(found) == sitk.GetArrayFromImage(frames[1])).all()
    assert "holds 3 time points; there is no number 4" in refusal(f"{tmp_path / 'film.nrrd'}#4")
