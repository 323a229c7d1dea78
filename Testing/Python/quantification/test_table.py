import csv
import io
import json
import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.csv_text import csv_text
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.quantification.table import long_table, not_reliable, wide_table
from MedProcLib.quantification.table_text import measurements_csv


@pytest.fixture
def rows():
    array = np.zeros((4, 6, 6), np.uint8)
    array[1:3, 1:4, 1:5] = 1
    array[3, 5, 5] = 2
    labels = sitk.GetImageFromArray(array)
    return measure(labels, labels, {1: "=HYPERLINK(1)", 2: "Lesion, small"})


def test_wide_table(rows):
    columns, lines = wide_table(rows)
    assert columns[:5] == ["segment", "name", "component", "count_voxels", "voxel_volume_mm3"]
    assert lines[0][:5] == [1, "=HYPERLINK(1)", None, 24, 24.0]
    assert lines[1][2] == 1
    assert {len(line) for line in lines} == {len(columns)}


def test_csv_reads_back(rows):
    read = list(csv.DictReader(io.StringIO(measurements_csv(rows))))
    assert [line["name"] for line in read] == ["'=HYPERLINK(1)"] * 2 + ["Lesion, small"] * 2
    assert float(read[0]["long_diameter_mm"]) == pytest.approx(rows[0].value("long_diameter"))
    assert read[2]["mesh_volume_mm3"] == ""  # one voxel is too few


def test_long_table_defines_each_figure(rows):
    columns, lines = long_table(rows)
    assert len(lines) == sum(len(row.measurements) for row in rows)
    line = dict(zip(columns, next(line for line in lines if line[3] == "p5"), strict=True))
    assert json.loads(line["parameters"])["percent"] == 5
    assert {dict(zip(columns, line, strict=True))["unit"] for line in lines} >= {"mm3", "mm2", "mm", "{voxels}"}


def test_what_the_border_may_have_cut_and_what_has_no_number_is_said():
    labels, values = np.zeros((6, 7, 8), np.uint8), np.zeros((6, 7, 8), np.float32)
    labels[0:3, 2:5, 2:5], labels[4, 1:4, 5], labels[2:5, 4:7, 6] = 1, 2, 3
    values[4, 1:3, 5] = np.nan
    image, segments = sitk.GetImageFromArray(values), sitk.GetImageFromArray(labels)
    columns, lines = wide_table(measure(image, segments, settings=Measure(components=False, slices=True)))
    said = {(line[0], line[columns.index("slice")]): line[columns.index("not_reliable")] for line in lines}
    cut = "at the border of the image, perhaps cut: sizes"
    assert said[1, None] == said[3, None] == said[3, 2] == cut
    assert said[1, 0] is None  # a slice is cut by its sides alone
    assert said[2, None] == "2 voxels without a number: intensities"
    one = measure(image[:, :, 1:2], segments[:, :, 1:2])
    assert not one[0].at_border and measure(image[:5, :, 1], segments[:5, :, 1])[0].at_border


def test_a_length_of_one_piece_of_several_is_said():
    """A pancreas that was cut in two looked 43 mm long."""
    labels = np.zeros((7, 7, 60), np.uint8)
    labels[2:5, 2:5, 2:30], labels[2:5, 2:5, 34:50] = 1, 1
    image = sitk.GetImageFromArray(labels)
    settings = Measure(shape=True, size=False, diameters=False, intensity=False)
    rows = measure(image, image, settings=settings)
    assert rows[0].value("centerline_length") == pytest.approx(28, abs=1.5)
    columns, lines = wide_table(rows)
    said = [line[columns.index("not_reliable")] or "" for line in lines]
    assert "in pieces, of which the largest is measured: centerline length" in said[0]
    assert not any("pieces" in text for text in said[1:])
    labels[:, :, 34:] = 0
    labels[3, 3, 55] = 1  # a crumb
    crumb = sitk.GetImageFromArray(labels)
    assert "pieces" not in not_reliable(measure(crumb, crumb, settings=settings)[0])


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1"])
def test_formulas_are_defused(text):
    cell = list(csv.reader(io.StringIO(csv_text(["name"], [[text]]), newline="")))[1][0]
    assert cell == "'" + text.replace("\r", "\n")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *[("-12.5", "-12.5"), ("+3", "+3"), (-12.5, "-12.5"), (np.float32(0.5), "0.5"), (7, "7"), (np.int64(-7), "-7")],
        *[(None, ""), (math.nan, ""), (True, "true"), (1 / 3, "0.3333333333"), (math.inf, "inf"), ("plain", "plain")],
    ],
)
def test_cells(value, cell):
    assert csv_text(["a", "b"], [[value, "x"]]) == f"a,b\n{cell},x\n"


def test_rows_must_fit_the_columns():
    with pytest.raises(ValueError, match="2 columns"):
        csv_text(["a", "b"], [[1]])
