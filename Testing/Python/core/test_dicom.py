"""DICOM files and folders: positions from the tags; irregular series refused with the figures."""

import datetime
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    EnhancedUSVolumeStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from MedProcLib.core.dicom_geometry import NO_POSITION
from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image_file
from MedProcLib.core.geometry import Geometry

OBLIQUE = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix(), (3, 3))
ORIGIN = np.array([-40.0, 12.5, 100.25])
STEP = 2.5


def dataset(path: Path, kind, modality="MR") -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    made.Modality, made.PatientID, made.PatientName = modality, "P1", "Phantom^A"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    made.AcquisitionDate, made.SeriesDescription, made.SeriesNumber = "20240229", "phantom", 3
    made.Rows, made.Columns, made.PixelSpacing = 6, 8, [1.25, 0.75]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    return made


def write_series(folder: Path, heights, modality="MR", axes=OBLIQUE, lean=0.0, **tags) -> None:
    """A slice per height in mm above ORIGIN; slice i holds the value i everywhere. lean: sideways mm per mm."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, height in enumerate(heights):
        # names and instance numbers against the order in space: only positions count
        path = folder / f"{len(heights) - number:03d}"
        kind = CTImageStorage if modality == "CT" else MRImageStorage
        made = dataset(path, kind, modality)
        made.InstanceNumber = len(heights) - number
        made.ImagePositionPatient = [f"{v:.9f}" for v in ORIGIN + height * (axes[:, 2] + lean * axes[:, 1])]
        made.ImageOrientationPatient = [f"{v:.12f}" for v in axes[:, :2].T.ravel()]
        made.SliceThickness = 5
        made.PixelData = np.full((6, 8), number, np.int16).tobytes()
        for name, value in tags.items():
            setattr(made, name, value[number] if isinstance(value, list) else value)
        made.save_as(path, enforce_file_format=True)


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        read_image_file(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def slice_values(image: sitk.Image) -> list[float]:
    return [float(plane.mean()) for plane in sitk.GetArrayViewFromImage(image)]


def test_a_series_is_stacked_by_position(tmp_path):
    write_series(tmp_path, np.arange(7) * STEP)
    found = read_image_file(tmp_path)
    geometry = Geometry.of(found.image)
    assert geometry.size == (8, 6, 7)
    assert np.allclose(geometry.spacing, (0.75, 1.25, STEP))  # not SliceThickness
    assert np.allclose(geometry.points(np.array([[0, 0, 3]])), ORIGIN + 3 * STEP * OBLIQUE[:, 2])
    assert np.allclose(np.reshape(geometry.direction, (3, 3)), OBLIQUE)
    assert slice_values(found.image) == list(range(7))
    assert (found.kind, found.modality, found.date) == ("DICOM", "MR", datetime.date(2024, 2, 29))
    assert found.notes == ()


def test_slices_stored_from_top_to_bottom_give_the_same_volume(tmp_path):
    write_series(tmp_path / "up", np.arange(5) * STEP)
    write_series(tmp_path / "down", np.arange(5)[::-1] * STEP)
    up, down = (read_image_file(tmp_path / name).image for name in ("up", "down"))
    assert Geometry.of(up).same_grid(Geometry.of(down))
    assert slice_values(down) == slice_values(up)[::-1]


def test_rescaling_slope_by_slice_keeps_fractions(tmp_path):
    """As PET has it; the first slice's whole numbers must not decide the type of all."""
    write_series(tmp_path, np.arange(4) * STEP, RescaleIntercept=0, RescaleSlope=["1", "0.5", "0.25", "2"])
    assert slice_values(read_image_file(tmp_path).image) == [0.0, 0.5, 0.5, 6.0]


def test_a_missing_slice_is_named_with_figures(tmp_path):
    write_series(tmp_path, [0, 2.5, 5.0, 10.0, 12.5])
    assert "not evenly spaced: 5 mm between slices 3 and 4, 2.5 mm elsewhere" in refusal(tmp_path)


def test_rounded_positions_are_no_gap(tmp_path):
    write_series(tmp_path, [0, 2.51, 4.99, 7.5])
    assert read_image_file(tmp_path).image.GetSpacing()[2] == pytest.approx(2.5)


