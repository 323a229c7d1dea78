"""Summaries of pieces and their overlap, against counting voxel by voxel."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.tracks.label_pieces import pieces_of, surfaces_of
from MedProcLib.comparison.tracks.overlap import overlap_table

from .samples import OBLIQUE, balls, grid_of, volume

GRID = grid_of((0.8, 1.1, 2.5), OBLIQUE, (10, -20, 30), extent=(8, 11, 20))


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(0, 4, tuple(reversed(GRID.size)))


def test_volumes_centers_and_surfaces_are_those_of_the_voxels(labels):
    pieces = pieces_of(GRID.image_of(labels), components=False).pieces
    areas = [GRID.voxel_volume / side for side in reversed(GRID.spacing)]
    padded = np.pad(labels, 1)
    for n, value in enumerate(pieces.labels):
        voxels = np.argwhere(labels == value)
        assert pieces.volumes[n] == pytest.approx(len(voxels) * GRID.voxel_volume)
        assert pieces.centers[n] == pytest.approx(GRID.points(voxels[:, ::-1]).mean(axis=0))
        faces = sum(
            area
            for voxel in voxels + 1
            for axis, area in enumerate(areas)
            for step in (-1, 1)
            if padded[tuple(voxel + step * np.eye(3, dtype=int)[axis])] != value
        )
        assert pieces.surfaces[n] == pytest.approx(2 / 3 * faces)
    assert surfaces_of(np.zeros((3, 3, 3), int), GRID, 4).tolist() == [0, 0, 0, 0]


def test_the_box_around_a_ball_is_the_same_on_any_grid_and_under_any_transform():
    center, radius = np.array([10.0, -20, 30]), 7.0
    turn = np.eye(4)
    turn[:3, :3], turn[:3, 3] = OBLIQUE, (5, 6, 7)
    grids = [(np.eye(3), None), (OBLIQUE, None), (np.diag([-1.0, 1, 1]), turn)]
    for direction, matrix in grids:
        here = center if matrix is None else matrix[:3, :3] @ center + matrix[:3, 3]
        grid = grid_of((0.7, 0.9, 1.5), direction, here, extent=(20, 20, 20))
        image = balls((here, radius), grid=grid)
        found = pieces_of(image, None if matrix is None else transform_of(matrix)).pieces
        assert found.low[0] == pytest.approx(center - radius, abs=0.15)
        assert found.high[0] == pytest.approx(center + radius, abs=0.15)
        assert found.volumes[0] == pytest.approx(volume(radius), rel=0.02)
        assert found.own_centers[0] == pytest.approx(here, abs=0.1)


@pytest.mark.parametrize("bent", [False, True], ids=["linear", "not linear"])
def test_overlap_is_counted_voxel_by_voxel(labels, bent):
    """By looking up voxels and by resampling, which a transform that is not linear needs."""
    other = np.random.default_rng(1).integers(0, 3, labels.shape)
    shift = np.eye(4)
    shift[:3, 3] = GRID.index_to_point[:3, :3] @ (1, 2, 0)  # whole voxels
    transform = transform_of(shift)
    if bent:
        field = np.tile(shift[:3, 3], (5, 5, 5, 1))
        image = sitk.GetImageFromArray(field, isVector=True)
        image.SetSpacing([30.0] * 3)
        image.SetOrigin([-50.0, -80.0, -30.0])
        transform = sitk.DisplacementFieldTransform(image)
    first = pieces_of(GRID.image_of(labels), components=False)
    moved = pieces_of(GRID.image_of(other), transform, components=False)
    _, ny, nx = labels.shape
    one, two = labels[:, : ny - 2, : nx - 1], other[:, 2:, 1:]
    expected = [[np.count_nonzero((one == a) & (two == b)) for b in (1, 2)] for a in (1, 2, 3)]
    counted = overlap_table(first, moved).toarray() / GRID.voxel_volume
    assert counted == pytest.approx(np.array(expected))
    back = overlap_table(moved, first).toarray() / GRID.voxel_volume
    assert back == pytest.approx(np.array(expected).T)


def test_overlap_with_nothing_and_of_grids_apart():
    ball, nothing = balls(((0, 0, 0), 3)), balls()
    assert overlap_table(pieces_of(ball), pieces_of(nothing)).shape == (1, 0)
    far = balls(((300, 0, 0), 3), grid=grid_of(center=(300, 0, 0)))
    assert overlap_table(pieces_of(ball), pieces_of(far)).sum() == 0


def test_thin_pieces_between_coarse_slices_overlap_either_way():
    coarse = grid_of((1, 1, 6), extent=(30, 30, 36))
    fine = grid_of((1, 1, 1), extent=(30, 30, 36))
    ball = ((0, 0, 1.0), 5)
    one, two = pieces_of(balls(ball, grid=coarse)), pieces_of(balls(ball, grid=fine))
    table, back = overlap_table(one, two).toarray(), overlap_table(two, one).toarray()
    assert np.array_equal(table, back.T) and table[0, 0] > 0.8 * volume(5)


def test_largest_and_negative_labels_are_pieces():
    array = np.zeros((4, 4, 4), np.int64)
    array[0, 0, 0], array[3, 3, 3] = 2**40, -5
    pieces = pieces_of(grid_of(extent=(4, 4, 4)).image_of(array), components=False).pieces
    assert pieces.labels.tolist() == [-5, 2**40]
    assert list(itertools.chain(*pieces.surfaces[:, None].tolist())) == [4, 4]
