"""Measurements as a table and lines in the scene: filled again, corrected by a reader, exported."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.ct.body_composition import BodyComposition
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.segment_distances import SegmentDistances
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.diameter_lines import MOST_OBJECTS, LineWatch, key_of, lines_of
from MedProcLib.scene.hierarchy import add_patient, add_study, hierarchy_of, place_under
from MedProcLib.scene.measurement_export import export_of, write_table
from MedProcLib.scene.measurement_input import measured_rows, measurement_input
from MedProcLib.scene.measurement_place import place_of_row
from MedProcLib.scene.measurement_scene import add_measurements, measured_nodes
from MedProcLib.scene.measurement_table import column_of, segment_ids_of
from MedProcLib.scene.provenance import ATTRIBUTE, provenance_of
from MedProcLib.scene.reader_edits import edits_of, forget_edits
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((30, 28, 16), (1.0, 1.5, 2.0))
READER = "A. Reader"


def blocks() -> np.ndarray:
    """Label 1: blocks of 5 x 4 x 3 and of 2 x 2 x 1 voxels; label 2: one of 3 x 3 x 2."""
    labels = np.zeros(GRID.size[::-1], np.uint8)
    labels[2:5, 4:8, 5:10] = 1
    labels[10, 20:22, 20:22] = 1
    labels[8:10, 4:7, 20:23] = 2
    return labels


@pytest.fixture
def nodes(scene):
    """(segmentation, volume) of an oblique image; under a study."""
    values = np.random.default_rng(1).normal(100, 10, GRID.size[::-1]).astype(np.float32)
    volume = volume_from_image(GRID.image_of(values), "MR")
    place_under(volume, add_study(scene, add_patient(scene, "P"), "Study"))
    names = {1: SegmentInfo("Two", (1, 0, 0)), 2: SegmentInfo("One", (0, 1, 0))}
    return segmentation_from_labels(GRID.image_of(blocks()), names, "Seg", volume), volume


def measured(segmentation, volume, settings=None, output=None, lines=False, ids=None):
    given = measurement_input(segmentation, volume, ids)
    rows = measured_rows(given, settings or Measure())
    recipe = Recipe.of(settings or Measure())
    return add_measurements(rows, given, recipe, segmentation, volume, output, lines).table, rows


def test_the_table_has_units_codes_and_its_place(nodes, scene):
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume)
    found = rows_of_table(table)
    assert [(row["name"], row["component"]) for row in found] == [
        *(("Two", "all"), ("Two", "1"), ("Two", "2"), ("One", "all"), ("One", "1"))
    ]
    assert [row["voxel_volume_mm3"] for row in found] == pytest.approx([192, 180, 12, 54, 54])
    assert table.GetColumnUnitLabel("voxel_volume_mm3") == "mm3"
    assert table.GetColumnProperty("voxel_volume_mm3", "Code") == "IBSI:YEKZ"
    assert column_of(table, "long_diameter") == "long_diameter_mm" and column_of(table, "thickness") is None
    hierarchy = hierarchy_of(scene)
    parents = [hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in (table, volume)]
    assert parents[0] == parents[1]
    assert segment_ids_of(table) == list(segmentation.GetSegmentation().GetSegmentIDs())


def test_a_choice_of_segments_is_numbered_by_itself(nodes):
    segmentation, volume = nodes
    last = segmentation.GetSegmentation().GetNthSegmentID(1)
    table, _rows = measured(segmentation, volume, ids=[last])
    assert [row["name"] for row in rows_of_table(table)] == ["One", "One"]
    assert segment_ids_of(table) == [last]
    with pytest.raises(InputError, match="check at least one"):
        measured(segmentation, volume, ids=[])


def test_overlapping_segments_are_measured_whole(nodes):
    segmentation, volume = nodes
    over = np.zeros(GRID.size[::-1], np.uint8)
    over[2:5, 4:8, 5:7] = 1  # all of it lies in the first segment
    add_segments(segmentation, GRID.image_of(over), {1: SegmentInfo("Over")})
    add_segments(segmentation, GRID.image_of(over[::-1].copy()), {1: SegmentInfo("Apart")})
    maps = measurement_input(segmentation, volume).measured_labels()
    assert [np.unique(sitk.GetArrayViewFromImage(labels)).tolist() for labels in maps] == [[0, 1, 2, 4], [0, 3]]
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(3))
    table, _rows = measured(segmentation, volume, Measure(components=False))
    volumes = {row["name"]: row["voxel_volume_mm3"] for row in rows_of_table(table)}
    assert volumes == pytest.approx({"Two": 192, "One": 54, "Over": 72})
    _table, rows = measured(segmentation, volume, SegmentDistances(), table)
    assert [row.name for row in rows] == ["Two to One", "Two to Over", "One to Over"]
    assert [row.value("shared_volume") for row in rows] == pytest.approx([0, 72, 0])
    with pytest.raises(InputError, match="'Two' and 'Over' overlap"):
        measured(segmentation, volume, BodyComposition())


def test_segments_outside_the_volume_are_told(nodes):
    segmentation, _volume = nodes
    away = volume_from_image(turned_grid((8, 8, 8), center=(900, 0, 0)).empty_image(), "Away")
    with pytest.raises(InputError, match="'Seg' has a voxel inside 'Away'"):
        measured(segmentation, away)


def test_a_table_is_filled_again_in_its_place(nodes, scene):
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume)
    again, _rows = measured(segmentation, volume, Measure(components=False, diameters=False), table)
    assert again is table and table.GetNumberOfRows() == 2
    assert table.GetColumnIndex("long_diameter_mm") == -1
    assert provenance_of(table).recipe.steps[0].operation.components is False
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1


def test_lines_are_the_diameters_of_each_object(nodes):
    segmentation, volume = nodes
    table, rows = measured(segmentation, volume, lines=True)
    lines = {key_of(line)[1:]: line for line in lines_of(table) if key_of(line)[0] == segment_ids_of(table)[0]}
    assert set(lines) == {(n, f"{which}_diameter") for n in (1, 2) for which in ("long", "short")}
    long_line = lines[1, "long_diameter"]
    assert long_line.GetLineLengthWorld() == pytest.approx(rows[1].value("long_diameter"), rel=1e-6)
    assert not long_line.GetLocked() and long_line.GetName() == "Two part 1 long diameter"
    assert len(lines_of(table)) == 6
    before = set(lines_of(table))
    measured(segmentation, volume, None, table, lines=True)
    assert set(lines_of(table)) == before  # moved, not made anew
    measured(segmentation, volume, None, table, lines=False)
    assert lines_of(table) == []


def test_of_many_objects_some_are_drawn(nodes):
    segmentation, volume = nodes
    array = np.zeros(GRID.size[::-1], np.uint8)
    array[1::4, 1::5, 1::5] = 1
    array[1::4, 1::5, 2::5] = 1
    segmentation.GetSegmentation().RemoveAllSegments()
    add_segments(segmentation, GRID.image_of(array), {1: SegmentInfo("Many")})
    table, rows = measured(segmentation, volume, lines=True)
    assert len(rows) > MOST_OBJECTS and len(lines_of(table)) == 2 * MOST_OBJECTS


@pytest.fixture
def dragged(nodes):
    """(table, line) after a reader pulled the long diameter of part 1 of 'Two' to 30 mm."""
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume, lines=True)
    calls = []
    watch = LineWatch(lambda: READER, lambda: calls.append(1))
    watch.start(table)
    line = next(line for line in lines_of(table) if line.GetName() == "Two part 1 long diameter")
    ends = np.array([line.GetNthControlPointPositionWorld(index) for index in range(2)])
    # away from the other part
    pulled = ends[1] + 30 * (ends[0] - ends[1]) / np.linalg.norm(ends[1] - ends[0])
    line.SetNthControlPointPositionWorld(0, pulled)
    assert calls
    watch.stop()
    return table, line


def cell(table, row: int, column: str):
    return rows_of_table(table)[row][column]


def test_a_dragged_line_is_the_readers_figure(dragged):
    table, _line = dragged
    assert cell(table, 1, "long_diameter_mm") == pytest.approx(30, abs=1e-4)
    assert cell(table, 0, "long_diameter_mm") == pytest.approx(30, abs=1e-4)  # the longest of its parts
    assert f"long diameter edited by {READER}" in cell(table, 1, "edited")
    assert cell(table, 3, "edited") == ""
    (edit,) = provenance_of(table).edits
    assert edit.startswith("Two part 1: long diameter edited by A. Reader on 20")


def test_the_last_of_several_corrections_counts(dragged):
    table, _line = dragged
    watch = LineWatch(lambda: "B. Reader", lambda: None)
    watch.start(table)
    for name, length in (("Two part 1 long diameter", 31.0), ("One short diameter", 2.5)):
        line = next(line for line in lines_of(table) if line.GetName() == name)
        line.SetNthControlPointPositionWorld(0, [0, 0, 0])
        line.SetNthControlPointPositionWorld(1, [length, 0, 0])
    watch.stop()
    assert [row["long_diameter_mm"] for row in rows_of_table(table)][1] == pytest.approx(31)
    # a segment in one piece has a row for its part too
    assert [row["short_diameter_mm"] for row in rows_of_table(table)][3:] == pytest.approx([2.5, 2.5])
    assert [bool(row["edited"]) for row in rows_of_table(table)] == [False, True, False, True, True]
    assert [row.value("short_diameter") for row in export_of(table).rows()][3:] == pytest.approx([2.5, 2.5])
    assert cell(table, 1, "edited").count("edited by") == 1 and "B. Reader" in cell(table, 1, "edited")
    assert len(edits_of(table)) == 2 and len(provenance_of(table).edits) == 3  # who did what is kept


def test_a_correction_holds_when_measured_again(dragged, nodes):
    table, line = dragged
    segmentation, volume = nodes
    measured(segmentation, volume, None, table, lines=True)
    assert cell(table, 1, "long_diameter_mm") == pytest.approx(30, abs=1e-4)
    assert line.GetLineLengthWorld() == pytest.approx(30, abs=1e-4)
    assert provenance_of(table).edits
    forget_edits(table)
    _table, rows = measured(segmentation, volume, None, table, lines=True)
    assert cell(table, 1, "long_diameter_mm") == pytest.approx(rows[1].value("long_diameter"))
    assert line.GetLineLengthWorld() == pytest.approx(rows[1].value("long_diameter"), rel=1e-6)
    assert table.GetColumnIndex("edited") == -1 and not provenance_of(table).edits


def test_a_correction_holds_in_a_new_table(dragged, nodes):
    table, _line = dragged
    segmentation, volume = nodes
    newer, _rows = measured(segmentation, volume, lines=True)
    assert newer is not table and cell(newer, 1, "long_diameter_mm") == pytest.approx(30, abs=1e-4)
    assert READER in cell(newer, 1, "edited") and lines_of(table) == []
    line = next(line for line in lines_of(newer) if line.GetName() == "Two part 1 long diameter")
    assert line.GetLineLengthWorld() == pytest.approx(30, abs=1e-4)
    edits = provenance_of(newer).edits
    assert len(edits) == 2 and edits[1] == "diameters edited by a reader taken over from 'Seg measurements'"
    other = volume_from_image(GRID.image_of(np.zeros(GRID.size[::-1], np.float32)), "Other")
    apart, _rows = measured(segmentation, other)
    assert edits_of(apart) == []  # lines are drawn in the planes of a volume


def test_a_correction_stays_where_its_line_is(dragged, nodes):
    segmentation, volume = nodes
    first = segmentation.GetSegmentation().GetNthSegmentID(0)

    def outlined(array):
        slicer.util.updateSegmentBinaryLabelmapFromArray(array.astype(np.uint8), segmentation, first, volume)
        given = measurement_input(segmentation, volume)
        rows = measured_rows(given, Measure())
        nodes = add_measurements(rows, given, Recipe.of(Measure()), segmentation, volume, lines=True)
        return nodes, rows_of_table(nodes.table)

    array = blocks()
    array[8:13, 14:24, 12:24] = 1  # the other part is the larger one now
    nodes, rows = outlined(array == 1)
    assert [bool(row["edited"]) for row in rows] == [False, False, True, False, False]
    assert rows[2]["long_diameter_mm"] == pytest.approx(30, abs=1e-4)
    assert (nodes.held, nodes.adrift) == (1, 0)
    array = np.zeros_like(array)
    array[14, 26, 28] = 1  # nothing is left where the line is
    nodes, rows = outlined(array)
    assert (nodes.held, nodes.adrift) == (0, 1) and "edited" not in rows[0]
    nodes, rows = outlined(np.zeros_like(array))
    assert (nodes.held, nodes.adrift) == (0, 1) and {row["name"] for row in rows} == {"One"}
    nodes, rows = outlined(blocks() == 1)  # taken back by the editor: the line is of part 1 again
    assert (nodes.held, nodes.adrift) == (1, 0)
    assert rows[1]["long_diameter_mm"] == pytest.approx(30, abs=1e-4)


def test_a_correction_survives_its_scene(dragged, scene, tmp_path):
    _table, _line = dragged
    save_bundle(scene, tmp_path / "s.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "s.mrb")
    table = scene.GetFirstNodeByName("Seg measurements")
    (edit,) = edits_of(table)
    assert edit.reader == READER and edit.length_mm == pytest.approx(30, abs=1e-4)
    assert len(lines_of(table)) == 6 and table.GetColumnProperty("voxel_volume_mm3", "Code") == "IBSI:YEKZ"
    segmentation, volume, settings = measured_nodes(table)
    assert (segmentation.GetName(), volume.GetName(), settings) == ("Seg", "MR", Measure())
    assert [row.name for row in export_of(table).rows()] == ["Two"] * 3 + ["One"] * 2


def test_lines_that_the_program_moves_are_no_edits(nodes):
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume, lines=True)
    watch = LineWatch(lambda: READER, lambda: None)
    watch.start(table)
    array = blocks()
    array[2:5, 4:8, 10:16] = 1
    segmentation.GetSegmentation().RemoveAllSegments()
    add_segments(segmentation, GRID.image_of(array), {1: SegmentInfo("Two"), 2: SegmentInfo("One")})
    watch.quietly(lambda: measured(segmentation, volume, None, table, lines=True) and 0)
    assert edits_of(table) == []
    watch.stop()


def test_export_of_the_readers_figures(dragged, tmp_path):
    table, _line = dragged
    files = export_of(table).write_record(tmp_path / "r.json")
    record = json.loads(files[0].read_text(encoding="utf-8"))
    whole = record["rows"][0]["measurements"]["long_diameter"]
    assert whole["value"] == pytest.approx(30, abs=1e-4)
    figure = record["rows"][1]["measurements"]["long_diameter"]
    assert figure["value"] == pytest.approx(30, abs=1e-4) and "edited by A. Reader" in figure["parameters"]["edited"]
    ends = np.array(record["rows"][1]["long_axis_mm"])
    assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(30, abs=1e-4)
    assert record["inputs"] == {"labels": "Seg", "image": "MR"} and record["edits"]
    write_table(table, tmp_path / "t.tsv")
    head, first, *_rest = (tmp_path / "t.tsv").read_text(encoding="utf-8").splitlines()
    assert head.split("\t")[:3] == ["segment", "name", "component"] and len(first.split("\t")) == len(head.split("\t"))
    beside = json.loads((tmp_path / "t.tsv.provenance.json").read_text(encoding="utf-8"))
    assert beside["inputs"] == record["inputs"] and beside["edits"] == record["edits"] and len(beside["steps"]) == 1
    table.RemoveAttribute(ATTRIBUTE)
    write_table(table, tmp_path / "t.tsv")
    assert not (tmp_path / "t.tsv.provenance.json").exists()  # it would tell of the older table
    (tmp_path / "t.tsv.provenance.json").mkdir()
    (tmp_path / "t.tsv").write_text("older")
    with pytest.raises(InputError, match="is of an older table and cannot be removed"):
        write_table(table, tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == "older"
    assert [path.name for path in tmp_path.glob(".medproc-*")] == []
    with pytest.raises(InputError, match=r"\.csv, \.tsv or \.xlsx"):
        write_table(table, tmp_path / "t.xls")


def test_what_changed_since_is_not_exported(nodes, tmp_path):
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume)
    array = blocks()
    array[3, 5, 6] = 0
    segment = segmentation.GetSegmentation().GetNthSegmentID(0)
    slicer.util.updateSegmentBinaryLabelmapFromArray((array == 1).astype(np.uint8), segmentation, segment, volume)
    with pytest.raises(InputError, match="changed since they were measured"):
        export_of(table).write_record(tmp_path / "r.json")
    with pytest.raises(InputError, match="was not loaded from DICOM"):
        export_of(table, dicom=True)
    slicer.mrmlScene.RemoveNode(volume)
    with pytest.raises(InputError, match="not in the scene anymore"):
        export_of(table)


def test_the_place_of_a_row(nodes):
    segmentation, volume = nodes
    table, _rows = measured(segmentation, volume)
    row = rows_of_table(table)[4]
    expected = GRID.points(np.array([[21, 5, 8.5]]))[0]
    np.testing.assert_allclose(place_of_row(row, table), expected, atol=1e-6)
    measured(segmentation, volume, Measure(size=False), table)
    there = place_of_row(rows_of_table(table)[4], table)
    assert round(GRID.indices(np.array([there]))[0, 2], 6) in (
        8,
        9,
    )  # no center was measured: the slice of its diameter
    assert np.isfinite(ras_of(there)).all()