@pytest.mark.parametrize("degrees", [12, -25])
def test_a_stack_of_a_tilted_gantry_is_straightened(tmp_path, degrees):
    """Slices sampled of a function of the place, linear so that interpolation leaves no error, are found in place."""
    lean = np.tan(np.radians(degrees))
    slope = np.array([3.0, -2.0, 1.5])
    write_series(tmp_path, np.arange(6) * STEP, modality="CT", lean=lean)
    for path in tmp_path.iterdir():
        made = pydicom.dcmread(path)
        y, x = np.indices((6, 8))
        places = np.array(made.ImagePositionPatient, float) + np.stack((x * 0.75, y * 1.25), -1) @ OBLIQUE[:, :2].T
        made.PixelData = np.rint(10 * places @ slope).astype(np.int16).tobytes()
        made.save_as(path)
    found = read_image_file(tmp_path)
    assert [f"lean by {abs(degrees)} degrees (gantry tilt): straightened" in note for note in found.notes] == [True]
    grid, values = Geometry.of(found.image), sitk.GetArrayFromImage(found.image)
    assert np.allclose(np.reshape(grid.direction, (3, 3)), OBLIQUE) and grid.spacing[2] == pytest.approx(STEP)
    z, y, x = np.indices(values.shape)
    true = 10 * grid.points(np.stack((x, y, z), -1).reshape(-1, 3)).reshape(*values.shape, 3) @ slope
    inside = values > values.min()
    off = np.abs(values - true)
    for number, rows in enumerate(inside.all(axis=2)):  # all six are there; the first or last may lie half beside
        kept = np.flatnonzero(rows)
        assert len(kept) in (5, 6) and (off[number, kept[1:-1]] <= 1.01).all()
    assert values.shape == (6, 6 + int(np.ceil(abs(lean) * 10)), 8)


def test_slices_that_shift_unevenly_are_refused(tmp_path):
    write_series(tmp_path, np.arange(6) * STEP)
    for path in sorted(tmp_path.iterdir())[:3]:
        made = pydicom.dcmread(path)
        made.ImagePositionPatient = [f"{v:.6f}" for v in np.array(made.ImagePositionPatient, float) + 2 * OBLIQUE[:, 0]]
        made.save_as(path)
    assert "shifted sideways unevenly" in refusal(tmp_path)


def test_two_images_at_one_place_are_refused(tmp_path):
    write_series(tmp_path, [0, 2.5, 2.5, 5.0])
    assert "slices 2 and 3 lie at the same place (several echoes" in refusal(tmp_path)


def test_two_slices_are_read_with_a_note(tmp_path):
    write_series(tmp_path, [0, 2.5])
    assert read_image_file(tmp_path).notes == ("only 2 slices: whether any are missing cannot be told",)


def test_images_of_several_sizes_in_a_series_are_refused(tmp_path):
    write_series(tmp_path, [0, 2.5, 5.0], Rows=[6, 6, 3])
    assert "differ in size or orientation (a localizer?)" in refusal(tmp_path)


def test_slices_with_pixels_of_several_sizes_are_refused(tmp_path):
    write_series(tmp_path / "two", np.arange(4) * STEP, PixelSpacing=[[1.25, 0.75]] * 3 + [[1.0, 0.75]])
    assert "have pixels of 0.75 x 1 and 0.75 x 1.25 mm (two fields of view?)" in refusal(tmp_path / "two")
    write_series(tmp_path / "rounded", np.arange(4) * STEP, PixelSpacing=[[1.25, 0.75]] * 3 + [[1.25, 0.7501]])
    assert read_image_file(tmp_path / "rounded").image.GetSize() == (8, 6, 4)


def test_several_series_are_listed_and_can_be_chosen(tmp_path):
    write_series(tmp_path / "a", np.arange(4) * STEP)
    write_series(
        tmp_path / "b", np.arange(5) * STEP, SeriesInstanceUID="1.2.3.2", SeriesNumber=12, SeriesDescription="other"
    )
    message = refusal(tmp_path)
    assert "holds 2 series" in message
    assert "#1 MR phantom 2024-02-29, 4 slices; #2 MR other 2024-02-29, 5 slices" in message
    assert read_image_file(f"{tmp_path}#2").image.GetSize() == (8, 6, 5)
    assert "no number 3" in refusal(f"{tmp_path}#3")


