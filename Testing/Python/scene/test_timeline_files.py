"""A patient's findings as files: what is written is read again whole, elsewhere too."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import timelines
from samples import bspline_transform
from timelines import MOVES, NAMES

from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.tracks.edits import accept, describe
from MedProcLib.comparison.tracks.patient_file import read_patient
from MedProcLib.core.errors import InputError
from MedProcLib.core.label_names import label_names
from MedProcLib.scene.timeline_edits import edit_patient, put_patient
from MedProcLib.scene.timeline_files import add_loaded, load_patient, saving_of
from MedProcLib.scene.timeline_nodes import patient_of_node, transform_at, volume_at
from MedProcLib.scene.timeline_outlines import outlines_of
from MedProcLib.scene.timeline_scene import verdicts_of
from MedProcLib.scene.transforms import transform_of_node


@pytest.mark.parametrize("second", [MOVES[1], bspline_transform()], ids=["rigid", "B-spline"])
def test_written_and_read(scene, tmp_path, second):
    moves = (None, second, MOVES[2])
    node = timelines.add_to(scene, moves)
    edit_patient(node, lambda p, who, when: accept(p, "F001", who, when), "Dr. Reader")
    edit_patient(node, lambda p, who, when: describe(p, "F001", who, when, name="Dome"), "Dr. Reader")
    of_tomorrow = {"recipe": 1, "steps": [{"operation": "comparison.of_tomorrow", "parameters": {}}]}
    put_patient(node, replace(patient_of_node(node), recipe=of_tomorrow))
    before = patient_of_node(node)
    (tmp_path / "a").mkdir()
    written = saving_of(node, tmp_path / "a" / "doe.json")()
    assert {path.parent for path in written} == {tmp_path / "a"}
    shutil.move(tmp_path / "a", tmp_path / "b")  # all paths are relative
    called = {segment.name for segment in label_names(tmp_path / "b" / "doe_3_outlines.nrrd").segments.values()}
    assert called == {"F001 Dome", "F003"}  # as measure calls its rows
    scene.Clear(0)
    node = add_loaded(load_patient(tmp_path / "b" / "doe.json"))
    patient = patient_of_node(node)
    assert (patient.tracks, patient.history, patient.order) == (before.tracks, before.history, before.order)
    assert patient.recipe == of_tomorrow, "another version of MedProc can run it"
    for point, labels, move in zip(NAMES, timelines.followed(moves).label_maps, moves, strict=True):
        wanted = [v for t in patient.tracks if (o := t.at(point)) for v in o.labels]
        again = outlines_of(node, point, wanted)
        assert np.array_equal(sitk.GetArrayFromImage(again.label_map()), sitk.GetArrayFromImage(labels))
        assert np.array_equal(sitk.GetArrayFromImage(again.image), sitk.GetArrayFromImage(timelines.image_of(labels)))
        if move is None:
            assert transform_at(node, point) is None
        else:
            assert verdicts_of(node)[point] == (Verdict.GOOD, "edges match")
            found = transform_of_node(volume_at(node, point).GetParentTransformNode())
            assert found.TransformPoint((3.0, -4.0, 5.0)) == pytest.approx(move.TransformPoint((3, -4, 5)), abs=1e-6)


def test_what_is_wrong_with_a_file_is_said(scene, tmp_path):
    node = timelines.add_to(scene)
    with pytest.raises(InputError, match="json"):
        saving_of(node, tmp_path / "doe.txt")
    path = tmp_path / "doe.json"
    saving_of(node, path)()
    data = json.loads(path.read_text())
    for change, said in (
        (lambda d: d["time_points"][0].pop("segmentation"), "no outlines"),
        (
            lambda d: d["time_points"][1]["images"][0].update(path="../a/gone.nrrd"),
            "a/gone.nrrd, .* not there.*folder",
        ),
        (lambda d: d["time_points"][1].update(transform_file="doe.json"), "registration"),
        (lambda d: d["time_points"][1].update(segmentation=d["time_points"][2]["segmentation"]), "differs"),
    ):
        broken = json.loads(json.dumps(data))
        change(broken)
        (tmp_path / "broken.json").write_text(json.dumps(broken))
        with pytest.raises(InputError, match=said):
            load_patient(tmp_path / "broken.json")
    assert read_patient(path).tracks == patient_of_node(node).tracks
    image = tmp_path / data["time_points"][0]["images"][0]["path"]
    both = [sitk.ReadImage(str(image)) * factor for factor in (0, 1)]
    sitk.WriteImage(sitk.JoinSeries(both), str(tmp_path / "series.nrrd"))
    data["time_points"][0]["images"][0]["path"] = "series.nrrd#2"
    path.write_text(json.dumps(data))
    assert np.array_equal(*map(sitk.GetArrayFromImage, (load_patient(path).images[0], both[1])))
