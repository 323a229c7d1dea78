"""Tables of findings: what is read, what is taken for a feature, what is refused."""

import math
import zipfile

import numpy as np
import pytest

from MedProcLib.core.csv_text import csv_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.xlsx import xlsx_bytes
from MedProcLib.quantification.classification.findings import findings_of
from MedProcLib.quantification.classification.table import read_table, table_of
from MedProcLib.quantification.measure import measure
from MedProcLib.quantification.table import long_table, wide_table

SMALL = "patient,kind,volume_mm3,note\nA,yes,1.5,=1+1\nA,no,,seen\nB,yes,inf,\nB,no,-2e3,\n"


def test_numbers_gaps_and_text():
    found = findings_of(table_of(SMALL), "kind", "patient")
    assert [f.name for f in found.features] == ["volume_mm3"]
    assert found.features[0].unit == "mm3" and found.classes == ("no", "yes")
    assert found.values[[0, 3], 0].tolist() == [1.5, -2000] and np.isnan(found.values[[1, 2], 0]).all()
    assert found.patients.tolist() == [0, 0, 1, 1] and found.patient_names == ("A", "B")
    assert any("note" in note for note in found.notes)


def test_the_class_that_is_looked_for_is_last():
    assert findings_of(table_of(SMALL), "kind", positive="no").classes == ("yes", "no")
    numbered = table_of("label,x\n10,1\n9,2\n")
    assert findings_of(numbered, "label").classes == ("9", "10")
    assert findings_of(table_of("k,x\nnan,1\nb,2\n3,4\na,1\n"), "k").classes == ("3", "a", "b", "nan")
    assert not findings_of(numbered, "label").patients_known


def test_findings_without_a_label_are_left_out():
    found = findings_of(table_of("kind,x\na,1\n,2\nb,3\n"), "kind")
    assert found.count == 2 and "1 findings without a label" in found.notes[0]


def test_semicolons_come_with_decimal_commas():
    found = findings_of(table_of("kind;x\na;1,5\nb;-2,25\n"), "kind")
    assert found.values.ravel().tolist() == [1.5, -2.25]


def test_tables_of_measure_as_they_are(ellipsoid):
    labels, _ = ellipsoid((6, 5, 4), (1, 1, 2))
    rows = measure(labels, labels)
    wide, long = table_of(csv_text(*wide_table(rows))), table_of(csv_text(*long_table(rows)))
    assert wide.count == long.count == 2
    assert float(wide.columns["voxel_volume_mm3"][0]) == float(long.columns["voxel_volume"][0])
    assert wide.units["voxel_volume_mm3"] == long.units["voxel_volume"] == "mm3"
    assert wide.meanings["surface_area_mm2"]
    columns = {**wide.columns, "kind": ["a", "b"]}
    found = findings_of(type(wide)(columns, wide.units, wide.meanings), "kind")
    names = {f.name for f in found.features}
    assert "mean" in names and not names & {"segment", "component", "centroid_l_mm", "diameter_slice"}


def test_tables_of_features_become_one_line_for_each_region():
    columns = ["patient", "kind", "label", "tag", "name", "value", "unit", "family", "aggregation"]
    lines = [
        [patient, kind, label, tag, tag.title(), value, unit, "family", ""]
        for patient, kind, label in (("A", "x", 1), ("A", "y", 2), ("B", "x", 1))
        for tag, value, unit in (("morph_volume", label * 10.0, "mm3"), ("stat_mean", math.nan, "[hnsf'U]"))
    ]
    lines.append([*lines[0][:3], "levels", "Number of levels", 32, "1", "diagnostics", ""])
    table = table_of(csv_text(columns, lines))
    assert table.columns["morph_volume"] == ["10", "20", "10"] and table.columns["patient"] == ["A", "A", "B"]
    assert table.units == {"morph_volume": "mm3", "stat_mean": "[hnsf'U]"}
    assert table.meanings["morph_volume"] == "Morph_Volume"
    with pytest.raises(InputError, match="twice"):
        table_of(csv_text(columns[3:], [line[3:] for line in lines]))


def test_columns_that_number_the_lines_are_no_features():
    """In a table sorted by what the findings are such a number tells it."""
    lines = "".join(f"{n + 17},p{n // 2},{n},{'ab'[n > 4]},{n % 3}\n" for n in range(10))
    found = findings_of(table_of("row,subject,id,kind,x\n" + lines), "kind")
    assert [f.name for f in found.features] == ["x"]
    assert found.patients_known and len(found.patient_names) == 5
    assert "patients are those of the column 'subject'" in found.notes[0]
    chosen = findings_of(table_of("row,kind,x\n1,a,1\n2,a,1\n3,b,1\n4,b,1\n"), "kind", wanted=["row"])
    assert [f.name for f in chosen.features] == ["row"]


def test_patterns_choose_features():
    table = table_of("kind,cm_a,cm_b,ih_a\nx,1,2,3\ny,4,5,6\n")
    assert [f.name for f in findings_of(table, "kind", wanted=["cm_*"]).features] == ["cm_a", "cm_b"]
    with pytest.raises(InputError, match="no column 'ngt_"):
        findings_of(table, "kind", wanted=["ngt_*"])


