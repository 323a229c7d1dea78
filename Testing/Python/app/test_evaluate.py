"""`evaluate`: the scores of the Python call in a file, and what is refused."""

import csv
import json
import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image
from MedProcLib.segmentation.scoring.figures import ALL_FIGURES, LESION_FIGURES
from MedProcLib.segmentation.scoring.score import Score, score

COLUMNS = [
    "label",
    "name",
    "missing",
    "dice",
    "jaccard",
    "sensitivity",
    "specificity",
    "precision",
    "reference_volume_mm3",
    "test_volume_mm3",
    "volume_difference_mm3",
    "relative_volume_difference_percent",
    "absolute_volume_difference_mm3",
    "absolute_relative_volume_difference_percent",
    "hausdorff_mm",
    "hausdorff_95_mm",
    "average_symmetric_surface_distance_mm",
    "mean_average_surface_distance_mm",
    "surface_dice",
    "boundary_iou",
    "surface_dice_area_weighted",
    "hausdorff_area_weighted_mm",
    "hausdorff_95_area_weighted_mm",
    "average_distance_reference_to_test_area_weighted_mm",
    "average_distance_test_to_reference_area_weighted_mm",
    "surface_overlap_reference_area_weighted",
    "surface_overlap_test_area_weighted",
    "reference_lesions",
    "test_lesions",
    "lesion_sensitivity",
    "lesion_precision",
    "lesion_f1",
    "panoptic_quality",
    "segmentation_quality",
    "recognition_quality",
    "lesion_dice",
    "tolerance_mm",
    "boundary_mm",
    "lesions",
    "match",
    "iou_threshold",
    "connectivity",
    "smallest_lesion_mm3",
    "merge_mm",
]


@pytest.fixture
def label_files(image, tmp_path):
    """Two label maps of the image: 1 body, 2 its bright balls; the test is shifted a voxel and lacks label 3."""
    labels = sitk.Cast(image > 100, sitk.sitkUInt8) + sitk.Cast(image > 300, sitk.sitkUInt8)
    array = sitk.GetArrayFromImage(labels)
    reference, test = array.copy(), np.roll(array, 1, axis=2)
    reference[0, :3, :3] = 3
    paths = [tmp_path / name for name in ("reference.nrrd", "test.nrrd")]
    for path, values in zip(paths, (reference, test), strict=True):
        made = sitk.GetImageFromArray(values)
        made.CopyInformation(image)
        sitk.WriteImage(made, str(path))
    return paths


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["label"]: row for row in csv.DictReader(file)}


def test_the_table_has_the_figures_of_the_python_call(medproc, label_files, tmp_path):
    table = tmp_path / "metrics.csv"
    code, out, err = medproc("evaluate", *label_files, "-o", table)
    assert code == 0
    assert out.startswith("Scores of 3 segments, mean: Dice 0.") and out.endswith(f": {table}\n")
    assert "note: Only in the reference: 3." in err
    rows = rows_of(table)
    assert list(rows) == ["1", "2", "3", "mean"] and list(rows["1"]) == COLUMNS
    expected = score(*map(read_image, map(str, label_files)))
    for segment in (*expected.rows, expected.mean):
        row = rows["mean" if segment.label is None else str(segment.label)]
        assert row["name"] == segment.name and row["missing"] == segment.missing
        for m in segment.measurements:
            assert float(row[m.column] or "nan") == pytest.approx(m.value, rel=1e-9, nan_ok=True), m.column
    assert rows["3"]["missing"] == "test" and rows["3"]["dice"] == "0" and rows["3"]["hausdorff_mm"] == ""
    assert (rows["mean"]["tolerance_mm"], rows["mean"]["match"]) == ("1", "iou")
    beside = json.loads((tmp_path / "metrics.csv.provenance.json").read_text())
    assert beside["inputs"] == dict(zip(("reference", "test"), map(str, label_files), strict=True))
    dice = [float(rows[label]["dice"]) for label in "123"]
    assert float(rows["mean"]["dice"]) == pytest.approx(sum(dice) / 3) and 0.7 < dice[0] < 1


