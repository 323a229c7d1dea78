"""The rows that the table of measurements shows: views, filter, order, columns, intervals."""

import math

import pytest

NAN = math.nan


@pytest.fixture
def rows_module(app):
    from MedProcLib.widgets import measured_rows

    return measured_rows


def row(name, component="all", segment=1, **figures):
    return {"segment": segment, "name": name, "component": component, **figures}


TABLE = [
    row("Liver", volume=30.0),
    row("Liver", "1", volume=20.0),
    row("Liver", "2", volume=10.0),
    row("Node", segment=2, volume=5.0),
    row("Node", "1", 2, volume=5.0),
    row("Cyst", segment=3, volume=NAN),
]


def shown(module, rows, view):
    return [(r["name"], r["component"]) for r in module.rows_in_view(rows, view)]


def test_views(rows_module):
    module = rows_module
    assert module.views_of(TABLE) == ["Segments", "Parts"]
    assert module.views_of([row("A"), row("A", slice=3)]) == ["Segments", "Slices"]
    assert module.views_of([row("A", time_point=0), row("A", time_point=1)]) == ["Segments", "Time points"]
    assert shown(module, TABLE, "Segments") == [("Liver", "all"), ("Node", "all"), ("Cyst", "all")]
    assert ("Node", "1") not in shown(module, TABLE, "Parts")  # in one piece
    assert shown(module, TABLE, "Parts")[:3] == [("Liver", "all"), ("Liver", "1"), ("Liver", "2")]
    slices = [row("A", slice=NAN), row("A", slice=3.0), row("A", slice=4.0)]
    assert [r["slice"] for r in module.rows_in_view(slices, "Slices")] == [3, 4]
    times = [row("A", time_point=n) for n in range(3)]
    assert len(module.rows_in_view(times, "Time points")) == 3 and len(module.rows_in_view(times, "Segments")) == 1


def test_rows_of_slices_alone_are_shown_as_such(rows_module):
    rows = [row("Liver", slice=12.0, hu_1=0.2), row("Node", segment=2, slice=3.0, hu_1=0.3)]
    assert rows_module.views_of(rows) == ["Slices"]
    assert rows_module.views_of([*rows, row("Liver", slice=NAN)]) == ["Segments", "Slices"]
    assert rows_module.views_of([]) == ["Segments"]


def test_filter(rows_module):
    assert {r["name"] for r in rows_module.rows_in_view(TABLE, "Parts", " LIV ")} == {"Liver"}


def test_order(rows_module):
    ordered = rows_module.sorted_rows(rows_module.rows_in_view(TABLE, "Segments"), "volume", True, False)
    assert [r["name"] for r in ordered] == ["Liver", "Node", "Cyst"]  # without a value: last, either way
    ordered = rows_module.sorted_rows(rows_module.rows_in_view(TABLE, "Segments"), "volume", False, False)
    assert [r["name"] for r in ordered] == ["Node", "Liver", "Cyst"]
    grouped = rows_module.sorted_rows(rows_module.rows_in_view(TABLE, "Parts"), "volume", False, True)
    assert [(r["name"], r["component"]) for r in grouped[:4]] == [
        *(("Node", "all"), ("Liver", "all"), ("Liver", "2"), ("Liver", "1"))
    ]
    names = rows_module.sorted_rows(rows_module.rows_in_view(TABLE, "Segments"), "name", True, False)
    assert [r["name"] for r in names] == ["Node", "Liver", "Cyst"]


def test_text_to_paste(rows_module):
    """Values stay numbers in a spreadsheet; intervals and doubts have cells of their own; no name is a formula."""
    names = ["mean_HU", "mean_low_HU", "mean_high_HU", "entropy_bit"]
    figures = dict(zip(names, (-800.6, -862.0, -739.1, 2.5), strict=True))
    rows = [
        row("=cmd()", slice=4.0, **figures, not_reliable="below 64 voxels: entropy"),
        row("Node", slice=5.0, **{**figures, "mean_low_HU": NAN, "entropy_bit": NAN}),
    ]
    columns = rows_module.columns_of(names, {name: name.split("_")[-1] for name in names})
    text = rows_module.text_to_paste(rows, "Slices", columns, ["Segment", "Slice"])
    assert [line.split("\t") for line in text.splitlines()] == [
        ["Segment", "Slice", "Mean [HU]", "95 %", "Entropy [bit]", ""],
        ["'=cmd()", "4", "-800.6", "(-862.0 to -739.1)", "2.50", "?"],
        ["Node", "5", "-800.6", "", "", ""],
    ]


def test_large_volumes_are_in_ml(rows_module):
    names = ["name", "voxel_volume_mm3", "voxel_volume_low_mm3", "voxel_volume_high_mm3", "surface_area_mm2"]
    large = dict(zip(names, ("Liver", 1_125_684.0, 1_124_334.0, 1_127_034.0, 99_000_000.0), strict=True))
    units = {name: "mm2" if name.endswith("mm2") else "mm3" for name in names[1:]}
    volume, area = rows_module.columns_of(names, units, [large, {**large, names[1]: math.nan}])
    assert volume.title == "Volume\n[ml]" and volume.text(large) == "1126 (1124–1127)"
    assert volume.number(large) == pytest.approx(1125.684) and volume.unit_in_use == "ml"
    assert area.title.endswith("[mm²]") and area.number(large) == 99_000_000
    small = {**large, names[1]: 5300.0}
    assert rows_module.columns_of(names, units, [small])[0].text(small).startswith("5300 (")


def test_columns_with_intervals(rows_module):
    names = [
        "segment",
        "name",
        "component",
        "voxel_volume_mm3",
        "voxel_volume_low_mm3",
        "voxel_volume_high_mm3",
        "mean",
    ]
    units = {name: "mm3" for name in names if name.endswith("mm3")}
    volume, mean = rows_module.columns_of(names, units)
    assert (volume.name, volume.title, mean.title) == ("voxel_volume", "Volume\n[mm³]", "Mean")
    values = {"voxel_volume_mm3": 12.3, "voxel_volume_low_mm3": 11.8, "voxel_volume_high_mm3": 12.9, "mean": NAN}
    assert volume.text(values) == "12.3 (11.8–12.9)" and mean.text(values) == ""
    assert volume.text({**values, "voxel_volume_low_mm3": NAN}) == "12.3"


def test_an_edited_figure_is_marked(rows_module):
    (long_diameter,) = rows_module.columns_of(["long_diameter_mm", "edited"], {"long_diameter_mm": "mm"})
    text = "long diameter edited by A on 2026-01-02"
    assert long_diameter.text({"long_diameter_mm": 30.0, "edited": text}) == "30.0 ✎"
    assert "edited by A" in rows_module.tip_of({"name": "X", "long_diameter_mm": 30.0, "edited": text}, [long_diameter])


def test_a_figure_of_too_few_voxels_is_marked(rows_module):
    said = "below 64 voxels: sphericity; below 125 voxels: mean thickness"
    figures = {"sphericity": 0.81, "mean_thickness_mm": 2.5, "maximum_thickness_mm": 3.25}
    row = {"segment": 1, "name": "Tiny", "component": "all", **figures, "not_reliable": said}
    units = {"mean_thickness_mm": "mm", "maximum_thickness_mm": "mm"}
    columns = rows_module.columns_of(list(row), units, [row])
    assert [column.name for column in columns] == ["sphericity", "mean_thickness", "maximum_thickness"]
    assert [column.text(row) for column in columns] == ["0.81 ?", "2.50 ?", "3.25"]
    assert f"Not reliable {said}" in rows_module.tip_of(row, columns)
