import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.result import Change
from MedProcLib.core.geometry import Geometry

from .conftest import grid_of, rigid

GRID = grid_of((1, 1, 1), extent=(60, 60, 40))


def balls(*which, grid=GRID, matrix=None):
    """Label map of balls (center in mm, radius in mm), moved by a matrix."""
    indices = np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)
    back = np.linalg.inv(np.eye(4) if matrix is None else matrix)
    points = grid.points(indices) @ back[:3, :3].T + back[:3, 3]
    inside = np.zeros(len(points), bool)
    for center, radius in which:
        inside |= np.linalg.norm(points - center, axis=1) <= radius
    return grid.image_of(inside.reshape(tuple(reversed(grid.size))))


def classes(first, other, **settings):
    return [f.change for f in MatchFindings(**settings)(first, other)[2]]


HERE, THERE = (-15.0, 0.0, 0.0), (15.0, 5.0, 3.0)


@pytest.mark.parametrize(
    ("first", "other", "expected"),
    [
        ([], [(HERE, 5)], Change.NEW),
        ([(HERE, 5)], [], Change.GONE),
        ([(HERE, 5)], [(HERE, 5)], Change.STABLE),
        ([(HERE, 5)], [(HERE, 5.2)], Change.STABLE),
        ([(HERE, 5)], [(HERE, 6.5)], Change.GROWN),
        ([(HERE, 6.5)], [(HERE, 5)], Change.SHRUNK),
        ([((-8, 0, 0), 4), ((2, 0, 0), 4)], [((-3, 0, 0), 9)], Change.MERGED),
        ([((-3, 0, 0), 9)], [((-8, 0, 0), 4), ((2, 0, 0), 4)], Change.SPLIT),
    ],
)
def test_class_of_a_finding(first, other, expected):
    labels_first, labels_other, findings = MatchFindings()(balls(*first), balls(*other))
    assert [f.change for f in findings] == [expected]
    finding = findings[0]
    for volume, center, labels, given in zip(
        finding.volumes_mm3, finding.centers, (labels_first, labels_other), (first, other), strict=True
    ):
        array = sitk.GetArrayFromImage(labels)
        assert set(np.unique(array)) == ({0, 1} if given else {0})
        assert volume == np.count_nonzero(array) * GRID.voxel_volume
        assert (center is None) == (not given)
    assert finding.threshold.startswith(expected.value)


def test_swapping_the_studies_mirrors_the_classes():
    first = balls((HERE, 5), (THERE, 4), ((0, -20, 0), 5))
    other = balls((HERE, 7), ((0, 20, 0), 4), ((0, -20, 0), 5))
    mirror = {
        Change.NEW: Change.GONE,
        Change.GONE: Change.NEW,
        Change.GROWN: Change.SHRUNK,
        Change.STABLE: Change.STABLE,
    }
    forward, backward = classes(first, other), classes(other, first)
    assert sorted(mirror[c] for c in forward) == sorted(backward)
    assert sorted(forward) == sorted([Change.GROWN, Change.GONE, Change.NEW, Change.STABLE])


def test_a_near_piece_without_overlap_matches_and_a_far_one_does_not():
    first = balls(((0, 0, 0), 2))
    near, far = balls(((6, 0, 0), 2)), balls(((12, 0, 0), 2))
    assert classes(first, near, distance_mm=3) == [Change.STABLE]
    assert sorted(classes(first, far, distance_mm=3)) == [Change.GONE, Change.NEW]


def test_growth_must_exceed_share_volume_and_outline():
    first, other = balls((HERE, 5)), balls((HERE, 5.6))  # about +40 %
    assert classes(first, other) == [Change.GROWN]
    assert classes(first, other, relative_percent=60) == [Change.STABLE]
    assert classes(first, other, minimum_mm3=500) == [Change.STABLE]
    assert classes(first, other, outline_mm=1) == [Change.STABLE]
    finding = MatchFindings(minimum_mm3=500)(first, other)[2][0]
    assert "25 %" in finding.threshold and "500 mm³" in finding.threshold


@pytest.mark.parametrize("direction", [np.diag([1.0, 1.0, -1.0]), rigid((20, -30, 40), (0, 0, 0))[:3, :3]])
def test_studies_in_their_own_spaces_are_matched_by_the_transform(direction):
    matrix = rigid((15, -20, 25), (30, -12, 8))
    grid = grid_of((0.8, 1.5, 2.0), direction, (30, -12, 8), (90, 90, 80))
    first = balls((HERE, 5), (THERE, 4))
    other = balls((HERE, 5), (THERE, 6), grid=grid, matrix=matrix)
    labels_first, labels_other, findings = MatchFindings()(first, other, transform_of(matrix))
    by_class = {f.change: f for f in findings}
    assert set(by_class) == {Change.STABLE, Change.GROWN}
    grown = by_class[Change.GROWN]
    expected = matrix[:3, :3] @ THERE + matrix[:3, 3]
    assert np.linalg.norm(np.array(grown.centers[1]) - expected) < 0.5
    assert np.linalg.norm(np.array(grown.centers[0]) - THERE) < 0.5
    assert Geometry.of(labels_other).same_grid(grid) and Geometry.of(labels_first).same_grid(GRID)


def test_touching_pieces_of_other_values_stay_apart_and_empty_maps_have_no_findings():
    array = np.zeros((40, 60, 60), np.int32)
    array[10:20, 10:20, 10:20], array[10:20, 10:20, 20:30] = 4, 9
    labels = GRID.image_of(array)
    assert classes(labels, labels) == [Change.STABLE, Change.STABLE]
    assert MatchFindings()(balls(), balls())[2] == ()
