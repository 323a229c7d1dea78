import csv
import io
import json
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.table_file import table_data
from MedProcLib.core.xlsx import MAIN
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.quantification.table import long_table, wide_table
from MedProcLib.quantification.table_text import MEANINGS, measurements_csv, measurements_json


@pytest.fixture
def rows():
    array = np.zeros((4, 9, 9), np.uint8)
    array[1:3, 1:4, 1:5], array[3, 5, 5] = 1, 2
    labels = sitk.GetImageFromArray(array)
    return measure(labels, labels, {1: "=A1, \t tab", 2: "Lesion"}, Measure(slices=True, components=False))


def test_a_workbook_holds_numbers_as_numbers_and_text_as_text():
    columns = ["name", "value", "count", "sure", "=sum"]
    lines = [["Läsion <&> 1\x07", 1234.5678901234, np.int64(3), True, "=A1+1"], ["", float("nan"), None, False, "1.5"]]
    data = table_data("xlsx", columns, lines)
    assert data == table_data("xlsx", columns, lines)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        every = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    (cells,) = every["xl/worksheets/sheet1.xml"].iter(f"{{{MAIN}}}sheetData")
    read = [[(cell.get("t"), "".join(cell.itertext())) for cell in row] for row in cells]
    text, none = "inlineStr", (None, "")
    assert read[0] == [(text, name) for name in columns]
    assert read[1] == [(text, "Läsion <&> 1"), (None, "1234.56789"), (None, "3"), ("b", "1"), (text, "=A1+1")]
    assert read[2] == [none, none, none, ("b", "0"), (text, "1.5")]
    with pytest.raises(InputError, match="16384 columns"):
        table_data("xlsx", ["a"] * 16_385, [])


def test_tsv_and_csv_hold_the_same(rows):
    wide, tabs = (
        list(csv.reader(io.StringIO(table_data(kind, *wide_table(rows)).decode()), delimiter=mark))
        for kind, mark in (("csv", ","), ("tsv", "\t"))
    )
    assert wide == tabs and table_data("csv", *wide_table(rows)).decode() == measurements_csv(rows)
    assert wide[1][1] == "'=A1, \t tab" and wide[0][3] == "slice" and wide[2][3] == "1"


def test_json_defines_each_figure_once_and_knows_no_nan(rows):
    record = json.loads(measurements_json(rows, {"software": "here"}))
    assert record["software"] == "here"
    assert record["figures"]["mesh_volume"]["code"] == {"scheme": "IBSI", "value": "RNU0", "meaning": "Volume (mesh)"}
    assert all(figure["meaning"] and figure["unit"] for figure in record["figures"].values())
    whole, first, *_ = record["rows"]
    assert whole["component"] is None and "slice" not in whole and first["slice"] == 1
    assert whole["measurements"]["count"]["value"] == 24
    np.testing.assert_allclose(np.ptp(whole["long_axis_mm"], axis=0)[2], 0)
    lesion = next(row for row in record["rows"] if row["segment"] == 2)
    assert lesion["measurements"]["mesh_volume"]["value"] is None  # one voxel is too few


def test_figures_that_are_no_floats_are_written_too():
    labels = sitk.GetImageFromArray(np.ones((3, 3, 3), np.uint8))
    huge = sitk.GetImageFromArray(np.full((3, 3, 3), 1e300))
    record = json.loads(measurements_json(Measure(distribution=True)(huge, labels)))
    assert record["rows"][0]["measurements"]["energy"]["value"] is None


def test_every_group_can_be_written():
    rng = np.random.default_rng(0)
    values, inside = rng.normal(-500, 300, (10, 12, 14)), np.zeros((10, 12, 14), np.uint8)
    inside[2:8, 2:9, 3:11] = 1
    image, labels = (sitk.GetImageFromArray(array) for array in (values, inside))
    every = dict.fromkeys(("shape", "robust", "distribution", "ct", "lung", "intervals"), True)
    rows = Measure(intensity_unit="HU", **every)(image, labels)
    record = json.loads(measurements_json(rows))
    for name, figure in record["figures"].items():
        assert name in MEANINGS or name.startswith("share_"), name
        assert len(figure["meaning"]) > 2
    assert len(list(long_table(rows)[1])) == sum(len(row.measurements) for row in rows)