def test_a_localizer_beside_the_series_is_left_out_with_a_note(tmp_path):
    write_series(tmp_path / "a", np.arange(4) * STEP)
    write_series(tmp_path / "b", [0], SeriesInstanceUID="1.2.3.2", SeriesNumber=1)
    found = read_image_file(tmp_path)
    assert found.image.GetSize() == (8, 6, 4)
    assert found.notes == ("the folder holds 1 more series of fewer than 3 slices: left out",)


def test_other_files_in_the_folder_do_not_matter(tmp_path):
    write_series(tmp_path, np.arange(4) * STEP)
    (tmp_path / "README.txt").write_text("export of 2024")
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 200)
    assert read_image_file(tmp_path).image.GetSize() == (8, 6, 4)


def test_a_single_file_is_a_volume_of_one_slice(tmp_path):
    write_series(tmp_path, [7.0])
    found = read_image_file(tmp_path / "001")
    assert found.image.GetSize() == (8, 6, 1)
    assert np.allclose(found.image.GetSpacing(), (0.75, 1.25, 5.0))
    assert np.allclose(found.image.GetOrigin(), ORIGIN + 7 * OBLIQUE[:, 2])


def test_names_of_the_patient_do_not_travel_with_the_image(tmp_path):
    write_series(tmp_path, [7.0])
    assert read_image_file(tmp_path / "001").image.GetMetaDataKeys() == ()


def test_patients_are_told_apart_without_their_names(tmp_path):
    write_series(tmp_path / "a", [0])
    write_series(tmp_path / "b", [0])
    write_series(tmp_path / "c", [0], PatientID="P2")
    write_series(tmp_path / "d", [0], PatientID="", PatientName="")
    keys = [read_image_file(tmp_path / name).patient for name in "abcd"]
    assert keys[0] == keys[1] != keys[2] and keys[3] == "" and "Phantom" not in keys[0]


def enhanced(path: Path, heights, scales=None, spacings=None) -> None:
    """An enhanced MR image; frame i holds i everywhere. scales: Rescale Slope and Intercept of each frame; spacings:
    of rows and columns of each frame."""
    made = dataset(path, EnhancedMRImageStorage)
    del made.PixelSpacing
    made.NumberOfFrames = len(heights)
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [f"{v:.12f}" for v in OBLIQUE[:, :2].T.ravel()]
    measures.PixelSpacing, measures.SliceThickness = [1.25, 0.75], 5
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    frames = []
    for number, height in enumerate(heights):
        position, frame = Dataset(), Dataset()
        if scales is not None:
            scale = Dataset()
            scale.RescaleSlope, scale.RescaleIntercept = map(str, scales[number])
            frame.PixelValueTransformationSequence = Sequence([scale])
        if spacings is not None:
            own = Dataset()
            own.PixelSpacing, own.SliceThickness = spacings[number], 5
            frame.PixelMeasuresSequence = Sequence([own])
        position.ImagePositionPatient = [f"{v:.9f}" for v in ORIGIN + height * OBLIQUE[:, 2]]
        frame.PlanePositionSequence = Sequence([position])
        frames.append(frame)
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    made.PixelData = np.concatenate([np.full((6, 8), i, np.int16) for i in range(len(heights))]).tobytes()
    made.save_as(path, enforce_file_format=True)


def test_frames_of_an_enhanced_image_are_placed_by_their_positions(tmp_path):
    enhanced(tmp_path / "image.dcm", np.array([4, 3, 2, 1, 0]) * STEP)
    found = read_image_file(tmp_path / "image.dcm")
    geometry = Geometry.of(found.image)
    assert np.allclose(geometry.spacing, (0.75, 1.25, STEP)) and np.allclose(geometry.origin, ORIGIN)
    assert slice_values(found.image) == [4, 3, 2, 1, 0]


