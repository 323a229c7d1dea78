"""`histogram` and `profile`: tables of values, and what is said of input that has none."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk


@pytest.fixture
def labels_file(image, tmp_path):
    path = tmp_path / "labels.nrrd"
    bright = image > 300
    sitk.WriteImage(sitk.Cast((image > 100) + 4 * bright, sitk.sitkUInt8), str(path))
    return path


def table_of(path, delimiter=","):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def told_beside(path):
    return json.loads(path.with_name(f"{path.name}.provenance.json").read_text())["inputs"]


def test_a_histogram_counts_each_segment_in_shared_bins(medproc, image, image_file, labels_file, tmp_path):
    table = tmp_path / "h.csv"
    options = ("--width", 50, "--limits", 0, 500, "--unit", "HU")
    code, out, _ = medproc("histogram", image_file, labels_file, *options, "-o", table)
    assert (code, out) == (0, f"Histogram of 2 segments, 10 bins: {table}\n")
    rows, values = table_of(table), sitk.GetArrayFromImage(image)
    told = {"segmentation": str(labels_file), "width": "50.0", "limits": "0.0, 500.0", "unit": "HU"}
    assert told_beside(table) == {"image": str(image_file), **told}
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(labels_file)))
    assert [(row["segment"], row["low"]) for row in rows] == [(s, str(50 * n)) for s in "15" for n in range(10)]
    for label in (1, 5):
        mine = [row for row in rows if row["segment"] == str(label)]
        inside = values[labels == label]
        counts, _edges = np.histogram(inside, np.arange(0, 501, 50))
        assert [int(row["count_voxels"]) for row in mine] == counts.tolist()
        reached = [100 * np.mean(inside >= low) for low in range(0, 500, 50)]
        np.testing.assert_allclose([float(row["at_or_above_percent"]) for row in mine], reached)
        assert float(mine[0]["at_or_above_mm3"]) == pytest.approx(inside.size * 6.75)
        assert {row["unit"] for row in mine} == {"HU"}


def test_a_table_is_not_written_without_the_record_of_how_it_came_about(refused, image_file, tmp_path):
    (tmp_path / "h.csv.provenance.json").mkdir()
    assert "cannot be written" in refused("histogram", image_file, "-o", tmp_path / "h.csv")
    assert not (tmp_path / "h.csv").exists()


def test_segments_of_a_plain_label_map_have_the_names_that_are_given(
    medproc, refused, image_file, labels_file, tmp_path
):
    table, names = tmp_path / "t.csv", tmp_path / "names.json"

    def named(command, *given):
        assert medproc(command, image_file, labels_file, "--names", *given, "-o", table)[0] == 0
        return {row["segment"]: row["name"] for row in table_of(table)}

    for command in ("histogram", "measure"):
        assert named(command, "5=Hot spot") == {"1": "Segment 1", "5": "Hot spot"}
        assert told_beside(table)["names"] == "5=Hot spot"
        names.write_text('{"1": "Body", "5": "Core", "7": "not there"}')
        assert named(command, names) == {"1": "Body", "5": "Core"}
        names.write_text('{"labels": {"background": 0, "Body": 1, "Core": 5}}')  # as data sets have it
        assert named(command, names, "1=Shell") == {"1": "Shell", "5": "Core"}
    for text, said in (
        ("[1, 2]", "holds no names"),
        ('{"1": 2.5}', "names no label"),
        ('{"one": "Body"}', "names no label"),
        ("{", "not valid JSON"),
    ):
        names.write_text(text)
        assert said in refused("measure", image_file, labels_file, "--names", names, "-o", table)
    assert "cannot be read" in refused("measure", image_file, labels_file, "--names", "none.json", "-o", table)
    assert "'x=Liver' names no label" in refused(
        "histogram", image_file, labels_file, "--names", "x=Liver", "-o", table
    )


def test_values_beyond_the_limits_are_counted(medproc, image, image_file, labels_file, tmp_path):
    options = ("--limits", -1000, 300, "--bins", 10)
    code, _, err = medproc("histogram", image_file, labels_file, *options, "-o", tmp_path / "h.csv")
    beyond = (sitk.GetArrayFromImage(image) > 300).sum()
    assert code == 0 and err.endswith(f"note: Segment 5: {beyond} of {beyond} values lie beyond the limits\n")
    assert "Segment 1:" not in err


def test_a_histogram_of_a_whole_picture(medproc, tmp_path):
    picture, table = tmp_path / "p.nrrd", tmp_path / "h.tsv"
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    values[0, 0] = np.nan
    sitk.WriteImage(sitk.GetImageFromArray(values), str(picture))
    assert medproc("histogram", picture, "--bins", 2, "-o", table)[0] == 0
    rows = table_of(table, "\t")
    assert [row["area_mm2"] for row in rows] == ["5", "6"] and rows[1]["high"] == "11"
    assert rows[1]["at_or_above_mm2"] == "6" and float(rows[0]["share_percent"]) == pytest.approx(500 / 11)


def test_what_has_no_histogram_is_said(refused, medproc, image, image_file, labels_file, tmp_path):
    table = tmp_path / "h.csv"
    command = ("histogram", image_file, labels_file, "-o", table)
    assert "not both" in refused(*command, "--bins", 3, "--width", 2)
    assert "0 bins are not" in refused(*command, "--bins", 0)
    assert "not an interval" in refused(*command, "--limits", 5, 1)
    line = ("profile", image_file, "--from", "0,30,60", "--to", "20,50,60", "-o", table)
    assert "step above 0" in refused(*line, "--step", 0)
    assert "--unit furlong is not known" in refused(*command, "--unit", "furlong")
    assert "end it in .csv, .tsv or .xlsx" in refused("histogram", image_file, "-o", tmp_path / "h.ods")
    empty, lost = tmp_path / "empty.nrrd", tmp_path / "nan.nrrd"
    sitk.WriteImage(sitk.Cast(image * 0, sitk.sitkUInt8), str(empty))
    assert "is empty" in refused("histogram", image_file, empty, "-o", table)
    sitk.WriteImage(image * np.nan, str(lost))
    assert "holds a number" in refused("histogram", lost, labels_file, "-o", table)
    assert not table.exists()


@pytest.fixture
def line_file(image, tmp_path):
    """A line of Slicer (RAS) through the center of the larger bright ball, along the first axis."""
    ends = [image.TransformIndexToPhysicalPoint((x, 20, 10)) for x in (4, 24)]
    points = [{"label": "L", "position": [-p[0], -p[1], p[2]], "positionStatus": "defined"} for p in ends]
    path = tmp_path / "line.mrk.json"
    path.write_text(json.dumps({"markups": [{"type": "Line", "coordinateSystem": "RAS", "controlPoints": points}]}))
    return path


def test_a_profile_along_a_line_of_slicer(medproc, image, image_file, line_file, tmp_path):
    table = tmp_path / "p.csv"
    code, out, _ = medproc("profile", image_file, "--line", line_file, "--step", 1.5, "--unit", "HU", "-o", table)
    assert code == 0 and out.startswith("Line 1: 30.00 mm") and "mm wide" in out
    rows, values = table_of(table), sitk.GetArrayFromImage(image)
    assert [row["position_mm"] for row in rows] == [format(1.5 * n, ".10g") for n in range(21)]
    np.testing.assert_allclose([float(row["value"]) for row in rows], values[10, 20, 4:25], rtol=1e-5)
    place = [float(rows[20][f"{axis}_mm"]) for axis in "lps"]
    np.testing.assert_allclose(place, image.TransformIndexToPhysicalPoint((24, 20, 10)))
    assert rows[3]["unit"] == "HU"
    first, last = (",".join(str(float(rows[n][f"{axis}_mm"])) for axis in "lps") for n in (0, 20))
    again = tmp_path / "again.csv"
    assert medproc("profile", image_file, f"--from={first}", f"--to={last}", "--step", 1.5, "-o", again)[0] == 0
    np.testing.assert_allclose([float(r["value"]) for r in table_of(again)], values[10, 20, 4:25], rtol=1e-5)
    ends = {"start": first, "end": last, "step": "1.5", "across": "0.0", "interpolation": "linear"}
    assert told_beside(again) == {"image": str(image_file), **ends}


def test_what_has_no_profile_is_said(refused, image_file, line_file, tmp_path):
    table = tmp_path / "p.csv"
    assert "--from and --to, or a file" in refused("profile", image_file, "-o", table)
    assert "not both" in refused("profile", image_file, "--line", line_file, "--from", "1,2,3", "-o", table)
    assert "is not a point of this image" in refused(
        "profile", image_file, "--from", "1,2", "--to", "1,2,3", "-o", table
    )
    assert "passes the image by" in refused("profile", image_file, "--from", "999,0,0", "--to", "999,9,0", "-o", table)
    record = json.loads(line_file.read_text())
    record["markups"][0]["controlPoints"].pop()
    line_file.write_text(json.dumps(record))
    assert "line 1 has 1 point;" in refused("profile", image_file, "--line", line_file, "-o", table)
    assert not table.exists()


def test_voxels_without_a_number_are_counted(medproc, image, tmp_path):
    holes = sitk.Cast(image, sitk.sitkFloat32)
    holes[3:5, 4, 5] = float("nan")
    sitk.WriteImage(holes, str(tmp_path / "holes.nrrd"))
    code, _, err = medproc("histogram", tmp_path / "holes.nrrd", "-o", tmp_path / "h.csv")
    assert code == 0 and f"2 of {image.GetNumberOfPixels()} voxels hold no number and are left out" in err
