import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.measure import measure
from MedProcLib.quantification.segment_distances import SegmentDistances

PLAIN = Geometry((20, 20, 12), (1.0, 1.0, 1.0), (0, 0, 0), tuple(np.eye(3).ravel()))


def measured(labels, grid=PLAIN, **settings):
    image = grid.image_of(labels.astype(np.uint16))
    return SegmentDistances(**settings)(sitk.Cast(image, sitk.sitkFloat32), image)


def figures(row):
    return {measurement.name: measurement.value for measurement in row.measurements}


def rods():
    """One along x, one along y, 4 voxels of background apart in z."""
    labels = np.zeros((12, 20, 20))
    labels[2, 10, 3:17] = 1
    labels[7, 3:18, 10] = 2
    return labels


def ball(center, radius, grid):
    """The voxels (z, y, x) whose centers are within a ball; center: mm from that of the grid's first voxel."""
    axes = [(np.arange(n) * s - c) ** 2 for n, s, c in zip(grid.size, grid.spacing, center, strict=True)]
    return axes[2][:, None, None] + axes[1][:, None] + axes[0] <= radius**2


def test_distances_and_angle_in_any_orientation(direction):
    grid = Geometry((20, 20, 12), (0.8, 0.8, 0.8), (5.0, -3.0, 9.0), tuple(direction.ravel()))
    (row,) = measured(rods(), grid)
    found = figures(row)
    assert (row.segment, row.other, row.name) == (1, 2, "Segment 1 to Segment 2")
    assert found["surface_distance"] == pytest.approx(3.2) and found["axis_angle"] == pytest.approx(90)
    assert found["centroid_distance"] == pytest.approx(np.hypot(4, 0.8 * 0.5))
    nearest = [found[f"nearest_{axis}"] for axis in "lps"]
    np.testing.assert_allclose(grid.indices(np.array([nearest]))[0], (10, 10, 2.5), atol=1e-6)


@pytest.mark.parametrize(("spacing", "mean"), [((1, 1, 1), 0.15), ((0.8, 0.8, 2.5), 0.25), ((1, 1, 5), 0.7)])
def test_of_balls_anywhere_the_distance_is_the_balls_own(spacing, mean):
    """Middles of voxel faces are wrong by 0.22, 0.6 and 0.9 mm."""
    rng = np.random.default_rng(5)
    grid = Geometry(tuple((np.full(3, 40) / spacing).astype(int)), spacing, (0, 0, 0), PLAIN.direction)
    errors = []
    for _ in range(6):
        along = rng.normal(size=3)
        half, middle = 9.5 * along / np.linalg.norm(along), rng.uniform(19, 21, 3)
        labels = np.where(ball(middle - half, 6, grid), 1, 2 * ball(middle + half, 5, grid))
        errors.append(figures(measured(labels, grid)[0])["surface_distance"] - 8)
    assert np.abs(errors).mean() < mean


def test_of_overlapping_segments_depth_and_what_they_share():
    """One within another lies as deep as its surface is beneath the other's; where surfaces cross there is none."""
    grid = Geometry((50, 50, 40), (0.8, 0.8, 1.0), (0, 0, 0), PLAIN.direction)
    liver, lesion, edge = (ball(c, r, grid) for c, r in (((20, 20, 19), 15), ((22, 23, 19), 4), ((20, 34, 19), 5)))
    maps = [
        grid.image_of(np.where(mask, label, 0).astype(np.uint8)) for label, mask in enumerate((liver, lesion, edge), 1)
    ]
    inside, crossing, apart = SegmentDistances().of_maps(maps[0], maps)
    assert inside.value("surface_distance") == pytest.approx(15 - 4 - np.hypot(2, 3), abs=0.4)
    assert inside.value("shared_volume") == pytest.approx(np.count_nonzero(lesion) * 0.64)
    assert crossing.value("surface_distance") == 0
    assert crossing.value("shared_volume") == pytest.approx(np.count_nonzero(liver & edge) * 0.64)
    assert apart.value("surface_distance") == pytest.approx(np.hypot(2, 11) - 9, abs=0.3)
    assert apart.value("shared_volume") == 0
    # plates that cross have no face in common
    flat, upright = np.zeros((2, 40, 50, 50), bool)
    flat[20, 10:40, 10:40] = upright[10:31, 15:35, 25] = True
    plates = [grid.image_of((mask * label).astype(np.uint8)) for label, mask in ((1, flat), (2, upright))]
    (row,) = SegmentDistances().of_maps(plates[0], plates)
    assert row.value("surface_distance") == 0 and row.value("shared_volume") == pytest.approx(20 * 0.64)


def test_inclined_axes():
    labels = np.zeros((12, 20, 20))
    for step in range(18):
        labels[2, step, 9:11] = 1
        labels[8, step, step : step + 2] = 2
    assert figures(measured(labels)[0])["axis_angle"] == pytest.approx(45, abs=1)


def test_touching_segments_are_no_distance_apart_and_far_labels_work():
    labels = np.zeros((12, 20, 20))
    labels[2:5], labels[5:8, :9], labels[11, 19, 19] = 3, 60000, 7
    rows = measured(labels)
    assert [(row.segment, row.other) for row in rows] == [(3, 7), (3, 60000), (7, 60000)]
    assert figures(rows[1])["surface_distance"] == 0
    assert math.isnan(figures(rows[0])["axis_angle"])  # one voxel has no direction
    assert figures(rows[0])["surface_distance"] == pytest.approx(6, abs=0.1)
    assert figures(rows[2])["surface_distance"] == pytest.approx(np.hypot(10, 3), abs=0.6)


def test_of_a_segment_in_scattered_pieces_the_nearest_counts():
    labels = np.zeros((12, 20, 20))
    labels[1, 1, 1], labels[10, 18, 18], labels[10, 18, 15] = 1, 1, 2
    assert figures(measured(labels)[0])["surface_distance"] == pytest.approx(2)


def test_from_one_segment_with_names():
    labels = np.zeros((12, 20, 20))
    labels[1, 1, 1], labels[1, 1, 5], labels[1, 1, 12] = 1, 2, 3
    image = PLAIN.image_of(labels.astype(np.uint8))
    rows = measure(image, image, {2: "Aorta", 3: "Node"}, SegmentDistances(reference_label=2))
    assert [row.name for row in rows] == ["Aorta to Segment 1", "Aorta to Node"]
    assert [figures(row)["surface_distance"] for row in rows] == [3, 6]
    assert figures(rows[1])["nearest_l"] == 5.5  # on the first one's surface


def test_what_is_refused():
    with pytest.raises(InputError, match="two segments or more"):
        measured(np.ones((12, 20, 20)))
    with pytest.raises(InputError, match="no segment of label 9"):
        measured(rods(), reference_label=9)
    many = np.arange(1, 12 * 20 * 20 + 1).reshape(12, 20, 20)
    with pytest.raises(InputError, match="choose a reference_label"):
        measured(np.where(many < 200, many, 0))
