"""Change maps in the scene, and a comparison made again from a scene that was saved and loaded."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
from samples import ball
from timelines import GROWS, MOVES, NAMES, followed, image_of

from MedProcLib.comparison.change_maps import with_change_maps
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.halfway import half_way
from MedProcLib.comparison.pipeline import restored
from MedProcLib.comparison.result import Registration, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_findings import with_tracks
from MedProcLib.comparison.tracks.edits import reject
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.change_maps import (
    MapEnds,
    change_maps_at,
    ends_of,
    figures_at,
    map_colors_of,
    set_map_threshold,
    show_change_map,
    shown_change_map,
)
from MedProcLib.scene.comparison_scene import add_comparison, add_pair_to_scene
from MedProcLib.scene.offscreen import OffscreenSliceView
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.timeline_edits import edit_patient
from MedProcLib.scene.timeline_nodes import patient_nodes, patient_of_node
from MedProcLib.scene.timeline_report import reviewed
from MedProcLib.scene.timeline_restore import further_of, restoring
from MedProcLib.scene.views import slice_composites
from MedProcLib.scene.volumes import image_of_volume

STILL_TO_THIRD = (None, MOVES[1], MOVES[1])  # the later studies lie alike, so that no registration is needed


@pytest.fixture(scope="module")
def comparison():
    found = followed(STILL_TO_THIRD)
    points = found.patient.time_points
    studies = [
        Study(point.id, image_of(labels), point.date, labels, modality="MR")
        for point, labels in zip(points, found.label_maps, strict=True)
    ]
    recipe = with_change_maps(Recipe.of(MatchFindings(outline_mm=0.3)), ["difference", "tissue"], studies)
    settings = dataclasses.replace(found.patient.settings, outline_mm=0.3)
    patient = dataclasses.replace(found.patient, recipe=recipe.as_dict(), settings=settings)
    move = MOVES[1]
    registration = Registration(move, *half_way(move), Verdict.GOOD, ("edges match",))
    return restored(studies, [registration] * 2, dataclasses.replace(found, patient=patient), recipe, also=[(1, 2)])


def test_maps_lie_over_the_first_study_and_show_where_it_grew(scene, comparison):
    nodes = add_comparison(comparison)
    maps = change_maps_at(nodes.patient)
    assert [ends_of(volume) for volume in maps] == [
        MapEnds(NAMES[a], NAMES[b]) for a, b in ((0, 1), (0, 1), (0, 2), (0, 2), (1, 2), (1, 2))
    ]
    for volume, inner, outer in ((maps[0], 6, 7), (maps[4], 7, 8)):
        image = image_of_volume(volume)  # in world space, that is the first study's
        grid, values = Geometry.of(image), sitk.GetArrayFromImage(image)
        indices = np.argwhere(values > 40)[:, ::-1]
        distances = np.linalg.norm(grid.points(indices) - GROWS, axis=1)
        distances = distances[distances < 12]
        assert len(distances) > 20 and inner - 2 < distances.min() and distances.max() < outer + 2
        assert distances.mean() == pytest.approx((inner + outer) / 2, abs=0.6)
    gain = {row["figure"]: row["value"] for row in rows_of_table(figures_at(maps[1])) if row["region"] == "findings"}
    pair = comparison.pairs[0]
    assert gain["net change"] == pytest.approx(pair.maps[1].rows[0].value("net_change"))
    assert figures_at(maps[0]) is not figures_at(maps[1])


def test_only_change_from_the_threshold_on_is_seen(scene, comparison):
    nodes = add_comparison(comparison)
    volume = change_maps_at(nodes.patient)[0]
    assert shown_change_map(nodes.patient) is None
    show_change_map(volume)
    assert shown_change_map(nodes.patient) is volume

    def colored() -> int:
        with OffscreenSliceView((200, 200)) as view:
            view.show(nodes.volumes[0], volume, offset=GROWS[2], foreground_opacity=1.0)
            picture = view.array().astype(int)
        return int(np.count_nonzero(np.ptp(picture, axis=2) > 40))

    some = colored()
    set_map_threshold(volume, 1000.0)
    assert map_colors_of(volume).threshold == 1000.0
    assert some > 30 and colored() == 0
    show_change_map(None)
    assert shown_change_map(nodes.patient) is None


def test_a_map_gives_the_readers_foreground_back(scene, comparison):
    nodes = add_comparison(comparison)
    one, two = change_maps_at(nodes.patient)[:2]
    composites = slice_composites(scene)
    assert composites
    for composite in composites:
        composite.SetForegroundVolumeID(nodes.volumes[1].GetID())
        composite.SetForegroundOpacity(0.3)
    for volume in (one, two):
        show_change_map(volume)
        assert {c.GetForegroundVolumeID() for c in composites} == {volume.GetID()}
    show_change_map(None)
    assert {c.GetForegroundVolumeID() for c in composites} == {nodes.volumes[1].GetID()}
    assert {c.GetForegroundOpacity() for c in composites} == {0.3}
    show_change_map(one)
    scene.RemoveNode(one)
    show_change_map(two)  # as when a map is made again
    show_change_map(None)
    assert {c.GetForegroundVolumeID() for c in composites} == {nodes.volumes[1].GetID()}


def test_loaded_scene_gives_the_same_comparison_with_the_edits(scene, comparison, tmp_path):
    node = add_comparison(comparison).patient
    edit_patient(node, lambda patient, who, when: reject(patient, "F002", who, when, note="vessel"), "A. Reader")
    set_map_threshold(change_maps_at(node)[0], 12.5)
    before = reviewed(comparison, node)
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    (node,) = patient_nodes()
    assert map_colors_of(change_maps_at(node)[0]).threshold == 12.5
    assert further_of(node) == [(NAMES[1], NAMES[2])]
    again = restoring(node)()
    assert [s.name for s in again.studies] == [s.name for s in before.studies]
    assert [s.source for s in again.studies] == [s.name for s in before.studies]  # not the copies that are shown
    assert again.followed.patient == patient_of_node(node) == before.followed.patient
    for one, two in zip(with_tracks(before).all_pairs, again.all_pairs, strict=True):
        assert two.registration.verdict is one.registration.verdict
        assert [(f.number, f.change, f.status) for f in one.findings] == [
            (f.number, f.change, f.status) for f in two.findings
        ]
        inside = ball(one.grid, (0, 0, 0), 15)  # files may order slices the other way round: compared in space
        for name in ("fixed_image", "moving_image"):
            loaded = resample(getattr(two, name), one.grid)
            values = [sitk.GetArrayFromImage(sitk.Mask(each, inside)) for each in (getattr(one, name), loaded)]
            assert np.abs(values[0] - values[1]).max() < 0.05 and values[0].max() > 100
        assert [each.operation for each in one.maps] == [each.operation for each in two.maps]
        # nearest voxels of an outline may be others where slices are ordered the other way round
        for place, name in ((0, "mean_difference"), (1, "volume_first"), (1, "net_change")):
            figures = [each.maps[place].rows[0].value(name) for each in (one, two)]
            assert figures[1] == pytest.approx(figures[0], rel=0.03)


def test_a_map_made_again_takes_the_place_of_the_first(scene, comparison):
    node = add_comparison(comparison).patient
    kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLTransformNode", "vtkMRMLColorTableNode", "vtkMRMLTableNode")
    before, old = [scene.GetNumberOfNodesByClass(kind) for kind in kinds], change_maps_at(node)[1]
    space = old.GetParentTransformNode()
    (made,) = add_pair_to_scene(comparison, comparison.pairs[0], node, only_maps=True).maps
    assert [scene.GetNumberOfNodesByClass(kind) for kind in kinds] == before
    assert old not in change_maps_at(node) and made.GetParentTransformNode() is space


def test_scene_without_a_volume_says_what_is_missing(scene, comparison):
    nodes = add_comparison(comparison)
    scene.RemoveNode(nodes.volumes[1])
    with pytest.raises(InputError, match="not in the scene anymore"):
        restoring(nodes.patient)
