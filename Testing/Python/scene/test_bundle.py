"""What is saved as .mrb is there after loading it into a cleared scene."""

import os
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import ball, bspline_transform, numbered, turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.color_tables import add_change_colors
from MedProcLib.scene.hierarchy import add_patient, add_study, place_under
from MedProcLib.scene.markups import line_from_points, points_node_from, points_of_markups
from MedProcLib.scene.plots import Series, chart_from_series
from MedProcLib.scene.provenance import append_edit, provenance_of, write_provenance
from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation, segmentation_from_labels
from MedProcLib.scene.terminology import LESION
from MedProcLib.scene.transforms import transform_node_from, transform_of_node
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

TYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64)


def saved_and_loaded(scene, folder):
    save_bundle(scene, folder / "scene.mrb")
    scene.Clear(0)
    load_bundle(folder / "scene.mrb")
    return slicer.util.getNode


@pytest.mark.parametrize("dtype", TYPES, ids=lambda dtype: dtype.__name__)
def test_volumes_of_every_type(scene, tmp_path, dtype):
    image = numbered(turned_grid((4, 5, 6)), dtype)
    volume_from_image(image, "v")
    back = image_of_volume(saved_and_loaded(scene, tmp_path)("v"))
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(image))
    assert Geometry.of(back).same_grid(Geometry.of(image))


def test_transforms_and_what_is_under_them(scene, tmp_path):
    spline = bspline_transform()
    volume = volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    volume.SetAndObserveTransformNodeID(transform_node_from(spline, "t").GetID())
    get = saved_and_loaded(scene, tmp_path)
    assert get("v").GetParentTransformNode() is get("t")
    assert transform_of_node(get("t")).TransformPoint((3.0, 4.0, 5.0)) == pytest.approx(
        spline.TransformPoint((3.0, 4.0, 5.0)), abs=1e-9
    )


def test_segmentations_with_names_colors_codes_and_empty_segments(scene, tmp_path):
    grid = turned_grid()
    segments = {
        1: SegmentInfo("F1 grown", (0.2, 0.4, 0.6), "F1", LESION),
        2: SegmentInfo("F2 new", (1.0, 0.0, 0.0), "F2", LESION),
        3: SegmentInfo("F3 none", (0.0, 1.0, 0.0), "F3", LESION),
    }
    labels = ball(grid, (6, 0, 0), 4) + 2 * ball(grid, (-6, 0, 0), 4)
    segmentation_from_labels(labels, segments, "seg", volume_from_image(labels, "v"))
    get = saved_and_loaded(scene, tmp_path)
    back, found = labels_of_segmentation(get("seg"), get("v"))
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(labels))
    assert [(info.name, info.id, info.terminology) for info in found.values()] == [
        (info.name, info.id, info.terminology) for info in segments.values()
    ]
    assert [info.color for info in found.values()] == [
        pytest.approx(info.color, abs=1e-3) for info in segments.values()
    ]


def test_markups_plots_and_colors(scene, tmp_path):
    line_from_points((1, 2, 3), (4, 6, 15), "diameter")
    points_node_from(np.array([[7, 8, 9]]), ["F1 é"], "places")
    chart_from_series([Series("F1", [0, 1], [2, 3.5])], "chart", "time", "volume", "d", "mm3")
    labels = volume_from_image(ball(turned_grid(), (0, 0, 0), 5), "change", labels=True)
    labels.GetDisplayNode().SetAndObserveColorNodeID(add_change_colors(scene).GetID())
    get = saved_and_loaded(scene, tmp_path)
    assert get("diameter").GetMeasurement("length").GetValue() == pytest.approx(13)
    assert points_of_markups(get("places")) == pytest.approx(np.array([[7, 8, 9]]))
    assert get("places").GetNthControlPointLabel(0) == "F1 é"
    assert get("chart").GetNthPlotSeriesNode(0).GetTableNode().GetNumberOfRows() == 2
    colors = get("change").GetDisplayNode().GetColorNode()
    assert [colors.GetColorName(index) for index in (1, 2)] == ["gained", "lost"]
    rgba = [0.0] * 4
    colors.GetColor(2, rgba)
    assert rgba == pytest.approx((72 / 255, 160 / 255, 1, 1), abs=0.01)


