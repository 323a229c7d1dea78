"""`features`: the figures of the Python calls in a file, which settings are used, and what is refused."""

import csv
import json

import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image
from MedProcLib.quantification.radiomics.extract import region_features
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.quantification.radiomics.settings_file import preset_named

COLUMNS = ["tag", "name", "value", "unit", "family", "aggregation"]


@pytest.fixture
def settings_file(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"families": ["statistics", "glcm"], "bin_number": 16, "aggregations": ["3D_comb"]}')
    return path


@pytest.fixture
def labels_file(mask_file, tmp_path):
    labels = sitk.ReadImage(str(mask_file)) * 2
    labels[0:4, 0:4, 0:4] = 5
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(labels, str(path))
    return path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames)


def test_table(medproc, image_file, mask_file, settings_file, tmp_path):
    table = tmp_path / "features.csv"
    code, out, err = medproc("features", image_file, mask_file, "--settings", settings_file, "-o", table)
    assert code == 0, err
    assert out == f"43 features: {table}\n" and "isotropic" in err
    rows, columns = rows_of(table)
    assert columns == COLUMNS
    settings = Radiomics(families="statistics, glcm", bin_number=16, aggregations="3D_comb")
    expected = region_features(read_image(image_file), read_image(mask_file), settings)
    for row, feature in zip(rows, expected.features, strict=False):
        assert (row["tag"], row["name"], row["aggregation"]) == (feature.tag, feature.name, feature.aggregation)
        assert float(row["value"]) == pytest.approx(feature.value, rel=1e-9)
    by_tag = {row["tag"]: row for row in rows}
    assert by_tag["stat_mean"]["unit"] == "{intensity}" and by_tag["cm_contrast_3D_comb"]["aggregation"] == "3D_comb"
    steps = by_tag["int_mask_vox_count_reseg_roi"]
    assert (
        steps["family"] == "diagnostics"
        and float(steps["value"]) == (sitk.GetArrayFromImage(sitk.ReadImage(str(mask_file))) > 0).sum()
    )
    beside = json.loads((tmp_path / "features.csv.provenance.json").read_text())
    assert beside["inputs"]["mask"] == str(mask_file) and beside["steps"][0]["parameters"]["bin_number"] == 16


def test_record_can_be_repeated(medproc, image_file, mask_file, settings_file, tmp_path):
    record = tmp_path / "features.json"
    assert medproc("features", image_file, mask_file, "--settings", settings_file, "-o", record)[0] == 0
    data = json.loads(record.read_text())
    (region,) = data["regions"]
    assert data["inputs"] == {"image": str(image_file), "mask": str(mask_file)}
    assert data["steps"][0]["operation"] == "quantification.radiomics" and region["label"] == 1
    assert region["diagnostics"]["levels"] == 16 and "isotropic" in region["notes"][0]
    mean = next(feature for feature in region["features"] if feature["tag"] == "stat_mean")
    assert mean["code"] == "IBSI:Q4LE" and mean["family"] == "statistics"
    again = tmp_path / "again.json"
    (tmp_path / "same.json").write_text(json.dumps(data["settings"]))
    assert medproc("features", image_file, mask_file, "--settings", tmp_path / "same.json", "-o", again)[0] == 0
    assert json.loads(again.read_text()) == data


def test_labels(medproc, refused, image_file, labels_file, settings_file, tmp_path):
    table = tmp_path / "features.csv"
    command = ("features", image_file, labels_file, "--settings", settings_file, "-o", table)
    assert "several labels (2, 5): choose one with --label" in refused(*command)
    assert "no label 3; it has: 2, 5" in refused(*command, "--label", 3)
    assert "not both" in refused(*command, "--label", 2, "--all-labels")
    assert not table.exists()
    assert medproc(*command, "--label", 5)[0] == 0
    one, columns = rows_of(table)
    assert columns == COLUMNS
    code, out, _ = medproc(*command, "--all-labels", "--names", "5=Rim")
    assert code == 0 and out.startswith("43 features of each of 2 regions")
    rows, columns = rows_of(table)
    assert columns == ["label", "label_name", *COLUMNS]
    assert {(row["label"], row["label_name"]) for row in rows} == {("2", "Segment 2"), ("5", "Rim")}
    assert [row["value"] for row in rows if row["label"] == "5"] == [row["value"] for row in one]


