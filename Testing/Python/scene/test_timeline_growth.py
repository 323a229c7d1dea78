"""A study added to findings in the scene: what a reader decided stays."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import timelines
from samples import ball
from timelines import COMES, GOES, GROWS, NAMES

from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.edits import accept
from MedProcLib.comparison.tracks.history import undo
from MedProcLib.comparison.tracks.take_out import take_out
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.markups import points_node_from
from MedProcLib.scene.timeline_edits import edit_patient, put_patient
from MedProcLib.scene.timeline_growth import add_grown, growth_of
from MedProcLib.scene.timeline_nodes import SOURCE, patient_of_node, studies_in, transform_at, volume_at
from MedProcLib.scene.timeline_restore import restoring
from MedProcLib.scene.timeline_scene import verdicts_of
from MedProcLib.scene.volumes import volume_from_image
from MedProcLib.segmentation.threshold.threshold import Threshold

BEYOND = (-14.0, -14.0, -4.0)  # where nothing was before
RECIPE = Recipe.of(MatchFindings())  # the new study lies where the first one does


def study(name="Fourth"):
    grid = timelines.mirrored((0.0, 0.0, 0.0))
    labels = ball(grid, GROWS, 9.0) | 2 * ball(grid, COMES, 5.0) | 3 * ball(grid, BEYOND, 4.0)
    names = {1: "Dome", 2: "F007 Hilum, stable", 3: "F009 Rib, new"}
    return Study(name, timelines.image_of(labels), datetime.date(2024, 9, 1), labels, names=names)


def test_the_findings_go_on_with_their_names_and_decisions(scene):
    node = timelines.add_to(scene)
    edit_patient(node, lambda p, who, when: accept(p, "F003", who, when), "Dr. Reader")
    before = patient_of_node(node)
    new = study()
    source = volume_from_image(new.image, "Fourth")
    grown = growth_of(node, new, RECIPE)()
    assert patient_of_node(node) is before  # nothing happens to the scene until it is added
    assert add_grown(node, grown, source) == "time point Fourth added"
    patient = patient_of_node(node)
    assert [p.id for p in patient.time_points] == [*NAMES, "Fourth"]
    for track in before.tracks:
        assert patient.track(track.id).observations[: len(track.observations)] == track.observations
    assert patient.track("F001").at("Fourth").volume.value == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.03)
    assert patient.track("F003").at("Fourth").status == "proposed"
    assert patient.track("F002").at("Fourth") is None
    # what is there already keeps its name, what is new has that of its segment
    assert [(track.id, track.name) for track in patient.tracks if track.name] == [("F004", "Rib")]
    assert volume_at(node, "Fourth") is not source and studies_in(node)[source.GetID()] == "Fourth"
    node.SetNodeReferenceID(f"{SOURCE}.{b'Fourth'.hex()}", None)  # as earlier versions left it
    assert studies_in(node)[source.GetID()] == "Fourth"
    source.SetName("Fourth, other")
    assert source.GetID() not in studies_in(node)
    assert volume_at(node, "Fourth").GetParentTransformNode() is transform_at(node, "Fourth")
    assert verdicts_of(node)["Fourth"][0] is patient.time_points[-1].alignment.verdict is Verdict.GOOD
    again = growth_of(node, new, RECIPE)()  # volumes of two studies may be called the same
    assert [p.id for p in again.patient.time_points] == [*NAMES, "Fourth", "Fourth (5)"]
    bare = replace(new, name="Fifth", labels=None)  # it would show none of them
    with pytest.raises(InputError, match="'Fifth' has no segmentation of the findings that are given for 'MR First'"):
        growth_of(node, bare, RECIPE)()


def test_what_the_first_study_has_too_is_not_new_though_it_is_not_listed(scene):
    node = timelines.add_to(scene)
    patient = patient_of_node(node)
    put_patient(node, replace(patient, tracks=(patient.track("F001"), patient.track("F003"))))  # F002 was overlooked
    grid = timelines.mirrored((0.0, 0.0, 0.0))
    labels = ball(grid, GROWS, 9.0) | ball(grid, GOES, 5.0) | ball(grid, BEYOND, 4.0)
    new = Study("Fourth", timelines.image_of(labels), datetime.date(2024, 9, 1))
    grown = growth_of(node, new, Recipe.of(Threshold("custom", lower=155), MatchFindings()))()
    begun = [track.id for track in grown.patient.tracks if track.observations[0].time_point == "Fourth"]
    assert begun == ["F004"]
    np.testing.assert_allclose(grown.patient.track("F004").observations[0].place.common_center, BEYOND, atol=0.5)


def test_what_the_added_study_does_not_show_is_not_gone(scene):
    node = timelines.add_to(scene)
    new = study()
    places = Geometry.of(new.image).indices(np.array([GROWS, COMES]))
    axis = int(np.argmax(np.abs(places[0] - places[1])))
    middle = int(places[:, axis].mean())
    part = [slice(None)] * 3  # that of F001, without the place of F003
    part[axis] = slice(middle, None) if places[0, axis] > middle else slice(0, middle)
    whole, new = patient_of_node(node), replace(new, image=new.image[tuple(part)], labels=new.labels[tuple(part)])
    add_grown(node, growth_of(node, new, RECIPE)(), volume_from_image(new.image, "Fourth"))
    patient = patient_of_node(node)
    assert patient.track("F001").at("Fourth") is not None
    assert (patient.track("F001").outside, patient.track("F003").outside) == ((), ("Fourth",))
    last = intervals(patient)["F003"][-1]
    assert last.unseen and last.size(25) is None
    assert undo(patient, "Dr. Reader", "2026-03-01T09:30:00").tracks == whole.tracks


def test_nothing_is_added_when_the_findings_changed_meanwhile_or_the_study_is_no_image(scene):
    node = timelines.add_to(scene)
    new = study()
    source = volume_from_image(new.image, "Fourth")
    grown = growth_of(node, new, RECIPE)()
    edit_patient(node, lambda p, who, when: accept(p, "F003", who, when), "Dr. Reader")
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="corrected during the run"):
        add_grown(node, grown, source)
    assert scene.GetNumberOfNodes() == count
    flat = replace(new, image=sitk.Image(new.image) * 0, labels=None)
    with pytest.raises(InputError, match="constant"):
        growth_of(node, flat, RECIPE)()
    marked = points_node_from([[0.0, 0, 0], [9, 0, 0]], ["ear", "nose"], "in the first")
    with pytest.raises(InputError, match="There are 2 landmarks in the first image and 1 in the other"):
        growth_of(node, replace(new, landmarks=(((0.0, 0.0, 0.0), "ear"),)), RECIPE, marked)()


def test_where_the_first_was_taken_out_a_study_is_aligned_with_the_next(scene):
    node = timelines.add_to(scene)
    edit_patient(node, lambda p, who, when: take_out(p, "First", who, when), "Dr. Reader")
    move = timelines.MOVES[1]  # what is added lies as the second one does
    labels = ball(timelines.mirrored(move.TransformPoint((0.0, 0.0, 0.0))), move.TransformPoint(GROWS), 9.0)
    new = Study("Fourth", timelines.image_of(labels), datetime.date(2024, 9, 1), labels)
    add_grown(node, growth_of(node, new, RECIPE)(), volume_from_image(new.image, "Fourth"))
    patient = patient_of_node(node)
    np.testing.assert_allclose(patient.track("F001").at("Fourth").place.common_center, GROWS, atol=0.1)
    comparison = restoring(node)(SILENT)
    assert [s.name for s in comparison.studies] == [*NAMES[1:], "Fourth"]
    there = [
        np.array(comparison.pairs[n].registration.transform.TransformPoint(move.TransformPoint(GROWS))) for n in (0, 1)
    ]
    np.testing.assert_allclose(there, [timelines.MOVES[2].TransformPoint(GROWS), move.TransformPoint(GROWS)], atol=0.01)
    first = comparison.followed.patient.track("F001").observations[0].place
    np.testing.assert_allclose(first.common_center, first.center, atol=1e-6)  # told in the space of the second
