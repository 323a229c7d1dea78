"""Labels have the names, colors and codes that lie in or beside their file, whoever wrote them."""

import json
import struct

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.app.segment_names import segment_structures
from MedProcLib.segmentation.structures import structure

ITK_SNAP = """################################################
# ITK-SnAP Label Description File
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0   51        1  1  1    "Left lobe (old)"
    7     0  255    0     0.25  0  1    "Cyst"
"""
SLICER = (
    "# Color table file /a/x.ctbl\n# 3 values\n0 Background 0 0 0 0\n1 left_lobe 255 0 51 255\n7 cyst 0 255 0 255\n"
)
FREESURFER = "#No. Label Name: R G B A\n1  Left_Lobe-x  255 0 51 0\n7  Cyst  0 255 0 0\n"
SLICER_CSV = 'LabelValue,Name,Color_R,Color_G,Color_B,Color_A\n1,"lobe, left",255,0,51,255\n7,Cyst,0,255,0,255\n'
BIDS = "index\tname\tabbreviation\tcolor\n0\tbackground\tbg\t#000000\n1\tLeft lobe\tLL\t#ff0033\n7\tCyst\tC\t#00ff00\n"
CARET = (
    '<?xml version="1.0"?><CaretExtension><VolumeInformation Index="0"><LabelTable><Label Key="0" Red="0" Green="0" '
    'Blue="0" Alpha="0"><![CDATA[???]]></Label><Label Key="1" Red="1.0" Green="0" Blue="0.2" Alpha="1"><![CDATA[L <R]]>'
    '</Label><Label Key="7" Red="0" Green="1" Blue="0">Cyst &amp; rim</Label></LabelTable></VolumeInformation>'
)


@pytest.fixture
def labels_file(image, tmp_path):
    """Labels 1 and 7, as NIfTI, which has no place for names."""
    bodies = sitk.Cast(image > 300, sitk.sitkUInt8) * 6 + sitk.Cast(image > 100, sitk.sitkUInt8)
    path = tmp_path / "sub-1_desc-organs_dseg.nii.gz"
    sitk.WriteImage(bodies, str(path))
    return path


def with_extension(path, target, text):
    """The NIfTI file, not packed, with a text as extension of its header."""
    sitk.WriteImage(sitk.ReadImage(str(path)), str(target))
    data = target.read_bytes()
    held = text.encode()
    held += bytes(-(len(held) + 8) % 16)
    header = bytearray(data[:348])
    header[108:112] = struct.pack("<f", 352 + 8 + len(held))
    target.write_bytes(bytes(header) + b"\1\0\0\0" + struct.pack("<2i", 8 + len(held), 0) + held + data[352:])


def named(path, *given, notes=None):
    found = segment_structures(str(path), given, [] if notes is None else notes)
    return {label: (each.name, tuple(round(255 * part) for part in each.color)) for label, each in found.items()}


@pytest.mark.parametrize(
    ("ending", "text", "first", "other"),
    [
        (".txt", ITK_SNAP, "Left lobe (old)", "Cyst"),
        (".label", FREESURFER, "Left_Lobe-x", "Cyst"),
        ("_ColorTable.ctbl", SLICER, "left lobe", "cyst"),
        ("_ColorTable.csv", SLICER_CSV, "lobe, left", "Cyst"),
        (".tsv", BIDS, "Left lobe", "Cyst"),
    ],
)
def test_a_table_of_another_program_beside_the_file(labels_file, tmp_path, ending, text, first, other):
    expected = {1: (first, (255, 0, 51)), 7: (other, (0, 255, 0))}
    table, notes = tmp_path / f"sub-1_desc-organs_dseg{ending}", []
    table.write_text(text)
    assert named(labels_file, notes=notes) == expected
    assert notes == [f"{labels_file}: the names of its labels are those in {table}"]
    elsewhere = table.rename(tmp_path / "elsewhere.txt")
    assert named(labels_file) == {}
    assert named(labels_file, str(elsewhere), "7=Bleb") == expected | {7: ("Bleb", (0, 255, 0))}


def test_a_table_of_a_data_set_holds_for_the_files_below(labels_file, tmp_path):
    below = tmp_path / "set" / "sub-1" / "anat" / labels_file.name
    below.parent.mkdir(parents=True)
    labels_file.rename(below)
    for name, text in (("desc-organs_dseg.tsv", BIDS), ("desc-brain_dseg.tsv", "index\tname\n1\tBrain\n")):
        (tmp_path / name).write_text(text)
    assert named(below)[1][0] == "Left lobe"
    (tmp_path / "set" / "dataset_description.json").write_text("{}")
    assert named(below) == {}


