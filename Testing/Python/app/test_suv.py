"""`suv`: the image in SUV, the steps to it, what was given in place of the header, and what is refused."""

import datetime
import json
import re

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pet_series import ACTIVITY, HALF_LIFE, SCANNED, SUV, WEIGHT, bed, header, write_slices

from MedProcLib.app.suv import SUV_KEY
from MedProcLib.core.files import PROVENANCE_KEY, read_image_file
from MedProcLib.core.provenance import Provenance

AXES = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix(), (3, 3))


@pytest.fixture
def pet(tmp_path):
    """pet(name, **tags) writes four oblique slices of the activity, each with a slope, and returns their folder."""

    def write(name="pet", **tags):
        slopes = [2.0, 2.5, 4.0, 5.0]
        headers = [header(RescaleSlope=slope, SeriesInstanceUID=f"1.2.{len(name)}", **tags) for slope in slopes]
        write_slices(tmp_path / name, headers, [np.full((5, 6), round(ACTIVITY / slope)) for slope in slopes], AXES)
        return tmp_path / name

    return write


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", ".mha"])
def test_the_image(medproc, pet, tmp_path, ending):
    target = tmp_path / f"suv{ending}"
    code, out, err = medproc("suv", pet(), "-o", target)
    assert code == 0, err
    image = sitk.ReadImage(str(target))
    assert image.GetPixelID() == sitk.sitkFloat32
    assert np.allclose(sitk.GetArrayFromImage(image), SUV, rtol=1e-6)
    assert np.allclose(image.GetSpacing(), (2, 3, 4)) and np.allclose(image.GetOrigin(), (10, -20, 30), atol=1e-4)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), AXES, atol=1e-6)
    assert out.endswith(f"SUV (body weight, {{SUVbw}}g/ml): {target}\n")


def test_the_steps_can_be_checked_again(medproc, pet, tmp_path):
    _code, out, _err = medproc("suv", pet(), "-o", tmp_path / "suv.nrrd")
    figures = dict(re.findall(r"^(.+?): ([\d.e+-]+)", out, re.MULTILINE))
    assert float(figures["Weight W"]) == WEIGHT and float(figures["Decay from injection to reference"]) == 3600
    dose = float(figures["Injected activity D_inj"]) * 2 ** (-3600 / float(figures["Half-life T1/2"]))
    assert float(figures["Activity D"]) == pytest.approx(dose, rel=1e-8)
    assert float(figures["Factor of rescaled values"]) == pytest.approx(1000 * WEIGHT / dose, rel=1e-8)
    assert "(0010,1030)" in out and "(0018,1074)" in out and "Series Time (0008,0031)" in out


def test_the_file_says_it_is_suv(medproc, pet, tmp_path):
    target = tmp_path / "suv.nrrd"
    medproc("suv", pet(), "-o", target)
    found = read_image_file(target)
    assert (found.modality, found.quantity) == ("PT", "{SUVbw}g/ml")
    text = sitk.ReadImage(str(target)).GetMetaData(SUV_KEY)
    assert json.loads(text)["factor"] == pytest.approx(SUV / ACTIVITY, rel=1e-9)
    assert "2025" not in text
    assert json.loads(medproc("info", target)[1])["modality"] == "PT"


def test_what_is_given_is_in_the_provenance(medproc, pet, tmp_path):
    target = tmp_path / "sul.nrrd"
    given = ["--normalization", "lbmjanma", "--weight", 70, "--height", 175, "--sex", "F", "--dose", 200]
    code, _out, err = medproc("suv", pet(), *given, "--injection-time", "09:00:00", "--half-life", 6000, "-o", target)
    assert code == 0, err
    lean = 9270 * 70 / (8780 + 244 * 70 / 1.75**2)
    image = sitk.ReadImage(str(target))
    expected = ACTIVITY * 1000 * lean / (200e6 * 2 ** (-7200 / 6000))
    assert np.allclose(sitk.GetArrayFromImage(image), expected, rtol=1e-6)
    inputs = Provenance.from_json(image.GetMetaData(PROVENANCE_KEY)).inputs
    assert inputs["normalization"] == "lbmjanma" and inputs["weight_kg"] == "70 (given by the user)"
    assert {"height_cm", "sex", "dose_mbq", "injection", "half_life_s"} < set(inputs)


