"""Images in SUV from files: geometry, order of slices, slopes, multi-frame images, and real ones."""

import math
import zipfile

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pet_series import DAY, DURATION, HALF_LIFE, SCANNED, SUV, bed, header, save, set_pixels, write_slices
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage, generate_uid
from scipy.spatial.transform import Rotation

from MedProcLib.core.dicom import read_dicom_folder, read_dicom_slices
from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image, read_image_file
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.quantification.suv.suv_image import suv_image

AXES = {
    "straight": np.eye(3),
    "oblique": Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix(),
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
}
SLOPES = [0.5, 2.0, 1.25, 40.0, 0.2]


def series(folder, axes=AXES["oblique"], slopes=SLOPES):
    """A ramp of 1000 to 5000 Bq/ml from slice to slice, stored with a slope each."""
    headers = [header(RescaleSlope=slope) for slope in slopes]
    stored = [np.full((6, 5), round(1000 * (i + 1) / slope)) for i, slope in enumerate(slopes)]
    write_slices(folder, headers, stored, axes)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("axes", list(AXES.values()), ids=list(AXES))
def test_slices_in_any_order_and_direction(tmp_path, axes):
    files = series(tmp_path, axes)
    result = suv_image(files)
    geometry = Geometry.of(result.image)
    assert geometry.size == (5, 6, 5) and np.allclose(geometry.spacing, (2, 3, 4))
    assert np.allclose(geometry.origin, (10, -20, 30)) and np.allclose(np.reshape(geometry.direction, (3, 3)), axes)
    values = sitk.GetArrayFromImage(result.image)
    assert values.dtype == np.float32
    expected = SUV * np.arange(1, 6) / 5
    assert np.allclose(values, expected[:, None, None], rtol=1e-6)


def test_factors_that_differ_between_slices_meet_their_slices(tmp_path):
    """Not corrected for decay: the slices' own times, files named against the order in space."""
    times = ["110000", "110500", "112000"]
    headers = [header(DecayCorrection="NONE", RescaleSlope=1, AcquisitionTime=time) for time in times]
    write_slices(tmp_path, headers, [np.full((4, 4), 1000)] * 3, np.eye(3))
    means = sitk.GetArrayFromImage(suv_image(sorted(tmp_path.iterdir())).image).mean(axis=(1, 2))
    assert means[1:] / means[0] == pytest.approx([2 ** (300 / HALF_LIFE), 2 ** (1200 / HALF_LIFE)], rel=1e-6)


def test_read_before_or_here_is_the_same(tmp_path):
    files = series(tmp_path)
    found = read_image_file(tmp_path)
    assert [path.name for path in found.slices] == [path.name for path in reversed(files)]
    first, second = suv_image(found.slices, found.image), suv_image(files)
    assert np.array_equal(sitk.GetArrayFromImage(first.image), sitk.GetArrayFromImage(second.image))
    assert first.factors.as_dict() == second.factors.as_dict()


def test_a_single_slice(tmp_path):
    write_slices(tmp_path, [header(RescaleSlope=2.5)], [np.full((3, 4), 2000)], np.eye(3))
    result = suv_image([next(tmp_path.iterdir())])
    assert result.image.GetSize() == (4, 3, 1)
    assert np.allclose(sitk.GetArrayFromImage(result.image), SUV)


def enhanced(path, slopes=(1.0, 4.0, 0.5), corrected="YES", attenuation="YES"):
    """Slices of 1000, 2000, 3000 Bq/ml from below, stored from above, an hour between them; dose in MBq."""
    made = header({"RadionuclideTotalDose": 370.0, "RadiopharmaceuticalStartTime": None})
    made.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20250304100000"
    for keyword in ("Units", "DecayCorrection", "CorrectedImage", "RescaleSlope", "RescaleIntercept", "SeriesType"):
        del made[keyword]
    for keyword in ("AcquisitionTime", "AcquisitionDate", "ActualFrameDuration"):
        del made[keyword]
    made.SOPClassUID, made.SOPInstanceUID = EnhancedPETImageStorage, generate_uid()
    made.DecayCorrected, made.AttenuationCorrected, made.SeriesTime = corrected, attenuation, "130000"
    if corrected == "YES":
        made.DecayCorrectionDateTime = "20250304110000"
    shared, frames = Dataset(), []
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [3.0, 2.0], 4.0
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    for i, slope in enumerate(slopes):
        position, content, mapping, unit = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, 8 - 4 * i]
        content.FrameAcquisitionDateTime = f"202503041{1 + i}0000"
        content.FrameAcquisitionDuration = 1000 * DURATION
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "Bq/ml", "UCUM", "Becquerels per milliliter"
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = float(slope), 0.0
        mapping.MeasurementUnitsCodeSequence = [unit]
        frame = Dataset()
        frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
        frame.RealWorldValueMappingSequence = [mapping]
        frames.append(frame)
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [shared], frames
    made.NumberOfFrames = len(slopes)
    set_pixels(made, np.stack([np.full((5, 6), 1000 * (3 - i) / slope) for i, slope in enumerate(slopes)]))
    save(made, path)
    return path


