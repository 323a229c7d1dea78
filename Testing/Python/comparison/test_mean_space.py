import numpy as np
import pytest
import scipy.linalg
import SimpleITK as sitk

from MedProcLib.comparison.halfway import half, matrix_of, transform_of
from MedProcLib.comparison.registration.mean_space import mean_space, mean_space_matrices
from MedProcLib.core.errors import InputError

from .conftest import rigid

FROM_FIRST = [
    np.eye(4),
    rigid((10, -5, 20), (30, 4, -200)),
    rigid((-25, 8, 3), (-7, 90, 12)),
    rigid((0, 30, 0), (1, 2, 3)),
]


def test_logarithms_add_up_to_zero_and_pairs_are_kept():
    found = mean_space_matrices(FROM_FIRST)
    assert np.allclose(sum(scipy.linalg.logm(m) for m in found), 0, atol=1e-8)
    for matrix, start in zip(found, FROM_FIRST, strict=True):
        assert np.allclose(matrix @ np.linalg.inv(found[0]), start, atol=1e-8)
        assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-10)


@pytest.mark.parametrize("first", range(4))
def test_whichever_study_is_called_the_first_the_mean_is_the_same(first):
    found = mean_space_matrices(FROM_FIRST)
    from_other = [matrix @ np.linalg.inv(FROM_FIRST[first]) for matrix in FROM_FIRST]
    assert np.allclose(mean_space_matrices(from_other), found, atol=1e-7)
    assert np.allclose(mean_space_matrices(FROM_FIRST[::-1])[::-1], found, atol=1e-7)


def test_of_two_studies_it_is_the_half_way_space():
    to_first, to_other = mean_space_matrices(FROM_FIRST[:2])
    root = half(FROM_FIRST[1])
    assert np.allclose(to_other, root, atol=1e-8)
    assert np.allclose(to_first, np.linalg.inv(root), atol=1e-8)


def test_means_that_are_known():
    turns = [rigid((0, 0, degrees), (0, 0, 0)) for degrees in (0, 12, 30)]
    assert np.allclose(mean_space_matrices(turns)[0], rigid((0, 0, -14), (0, 0, 0)), atol=1e-10)
    shifts = [rigid((0, 0, 0), shift) for shift in ((0, 0, 0), (3, 0, 9), (0, -6, 0))]
    assert np.allclose(mean_space_matrices(shifts)[0][:3, 3], (-1, 2, -3), atol=1e-12)
    sizes = [np.diag([s, s, s, 1.0]) for s in (1, 2, 4)]
    assert np.allclose(mean_space_matrices(sizes)[0], np.diag([0.5, 0.5, 0.5, 1]), atol=1e-10)
    assert np.allclose(mean_space_matrices([np.eye(4)])[0], np.eye(4))


def test_transforms_in_transforms_out():
    found = mean_space([transform_of(m) for m in FROM_FIRST])
    assert np.allclose([matrix_of(t) for t in found], mean_space_matrices(FROM_FIRST), atol=1e-9)


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ([], "No transforms"),
        ([sitk.BSplineTransform(3)], "not linear"),
        ([transform_of(np.diag([1.0, 1, -1, 1]))], "study 1 mirrors"),
        ([transform_of(np.eye(4)), transform_of(np.full((4, 4), np.nan))], "study 2"),
        ([transform_of(rigid((0, 0, d), (0, 0, 0))) for d in (0, 178, 0, 0)], "turned by 178"),
    ],
)
def test_what_has_no_mean_is_refused(transforms, message):
    with pytest.raises(InputError, match=message):
        mean_space(transforms)
