"""Two segmentation nodes scored: whatever their grids and transforms, as a table and a surface colored by distance."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from samples import ball, bspline_transform, turned_grid
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.distance_surface import DISTANCE, SEGMENT, distance_surface, distances_of
from MedProcLib.scene.hierarchy import hierarchy_of
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.scoring_scene import add_scoring, score_segmentations, scoring_input
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.tables import rows_of_table, unit_of_column
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image
from MedProcLib.segmentation.scoring.score import Score, score

GRID = turned_grid((60, 56, 40), (1.0, 1.0, 1.5))
FINE = turned_grid((110, 110, 100), (0.6, 0.6, 0.6), degrees=(0, 5, 0))


def balls(grid, *centers_and_radii) -> sitk.Image:
    labels = grid.empty_image()
    for value, (center, radius) in enumerate(centers_and_radii, 1):
        labels = sitk.Maximum(labels, ball(grid, center, radius) * value)
    return labels


def node(labels, name, *names, volume=None):
    segments = {value: SegmentInfo(title) for value, title in enumerate(names, 1)}
    return segmentation_from_labels(labels, segments, name, volume)


@pytest.fixture
def pair(scene):
    """Two balls each, the test's named in the other order, one larger and one shifted."""
    reference = balls(GRID, ((-10, 0, 0), 8), ((12, 0, 0), 7))
    test = balls(GRID, ((12, 3, 0), 7), ((-10, 0, 0), 10))
    return node(reference, "Reader", "Liver", "Spleen"), node(test, "Automatic", "Spleen", "Liver")


def scored(reference, test, settings=Score(), **more):  # noqa: B008
    return score_segmentations(scoring_input(reference, test), settings, **more)


def test_segments_are_matched_by_name(pair):
    scores = scored(*pair).scores
    assert [(row.label, row.name, row.missing) for row in scores.rows] == [(1, "Liver", ""), (2, "Spleen", "")]
    liver, spleen = scores.rows
    assert liver.value("reference_volume") == pytest.approx(4 / 3 * math.pi * 8**3, rel=0.02)
    assert liver.value("dice") == pytest.approx(2 / (1 + 1.25**3), abs=0.02)
    assert spleen.value("volume_difference") == pytest.approx(0, abs=40)
    assert liver.value("average_symmetric_surface_distance") == pytest.approx(2, abs=0.3)
    assert any("No volume is known" in note for note in scores.notes)
    decided = pair[1].GetSegmentation()
    decided.GetNthSegment(0).SetName("Spleen (accepted)")  # as a reader's decisions name them
    decided.GetNthSegment(1).SetName("Liver (edited)")
    assert [(row.label, row.name, row.missing) for row in scored(*pair).scores.rows] == [
        (1, "Liver", ""),
        (2, "Spleen", ""),
    ]


def test_figures_are_those_of_the_label_maps_on_the_volume(scene):
    volume = volume_from_image(GRID.empty_image(), "CT")
    maps = balls(GRID, ((-10, 0, 0), 8)), balls(GRID, ((-9, 1, 0), 8))
    nodes = [node(labels, name, "Lesion", volume=volume) for labels, name in zip(maps, ("A", "B"), strict=True)]
    result = scored(*nodes)
    for mine, plain in zip(result.scores.rows[0].measurements, score(*maps).rows[0].measurements, strict=True):
        assert mine.value == pytest.approx(plain.value, rel=1e-12), mine.name
    assert result.scores.notes == ()


def test_another_grid_and_a_transform(scene, pair):
    reference, _ = pair
    shift = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.2, 0.3, (4.0, -3.0, 2.0))
    # drawn elsewhere on a finer grid, and brought back by the transform it is under
    centers = [shift.TransformPoint(center) for center in ((-10.0, 0, 0), (12.0, 0, 0))]
    moved = node(balls(FINE, (centers[0], 8), (centers[1], 7)), "Moved", "Liver", "Spleen")
    assert scored(reference, moved).scores.mean.value("dice") < 0.75
    moved.SetAndObserveTransformNodeID(transform_node_from(shift, "shift").GetID())
    scores = scored(reference, moved).scores
    assert all(row.value("dice") > 0.96 for row in scores.rows)
    assert scores.mean.value("hausdorff_95") < 1.6