def test_an_enhanced_image(tmp_path):
    result = suv_image([enhanced(tmp_path / "pet.dcm")])
    means = sitk.GetArrayFromImage(result.image).mean(axis=(1, 2))
    assert means == pytest.approx(SUV * np.array([0.2, 0.4, 0.6]), rel=1e-6)
    assert result.image.GetOrigin() == (0, 0, 0) and result.image.GetSpacing() == (2, 3, 4)
    assert any("(0018,9701)" in step.source for step in result.factors.steps)


def test_an_enhanced_image_that_is_not_corrected(tmp_path):
    result = suv_image([enhanced(tmp_path / "pet.dcm", corrected="NO")])
    x = math.log(2) / HALF_LIFE * DURATION
    expected = SUV * np.array([0.2, 0.4, 0.6]) * x / (1 - math.exp(-x)) * 2 ** (np.array([7200, 3600, 0]) / HALF_LIFE)
    assert sitk.GetArrayFromImage(result.image).mean(axis=(1, 2)) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(InputError, match="attenuation"):
        suv_image([enhanced(tmp_path / "other.dcm", attenuation="NO")])


def test_an_enhanced_image_converted_from_slices(tmp_path):
    """Legacy Converted Enhanced PET keeps the attributes of the slices in sequences of their own."""
    path = enhanced(tmp_path / "pet.dcm")
    one = pydicom.dcmread(path)
    for keyword in ("DecayCorrected", "AttenuationCorrected", "DecayCorrectionDateTime"):
        del one[keyword]
    kept = Dataset()
    kept.Units, kept.DecayCorrection, kept.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
    kept.SeriesTime = "110000"
    one.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [kept]
    for frame in one.PerFrameFunctionalGroupsSequence:
        transformation, own = Dataset(), Dataset()
        transformation.RescaleSlope = frame.RealWorldValueMappingSequence[0].RealWorldValueSlope
        transformation.RescaleIntercept = 0
        own.AcquisitionDate, own.AcquisitionTime, own.ActualFrameDuration = "20250304", "110000", 180000
        frame.PixelValueTransformationSequence = [transformation]
        frame.UnassignedPerFrameConvertedAttributesSequence = [own]
        del frame.RealWorldValueMappingSequence, frame.FrameContentSequence
    save(one, path)
    result = suv_image([path])
    means = sitk.GetArrayFromImage(result.image).mean(axis=(1, 2))
    assert means == pytest.approx(SUV * np.array([0.2, 0.4, 0.6]), rel=1e-6)
    assert any("Series Time" in step.source for step in result.factors.steps)


@pytest.mark.filterwarnings("ignore:.*VR.* IS")
def test_a_duration_that_breaks_the_standard(tmp_path):
    """180000.5 ms, where DICOM asks for a whole number, as some devices write it."""
    one = header(DecayCorrection="NONE")
    write_slices(tmp_path, [one], [np.full((3, 4), 2000)], np.eye(3))
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes().replace(b"180000", b"1800.5"))
    assert any("1.8005 s" in step.value for step in suv_image([path]).factors.steps)