def test_a_volume_that_an_ultrasound_probe_swept_lies_nowhere_in_the_patient(tmp_path):
    enhanced(tmp_path / "mr.dcm", np.array([2, 1, 0]) * STEP)
    made = pydicom.dcmread(tmp_path / "mr.dcm")
    made.SOPClassUID, made.Modality = EnhancedUSVolumeStorage, "US"
    (shared,) = made.SharedFunctionalGroupsSequence
    orientation = Dataset()
    orientation.ImageOrientationVolume = [*OBLIQUE[:, :2].T.ravel()]
    shared.PlaneOrientationVolumeSequence = Sequence([orientation])
    del shared.PlaneOrientationSequence
    for frame in made.PerFrameFunctionalGroupsSequence:
        position = Dataset()
        position.ImagePositionVolume = [float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient]
        frame.PlanePositionVolumeSequence = Sequence([position])
        del frame.PlanePositionSequence
    made.save_as(tmp_path / "us.dcm")
    mr, us = (read_image_file(tmp_path / name) for name in ("mr.dcm", "us.dcm"))
    assert Geometry.of(us.image).same_grid(Geometry.of(mr.image)) and slice_values(us.image) == [2, 1, 0]
    assert mr.notes == () and us.notes == (NO_POSITION,)


def test_frames_of_an_enhanced_image_are_rescaled_each_by_its_own_numbers(tmp_path):
    scales = [(0.5, 1), (2, -3), (0.25, 0), (2, 10)]
    enhanced(tmp_path / "image.dcm", np.array([3, 2, 1, 0]) * STEP, scales)
    assert slice_values(read_image_file(tmp_path / "image.dcm").image) == [16, 0.5, -1, 1]
    assert slice_values(read_image_file(f"{tmp_path / 'image.dcm'}#4").image) == [16]
    enhanced(tmp_path / "alike.dcm", np.array([3, 2, 1, 0]) * STEP, [(0.5, 1)] * 4)
    assert slice_values(read_image_file(tmp_path / "alike.dcm").image) == [2.5, 2, 1.5, 1]


@pytest.mark.parametrize(("signed", "bits"), [(0, 12), (0, 16), (1, 16)])
def test_ct_that_is_to_be_shown_inverted_keeps_its_values(tmp_path, signed, bits):
    tags = {"PixelRepresentation": signed, "BitsStored": bits, "HighBit": bits - 1}
    tags["PhotometricInterpretation"] = "MONOCHROME1"
    scale = {"RescaleSlope": [1, 2, 1, 3], "RescaleIntercept": [-1024, 0, 5, -7]}
    write_series(tmp_path / "ct", np.arange(4) * STEP, "CT", **tags, **scale)
    assert slice_values(read_image_file(tmp_path / "ct").image) == [-1024, 2, 7, 2]
    assert slice_values(read_image_file(tmp_path / "ct" / "001").image) == [2]
    write_series(tmp_path / "alike", np.arange(3) * STEP, "CT", **tags, RescaleSlope=1, RescaleIntercept=-1024)
    assert slice_values(read_image_file(tmp_path / "alike").image) == [-1024, -1023, -1022]


def test_frames_with_pixels_of_several_sizes_are_refused(tmp_path):
    enhanced(tmp_path / "two.dcm", np.arange(3) * STEP, spacings=[[1.25, 0.75], [1.25, 0.75], [1.5, 0.9]])
    assert "frames have pixels of 0.75 x 1.25 and 0.9 x 1.5 mm" in refusal(tmp_path / "two.dcm")
    enhanced(tmp_path / "one.dcm", np.arange(3) * STEP, spacings=[[1.5, 0.9], [1.5, 0.9], [1.5, 0.9001]])
    assert np.allclose(read_image_file(tmp_path / "one.dcm").image.GetSpacing(), (0.9, 1.5, STEP))


def film(folder: Path) -> Path:
    frames = np.concatenate([np.full((6, 8), value, np.int16) for value in (10, 20)])
    write_series(folder, [0], NumberOfFrames=2, PixelData=frames.tobytes())
    return folder / "001"


def test_a_film_without_positions_is_refused(tmp_path):
    assert "its 2 frames state no position (a film or a gated series?); choose one" in refusal(film(tmp_path))


def test_a_frame_of_a_film_can_be_chosen(tmp_path):
    path = film(tmp_path)
    second = read_image_file(f"{path}#2").image
    assert second.GetSize() == (8, 6, 1) and slice_values(second) == [20]
    assert np.allclose(second.GetOrigin(), ORIGIN) and np.allclose(second.GetSpacing(), (0.75, 1.25, 5.0))
    assert "it has 2 frames; there is no number 3" in refusal(f"{path}#3")


