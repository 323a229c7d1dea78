"""`quality`: the figures of the Python calls in a file, and what is refused."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.image_quality import compare_quality, image_quality, reference_quality
from MedProcLib.quantification.quality_regions import find_regions

OF_ONE_IMAGE = ["mean", "noise", "snr", "cnr", "cjv", "blur", "edge_spread", "acutance", "entropy"]
AGAINST_ANOTHER = [
    "rmse",
    "psnr",
    "ssim",
    "mutual_information",
    "normalized_mutual_information",
    "edge_preservation",
]


@pytest.fixture
def smooth_file(image, tmp_path):
    path = tmp_path / "smooth.nrrd"
    sitk.WriteImage(sitk.Median(image, (1, 1, 0)), str(path))
    return path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["figure"]: row for row in csv.DictReader(file)}


def number(text):
    return float(text) if text else np.nan


def test_figures_of_one_image(medproc, image_file, tmp_path):
    table = tmp_path / "quality.csv"
    code, out, err = medproc("quality", image_file, "-o", table)
    assert code == 0, err
    assert out.startswith("Image quality, 9 figures; region: foreground (Otsu); tissues: ") and out.endswith(
        f": {table}\n"
    )
    beside = json.loads((tmp_path / "quality.csv.provenance.json").read_text())
    assert beside["inputs"] == {"image": str(image_file)} and beside["software"].startswith("MedProc ")
    rows = rows_of(table)
    assert list(rows) == OF_ONE_IMAGE
    for expected in image_quality(read_image(image_file)):
        row = rows[expected.name]
        assert number(row["value"]) == pytest.approx(expected.value, rel=1e-9, nan_ok=True)
        assert row["unit"] == expected.ucum and row["definition"] and row["before"] == row["change"] == ""
        assert json.loads(row["parameters"]).items() <= json.loads(json.dumps(dict(expected.parameters))).items()
    assert number(rows["noise"]["value"]) == pytest.approx(4, rel=0.1)
    assert rows["entropy"]["code"] == "IBSI:TLU2" and rows["snr"]["better"] == "higher"


def test_before_and_after(medproc, image_file, smooth_file, mask_file, tmp_path):
    table = tmp_path / "quality.csv"
    code, _, err = medproc("quality", smooth_file, "--before", image_file, "--mask", mask_file, "-o", table)
    assert code == 0, err
    rows = rows_of(table)
    assert list(rows) == OF_ONE_IMAGE + AGAINST_ANOTHER
    before, after = read_image(image_file), read_image(smooth_file)
    compared = compare_quality(before, after, find_regions([before, after], read_image(mask_file)))
    for old, new in zip(compared.before, compared.after, strict=True):
        row = rows[new.name]
        assert number(row["before"]) == pytest.approx(old.value, rel=1e-9, nan_ok=True)
        assert number(row["change"]) == pytest.approx(new.value - old.value, rel=1e-6, nan_ok=True)
    assert number(rows["noise"]["change_percent"]) < -20
    assert rows["ssim"]["before"] == "" and rows["ssim"]["better"] == ""
    assert json.loads(rows["ssim"]["parameters"])["reference"] == "the image before"


def test_before_and_after_against_a_reference(medproc, image, image_file, smooth_file, tmp_path):
    clean, table = tmp_path / "clean.nrrd", tmp_path / "quality.csv"
    sitk.WriteImage(sitk.Median(image, (2, 2, 1)), str(clean))
    assert medproc("quality", smooth_file, "--before", image_file, "--reference", clean, "-o", table)[0] == 0
    rows = rows_of(table)
    before, after, reference = map(read_image, (image_file, smooth_file, clean))
    regions = find_regions([before, after])
    for name, one in (("before", before), ("value", after)):
        for expected in reference_quality(one, reference, regions):
            assert number(rows[expected.name][name]) == pytest.approx(expected.value, rel=1e-9)
    assert rows["psnr"]["better"] == "higher" and number(rows["psnr"]["change"]) > 0


def test_contrast_of_two_labels(medproc, image, image_file, tmp_path):
    labels, table = tmp_path / "labels.nrrd", tmp_path / "quality.csv"
    sitk.WriteImage(sitk.Cast(image > 100, sitk.sitkUInt8) + sitk.Cast(image > 300, sitk.sitkUInt8), str(labels))
    asked = ("quality", image_file, "--regions", labels, "--region-a", 1, "--region-b", 2, "-o", table)
    assert medproc(*asked)[0] == 0
    cjv = rows_of(table)["cjv"]
    assert json.loads(cjv["parameters"])["tissues"] == "labels 1 and 2"
    numbers, values = (sitk.GetArrayFromImage(one) for one in (sitk.ReadImage(str(labels)), image))
    first, other = (values[numbers == label].astype(float) for label in (1, 2))
    expected = (first.std() + other.std()) / (other.mean() - first.mean())
    assert number(cjv["value"]) == pytest.approx(expected, rel=1e-6)


def test_why_a_figure_has_no_value_is_said(medproc, image, tmp_path):
    flat, table = tmp_path / "flat.nrrd", tmp_path / "quality.csv"
    sitk.WriteImage(image * 0, str(flat))
    code, _, err = medproc("quality", flat, "-o", table)
    assert code == 0 and "note: SNR: no value, no noise could be measured\n" in err
    assert rows_of(table)["entropy"]["value"] == "" and "constant" in rows_of(table)["entropy"]["undefined"]


class TestRefused:
    @pytest.fixture(autouse=True)
    def nothing_is_written(self, tmp_path):
        yield
        assert not (tmp_path / "out.csv").exists()

    @pytest.mark.parametrize("option", ["--before", "--reference", "--mask", "--regions"])
    def test_another_grid(self, refused, image, image_file, tmp_path, option):
        other = sitk.Cast(image > 100, sitk.sitkUInt8)
        other.SetOrigin(np.add(image.GetOrigin(), 5))
        sitk.WriteImage(other, str(tmp_path / "other.nrrd"))
        assert not Geometry.of(other).same_grid(Geometry.of(image))
        said = refused("quality", image_file, option, tmp_path / "other.nrrd", "-o", tmp_path / "out.csv")
        assert "resample one onto the other" in said

    def test_labels_that_are_not_there(self, refused, image_file, mask_file, tmp_path):
        asked = ("quality", image_file, "--regions", mask_file, "-o", tmp_path / "out.csv")
        assert "Say which two labels" in refused(*asked)
        assert "Label 4 is nowhere" in refused(*asked, "--region-a", 1, "--region-b", 4)
        alone = ("quality", image_file, "--region-a", 1, "-o", tmp_path / "out.csv")
        assert "give it with --regions" in refused(*alone)

    def test_an_input_as_output(self, refused, image_file, mask_file, tmp_path):
        assert "is an input" in refused("quality", image_file, "--mask", mask_file, "-o", mask_file)
