"""Scores wherever the images lie, of all segments at once, of what only one of the two has, and what is refused."""

import math
import threading
import time

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.distance import cdist

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.scoring.nearest import distances_to
from MedProcLib.segmentation.scoring.score import Score, score

TURNED = sitk.VersorTransform((0.48, 0.6, 0.64), np.deg2rad(37)).GetMatrix()
LEFT_HANDED = (1, 0, 0, 0, -1, 0, 0, 0, 1)


def ball(center, radius, shape=(24, 40, 36), spacing=(1.0, 1.0, 2.0)):
    """Label map of a ball (mm from the first voxel); spacing x, y, z."""
    axes = [np.arange(n) * s - c for n, s, c in zip(shape, spacing[::-1], center, strict=True)]
    inside = axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2 <= radius**2
    image = sitk.GetImageFromArray(inside.astype(np.uint8))
    image.SetSpacing(spacing)
    return image


def placed(image, direction, origin=(-70, 33, 5)):
    copy = sitk.Image(image)
    copy.SetDirection(direction)
    copy.SetOrigin(origin)
    return copy


def same(first, second):
    for a, b in zip(first.measurements, second.measurements, strict=True):
        assert a.value == pytest.approx(b.value, rel=1e-12, nan_ok=True), a.name


@pytest.fixture
def pair():
    return ball((24, 20, 18), 12), ball((24, 22, 17), 11)


@pytest.mark.parametrize("direction", [TURNED, LEFT_HANDED], ids=["oblique", "left-handed"])
def test_the_place_does_not_matter(pair, direction):
    same(score(*pair).rows[0], score(*[placed(image, direction) for image in pair]).rows[0])


def test_what_lies_outside_the_image_is_background():
    """A ball cut by the image's border has its border there: padding changes nothing but the specificity."""
    pair = ball((2, 20, 18), 12), ball((4, 22, 33), 11)
    padded = [sitk.ConstantPad(image, (5, 6, 7), (3, 2, 1), 0) for image in pair]
    first, second = score(*pair).rows[0], score(*padded).rows[0]
    assert first.value("specificity") < second.value("specificity")
    for a, b in zip(first.measurements, second.measurements, strict=True):
        assert a.name == "specificity" or a.value == pytest.approx(b.value, rel=1e-12, nan_ok=True), a.name


def test_another_grid_is_resampled_and_said(pair):
    reference, test = pair
    wide = sitk.ConstantPad(test, (4, 4, 4), (4, 4, 4), 0)
    scores = score(reference, wide)
    same(scores.rows[0], score(reference, test).rows[0])
    assert len(scores.notes) == 1 and "resampled onto the reference's" in scores.notes[0]
    mirrored = sitk.Flip(test, (True, False, False))  # the same place, the first axis the other way round
    assert not Geometry.of(mirrored).same_grid(Geometry.of(test))
    same(score(reference, mirrored).rows[0], score(reference, test).rows[0])
    small = reference[:, :, 4:11]
    cut = score(small, test)
    assert "% of the test's segmentation lies outside the reference's image" in cut.notes[1]
    assert cut.rows[0].value("test_volume") < score(reference, test).rows[0].value("test_volume")


def test_a_turned_grid_scores_nearly_the_same(pair):
    reference, test = pair
    grid = Geometry.of(test)
    axes = np.reshape(TURNED, (3, 3))
    origin = grid.center - axes @ np.full(3, 119 / 2 * 0.5)
    turned = sitk.Resample(
        test, [120] * 3, sitk.Transform(), sitk.sitkNearestNeighbor, origin.tolist(), (0.5,) * 3, TURNED
    )
    row, straight = score(reference, turned).rows[0], score(reference, test).rows[0]
    assert row.value("dice") == pytest.approx(straight.value("dice"), abs=0.01)
    assert row.value("hausdorff_95") == pytest.approx(straight.value("hausdorff_95"), abs=1)


