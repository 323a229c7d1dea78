"""Corners of boards and cubes on any grid, and the measures against the peer."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.keypoints.corners import corner_measure, detect_corners, structure_tensor

TURN = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
@pytest.mark.parametrize("spacing, direction", [((1, 1), (1, 0, 0, 1)), ((0.5, 1), (0.6, 0.8, 0.8, -0.6))])
def test_corners_of_a_board(measure, spacing, direction):
    """Fields of 10 mm: the corners where four of them meet, in mm, whatever the pixels."""
    size = tuple(int(60 / s) for s in spacing)
    grid = Geometry(size, spacing, (-7.0, 3.0), direction)
    x, y = ((np.arange(n) + 0.5) * s // 10 for n, s in zip(size, spacing, strict=True))
    found = detect_corners(grid.image_of(np.add.outer(y, x) % 2), measure=measure, least_strength=0.3)
    inner = np.stack(np.meshgrid(np.arange(1, 6) * 10.0, np.arange(1, 6) * 10.0), axis=-1).reshape(-1, 2)
    expected = grid.points(inner / spacing - 0.5)
    distance, nearest = cKDTree(found.points).query(expected)
    assert distance.max() < 0.3 and len(set(nearest)) == 25
    assert found.strengths[0] == 1 and (np.diff(found.strengths) <= 0).all()


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
def test_corners_of_a_box(measure):
    grid = Geometry((50, 48, 24), (1.0, 1.0, 2.0), (5.0, 6.0, 7.0), tuple((TURN @ np.diag([1, 1, -1])).ravel()))
    inside = np.zeros((24, 48, 50))
    inside[6:18, 12:36, 10:40] = 1
    found = detect_corners(grid.image_of(inside), measure=measure, sd_mm=1.5, window_mm=2.0, least_strength=0.2)
    ends = np.stack(np.meshgrid((9.5, 39.5), (11.5, 35.5), (5.5, 17.5)), axis=-1).reshape(-1, 3)
    distance, nearest = cKDTree(grid.points(ends)).query(found.points)
    # the window draws them inward along the diagonal, all alike
    assert sorted(nearest) == list(range(8)) and distance.max() < 4.5 and np.ptp(distance) < 1e-3
    assert np.allclose(found.points.mean(axis=0), grid.points(ends).mean(axis=0), atol=1e-3)


def test_measures_against_the_peer(plane):
    feature = pytest.importorskip("skimage.feature")
    values = sitk.GetArrayFromImage(plane).astype(float)
    rows = feature.structure_tensor(values, sigma=2, order="rc")
    tensor = np.stack([np.stack([rows[0], rows[1]], -1), np.stack([rows[1], rows[2]], -1)], -1)
    theirs = feature.corner_harris(values, k=0.05, sigma=2), feature.corner_shi_tomasi(values, sigma=2)
    for measure, expected in zip(("harris", "shi_tomasi"), theirs, strict=True):
        assert np.allclose(corner_measure(tensor, measure), expected, atol=1e-9 * np.abs(expected).max())
    # their derivatives are Sobel's, ours Gaussian: the strongest corners are the same
    ours = detect_corners(plane, sd_mm=0.72, window_mm=1.44, least_strength=0.05)
    peaks = feature.corner_peaks(theirs[0], threshold_rel=0.1, min_distance=1)
    distance, _ = cKDTree(Geometry.of(plane).indices(ours.points)[:, ::-1]).query(peaks)
    assert (distance < 1.5).mean() > 0.9


def test_the_tensor_of_a_plane_wave():
    values = np.add.outer(np.zeros(30), np.arange(40) * 0.5 * 3.0)  # 3 per mm along the columns of 0.5 mm
    tensor = structure_tensor(values, (2.0, 0.5), 1.0, 1.0)[15, 20]
    assert np.allclose(tensor, [[0, 0], [0, 9]], atol=1e-6)


def test_what_has_no_corners():
    image = sitk.GetImageFromArray(np.ones((20, 20)))
    with pytest.raises(InputError, match="constant"):
        detect_corners(image)
    with pytest.raises(InputError, match="at least 3 voxels"):
        detect_corners(sitk.GetImageFromArray(np.random.default_rng(0).random((1, 20, 20))))
    slope = sitk.GetImageFromArray(np.add.outer(np.zeros(40), np.arange(40.0)))
    inner = sitk.GetImageFromArray(np.pad(np.ones((16, 16), np.uint8), 12))
    assert not len(detect_corners(slope, inner).points)