def test_more_activity_than_was_injected(tmp_path):
    """200 ml of 1.5 times the whole activity each, and of a thousand times: the decimal point slipped."""
    size = (40, 40)
    for slope, word in ((1.0, "times the injected activity"), (1e3, "times the injected activity")):
        folder = tmp_path / f"{slope}"
        one = [header({"RadionuclideTotalDose": 1e6}, RescaleSlope=slope) for _ in range(4)]
        write_slices(folder, one, [np.full(size, 30000)] * 4, np.eye(3))
        files = sorted(folder.iterdir())
        if slope == 1.0:
            assert word in suv_image(files).factors.warnings[-1]
        else:
            with pytest.raises(InputError, match=word):
                suv_image(files)


def test_what_is_no_series_is_refused(tmp_path):
    files = series(tmp_path / "a")
    with pytest.raises(InputError, match="modality NM"):
        one = pydicom.dcmread(files[0])
        one.Modality = "NM"
        save(one, tmp_path / "nm.dcm")
        suv_image([tmp_path / "nm.dcm"])
    other = pydicom.dcmread(files[0])
    other.SeriesInstanceUID = "1.2.3.5"
    save(other, tmp_path / "other.dcm")
    with pytest.raises(InputError, match="several series"):
        read_dicom_slices([*files[1:], tmp_path / "other.dcm"])
    with pytest.raises(InputError, match=r"missing\.dcm is no DICOM image"):
        read_dicom_slices([files[0], tmp_path / "missing.dcm"])
    with pytest.raises(InputError, match="same place"):
        suv_image([*files, _copy(files[2], tmp_path / "twice.dcm")])


def test_a_header_with_a_damaged_number(tmp_path):
    write_slices(tmp_path, [header(PatientWeight="71.5")], [np.full((3, 4), 2000)], np.eye(3))
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes().replace(b"71.5", b"71,5"))
    with pytest.raises(InputError, match="PatientWeight is '71,5', which is no number"):
        suv_image([path])


@pytest.mark.parametrize("scan", [SCANNED, DAY.replace(hour=23, minute=58)])
def test_beds_after_each_other_make_one_volume(tmp_path, scan):
    """Corrected to the start of the scan: no step where one bed position ends."""
    hour_before = f"{scan.replace(hour=scan.hour - 1):%H%M%S}"
    starts = [scan + (i // 3) * (SCANNED - SCANNED.replace(minute=0, hour=10)) / 10 for i in range(6)]
    headers = [bed(start, scan, SeriesTime=f"{scan:%H%M%S}", RescaleSlope=1.0) for start in starts]
    for one in headers:
        one.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = hour_before
    write_slices(tmp_path, headers, [np.full((4, 4), 5000)] * 6, np.eye(3))
    assert np.allclose(sitk.GetArrayFromImage(suv_image(sorted(tmp_path.iterdir())).image), SUV, rtol=1e-6)


@pytest.mark.parametrize("name", ["0_0", "1_0", "2_0", "2_4", "3_1", "4_0", "4_1", "5_0"])
def test_the_reference_objects_of_ibsi(shared_data, tmp_path, name):
    archive = shared_data / "04_pet" / "ibsi_suv_dro" / f"DRO_{name}.zip"
    _unpack(archive, tmp_path)
    found = read_dicom_folder(tmp_path)
    result = suv_image(found.files, found.image)
    mask = sitk.GetArrayFromImage(read_image(next(tmp_path.rglob("DRO_mask.nii.gz")))) > 0
    values = sitk.GetArrayFromImage(result.image)[mask]
    assert [f"{value:.2f}" for value in (values.min(), np.median(values), values.max())] == ["0.20", "1.00", "4.00"]


def test_a_patient_agrees_with_the_image_of_others(shared_data, tmp_path):
    _unpack(shared_data / "04_pet" / "sts001_fdg" / "pet_dicom.zip", tmp_path)
    found = read_dicom_folder(tmp_path)
    result = suv_image(found.files, found.image)
    assert result.factors.per_slice == pytest.approx(2.4290298e-4, rel=1e-7) and result.factors.warnings == ()
    other = read_image(shared_data / "05_ibsi_radiomics" / "sts_validation" / "STS_001" / "PET_image.nii.gz")
    ours = sitk.GetArrayFromImage(resample(result.image, Geometry.of(other), interpolator=sitk.sitkNearestNeighbor))
    theirs = sitk.GetArrayFromImage(other)
    assert np.abs(ours - theirs).max() <= 1e-3 * theirs.max()


def _unpack(archive, folder):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)


def _copy(source, target):
    target.write_bytes(source.read_bytes())
    return target