def test_provenance_with_edits_and_odd_names(scene, tmp_path):
    node = volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    provenance = Provenance(Recipe(), {"image": 'FLAIR; "x" <b> 50% é:漢\n'}, "MedProc 0")
    write_provenance(node, provenance)
    append_edit(node, "edited by A. Reader on 2026-01-02")
    get = saved_and_loaded(scene, tmp_path)
    back = provenance_of(get("v"))
    assert back.inputs == provenance.inputs
    assert back.software == "MedProc 0"
    assert tuple(back.edits) == ("edited by A. Reader on 2026-01-02",)
    append_edit(get("v"), "edited by B. Reader on 2026-01-03")
    assert len(provenance_of(get("v")).edits) == 2


def test_provenance_is_none_where_there_is_none_and_refused_where_broken(scene):
    node = volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    assert provenance_of(node) is None
    append_edit(node, "edited")
    assert provenance_of(node) is None
    node.SetAttribute("MedProc.Provenance", "{")
    with pytest.raises(InputError, match="provenance"):
        provenance_of(node)


def test_a_name_with_an_ampersand_does_not_spoil_the_scene(scene, tmp_path):
    volume_from_image(numbered(turned_grid((4, 5, 6))), "T1 & <T2> 'x'")
    save_bundle(scene, tmp_path / "scene.mrb")
    assert scene.GetFirstNodeByName("T1 & <T2> 'x'") is not None
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb")
    assert scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode").GetName() == "T1 + <T2> 'x'"


def test_the_subject_hierarchy(scene, tmp_path):
    import datetime

    from MedProcLib.scene.studies import date_of_volume

    node = volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    place_under(node, add_study(scene, add_patient(scene, "P1"), "Baseline", datetime.date(2015, 3, 31)))
    get = saved_and_loaded(scene, tmp_path)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(get("v")))
    assert hierarchy.GetItemName(study) == "Baseline"
    assert hierarchy.GetItemName(hierarchy.GetItemParent(study)) == "P1"
    assert date_of_volume(get("v")) == datetime.date(2015, 3, 31)


def test_loading_adds_and_a_loaded_scene_can_be_saved_again(scene, tmp_path):
    volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    save_bundle(scene, tmp_path / "a.mrb")
    load_bundle(tmp_path / "a.mrb")
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert len(volumes) == 2
    assert len({node.GetID() for node in volumes}) == 2
    save_bundle(scene, tmp_path / "b.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "b.mrb")
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        assert sitk.GetArrayFromImage(image_of_volume(node)).max() == 119


def test_saving_changes_neither_voxels_nor_the_scene_file_name(scene, tmp_path):
    node = volume_from_image(numbered(turned_grid((4, 5, 6))), "v")
    before = scene.GetURL(), scene.GetRootDirectory(), node.GetImageData().GetMTime()
    save_bundle(scene, tmp_path / "scene.mrb")
    assert (scene.GetURL(), scene.GetRootDirectory(), node.GetImageData().GetMTime()) == before
    assert os.listdir(tmp_path) == ["scene.mrb"]
    with zipfile.ZipFile(tmp_path / "scene.mrb") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"scene"}


def test_an_existing_bundle_is_replaced_only_when_the_new_one_is_whole(scene, tmp_path, monkeypatch):
    target = tmp_path / "scene.mrb"
    target.write_text("old")
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "unsavable")
    slicer.util.updateVolumeFromArray(node, np.zeros((2, 2, 2), np.int8))  # Slicer cannot write this type
    with pytest.raises(InputError, match="could not be written"):
        save_bundle(scene, target)
    assert target.read_text() == "old"
    scene.RemoveNode(node)
    save_bundle(scene, target)
    assert zipfile.is_zipfile(target)
    assert os.listdir(tmp_path) == ["scene.mrb"]


def test_refusals(scene, tmp_path):
    with pytest.raises(InputError, match="no folder"):
        save_bundle(scene, tmp_path / "missing" / "scene.mrb")
    with pytest.raises(InputError, match=r"end it in \.mrb"):
        save_bundle(scene, tmp_path / "scene.zip")
    with pytest.raises(InputError, match="no file"):
        load_bundle(tmp_path / "missing.mrb")
    (tmp_path / "text.mrb").write_text("no archive")
    with pytest.raises(InputError, match="not a scene bundle"):
        load_bundle(tmp_path / "text.mrb")
    with zipfile.ZipFile(tmp_path / "empty.mrb", "w") as archive:
        archive.writestr("a/readme.txt", "x")
    with pytest.raises(InputError, match="holds no scene"):
        load_bundle(tmp_path / "empty.mrb")
    with zipfile.ZipFile(tmp_path / "evil.mrb", "w") as archive:
        archive.writestr("../evil.mrml", "x")
    with pytest.raises(InputError, match="do not trust"):
        load_bundle(tmp_path / "evil.mrb")