def test_options_reach_the_score(medproc, label_files, tmp_path):
    table = tmp_path / "metrics.csv"
    options = "--labels 2 1 --names 1=Body 2=Balls --tolerance 3 --boundary 4.5 --match overlap --iou-threshold 0.25 "
    options += "--connectivity face --smallest-lesion 20 --merge 2"
    assert medproc("evaluate", *label_files, *options.split(), "-o", table)[0] == 0
    rows = rows_of(table)
    assert [row["name"] for row in rows.values()] == ["Balls", "Body", "mean"]
    settings = Score(3, 4.5, True, "overlap", 0.25, "face", 20, 2)
    expected = score(*map(read_image, map(str, label_files)), settings, [1, 2])
    for label in (1, 2):
        for name in ("surface_dice", "boundary_iou", "lesion_f1", "lesion_dice"):
            assert float(rows[str(label)][name]) == pytest.approx(expected.row(label).value(name), rel=1e-9)
    recorded = {name: rows["1"][name] for name in vars(settings)}
    assert recorded == {k: str(v).lower() if isinstance(v, bool) else f"{v:g}" if isinstance(v, float) else v
                        for k, v in vars(settings).items()}  # fmt: skip
    inputs = json.loads((tmp_path / "metrics.csv.provenance.json").read_text())["inputs"]
    assert inputs["labels"] == "2, 1" and inputs["names"] == "1=Body, 2=Balls" and "as_one" not in inputs


def test_without_lesions(medproc, label_files, tmp_path):
    table = tmp_path / "metrics.csv"
    assert medproc("evaluate", *label_files, "--no-lesions", "-o", table)[0] == 0
    assert not set(rows_of(table)["1"]) & {figure.name for figure in LESION_FIGURES}


def test_the_full_record(medproc, label_files, tmp_path):
    target = tmp_path / "metrics.json"
    assert medproc("evaluate", *label_files, "--tolerance", 2, "-o", target)[0] == 0
    record = json.loads(target.read_text(encoding="utf-8"))
    assert record["inputs"] == {"reference": str(label_files[0]), "test": str(label_files[1])}
    assert record["software"].startswith("MedProc ")
    assert record["steps"][0]["operation"] == "segmentation.score"
    assert record["steps"][0]["parameters"]["tolerance_mm"] == record["parameters"]["tolerance_mm"] == 2
    figures = record["segments"][0]["figures"]
    assert len(figures) == len(ALL_FIGURES)
    assert figures["surface_dice"]["parameters"]["tolerance_mm"] == 2 and figures["hausdorff_mm"]["unit"] == "mm"
    assert figures["reference_volume_mm3"]["code"] == "SCT:118565006"
    assert record["segments"][2]["figures"]["hausdorff_mm"]["value"] is None
    assert record["mean"]["figures"]["hausdorff_mm"]["parameters"]["segments"] == 2
    assert record["notes"][0].startswith("Only in the reference: 3")


def test_another_grid_is_said(medproc, label_files, tmp_path):
    coarse = sitk.Expand(sitk.Shrink(sitk.ReadImage(str(label_files[1])), (2, 2, 1)), (1, 1, 1))
    path, table = tmp_path / "coarse.nii.gz", tmp_path / "metrics.csv"
    sitk.WriteImage(coarse, str(path))
    code, _, err = medproc("evaluate", label_files[0], path, "-o", table)
    assert code == 0 and "note: The test has another voxel grid" in err
    assert 0.7 < float(rows_of(table)["1"]["dice"]) < 1


