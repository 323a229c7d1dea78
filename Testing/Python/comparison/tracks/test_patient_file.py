"""The patient's file: written and read without loss, and refused with the place of what is wrong."""

import json
from dataclasses import replace

import pytest

from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.tracks.edits import describe, edit_measurement, mark
from MedProcLib.comparison.tracks.history import undo
from MedProcLib.comparison.tracks.model import ImageReference
from MedProcLib.comparison.tracks.patient_file import (
    absolute_path,
    patient_text,
    read_patient,
    relative_path,
    write_patient,
)
from MedProcLib.comparison.tracks.patient_file import patient_of as read_text
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Code, Measurement

from .samples import WHEN, WHO, patient_of

A, B = ((0.1, 0.2, 0.3), 5.0), ((30.0, 0, 0), 4.0)
NASTY = '=HYPERLINK("x") <script>\n\u202eé\u0000'


@pytest.fixture
def patient():
    made = patient_of([A, B], [A], [A, B], settings=Follow(missed=2, registration_error_mm=1.5))
    code = Code("SCT", "103339001", "Long Axis")
    length = Measurement(
        "long_diameter", 1 / 3, "mm", code, {"plane": "axial", "slice": 4, "ends": [[1.5, 2.0], [3.0, 4.0]]}
    )
    made = edit_measurement(made, "F001", "T1", length, WHO, WHEN, 0.1, 0.7)
    made = mark(describe(made, "F001", WHO, WHEN, name=NASTY, organ="liver"), "F001", Kind.TARGET, WHO, WHEN)
    made = undo(describe(made, "F002", WHO, WHEN, node=True), WHO, WHEN)
    first = replace(
        made.time_points[0],
        name="Baseline",
        images=(ImageReference("../ct/one.nii.gz", "CT", "portal venous"),),
        segmentation="one seg.nrrd",
        matrix=(1.0, 0.0, 0.0, 0.1, 0.0, -1.0, 0.0, 2e-17, 0.0, 0.0, 1.0, 1e6, 0.0, 0.0, 0.0, 1.0),
    )
    return replace(made, time_points=(first, *made.time_points[1:]))


def test_a_byte_order_mark_is_no_part_of_the_file(patient, tmp_path):
    (tmp_path / "patient.json").write_text(patient_text(patient), encoding="utf-8-sig")
    assert read_patient(tmp_path / "patient.json") == patient


def test_what_is_written_is_read_the_same(patient, tmp_path):
    file = tmp_path / "patient.json"
    write_patient(patient, file)
    assert read_patient(file) == patient
    assert patient_text(read_patient(file)) == file.read_text("utf-8")
    assert json.loads(file.read_text("utf-8"))["medproc_patient"] == 1


def test_paths_are_relative_to_the_file(tmp_path):
    file = tmp_path / "out" / "patient.json"
    reference = relative_path(tmp_path / "ct" / "one.nii.gz", file)
    assert reference == "../ct/one.nii.gz"
    assert absolute_path(reference, file) == tmp_path / "ct" / "one.nii.gz"
    with pytest.raises(InputError, match="relative"):
        absolute_path("/etc/passwd", file)


def changed(patient, *steps):
    """JSON text with one place changed: keys and indices, then the new value (or None to delete it)."""
    data = json.loads(patient_text(patient))
    *way, last, value = steps
    place = data
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(data)


