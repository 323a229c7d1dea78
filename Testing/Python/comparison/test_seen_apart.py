"""Two lesions above each other: thick slices show them as one, which is no merging and no splitting."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.outlines import outlines_of
from MedProcLib.comparison.register import identity
from MedProcLib.comparison.result import Change, Finding, PairComparison
from MedProcLib.comparison.seen_apart import as_seen
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry

from .conftest import grid_of, rigid

MOVE = rigid((6, -4, 10), (4, -3, 6))
THIN = grid_of((1, 1, 1), extent=(32, 30, 34))
THICK = grid_of((0.9, 0.9, 5), MOVE[:3, :3] * (1, 1, -1), MOVE[:3, 3], (34, 34, 40))
UPPER, LOWER, BETWEEN = ((0.0, 0, 7), 4.0), ((0.0, 0, -3), 4.0), ((0.0, 0, 2), 4.0)
FAR = ((0.0, 0, -9), 4.0)


def labels(grid: Geometry, *balls, matrix=None) -> sitk.Image:
    """All balls (center, radius in mm, in the first study) as one finding."""
    points = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float))
    back = np.linalg.inv(np.eye(4) if matrix is None else matrix)
    points = points @ back[:3, :3].T + back[:3, 3]
    inside = np.zeros(len(points), bool)
    for center, radius in balls:
        inside |= np.linalg.norm(points - center, axis=1) <= radius
    return grid.image_of(inside.reshape(tuple(reversed(grid.size))).astype(np.int32))


def pieces(image: sitk.Image) -> int:
    return len(np.unique(sitk.GetArrayViewFromImage(image))) - 1


@pytest.mark.parametrize(("other", "groups"), [(LOWER, 1), (FAR, 2)])
def test_pieces_are_one_where_the_other_voxels_show_one(other, groups):
    thin, thick = labels(THIN, UPPER, other), labels(THICK, UPPER, BETWEEN, LOWER, other, matrix=MOVE)
    found = as_seen(thin, thick, [1], transform_of(MOVE))
    assert len(np.unique(found)) - 1 == groups
    assert np.array_equal(found > 0, sitk.GetArrayViewFromImage(thin) > 0)
    for none in (as_seen(thin, thick, [], transform_of(MOVE)), as_seen(thin, thick, [2], transform_of(MOVE))):
        assert not none.any()
    assert not as_seen(thick, thin, [1], transform_of(MOVE).GetInverse()).any()  # it has no more pieces


def outlined(first: sitk.Image, other: sitk.Image, matrix: np.ndarray, change: Change) -> tuple[int, int]:
    """Number of pieces that are followed in the first and in the other study."""
    nothing = Geometry.of(first).empty_image()
    registration = dataclasses.replace(identity(), transform=transform_of(matrix))
    finding = Finding(1, change, (1, 1), (None, None), "")
    grids = Geometry.of(first), [nothing] * 2, [nothing] * 3
    pair = PairComparison(0, 1, registration, grids[0], *grids[1], *grids[2], first, other, (finding,))
    found = outlines_of([Study("a", nothing), Study("b", Geometry.of(other).empty_image())], [pair], True)
    return pieces(found[0]), pieces(found[1])


@pytest.mark.parametrize("change", [Change.MERGED, Change.SPLIT])
def test_thick_slices_neither_merge_nor_split(change):
    """In either order, whatever the pair's finer grid said."""
    thin, thick = labels(THIN, UPPER, LOWER), labels(THICK, UPPER, BETWEEN, LOWER, matrix=MOVE)
    assert outlined(thin, thick, MOVE, change) == (1, 1)
    assert outlined(thick, thin, np.linalg.inv(MOVE), change) == (1, 1)


def test_slices_that_happen_to_part_what_is_one_do_not_split_it():
    """No more is joined than what differs."""
    thin, thick = labels(THIN, UPPER, LOWER), labels(THICK, UPPER, LOWER, matrix=MOVE)
    assert sitk.GetArrayFromImage(sitk.ConnectedComponent(thick > 0, True)).max() == 2  # a slice lies between them
    assert outlined(thin, thick, MOVE, Change.SPLIT) == (2, 2)


def test_what_was_apart_for_both_studies_did_merge_and_split():
    apart, one = (UPPER, FAR), (UPPER, BETWEEN, LOWER, FAR)
    thin, thick = labels(THIN, *apart), labels(THICK, *one, matrix=MOVE)
    assert outlined(thin, thick, MOVE, Change.MERGED) == (2, 1)
    assert outlined(thick, thin, np.linalg.inv(MOVE), Change.SPLIT) == (1, 2)