def test_the_hash_is_that_of_the_data(drawn):
    assert drawn(seed=1).data_hash == drawn(seed=1).data_hash != drawn(seed=2).data_hash


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "no finding"),
        ("a,b\n", "no finding"),
        ("a,a\n1,2\n", "Two columns"),
        ("a,\n1,2\n", "no name"),
        ("a,b\n1\n", "Line 2 has 1 cells"),
        ('a,b\n"1,2\n', "1 cells"),
    ],
)
def test_what_is_no_table(text, told):
    with pytest.raises(InputError, match=told):
        table_of(text)


def test_what_is_no_finding():
    table = table_of(SMALL)
    with pytest.raises(InputError, match=r"no column 'diagnosis'.*volume_mm3"):
        findings_of(table, "diagnosis")
    with pytest.raises(InputError, match=r"'note', finding 1.*no number"):
        findings_of(table, "kind", wanted=["note"])
    with pytest.raises(InputError, match="labelled 'maybe'"):
        findings_of(table, "kind", positive="maybe")
    with pytest.raises(InputError, match="patient is missing"):
        findings_of(table_of("p,k,x\nA,a,1\n,b,2\n"), "k", "p")
    with pytest.raises(InputError, match="no column of numbers"):
        findings_of(table_of("k,t\na,b\nb,c\n"), "k")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "missing.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="UTF-8"):
        read_table(binary)
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbfkind,x\r\na,1\r\n")
    assert list(read_table(marked).columns) == ["kind", "x"]


def test_a_column_called_patient_is_taken_where_it_is_filled_in():
    lines = "".join(f"P{n // 3},{'ab'[n // 3 % 2]},{n * n % 7}\n" for n in range(12))
    for title in ("Patient", "patient_id", "SUBJECT"):
        found = findings_of(table_of(f"{title},kind,x\n{lines}"), "kind")
        assert found.patients_known and len(found.patient_names) == 4 and [f.name for f in found.features] == ["x"]
    found = findings_of(table_of("patient,kind,x\n,a,1\nB,b,2\nB,b,4\n"), "kind")
    assert not found.patients_known and "no column of patients is given" in found.notes[0]
    found = findings_of(table_of("patient,kind,x\n,,1\nB,b,2\nC,a,4\n"), "kind")  # without a label it does not count
    assert found.patients_known and found.count == 2


def test_cells_that_are_no_numbers_in_a_column_of_numbers_are_said():
    table = table_of("kind,x,y,site\na,1,2,left\na,<5,3,right\nb,4,1,left\nb,,2,left\n")
    found = findings_of(table, "kind")
    assert [f.name for f in found.features] == ["y"]
    assert any("not all their cells are numbers" in note and "x ('<5')" in note for note in found.notes)
    assert "columns that hold no numbers are no features: site" in found.notes
    with pytest.raises(InputError, match=r"no column of numbers to learn from; left out.*: x \('<5'\)"):
        findings_of(table_of("kind,x\na,1\na,<5\nb,4\n"), "kind")


def test_labels_that_are_one_word_written_twice_are_refused():
    with pytest.raises(InputError, match="'Benign' and 'benign' differ in how they are written only"):
        findings_of(table_of("kind,x\nbenign,1\nBenign,2\nmalignant,3\n"), "kind")


def test_workbooks_are_read_as_the_same_table(ellipsoid, tmp_path):
    labels, _ = ellipsoid((6, 5, 4), (1, 1, 2))
    written = wide_table(measure(labels, labels, {1: "Ähre & <co>"}))
    path = tmp_path / "t.xlsx"
    path.write_bytes(xlsx_bytes(*written))
    assert read_table(path) == table_of(csv_text(*written))


def test_workbooks_as_a_spreadsheet_writes_them(tmp_path):
    """Shared texts in runs, cells left out, a formula's value, a fault, another name of the sheet, a frame beside."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="str"><v>y</v></c>'
        '<c r="D1" s="1"/></row>'
        '<row r="3"><c r="A3" t="s"><v>2</v></c><c r="C3"><f>1+1.5</f><v>2.5</v></c></row>'
        '<row r="4"><c r="A4" t="b"><v>1</v></c><c r="B4"><v>1E-3</v></c><c r="C4" t="e"><v>#N/A</v></c></row>'
    )
    parts = {
        "xl/workbook.xml": f'<workbook {space}><sheets><sheet name="S" xmlns:r="{office}" r:id="r7"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">'
        '<Relationship Id="r7" Target="/xl/worksheets/other.xml"/></Relationships>',
        "xl/sharedStrings.xml": f"<sst {space}><si><t>kind</t></si><si><r><t>x</t></r><r><t> 1</t></r></si>"
        "<si><t>a</t><rPh><t>b</t></rPh></si></sst>",
        "xl/worksheets/other.xml": f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>",
    }
    path = tmp_path / "t.xlsx"

    def write():
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in parts.items():
                archive.writestr(name, text)

    write()
    assert read_table(path).columns == {"kind": ["a", "TRUE"], "x 1": ["", "1E-3"], "y": ["2.5", ""]}
    parts["xl/sharedStrings.xml"] = '<!DOCTYPE s [<!ENTITY e "x">]>' + parts["xl/sharedStrings.xml"]
    write()
    with pytest.raises(InputError, match="not an Excel workbook, or it is damaged"):
        read_table(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="not an Excel workbook, or it is damaged"):
        read_table(path)