def test_a_frame_of_an_image_of_two_times_lies_where_it_says(tmp_path):
    enhanced(tmp_path / "image.dcm", np.array([0, 1, 2, 0, 1, 2]) * STEP)
    found = read_image_file(f"{tmp_path / 'image.dcm'}#6").image
    assert slice_values(found) == [5] and np.allclose(found.GetOrigin(), ORIGIN + 2 * STEP * OBLIQUE[:, 2])


def without_spacing(folder: Path, **tags) -> Path:
    write_series(folder, [0])
    made = pydicom.dcmread(folder / "001")
    del made.PixelSpacing
    for name, value in tags.items():
        setattr(made, name, value)
    made.save_as(folder / "001")
    return folder / "001"


def test_no_pixel_spacing_is_refused_unless_allowed(tmp_path):
    path = without_spacing(tmp_path)
    assert "states no pixel spacing" in refusal(path)
    found = read_image_file(path, unscaled=True)
    assert not found.scaled and found.image.GetSpacing()[:2] == (1.0, 1.0)
    assert any("counts of pixels" in note for note in found.notes)


def test_a_pixel_spacing_of_zero_is_none(tmp_path):
    path = without_spacing(tmp_path / "a", PixelSpacing=[0, 0])
    assert "states no pixel spacing" in refusal(path)
    assert read_image_file(path, unscaled=True).image.GetSpacing()[:2] == (1.0, 1.0)
    at_detector = without_spacing(tmp_path / "b", PixelSpacing=[0, 0], ImagerPixelSpacing=[0.2, 0.1])
    assert read_image_file(at_detector).image.GetSpacing()[:2] == pytest.approx((0.1, 0.2))


def test_a_mirrored_radiograph_is_said(shared_data, tmp_path):
    made = pydicom.dcmread(shared_data / "06_dicom" / "single_and_multiframe" / "dx_image.dcm")
    for toward, mirrored in ((["L", "F"], False), (["R", "F"], True), (["", ""], False), (None, False)):
        made.PatientOrientation = toward
        made.save_as(tmp_path / "picture.dcm")
        notes = read_image_file(tmp_path / "picture.dcm").notes
        assert any("patient's left side on its left" in note for note in notes) == mirrored


def test_pixels_that_are_not_square_stay_so_without_a_spacing(tmp_path):
    found = read_image_file(without_spacing(tmp_path, PixelAspectRatio=[4, 3]), unscaled=True)
    assert found.image.GetSpacing()[:2] == pytest.approx((1.0, 4 / 3))


def region(delta_x: float, delta_y: float, units: int = 3, kind: int = 1) -> Dataset:
    made = Dataset()
    made.RegionSpatialFormat = kind
    made.PhysicalUnitsXDirection = made.PhysicalUnitsYDirection = units
    made.PhysicalDeltaX, made.PhysicalDeltaY = delta_x, delta_y
    return made


def test_an_ultrasound_picture_has_the_scale_of_its_regions(tmp_path):
    doppler = region(0.01, 5, units=4, kind=3)
    path = without_spacing(tmp_path / "a", SequenceOfUltrasoundRegions=[region(0.05, 0.04), doppler])
    found = read_image_file(path)
    assert found.scaled and found.image.GetSpacing()[:2] == pytest.approx((0.5, 0.4))
    two = without_spacing(tmp_path / "b", SequenceOfUltrasoundRegions=[region(0.05, 0.04), region(0.1, 0.08)])
    assert "shows regions at several scales" in refusal(two)


@pytest.mark.parametrize("spacing", ["0\\1", "-1\\1"])
def test_zero_or_negative_pixel_spacing_is_refused(tmp_path, spacing):
    write_series(tmp_path, np.arange(4) * STEP, PixelSpacing=spacing)
    assert "all must be above 0" in refusal(tmp_path)


def test_a_truncated_slice_is_named(tmp_path):
    write_series(tmp_path, np.arange(4) * STEP)
    content = (tmp_path / "002").read_bytes()
    (tmp_path / "002").write_bytes(content[:-60])
    assert "cannot be read" in refusal(tmp_path)