def test_two_dimensions_and_single_slices(pair):
    flat = [image[:, :, 11] for image in pair]
    slices = [image[:, :, 11:12] for image in pair]
    in_2d, of_slice = score(*flat).rows[0], score(*slices).rows[0]
    for a, b in zip(in_2d.measurements, of_slice.measurements, strict=True):
        scale = 2 if a.unit == "mm2" else 1  # the slice's thickness
        assert b.value == pytest.approx(scale * a.value, rel=1e-12, nan_ok=True), a.name
    assert in_2d.measurements[5].column == "reference_volume_mm2"
    assert of_slice.measurements[5].column == "reference_volume_mm3"
    assert 0 < in_2d.value("average_symmetric_surface_distance") < 3
    upright = [sitk.PermuteAxes(image, (2, 0, 1)) for image in slices]
    same(score(*upright).rows[0], of_slice)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 5), (2, 1, 1), (3, 3), (1, 4)])
def test_tiny_images(shape):
    image = sitk.GetImageFromArray(np.ones(shape, np.uint8))
    row = score(image, image).rows[0]
    assert row.value("dice") == row.value("surface_dice") == row.value("surface_dice_area_weighted") == 1
    assert row.value("hausdorff") == 0 and row.value("boundary_iou") == 1 and math.isnan(row.value("specificity"))


def test_single_voxels_far_apart():
    first, second = np.zeros((2, 40, 50, 60), np.uint8)
    first[0, 0, 0] = second[39, 49, 59] = 1
    images = [sitk.GetImageFromArray(array) for array in (first, second)]
    row = score(*images).rows[0]
    assert row.value("hausdorff") == row.value("hausdorff_95") == pytest.approx(math.sqrt(39**2 + 49**2 + 59**2))
    assert row.value("dice") == row.value("surface_dice") == row.value("boundary_iou") == 0