def test_a_label_table_in_the_header_of_nifti(labels_file, tmp_path):
    path = tmp_path / "total.nii"
    with_extension(labels_file, path, CARET)
    assert named(path) == {1: ("L <R", (255, 0, 51)), 7: ("Cyst & rim", (0, 255, 0))}
    np.testing.assert_array_equal(*(sitk.GetArrayFromImage(sitk.ReadImage(str(p))) for p in (path, labels_file)))
    assert named(labels_file, str(path), "1=Lobe")[1] == ("Lobe", (255, 0, 51))


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_what_segment_names_is_known_to_measure(medproc, image_file, tmp_path, ending):
    """Until somebody writes other voxels under its name, which may show something else."""
    step = {"operation": "segmentation.threshold", "parameters": {"lower": 300.5}}
    naming = {"operation": "segmentation.name_segments", "parameters": {"names": "*: lesion"}}
    recipe, made, table = tmp_path / "r.json", tmp_path / f"made{ending}", tmp_path / "t.csv"
    pieces = {"operation": "segmentation.components", "parameters": {}}
    recipe.write_text(json.dumps({"recipe": 1, "steps": [step, pieces, naming]}))
    assert medproc("segment", image_file, "--recipe", recipe, "-o", made)[0] == 0
    assert medproc("measure", image_file, made, "--per", "segment", "-o", table)[0] == 0
    assert [line.split(",")[:2] for line in table.read_text().splitlines()[1:]] == [
        ["1", "Lesion 1"],
        ["2", "Lesion 2"],
    ]
    found = segment_structures(str(made), None, [])[2]
    assert (found.type, found.color) == (structure("lesion").type, structure("lesion").color)
    if ending == ".nii.gz":
        sitk.WriteImage(sitk.ReadImage(str(made)) * 2, str(made))
        notes: list[str] = []
        assert named(made, notes=notes) == {} and "its voxels are not those" in notes[0]
        assert named(made, str(tmp_path / "made.provenance.json"))[2][0] == "Lesion 2"


def test_segments_that_segment_starts_from_keep_their_names(medproc, image_file, labels_file, tmp_path):
    table, made = tmp_path / f"{labels_file.name.split('.')[0]}.txt", tmp_path / "made.seg.nrrd"
    table.write_text(ITK_SNAP)
    assert medproc("segment", image_file, "--operation", "components", "--labels", labels_file, "-o", made)[0] == 0
    found = named(made)
    pieces = sitk.GetArrayFromImage(sitk.ReadImage(str(made)))
    before = sitk.GetArrayFromImage(sitk.ReadImage(str(labels_file)))
    for value, (name, _color) in found.items():
        own = {1: "Left lobe (old)", 7: "Cyst"}[int(np.unique(before[pieces == value]).item())]
        assert name in (own, f"{own} 1", f"{own} 2")
    assert len(found) == len({name for name, _ in found.values()}) == pieces.max() > 1

    # what grows from seeds in an organ is not that organ
    inside = {"operation": "segmentation.search_inside"}, {"operation": "segmentation.grow_from_seeds"}
    recipe = tmp_path / "inside.json"
    recipe.write_text(json.dumps({"recipe": 1, "steps": inside}))
    given = "--recipe", recipe, "--labels", labels_file, "--seeds", labels_file
    assert medproc("segment", image_file, *given, "-o", made)[0] == 0
    assert {value: name for value, (name, _color) in named(made).items()} == {1: "Segment 1", 7: "Segment 7"}


def test_files_that_name_nothing(refused, image_file, labels_file, tmp_path):
    for name, text in (
        ("sub-1_desc-organs_dseg.txt", "1 kidney\n2 liver\n"),
        ("sub-1_desc-organs_dseg.label", "1 0.5 3 4 5\n2 -1.e-3 4 5 6\n"),
        ("sub-1_desc-organs_dseg.tsv", 'segment\tname\n1\t"broken\n'),
        ("sub-1_desc-organs_dseg.provenance.json", '{"segments": [1]}'),
    ):
        (tmp_path / name).write_text(text)
    assert named(labels_file) == {}
    line = ("measure", image_file, labels_file, "-o", tmp_path / "t.csv", "--names")
    assert "holds no names of labels" in refused(*line, image_file)
    assert "there is no such file" in refused(*line, "Liver")