def test_presets(medproc, refused, image_file, mask_file, settings_file, tmp_path):
    table = tmp_path / "features.csv"
    assert medproc("features", image_file, mask_file, "--preset", "ibsi_validation_pet", "-o", table)[0] == 0
    expected = region_features(read_image(image_file), read_image(mask_file), preset_named("ibsi_validation_pet"))
    values = {row["tag"]: row["value"] for row in rows_of(table)[0]}
    assert float(values["szm_sze_3D"]) == pytest.approx(expected.value("szm_sze_3D"), rel=1e-9)
    assert "mean_int_interp_img" in values
    line = refused("features", image_file, mask_file, "--preset", "mri", "-o", table)
    assert "there are: ct, pet, mr" in line
    both = ("--preset", "mr", "--settings", settings_file)
    assert "not both" in refused("features", image_file, mask_file, *both, "-o", table)
    code, _, err = medproc("features", image_file, mask_file, "-o", table)
    assert code == 0 and "no settings were given and the modality is not known" in err
    perfusion = read_image(image_file)
    perfusion.SetMetaData("MedProcModality", "CT")
    sitk.WriteImage(perfusion, str(tmp_path / "flow.nrrd"))
    settings_file.write_text('{"families": ["statistics"], "intensity_unit": "1/s"}')
    code, _, err = medproc("features", tmp_path / "flow.nrrd", mask_file, "--settings", settings_file, "-o", table)
    assert code == 0 and "flow.nrrd: values are taken as 1/s, as the settings say; the image says HU" in err
    assert {row["unit"] for row in rows_of(table)[0] if row["tag"] == "stat_mean"} == {"/s"}  # as UCUM writes it


def test_help_settings(medproc):
    code, out, _ = medproc("features", "--help-settings")
    assert code == 0 and "resegmentation_range" in out and "ibsi_config_a" in out


def test_robustness(medproc, image_file, mask_file, settings_file, tmp_path):
    table = tmp_path / "features.csv"
    code, out, err = medproc(
        "features", image_file, mask_file, "--settings", settings_file, "--robustness", 3, "-o", table
    )
    second = tmp_path / "features_robustness.csv"
    assert code == 0 and out == f"43 features: {table}, {second}\n", err
    rows, columns = rows_of(second)
    assert columns == ["tag", "value", "low", "high", "cov", "icc", "icc_low", "icc_high", "perturbations"]
    assert len(rows) == 43 and rows[0]["tag"] == "stat_mean" and rows[0]["perturbations"] == "3"
    assert float(rows[0]["low"]) <= float(rows[0]["high"]) and rows[0]["icc"] == ""
    assert "of one there is none" in err
    beside = json.loads((tmp_path / "features_robustness.csv.provenance.json").read_text())
    assert beside["inputs"]["perturbations"] == "3" and len(beside["steps"]) == 1


def test_notes_are_said_once_with_their_labels(medproc, refused, image, image_file, tmp_path):
    labels, table = tmp_path / "labels.nrrd", tmp_path / "f.csv"
    marked = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    marked.CopyInformation(image)
    for number in range(1, 4):
        marked[8 * number : 8 * number + 3, 20:23, 9:12] = number
    marked[5:30, 10:40, 3] = 4
    sitk.WriteImage(marked, str(labels))
    _, _, err = medproc("features", image_file, labels, "--all-labels", "-o", table)
    assert "note: label 1, label 2, label 3: Fewer than 64 voxels, so the features of shape are not reliable" in err
    assert "note: label 1, label 2, label 3: Fewer than 500 voxels, so the features of textures are not reliable" in err
    assert err.count("are not isotropic") == 1 and "note: All segments: Voxels of 1.5" in err
    series = tmp_path / "series.nrrd"
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(series))
    assert "is 4D" in refused("features", series, labels, "--all-labels", "-o", table)


def test_refused(refused, image_file, mask_file, tmp_path):
    table = tmp_path / "features.csv"
    assert ".csv or .json" in refused("features", image_file, mask_file, "-o", tmp_path / "features.txt")
    assert "is an input" in refused("features", image_file, mask_file, "--settings", table, "-o", table)
    bad = tmp_path / "bad.json"
    bad.write_text('{"spacing": 1}')
    assert "did you mean spacing_mm" in refused("features", image_file, mask_file, "--settings", bad, "-o", table)
    other = tmp_path / "other.nrrd"
    sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkUInt8) + 1, str(other))
    assert "resample one onto the other" in refused("features", image_file, other, "-o", table)
    assert not table.exists()