def test_a_report_is_no_image(tmp_path):
    made = dataset(tmp_path / "report.dcm", "1.2.840.10008.5.1.4.1.1.88.11", "SR")
    del made.Rows, made.Columns
    made.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert "is a DICOM SR without an image" in refusal(tmp_path / "report.dcm")
    assert "holds no DICOM images" in refusal(tmp_path)


def test_malformed_files_give_a_message(shared_data):
    files = sorted((shared_data / "06_dicom" / "malformed").glob("*.dcm"))
    assert len(files) >= 10
    for path in files:
        refusal(path)


def test_bad_real_series(shared_data, tmp_path):
    for name in ("sliceincrement_001", "gantrytilting_001"):
        with zipfile.ZipFile(shared_data / "06_dicom" / "bad_series" / f"{name}.zip") as archive:
            archive.extractall(tmp_path / name)
    assert "10 mm between slices 3 and 4, 5 mm elsewhere" in refusal(tmp_path / "sliceincrement_001")
    found = read_image_file(tmp_path / "gantrytilting_001")
    assert "lean by 14 degrees" in found.notes[0] and found.image.GetSize() == (512, 521, 4)


@pytest.mark.parametrize(
    ("name", "size", "spacing"),
    [
        ("IM-0001-0001-0001.dcm", (256, 256, 8), (0.9375, 0.9375, 0.9)),
        ("eCT_Supplemental.dcm", (512, 512, 2), (0.388672, 0.388672, 10.0)),
        ("MR_small_jp2klossless.dcm", (64, 64, 1), (0.3125, 0.3125, 0.8)),
        ("rtdose.dcm", (10, 10, 15), (10.0, 10.0, 5.0)),
    ],
)
def test_real_files_have_their_grid(shared_data, name, size, spacing):
    image = read_image_file(shared_data / "06_dicom" / "single_and_multiframe" / name).image
    assert image.GetSize() == size and np.allclose(image.GetSpacing(), spacing, atol=1e-4)


def test_a_real_dose_grid_is_read_as_dose(shared_data):
    """Its file: stored values 795,000 to 1,254,000, Dose Grid Scaling 1e-6, Dose Units RELATIVE."""
    found = read_image_file(shared_data / "06_dicom" / "single_and_multiframe" / "rtdose.dcm")
    values = sitk.GetArrayViewFromImage(found.image)
    assert (values.min(), values.max()) == (pytest.approx(0.795), pytest.approx(1.254))
    assert found.notes == ("dose, relative",)


def test_planes_of_a_dose_that_are_scaled_apart_are_refused(tmp_path):
    write_series(tmp_path / "one", np.arange(3) * STEP, "RTDOSE", DoseGridScaling=0.5, DoseUnits="GY")
    found = read_image_file(tmp_path / "one")
    assert slice_values(found.image) == [0.0, 0.5, 1.0] and found.notes == ("dose in Gy",)
    write_series(tmp_path / "apart", np.arange(3) * STEP, "RTDOSE", DoseGridScaling=[0.5, 0.5, 1.0], DoseUnits="GY")
    assert "scaled to dose in different ways" in refusal(tmp_path / "apart")
    write_series(tmp_path / "none", np.arange(3) * STEP, "RTDOSE")
    assert "how its values become dose" in refusal(tmp_path / "none")


def test_a_real_series_agrees_with_its_segmentations_grid(shared_data, tmp_path):
    """The label map's grid was made by another program from the same slices."""
    with zipfile.ZipFile(shared_data / "01_ct" / "totalseg_dicom" / "ct_dicom.zip") as archive:
        archive.extractall(tmp_path)
    image = read_image_file(tmp_path)
    labels = read_image_file(shared_data / "01_ct" / "totalseg_dicom" / "labels_total117.nii.gz").image
    ours, theirs = Geometry.of(image.image), Geometry.of(labels)
    assert image.modality == "CT" and sorted(ours.size) == sorted(theirs.size)
    assert np.allclose(ours.center, theirs.center, atol=0.01)


def test_the_directory_of_a_medium_leads_to_its_folder(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "06_dicom" / "dicomdir_media.zip") as archive:
        archive.extractall(tmp_path)
    directory = next(tmp_path.rglob("DICOMDIR"))
    assert refusal(directory).endswith(f"give the folder it lies in, {directory.parent}.")