SEEN = ("tracks", 0, "observations")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (("medproc_patient", 2), "version 2; this MedProc reads version 1"),
        (("medproc_patient", True), "version True"),
        (("medproc_patient", None), "medproc_patient"),
        (("extra", 1), "unknown entry 'extra'"),
        (("id", None), "lacks 'id'"),
        (("tracks", 1, "id", "F001"), "2 entries for track 'F001'"),
        (("tracks", 1, "id", "lesion"), r"tracks\[1\].id is 'lesion'"),
        (("tracks", 1, "id", "F009"), "last_number is 2"),
        (("time_points", 1, "id", "T1"), "2 entries for time point 'T1'"),
        (("time_points", 1, "id", " "), r"time_points\[1\].id is empty"),
        (("time_points", 2, "date", "2020-01-01"), "'T3' .* is listed after 'T2'"),
        (("time_points", 2, "date", "01/02/2020"), r"time_points\[2\].date is '01/02/2020'"),
        (("time_points", 0, "matrix", [1.0] * 9), "4 x 4"),
        (("time_points", 0, "matrix", [0.0] * 15 + [1.0]), "singular"),
        (("time_points", 0, "images", 0, "path", "C:\\one.nii"), "paths are relative"),
        (("time_points", 0, "segmentation", "/tmp/x.nrrd"), "paths are relative"),
        ((*SEEN, 0, "time_point", "T9"), r"tracks\[0\].observations\[0\].time_point is 'T9'"),
        ((*SEEN, 1, "time_point", "T1"), "in time order"),
        ((*SEEN, 0, "labels", []), "labels"),
        ((*SEEN, 0, "labels", [0]), "labels"),
        ((*SEEN, 0, "labels", [1.5]), r"labels\[0\] must be a whole number"),
        ((*SEEN, 0, "labels", [2]), "both have label 2"),
        ((*SEEN, 0, "status", "maybe"), "status is 'maybe'; allowed: proposed, accepted, edited, rejected"),
        ((*SEEN, 0, "decided", "noon"), r"decided: 'noon' is not a time"),
        ((*SEEN, 0, "place", "center", [1, 2]), "must have 3 values, not 2"),
        ((*SEEN, 0, "place", "volume_mm3", 0), "volume above 0"),
        ((*SEEN, 0, "place", "volume_mm3", "5"), "must be a finite number, not '5'"),
        ((*SEEN, 0, "place", "volume_mm3", None), "lacks 'volume_mm3'"),
        ((*SEEN, 0, "estimates", 0, "low", 5.0), "enclose"),
        ((*SEEN, 0, "estimates", 0, "high", None), "both limits"),
        ((*SEEN, 0, "estimates", 0, "measurement", "unit", "furlong"), "Unknown unit 'furlong'"),
        ((*SEEN, 0, "estimates", 0, "measurement", "value", True), "finite number, not True"),
        (("tracks", 0, "parent", "F009"), "no other track"),
        (("tracks", 0, "merged_into", "F002"), "both merged_into and merged_at"),
        (("tracks", 0, "kind", "big"), "kind is 'big'"),
        (("tracks", 0, "node", 1), "true or false"),
        (("tracks", 0, "observations", []), "no observations"),
        (("settings", "missed", 99), r"settings: parameter 'missed' is 99"),
        (("settings", "missed", "1"), "missed must be a whole number"),
        (("history", 0, "undoes", 7), "no entry before it"),
        (("history", 2, "time_point", "T8"), "'T8' is not in the patient"),
        (("history", 3, "when", "now"), r"history\[3\]: 'now' is not a time"),
        (("tracks", {}), "tracks must be a list"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(patient, steps, message):
    with pytest.raises(InputError, match=message):
        read_text(changed(patient, *steps))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1]", "JSON object"),
        ('{"medproc_patient": 1, "id": "a", "id": "b"}', "'id' is there twice"),
        ('{"medproc_patient": 1, "id": "a", "last_number": NaN}', "NaN"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_text_that_is_no_patient_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        read_text(text)


def test_files_that_cannot_be_read_or_written_say_which(patient, tmp_path):
    with pytest.raises(InputError, match=r"missing\.json"):
        read_patient(tmp_path / "missing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_patient(tmp_path / "binary.json")
    broken = replace(patient, tracks=patient.tracks[:1] * 2)
    with pytest.raises(InputError, match="F001"):
        write_patient(broken, tmp_path / "patient.json")
    assert not (tmp_path / "patient.json").exists()