def test_two_d_and_whole_numbers_in_floats(medproc, tmp_path):
    values = np.zeros((20, 30), np.float32)
    values[5:15, 5:15] = 1
    paths = [tmp_path / "a.nrrd", tmp_path / "b.nrrd"]
    for path, array in zip(paths, (values, np.roll(values, 2, 1)), strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    assert medproc("evaluate", *paths, "-o", tmp_path / "m.csv")[0] == 0
    row = rows_of(tmp_path / "m.csv")["1"]
    assert float(row["dice"]) == pytest.approx(0.8) and float(row["hausdorff_mm"]) == 2
    assert float(row["reference_volume_mm2"]) == 100


def test_what_is_refused(refused, label_files, image_file, tmp_path):
    target = tmp_path / "metrics.csv"
    assert "whole numbers" in refused("evaluate", image_file, label_files[1], "-o", target)
    color = tmp_path / "color.nrrd"
    sitk.WriteImage(sitk.Compose([sitk.ReadImage(str(label_files[1]))] * 3), str(color))
    assert "has 3 values per voxel" in refused("evaluate", label_files[0], color, "-o", target)
    assert "is no table" in refused("evaluate", *label_files, "-o", tmp_path / "metrics.txt")
    assert "is an input" in refused("evaluate", tmp_path / "a.csv", label_files[1], "-o", tmp_path / "a.csv")
    assert "parameter 'tolerance_mm' is -1.0" in refused("evaluate", *label_files, "--tolerance=-1", "-o", target)
    assert "'Liver' names no label" in refused("evaluate", *label_files, "--names", "Liver", "-o", target)
    assert "There is no file" in refused("evaluate", tmp_path / "none.nrrd", label_files[1], "-o", target)
    far = sitk.ReadImage(str(label_files[1]))
    far.SetOrigin((5000, 0, 0))
    sitk.WriteImage(far, str(tmp_path / "far.nrrd"))
    assert "no voxel in common" in refused("evaluate", label_files[0], tmp_path / "far.nrrd", "-o", target)
    assert "Both segmentations are empty" in refused(*empty_pair(tmp_path), "-o", target)
    assert not target.exists()


def test_both_empty_is_agreement_when_the_label_is_named(medproc, tmp_path):
    table = tmp_path / "metrics.csv"
    assert medproc(*empty_pair(tmp_path), "--labels", 1, "-o", table)[0] == 0
    row = rows_of(table)["1"]
    assert (row["missing"], row["dice"], row["surface_dice"], row["hausdorff_mm"]) == ("both", "1", "1", "0")
    assert math.isnan(float(row["jaccard"] or "nan"))
    one = tmp_path / "one.nrrd"
    sitk.WriteImage(sitk.Image((5, 6, 7), sitk.sitkUInt8) + 1, str(one))
    said = medproc("evaluate", one, tmp_path / "empty_b.nrrd", "-o", table)[1]
    assert "Dice 0.000, surface Dice 0.000, HD95 not defined" in said


def empty_pair(folder):
    paths = [folder / "empty_a.nrrd", folder / "empty_b.nrrd"]
    for path in paths:
        sitk.WriteImage(sitk.Image((5, 6, 7), sitk.sitkUInt8), str(path))
    return ("evaluate", *paths)


def test_names_of_segments_come_from_a_segmentation_file(medproc, tmp_path):
    """What `segment` writes as .seg.nrrd is known by name to `evaluate`; --names says otherwise."""
    from MedProcLib.core.files import write_image
    from MedProcLib.core.seg_nrrd import segment_headers
    from MedProcLib.segmentation.structures import structure

    array = np.zeros((6, 8, 10), np.uint8)
    array[1:4, 2:6, 2:5], array[1:4, 2:6, 6:9] = 1, 2
    labels = sitk.GetImageFromArray(array)
    path = tmp_path / "lungs.seg.nrrd"
    shown = {1: structure("lung_right"), 2: structure("lung_left")}
    write_image(labels, path, "", segment_headers(labels, shown, {}))
    sitk.WriteImage(labels, str(tmp_path / "test.nii.gz"))
    (tmp_path / "test.ctbl").write_text("# Color table file\n1 lung_right 9 9 9 255\n2 Heart 9 9 9 255\n")
    for reference, test in ((path, tmp_path / "test.nii.gz"), (tmp_path / "test.nii.gz", path)):
        *_, err = medproc("evaluate", reference, test, "-o", tmp_path / "m.csv")
        assert "label 2 is '" in err and "label 1" not in err
    assert (tmp_path / "m.csv").read_text().splitlines()[2].startswith("2,Heart,")
    assert medproc("evaluate", path, path, "-o", tmp_path / "m.csv", "--names", "2=other")[0] == 0
    lines = (tmp_path / "m.csv").read_text().splitlines()
    assert lines[1].startswith("1,Right lung,") and lines[2].startswith("2,other,")


def test_segments_that_both_files_name_are_matched_by_name(medproc, tmp_path):
    """Programs number the same organs otherwise; where one file leaves some without names, numbers count."""
    reference = np.zeros((6, 20, 20), np.uint8)
    reference[1:4, 2:8, 2:8], reference[1:4, 2:8, 12:18], reference[4, 1, 1] = 1, 2, 7
    test = np.zeros_like(reference)
    test[1:4, 2:8, 3:8], test[1:4, 2:8, 12:18] = 2, 1
    called = {"a": ("1 lung_right", "2 lung_left", "7 Liver"), "b": ("1 Left_lung", "2 Right_lung")}
    for name, values in (("a", reference), ("b", test)):
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / f"{name}.nrrd"))
        lines = [f"{line} 9 9 9 255" for line in called[name]]
        (tmp_path / f"{name}.ctbl").write_text("\n".join(["# Color table file", *lines]))
    line = ("evaluate", tmp_path / "a.nrrd", tmp_path / "b.nrrd", "-o", tmp_path / "m.csv")
    *_, notes = medproc(*line)
    rows = rows_of(tmp_path / "m.csv")
    dice = {row["name"]: float(row["dice"]) for row in rows.values()}
    assert dice["lung right"] == pytest.approx(2 * 30 / 66) and dice["lung left"] == 1 and dice["Liver"] == 0
    assert "by their names, not by their numbers: 1 of the test is 2 of the reference" in notes
    (tmp_path / "b.ctbl").write_text("# Color table file\n1 Left_lung 9 9 9 255\n")
    *_, notes = medproc(*line)
    assert {row["dice"] for row in rows_of(tmp_path / "m.csv").values()} == {"0"} and "are they the same?" in notes