def test_a_reference_under_a_transform(scene, pair):
    reference, test = pair
    for transform in (sitk.TranslationTransform(3, (30.0, 0.0, 0.0)), bspline_transform()):
        parent = transform_node_from(transform, "moves").GetID()
        for both in pair:
            both.SetAndObserveTransformNodeID(parent)
        together = scored(reference, test).scores.mean
        assert together.value("dice") == pytest.approx(0.7, abs=0.1)
    reference.SetAndObserveTransformNodeID(None)
    assert scored(reference, test).scores.mean.value("dice") != together.value("dice")


def test_overlapping_segments_are_scored_apart(scene, pair):
    reference, test = pair
    for segmentation in pair:
        add_segments(segmentation, balls(GRID, ((-10, 0, 0), 3)), {1: SegmentInfo("Lesion in the liver")})
    given = scoring_input(reference, test)
    assert len(given.layers) == 2
    scores = score_segmentations(given).scores
    assert [row.name for row in scores.rows] == ["Liver", "Spleen", "Lesion in the liver"]
    assert scores.row("Lesion in the liver").value("dice") == 1
    assert scores.row("Liver").value("dice") == pytest.approx(2 / (1 + 1.25**3), abs=0.02)


def test_what_only_one_has_is_listed(scene, pair):
    reference, test = pair
    test.GetSegmentation().GetNthSegment(0).SetName("Kidney")  # was the spleen
    result = scored(reference, test)
    assert {row.name: row.missing for row in result.scores.rows} == {
        "Liver": "",
        "Spleen": "test",
        "Kidney": "reference",
    }
    assert "Without a counterpart there is no distance to color by: Spleen, Kidney." in result.scores.notes
    assert set(vtk_to_numpy(result.surface.GetPointData().GetArray(SEGMENT))) == {1}
    one = node(balls(GRID, ((-10, 0, 0), 8)), "One", "Lesion")
    other = node(balls(GRID, ((-10, 0, 0), 8)), "Other", "Segment_1")
    alone = scored(one, other).scores
    assert alone.rows[0].value("dice") == 1 and "'Lesion' of the reference is scored against" in alone.notes[0]


def test_the_table(scene, pair):
    nodes = add_scoring(scored(*pair, Score(tolerance_mm=2)), *pair)
    rows = rows_of_table(nodes.table)
    assert [row["segment"] for row in rows] == ["Liver", "Spleen", "mean"]
    assert rows[2]["dice"] == pytest.approx((rows[0]["dice"] + rows[1]["dice"]) / 2)
    assert unit_of_column(nodes.table, "hausdorff_95") == "mm" and unit_of_column(nodes.table, "test_volume") == "mm3"
    assert "tolerance_mm 2.0" in nodes.table.GetDescription()
    provenance = provenance_of(nodes.table)
    assert provenance.inputs == {"reference": "Reader", "test": "Automatic"}
    assert provenance.recipe.steps[0].operation == Score(tolerance_mm=2)
    hierarchy = hierarchy_of(scene)
    parents = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(n)) for n in (*pair, nodes.table, nodes.model)}
    assert len(parents) == 1


def test_the_surface_says_how_far_it_is_and_on_which_side(scene):
    """A ball of 10 around one of 8, shifted by 3: distances from 2 - 3 to 2 + 3 mm; on a left-handed grid too."""
    for mirrored in (False, True):
        grid = turned_grid((50, 50, 50), (0.8, 0.8, 0.8))
        if mirrored:
            axes = np.reshape(grid.direction, (3, 3)) * (1, 1, -1)
            origin = grid.points([[0, 0, 49]])[0]
            grid = Geometry(grid.size, grid.spacing, tuple(origin.tolist()), tuple(axes.ravel().tolist()))
        surface, alone = distance_surface([(ball(grid, (0, 0, 0), 8), ball(grid, (3, 0, 0), 10))])
        distances = distances_of(surface)
        assert alone == [] and distances.min() == pytest.approx(-1, abs=0.4)
        assert distances.max() == pytest.approx(5, abs=0.4)
        points = vtk_to_numpy(surface.GetPoints().GetData())
        assert np.allclose(points.mean(axis=0), (-3, 0, 0), atol=0.3)  # RAS
        expected = np.linalg.norm(points, axis=1) - 8
        assert np.abs(distances - expected).mean() < 0.25 and np.abs(distances - expected).max() < 0.8
        triangles = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
        a, b, c = points[triangles].transpose(1, 0, 2)
        outward = (np.cross(b - a, c - a) * (a - points.mean(axis=0))).sum(axis=1)
        assert np.mean(outward > 0) > 0.99


