"""`segment` with seeds, presets, a label map to start from, and the list of findings."""

import csv
import json
import re

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._brain_phantom import brain_phantom

from MedProcLib.core.files import PROVENANCE_KEY, read_image
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.tissue.tissue_classes import TissueClasses

GROW = ("--operation", "connected_threshold", "-p", "lower=300", "-p", "upper=500")


@pytest.fixture
def bright_balls(image) -> list[np.ndarray]:
    """Centers (LPS, mm) of the two bright balls of the image."""
    return [Geometry.of(image).points(np.array([center]))[0] for center in ((14, 20, 10), (27, 30, 9))]


def point(position, number=None):
    return ",".join(f"{x:.3f}" for x in position) + (f"={number}" if number else "")


def test_seeds_as_points(medproc, image_file, bright_balls, tmp_path):
    out = tmp_path / "balls.nrrd"
    seeds = [f"--seed={point(center, number)}" for number, center in enumerate(bright_balls, 1)]
    code, _said, err = medproc("segment", image_file, *GROW, *seeds, "-o", out)
    assert code == 0, err
    labels = sitk.GetArrayFromImage(read_image(out))
    counts = np.bincount(labels.ravel())
    assert len(counts) == 3
    np.testing.assert_allclose(counts[1:] * 1.5 * 1.5 * 3, [4 / 3 * np.pi * 6**3, 4 / 3 * np.pi * 4.5**3], rtol=0.2)
    written = sitk.ReadImage(str(out))
    assert json.loads(written.GetMetaData(PROVENANCE_KEY))["inputs"]["seeds"] == " ".join(s[7:] for s in seeds)


@pytest.mark.parametrize("system, flip", [("LPS", 1), ("RAS", -1)])
def test_seeds_from_a_point_list_of_slicer(medproc, image_file, bright_balls, tmp_path, system, flip):
    lists = []
    for center in bright_balls:
        position = [float(flip * center[0]), float(flip * center[1]), float(center[2])]
        placed = {"label": "F-1", "position": position, "positionStatus": "defined"}
        lists.append({"type": "Fiducial", "coordinateSystem": system, "controlPoints": [placed]})
    path = tmp_path / "points.mrk.json"
    path.write_text(json.dumps({"markups": lists}))
    assert medproc("segment", image_file, *GROW, "--seeds", path, "-o", tmp_path / "balls.nrrd")[0] == 0
    assert sorted(np.unique(sitk.GetArrayFromImage(read_image(tmp_path / "balls.nrrd")))) == [0, 1, 2]


def test_the_list_of_findings(medproc, image, image_file, bright_balls, tmp_path):
    steps = [
        {"operation": "segmentation.threshold", "parameters": {"tissue": "custom", "lower": 300, "upper": 500}},
        {"operation": "segmentation.components"},
        {"operation": "segmentation.name_segments", "parameters": {"names": "*: lesion"}},
    ]
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"recipe": 1, "steps": steps}))
    findings = tmp_path / "findings.csv"
    code, said, _ = medproc(
        "segment", image_file, "--recipe", recipe, "-o", tmp_path / "l.nrrd", "--findings", findings
    )
    assert code == 0 and f"Findings, 2: {findings}" in said
    rows = list(csv.DictReader(findings.open()))
    assert [(row["finding"], row["name"], row["status"]) for row in rows] == [
        ("1", "Lesion", "proposed"),
        ("2", "Lesion", "proposed"),
    ]
    for row, center in zip(rows, bright_balls, strict=True):
        found = [float(row[f"center_{axis}_mm"]) for axis in "lps"]
        assert np.linalg.norm(np.array(found) - center) < 2.5
    assert float(rows[0]["volume_mm3"]) > float(rows[1]["volume_mm3"]) > 0
    volume = sum(float(row["volume_mm3"]) for row in rows)
    told = re.search(r"Segmentation \(Lesion: 2 findings, (\d+) mm³\): ", said)
    assert told and float(told[1]) == pytest.approx(volume, abs=1) and volume > 1000


def test_a_label_map_to_start_from(medproc, image_file, mask_file, tmp_path):
    out = tmp_path / "kept.nrrd"
    line = ("segment", image_file, "--operation", "remove_small", "--labels", mask_file, "-o", out)
    assert medproc(*line)[0] == 0
    assert sitk.GetArrayFromImage(read_image(out)).any()
    code, _, said = medproc(*line, "-p", "minimum_volume_mm3=1e6")
    assert code == 0 and f"{out} is empty: Nothing was found with these settings." in said
    assert not sitk.GetArrayFromImage(read_image(out)).any()


class TestRefused:
    def test_a_seed_outside_the_image(self, refused, image_file, tmp_path):
        said = refused("segment", image_file, *GROW, "--seed", "900,0,0", "-o", tmp_path / "o.nrrd")
        assert "outside the image" in said and "900.0" in said

    @pytest.mark.parametrize("text", ["1,2", "a,b,c", "1,2,3=x", "nan,1,2"])
    def test_a_seed_that_is_no_point(self, refused, image_file, tmp_path, text):
        assert "not a point" in refused("segment", image_file, *GROW, "--seed", text, "-o", tmp_path / "o.nrrd")

    def test_no_seed_where_one_is_needed(self, refused, image_file, tmp_path):
        assert "seed" in refused("segment", image_file, *GROW, "-o", tmp_path / "o.nrrd")

    @pytest.mark.parametrize("text", ["{}", "[]", '{"markups": []}', "no json"])
    def test_a_file_that_is_no_point_list(self, refused, image_file, tmp_path, text):
        path = tmp_path / "points.mrk.json"
        path.write_text(text)
        assert "points.mrk.json" in refused("segment", image_file, *GROW, "--seeds", path, "-o", tmp_path / "o.nrrd")

    def test_an_unknown_preset(self, refused, image_file, tmp_path):
        said = refused("segment", image_file, "--preset", "nothing", "-o", tmp_path / "o.nrrd")
        assert "no preset 'nothing'" in said

    def test_maps_that_no_step_gives(self, refused, image_file, tmp_path):
        line = ("--operation", "body_mask", "--maps", tmp_path / "maps", "-o", tmp_path / "o.nrrd")
        assert "no maps" in refused("segment", image_file, *line)
        assert not (tmp_path / "maps").exists()