def test_warnings_are_notes(medproc, pet, tmp_path):
    code, _out, err = medproc("suv", pet(PatientWeight=70000), "-o", tmp_path / "suv.nrrd")
    assert code == 0 and "taken as g" in err and err.startswith("note: ")


def test_a_folder_of_several_series(medproc, refused, pet, tmp_path):
    pet("pet")
    pet("uncorrected", CorrectedImage=["DECY"])
    target = tmp_path / "suv.nrrd"
    assert "#1" in refused("suv", tmp_path, "-o", target)
    code, _out, err = medproc("suv", f"{tmp_path}#1", "-o", target)
    assert code == 0, err
    target.unlink()
    assert "attenuation" in refused("suv", f"{tmp_path}#2", "-o", target) and not target.exists()


def test_a_single_file(medproc, pet, tmp_path):
    code, _out, err = medproc("suv", pet() / "001.dcm", "-o", tmp_path / "suv.nrrd")
    assert code == 0, err


def test_what_is_refused(refused, pet, tmp_path, image_file):
    target = tmp_path / "suv.nrrd"
    folder = pet(PatientWeight=None)
    assert "--weight" in refused("suv", folder, "-o", target)
    assert "DICOM series" in refused("suv", image_file, "-o", target)
    assert "HH:MM:SS" in refused("suv", folder, "--weight", 80, "--injection-time", "noon", "-o", target)
    assert "date" in refused("suv", folder, "--weight", 80, "--reference-time", "11:00:00", "-o", target)
    assert "20000 MBq" in refused("suv", folder, "--weight", 80, "--dose", 400e6, "-o", target)
    assert "no folder" in refused("suv", folder, "--weight", 80, "-o", tmp_path / "missing" / "suv.nrrd")
    assert not target.exists()


@pytest.fixture
def dynamic(tmp_path):
    """Three time points of 1, 2 and 3 times the activity at three places, from the injection at 11:00 on."""
    for point in range(3):
        start = SCANNED + point * datetime.timedelta(minutes=5)
        item = {"RadiopharmaceuticalStartTime": "110000"}
        headers = [bed(start, SCANNED, item=item, SeriesType=["DYNAMIC", "IMAGE"], RescaleSlope=1.0) for _ in range(3)]
        stored = [np.full((4, 4), int((point + 1) * ACTIVITY))] * 3
        write_slices(tmp_path / "dynamic" / f"{point}", headers, stored, np.eye(3))
    return tmp_path / "dynamic"


def test_a_time_point_of_a_dynamic_series(medproc, refused, dynamic, tmp_path):
    target = tmp_path / "suv.nrrd"
    assert "3 time points: choose one, --frame 1 to 3" in refused("suv", dynamic, "-o", target)
    assert "no number 4" in refused("suv", dynamic, "--frame", 4, "-o", target)
    code, _out, err = medproc("suv", dynamic, "--frame", 2, "-o", target)
    assert code == 0, err
    image = sitk.ReadImage(str(target))
    assert image.GetSize() == (4, 4, 3)
    assert np.allclose(sitk.GetArrayFromImage(image), 2 * SUV * 2 ** (-3600 / HALF_LIFE), rtol=1e-6)
    assert Provenance.from_json(image.GetMetaData(PROVENANCE_KEY)).inputs["frame"] == "2"
    next((dynamic / "1").iterdir()).unlink()
    assert "incomplete" in refused("suv", dynamic, "--frame", 2, "-o", target)