def test_segments_in_layers_are_scored_where_they_do_not_overlap(medproc, refused, tmp_path):
    """Slicer gives a layer to each segment that was drawn where others may be overlapped."""
    boxes = {"Liver": np.s_[2:8, 2:8, 2:8], "Spleen": np.s_[10:14, 2:8, 2:8], "Vessel": np.s_[4:6, 4:6, :]}
    paths, flat = [], np.zeros((16, 10, 10), np.uint8)
    for names in (("Liver", "Spleen"), tuple(boxes)):
        layers = np.zeros((*flat.shape, len(names)), np.uint8)
        for number, name in enumerate(names):
            layers[(*boxes[name], number)] = 1
        image = sitk.GetImageFromArray(layers, isVector=True)
        for number, name in enumerate(names):
            for key, text in {"Name": name, "LabelValue": "1", "Layer": str(number)}.items():
                image[f"Segment{number}_{key}"] = text
        paths.append(tmp_path / f"{len(names)}.seg.nrrd")
        sitk.WriteImage(image, str(paths[-1]))
    flat[boxes["Liver"]], flat[boxes["Spleen"]] = 1, 2
    plain, table = tmp_path / "flat.nrrd", tmp_path / "t.csv"
    sitk.WriteImage(sitk.GetImageFromArray(flat), str(plain))
    assert medproc("evaluate", plain, paths[0], "-o", table)[0] == 0
    rows = rows_of(table)
    assert {row["name"]: float(row["dice"]) for row in rows.values()} == {"Liver": 1, "Spleen": 1, "mean": 1}
    assert "'Liver' and 'Vessel' overlap" in refused("evaluate", plain, paths[1], "-o", table)
    assert medproc("evaluate", f"{paths[1]}#2", f"{paths[0]}#2", "-o", table)[0] == 0
    code, _, err = medproc("combine", f"{paths[1]}#1", f"{paths[0]}#2", "-o", tmp_path / "c.nrrd")
    assert code == 0 and "one segment, taken for the same: 'Liver', 'Spleen'" in err
    assert medproc("resample", paths[0], "--like", plain, "-o", tmp_path / "r.nrrd")[0] == 0
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(tmp_path / "r.nrrd")), flat)


def test_numbered_lesions_against_a_mask_of_them(medproc, refused, tmp_path):
    """The Dice of all together is that of the two masks; label 1 alone would be one lesion against all."""
    mask = np.zeros((6, 20, 20), np.uint8)
    mask[1:4, 2:8, 2:8] = mask[1:4, 12:16, 12:18] = 1
    numbered = np.zeros_like(mask)
    numbered[1:4, 2:8, 3:8], numbered[1:4, 12:16, 12:18] = 1, 2
    names = [str(tmp_path / name) for name in ("mask.nrrd", "numbered.nrrd")]
    for values, name in zip((mask, numbered), names, strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(values), name)
    out = tmp_path / "scores.csv"
    code, said, notes = medproc("evaluate", *names, "-o", out)
    assert code == 0 and "2 segments" in said and "--as-one scores all labels together" in notes
    code, said, notes = medproc("evaluate", *names, "--as-one", "-o", out)
    assert code == 0 and "1 segment" in said and notes == ""
    row = next(csv.DictReader(out.open()))
    both = 3 * (6 * 5 + 4 * 6)
    assert row["name"] == "All" and float(row["dice"]) == pytest.approx(2 * both / (mask.sum() + (numbered > 0).sum()))
    assert (float(row["reference_lesions"]), float(row["lesion_f1"])) == (2, 1)
    assert json.loads((tmp_path / "scores.csv.provenance.json").read_text())["inputs"]["as_one"] == "True"
    assert "leave --labels out" in refused("evaluate", *names, "--as-one", "--labels", "1", "-o", out)