def test_a_ball_deep_in_a_ball():
    """Every point of one is about as far from all of the other: exact all the same."""
    small, large = ball((30, 30, 30), 3, (61, 61, 61), (1, 1, 1)), ball((30, 30, 30), 29, (61, 61, 61), (1, 1, 1))
    row = score(small, large).rows[0]
    borders = []
    for image in (small, large):
        mask = sitk.GetArrayFromImage(image) != 0
        borders.append(np.argwhere(mask & ~ndimage.binary_erosion(mask)).astype(float))
    apart = cdist(*borders)
    there, back = apart.min(axis=1), apart.min(axis=0)
    assert row.value("hausdorff") == pytest.approx(max(there.max(), back.max()), rel=1e-12)
    assert row.value("mean_average_surface_distance") == pytest.approx((there.mean() + back.mean()) / 2, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_every_way_to_the_nearest_point_is_exact(seed, monkeypatch):
    from MedProcLib.segmentation.scoring import nearest

    rng = np.random.default_rng(seed)
    points, others = rng.integers(0, 60, (3, 400)), rng.integers(20, 90, (3, 300))
    spacing = tuple(rng.uniform(0.3, 3, 3).tolist())
    exact = cdist(points.T * spacing, others.T * spacing).min(axis=1)
    for costs in ((0, 1), (1, 0), (1, 1)):  # of a box and of pairs: these are taken in turn, then the tree
        monkeypatch.setattr(nearest, "BOX_COST", costs[0])
        monkeypatch.setattr(nearest, "PAIR_COST", costs[1])
        np.testing.assert_allclose(distances_to(points, others, spacing), exact, rtol=1e-12)


def test_all_segments_at_once_by_value():
    first = np.zeros((10, 20, 30), np.int32)
    first[2:5, 3:8, 3:9], first[6:9, 10:15, 12:20], first[2:4, 15:18, 20:25] = 7, -3, 100_000
    second = np.roll(first, 1, axis=2).astype(np.int64)
    second[2][second[2] == 100_000] = 12
    second[second == 100_000] = 13
    scores = score(*map(sitk.GetImageFromArray, (first, second)), names={7: "Liver"})
    assert [(row.label, row.name, row.missing) for row in scores.rows] == [
        (-3, "Segment -3", ""),
        (7, "Liver", ""),
        (12, "Segment 12", "reference"),
        (13, "Segment 13", "reference"),
        (100_000, "Segment 100000", "test"),
    ]
    for label in (-3, 7):
        alone = [sitk.GetImageFromArray((array == label).astype(np.uint8)) for array in (first, second)]
        same(scores.row(label), score(*alone).rows[0])
    assert scores.row("Liver") is scores.rows[1]
    assert scores.notes == (
        "Only in the reference: 100000.",
        "Only in the test: 12-13.",
        "The mean of the distances leaves out 3 of 5 segments, which one of the two lacks.",
    )
    dice = [row.value("dice") for row in scores.rows]
    assert scores.mean.value("dice") == pytest.approx(sum(dice) / 5) and dice[2:] == [0, 0, 0]
    mean = {m.name: m for m in scores.mean.measurements}
    assert mean["hausdorff"].parameters["segments"] == 2 and mean["hausdorff"].parameters["not_defined"] == 3
    chosen = score(*map(sitk.GetImageFromArray, (first, second)), labels=[12, 7])
    assert [row.label for row in chosen.rows] == [12, 7]


def test_empty_cases_are_those_of_metrics_reloaded():
    one, none = ball((24, 20, 18), 12), ball((24, 20, 18), 12) * 0
    distances = ["hausdorff", "hausdorff_95", "average_symmetric_surface_distance", "mean_average_surface_distance"]
    distances += ["hausdorff_95_area_weighted", "average_distance_reference_to_test_area_weighted"]
    shares = ["dice", "surface_dice", "boundary_iou", "surface_dice_area_weighted"]
    both = score(none, none, labels=[1]).rows[0]
    assert [both.value(name) for name in distances] == [0] * 6 and [both.value(name) for name in shares] == [1] * 4
    assert both.missing == "both" and both.value("specificity") == 1
    for name in ("jaccard", "sensitivity", "precision", "relative_volume_difference"):
        assert math.isnan(both.value(name)), name
    for pair, missing in (((one, none), "test"), ((none, one), "reference")):
        row = score(*pair).rows[0]
        assert row.missing == missing and [row.value(name) for name in shares] == [0] * 4
        assert all(math.isnan(row.value(name)) for name in distances)
    assert score(one, none).rows[0].value("precision") == 0 and score(one, none).rows[0].value("sensitivity") == 0
    assert score(none, one).rows[0].value("precision") == 0
    assert math.isnan(score(none, one).rows[0].value("sensitivity"))


def test_what_is_refused(pair):
    reference, test = pair
    with pytest.raises(InputError, match="no voxel in common"):
        score(reference, placed(test, TURNED, (900, 0, 0)))
    with pytest.raises(InputError, match="Both segmentations are empty"):
        score(reference * 0, test * 0)
    with pytest.raises(InputError, match="3D and the test 2D"):
        score(reference, test[:, :, 3])
    with pytest.raises(InputError, match="The test must be a label map of whole numbers"):
        score(reference, sitk.Cast(test, sitk.sitkFloat32))
    with pytest.raises(InputError, match="Label 0 is the background"):
        score(reference, test, labels=[0, 1])
    with pytest.raises(InputError, match="tolerance_mm"):
        Score(tolerance_mm=-1)


def test_it_can_be_stopped_and_reports():
    rng = np.random.default_rng(0)
    images = [sitk.GetImageFromArray(rng.integers(0, 30, (60, 90, 90)).astype(np.uint8)) for _ in range(2)]
    cancel, seen = threading.Event(), []

    def report(fraction, message):
        seen.append((fraction, message))
        if message == "Scoring":
            cancel.set()

    start = time.perf_counter()
    with pytest.raises(Cancelled):
        score(*images, progress=Progress(report, cancel))
    assert time.perf_counter() - start < 30
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