def test_findings_in_a_picture_have_areas(medproc, tmp_path):
    y, x = np.mgrid[:120, :120]
    picture = sitk.GetImageFromArray(np.where((x - 50) ** 2 + (y - 60) ** 2 < 144, 200, 10).astype(np.uint8))
    path, table = tmp_path / "cell.png", tmp_path / "findings.csv"
    sitk.WriteImage(picture, str(path))
    code, said, _ = medproc("segment", path, "--preset", "nuclei", "-o", tmp_path / "cell.nrrd", "--findings", table)
    (row,) = csv.DictReader(table.open())
    assert code == 0 and f"(Nucleus: 1 finding, {float(row['area_mm2']):.3g} mm²): " in said
    assert float(row["area_mm2"]) == pytest.approx(np.pi * 12**2, rel=0.05)
    assert not {"volume_mm3", "center_s_mm"} & set(row)


def test_findings_in_a_radiograph_have_areas(medproc, shared_data, tmp_path):
    file = shared_data / "06_dicom" / "single_and_multiframe" / "dx_image.dcm"
    out, table = tmp_path / "o.nrrd", tmp_path / "f.csv"
    line = ("--operation", "threshold", "-p", "tissue=custom", "-p", "lower=0", "-p", "upper=1e9")
    code, _, err = medproc("segment", file, *line, "-o", out, "--findings", table)
    assert code == 0, err
    pixels = np.count_nonzero(sitk.GetArrayFromImage(read_image(out)))
    (row,) = csv.DictReader(table.open())
    area = pixels * 1.2 * 1.2012
    assert pixels > 100 and float(row["area_mm2"]) == pytest.approx(area, rel=1e-4)
    assert float(row["equivalent_diameter_mm"]) == pytest.approx(np.sqrt(4 * area / np.pi), rel=1e-4)
    assert row["reason"].endswith(" mm²") and not {"volume_mm3", "center_s_mm"} & set(row)


def test_the_preset_that_suits_the_image(medproc, refused, image, tmp_path):
    """By its modality, with the reason in a note, and named in errors of its steps."""
    scaled = image / 40.0
    scaled.SetMetaData("MedProcModality", "PT")
    sitk.WriteImage(scaled, str(tmp_path / "suv.nrrd"))
    made = tmp_path / "made.nrrd"
    code, _, err = medproc("segment", tmp_path / "suv.nrrd", "--preset", "auto", "-o", made)
    assert code == 0 and "preset pet_lesions, DICOM modality PT." in err and made.is_file()
    constant = scaled * 0
    constant.SetMetaData("MedProcModality", "PT")
    sitk.WriteImage(constant, str(tmp_path / "constant.nrrd"))
    said = refused("segment", tmp_path / "constant.nrrd", "--preset", "auto", "-o", tmp_path / "none.nrrd")
    assert "Preset pet_lesions, which is proposed for this image: " in said


def test_a_preset_for_another_weighting_is_told(medproc, tmp_path):
    image = tmp_path / "FLAIR.nii.gz"
    sitk.WriteImage(brain_phantom((2.5, 2.5, 3.0)).image("T1", 3, 0), str(image))
    code, said, err = medproc("segment", image, "--preset", "mr_tissues", "-o", tmp_path / "o.nrrd")
    assert code == 0 and f"note: {image}: The preset 'Tissues (T1)' is for T1 images. MR whose" in err
    assert "Segmentation (1 Cerebrospinal fluid, 2 Gray matter, 3 White matter): " in said


def test_a_second_image_beside_the_first(medproc, tmp_path):
    phantom = brain_phantom((2.0, 2.0, 3.0))
    files = {}
    for kind in ("T1", "T2"):
        files[kind] = tmp_path / f"{kind}.nii.gz"
        sitk.WriteImage(phantom.image(kind, 3, 0), str(files[kind]))
    recipe = tmp_path / "recipe.json"
    recipe.write_text(
        '{"recipe": 1, "steps": [{"operation": "segmentation.tissue_classes", "parameters": {"bias_mm": 0}}]}'
    )
    out = tmp_path / "tissues.nrrd"
    code, _said, err = medproc("segment", files["T1"], "--recipe", recipe, "--second", files["T2"], "-o", out)
    assert code == 0, err
    record = json.loads(sitk.ReadImage(str(out)).GetMetaData(PROVENANCE_KEY))
    assert record["inputs"] == {"image": str(files["T1"]), "second": str(files["T2"])}
    first, other = (read_image(files[kind]) for kind in ("T1", "T2"))
    wanted, alone = (sitk.GetArrayFromImage(TissueClasses(bias_mm=0)(first, None, each)[0]) for each in (other, None))
    assert (sitk.GetArrayFromImage(read_image(out)) == wanted).all() and (wanted != alone).mean() > 0.01
    code, _said, err = medproc(
        "segment", files["T1"], "--operation", "auto_threshold", "--second", files["T2"], "-o", out
    )
    assert code != 0 and "These steps do not use --second: leave it out" in err