def test_the_surface_is_shown_in_a_symmetric_window_with_a_legend(scene, pair):
    result = scored(*pair)
    model = add_scoring(result, *pair).model
    display = model.GetDisplayNode()
    assert display.GetActiveScalarName() == DISTANCE and display.GetScalarVisibility()
    low, high = display.GetScalarRange()
    assert -low == high == pytest.approx(result.window_mm) and 2 < high < 4
    colors = display.GetColorNode()
    middle = [0.0] * 4
    colors.GetColor(colors.GetNumberOfColors() // 2, middle)
    assert np.ptp(middle[:3]) < 0.01
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(display)
    assert legend.GetTitleText() == "Distance to the reference (mm)" and legend.GetVisibility()


def test_scoring_again_replaces_and_leaves_nothing_behind(scene, pair):
    result = scored(*pair)
    first = add_scoring(result, *pair)
    first.table.SetName("My scores")
    count = scene.GetNumberOfNodes()
    second = add_scoring(result, *pair)
    assert scene.GetNumberOfNodes() == count and second.table.GetName() == "My scores"
    assert not scene.IsNodePresent(first.model)
    add_scoring(result, pair[1], pair[0])
    assert scene.GetNumberOfNodes() > count


def test_it_survives_a_saved_scene(scene, pair, tmp_path):
    nodes = add_scoring(scored(*pair), *pair)
    rows, name = rows_of_table(nodes.table), nodes.model.GetName()
    save_bundle(scene, tmp_path / "scores.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scores.mrb")
    model = slicer.util.getNode(name)
    assert model.GetDisplayNode().GetActiveScalarName() == DISTANCE
    assert model.GetPolyData().GetPointData().GetArray(DISTANCE) is not None
    loaded = rows_of_table(slicer.util.getNode("Automatic scores"))
    assert [row["segment"] for row in loaded] == [row["segment"] for row in rows]
    assert loaded[0]["dice"] == pytest.approx(rows[0]["dice"], rel=1e-5)


def test_without_a_surface(scene, pair):
    result = scored(*pair, surface=False)
    assert result.surface.GetNumberOfPoints() == 0 and add_scoring(result, *pair).model is None
    values = np.zeros((1, 30, 40), np.uint8)
    values[0, 5:15, 5:25] = 1
    picture = sitk.GetImageFromArray(values)
    surface, alone = distance_surface([(picture, sitk.GetImageFromArray(2 - np.roll(values, 2, 2)))])
    assert surface.GetNumberOfPoints() == 0 and 2 in alone


def test_what_is_refused_and_a_cancel_leave_the_scene_alone(scene, pair):
    reference, test = pair
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="one and the same"):
        scoring_input(reference, reference)
    with pytest.raises(InputError, match="No segmentation is selected"):
        scoring_input(reference, None)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        scored(*pair, progress=progress)
    assert scene.GetNumberOfNodes() == count
    far = node(balls(turned_grid(center=(900, 0, 0)), ((900, 0, 0), 8)), "Far", "Liver")
    with pytest.raises(InputError, match="lie at different places"):
        scoring_input(reference, far)
    result = scored(*pair)
    scene.RemoveNode(test)
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="was removed meanwhile"):
        add_scoring(result, reference, test)
    assert scene.GetNumberOfNodes() == count


def test_surfaces_without_a_label_map(scene, pair):
    reference, test = pair
    for segmentation in pair:
        segmentation.CreateClosedSurfaceRepresentation()
        segmentation.GetSegmentation().SetSourceRepresentationName("Closed surface")
        segmentation.GetSegmentation().RemoveRepresentation("Binary labelmap")
    with pytest.raises(InputError, match="no label map, and no volume is known"):
        scoring_input(reference, test)
    volume = volume_from_image(GRID.empty_image(), "CT")
    scores = score_segmentations(scoring_input(reference, test, volume)).scores
    assert scores.row("Liver").value("dice") == pytest.approx(2 / (1 + 1.25**3), abs=0.03)
