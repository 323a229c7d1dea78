"""Tables, charts and what Slicer's table files can and cannot keep."""

import math

import numpy as np
import pytest
import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.plots import Series, chart_from_series
from MedProcLib.scene.tables import Column, rows_of_table, table_from_columns, table_from_rows, unit_of_column


def test_columns_have_types_units_and_meanings(scene):
    node = table_from_columns(
        [
            Column("segment", ["F1", "F2"]),
            Column("volume", [12.5, None], "mm3", "of the voxels"),
            Column("voxels", [3, np.int64(4)]),
            Column("count", [1, 2**40]),
        ],
        "Measurements",
    )
    assert [node.GetTable().GetColumn(index).GetDataTypeAsString() for index in range(4)] == [
        "string",
        "double",
        "int",
        "long long",
    ]
    assert unit_of_column(node, "volume") == "mm3"
    assert unit_of_column(node, "segment") == ""
    assert node.GetColumnDescription("volume") == "of the voxels"
    assert node.GetColumnTitle("volume") == "volume [mm3]"
    rows = rows_of_table(node)
    assert rows[0] == {"segment": "F1", "volume": 12.5, "voxels": 3, "count": 1}
    assert math.isnan(rows[1]["volume"])


def test_rows_need_not_have_all_columns(scene):
    node = table_from_rows([{"a": "x", "b": 1}, {"a": "y", "c": 2.5}], "T", {"c": "ml"})
    rows = rows_of_table(node)
    assert list(rows[0]) == ["a", "b", "c"]
    assert math.isnan(rows[0]["c"])
    assert math.isnan(rows[1]["b"])
    assert unit_of_column(node, "c") == "ml"


def test_a_column_of_which_nothing_is_known_is_of_numbers_if_it_has_a_unit(scene):
    node = table_from_columns([Column("a", ["x"]), Column("b", [None], "%"), Column("c", [None])], "T")
    row = rows_of_table(node)[0]
    assert math.isnan(row["b"])
    assert row["c"] == ""


@pytest.mark.parametrize("rows", [[], [{}]])
def test_an_empty_table(scene, rows):
    assert rows_of_table(table_from_rows(rows, "T")) == []


def test_uneven_columns_are_refused(scene):
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="differ in length"):
        table_from_columns([Column("a", [1]), Column("b", [1, 2])], "T")
    assert scene.GetNumberOfNodes() == count


def test_awkward_text_survives_a_saved_scene(scene, tmp_path):
    """Slicer's tab-separated files drop double quotes and shift rows that start with an empty cell."""
    texts = ["", 'say "x"', "tab\there", "line\nbreak", "é 漢 ²", "=1+1", "a,b", None]
    numbers = [float(n) for n in range(8)]
    columns = [Column("name", texts), Column('the "number"\n(of\tall)', numbers, "mm"), Column("note", texts)]
    table_from_columns(columns, "T")
    save_bundle(scene, tmp_path / "t.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "t.mrb")
    rows = rows_of_table(slicer.util.getNode("T"))
    clean = ["say 'x'", "tab here", "line break", "é 漢 ²", "=1+1", "a,b"]
    assert [row["name"] for row in rows] == ["-", *clean, "-"]
    assert [row["note"] for row in rows] == ["", *clean, ""]
    assert [row["the 'number' (of all)"] for row in rows] == numbers
    assert unit_of_column(slicer.util.getNode("T"), "the 'number' (of all)") == "mm"


def test_a_chart_of_series(scene):
    series = [Series("F1", [0, 126], [100, 150.5], (1.0, 0.5, 0.0)), Series("F2", [0, 126], [30, 0])]
    chart = chart_from_series(series, "Volume of findings", "time", "volume", "d", "mm3")
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    assert chart.GetXAxisTitle() == "time [d]"
    assert chart.GetYAxisTitle() == "volume [mm³]"
    first = chart.GetNthPlotSeriesNode(0)
    assert first.GetColor() == pytest.approx((1.0, 0.5, 0.0))
    assert rows_of_table(first.GetTableNode())[1] == {"time": 126.0, "volume": 150.5}
    assert (first.GetXColumnName(), first.GetYColumnName()) == ("time", "volume")
    with pytest.raises(InputError, match="nothing to plot"):
        chart_from_series([], "Empty", "x", "y")