@pytest.mark.parametrize(
    ("tags", "column"),
    [
        ({}, "mean_Bq/ml"),
        ({"Units": "GML"}, "mean_SUV"),
        ({"Units": "GML", "SUVType": "LBMJANMA"}, "mean_SUL"),
        ({"Units": "GML", "SUVType": "IBW"}, "mean"),
        ({"Units": "CNTS"}, "mean"),
    ],
)
def test_a_series_is_measured_in_the_unit_that_it_states(medproc, refused, pet, tmp_path, tags, column):
    folder, labels, table = pet(**tags), tmp_path / "labels.nrrd", tmp_path / "t.csv"
    image = read_image_file(folder).image
    sitk.WriteImage(sitk.Cast(image > 0, sitk.sitkUInt8), str(labels))
    assert medproc("measure", folder, labels, "-o", table)[0] == 0
    assert column in table.read_text().splitlines()[0].split(",")
    if not tags:  # Bq/ml are no uptake
        assert "need values in SUV or SUL" in refused("measure", folder, labels, "--group", "pet", "-o", table)


def test_distances_and_points_are_in_no_dicom_report(refused, pet, tmp_path):
    folder, labels = pet(), tmp_path / "labels.nrrd"
    sitk.WriteImage(sitk.Cast(read_image_file(folder).image > 0, sitk.sitkUInt8), str(labels))
    line = ("measure", folder, labels, "--sr", tmp_path / "r.dcm", "-o", tmp_path / "t.csv", "--operation")
    assert "holds no distances: export these as CSV" in refused(*line, "segment_distances")
    assert "holds no key points" in refused(*line, "key_points")


def test_a_dicom_report_beside_the_table(medproc, refused, pet, tmp_path):
    folder, labels = pet(FrameOfReferenceUID="1.2.9", Units="GML"), tmp_path / "labels.nrrd"
    two = sitk.Cast(read_image_file(folder).image > 0, sitk.sitkUInt8)
    two[:3, :, :] = 2
    sitk.WriteImage(two, str(labels))
    report = tmp_path / "r.dcm"
    code, out, err = medproc("measure", folder, labels, "--sr", report, "-o", tmp_path / "t.csv")
    assert code == 0 and str(report) in out and str(tmp_path / "r_seg.dcm") in out, err
    assert pydicom.dcmread(report).Modality == "SR"
    again = tmp_path / "again.csv"
    assert medproc("measure", folder, tmp_path / "r_seg.dcm", "-o", again)[0] == 0
    assert again.read_text() == (tmp_path / "t.csv").read_text()
    said = json.loads(medproc("info", tmp_path / "r_seg.dcm")[1])
    assert said["segments"] == {"1": "Segment 1", "2": "Segment 2"} and said["maximum"] == 2
    line = ("enhance", tmp_path / "r_seg.dcm", "--preset", "auto", "-o", tmp_path / "o.nrrd")
    assert "a DICOM segmentation of 2 segments, not an image" in refused(*line)


def test_features_of_uptake_are_not_those_of_activity(medproc, refused, pet, tmp_path):
    labels, table = tmp_path / "labels.nrrd", tmp_path / "f.csv"
    sitk.WriteImage(sitk.Cast(read_image_file(pet()).image > 0, sitk.sitkUInt8), str(labels))
    assert "is in Bq/ml, and the settings are for SUV: convert it" in refused("features", pet(), labels, "-o", table)
    medproc("suv", pet(), "-o", tmp_path / "suv.nrrd")
    code, _out, err = medproc("features", tmp_path / "suv.nrrd", labels, "-o", table)
    assert code == 0 and "pet" in err, err


def test_what_a_dicom_report_cannot_refer_to_is_said_before_measuring(refused, pet, tmp_path, monkeypatch):
    def not_reached(*_):
        raise AssertionError("measured first")

    monkeypatch.setattr("MedProcLib.app.measure.measure", not_reached)
    folder, labels, table = pet(), tmp_path / "labels.nrrd", tmp_path / "t.csv"
    image = sitk.Cast(read_image_file(folder).image > 0, sitk.sitkUInt8)
    sitk.WriteImage(image, str(labels))
    measure = ("measure", folder, labels, "-o", table)
    assert "no FrameOfReferenceUID" in refused(*measure, "--sr", tmp_path / "r.dcm")
    assert "is an input" in refused(*measure, "--sr", folder / "001.dcm")
    assert "no folder" in refused(*measure, "--sr", tmp_path / "missing" / "r.dcm")
    assert "needs IMAGE to be a DICOM series" in refused(
        "measure", labels, labels, "--sr", tmp_path / "r.dcm", "-o", table
    )
    assert not table.exists()
