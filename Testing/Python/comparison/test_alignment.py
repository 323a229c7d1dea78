"""The parts of linear alignment: reading between voxels, samples, the wide search; the verdict of given transforms."""

import numpy as np
import pytest
import scipy.linalg
import SimpleITK as sitk

from MedProcLib.comparison.alignment.field import INSIDE, Field, fields
from MedProcLib.comparison.alignment.points import exponential, largest_distance, moved
from MedProcLib.comparison.alignment.pyramid import levels
from MedProcLib.comparison.alignment.samples import choose
from MedProcLib.comparison.alignment.search import search
from MedProcLib.comparison.alignment.volume import Volume, head_points, prepare
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.verdict import judge, measure
from MedProcLib.core.geometry import Geometry

from .conftest import grid_of, head, rigid

OBLIQUE = rigid((20, -10, 35), (0, 0, 0))[:3, :3]
SLOPE = np.array([0.4, -0.7, 1.1])


def ramp(grid: Geometry) -> Volume:
    """Values that rise by SLOPE per mm along LPS, everywhere in the body."""
    index = np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)
    values = (grid.points(index) @ SLOPE).reshape(tuple(reversed(grid.size))).astype(np.float32)
    ones = grid.image_of(np.ones_like(values))
    return Volume(grid.image_of(values), ones, ones)


@pytest.mark.parametrize("direction", [np.eye(3), OBLIQUE, OBLIQUE @ np.diag([-1.0, 1, 1])])
def test_values_and_gradients_of_a_ramp_are_exact_anywhere(direction):
    grid = grid_of((2, 3, 5), direction, (7, -4, 11), (40, 40, 40))
    field = Field(ramp(grid), 5.0)
    index = np.random.default_rng(0).uniform(0, np.array(grid.size) - 1, (200, 3))
    points = grid.points(index)
    values, gradients = field.read(points)
    assert np.abs(values - points @ SLOPE).max() < 1e-4
    assert np.abs(gradients - SLOPE[:, None]).max() < 1e-4
    assert (field.flags(points) & INSIDE).all()
    assert not field.flags(grid.points(np.array(grid.size) + 0.1)).any()


def test_a_single_slice_is_read_within_its_thickness():
    grid = Geometry((10, 8, 1), (1.0, 1.0, 4.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
    field = Field(ramp(grid), 4.0)
    values, gradients = field.read(np.array([[3.5, 2.25, 1.9]]))
    assert values[0] == pytest.approx(3.5 * SLOPE[0] + 2.25 * SLOPE[1], abs=1e-5)
    assert gradients[:, 0] == pytest.approx([SLOPE[0], SLOPE[1], 0], abs=1e-5)
    assert [bool(f & INSIDE) for f in field.flags(np.array([[3.5, 2, 1.9], [3.5, 2, 2.1]]))] == [True, False]


def test_voxels_without_a_number_are_not_read():
    image, _ = head(grid_of((8, 8, 8)))
    values = sitk.GetArrayFromImage(image)
    values[10, 12, 9] = np.nan
    grid = Geometry.of(image)
    field = Field(prepare(grid.image_of(values), None, "The image"), 8.0)
    beside = grid.points(np.array([[9.0, 12, 10], [9.9, 12, 10], [9, 12, 13]]))
    assert [bool(f & INSIDE) for f in field.flags(beside)] == [False, False, True]


def test_exponential_agrees_with_scipys():
    generator = np.zeros((4, 4))
    generator[:3, :3] = np.random.default_rng(0).normal(0, 0.5, (3, 3))
    generator[:3, 3] = 40, -30, 20
    assert np.allclose(exponential(generator), scipy.linalg.expm(generator), rtol=1e-12, atol=1e-10)


def test_samples_lie_in_both_images_and_are_none_where_these_lie_apart():
    image, _ = head(grid_of((6, 6, 6)))
    one, two = fields(*[prepare(image, None, "The image")] * 2)
    matrix = rigid((10, 0, 20), (12, -6, 4))
    samples = choose(one[0], two[0], matrix)
    root = scipy.linalg.sqrtm(matrix).real
    there = (one[0].flags(moved(np.linalg.inv(root), samples.x)) & two[0].flags(moved(root, samples.x)) & INSIDE) > 0
    assert there.all()
    assert 7000 < len(samples.x) < 44000
    assert 0.5 < samples.overlap < 0.95
    assert samples.overlap <= samples.agreement < 0.97 and 0.6 < samples.shared < 0.99
    assert choose(one[0], two[0], rigid((0, 0, 0), (400, 0, 0))) is None


def test_resolution_follows_the_smaller_field_of_view():
    """A part of 120 mm in a body of 600 mm: compared as finely as the body can be held, at 2.2 mm (by the body 5.2)."""
    part = ramp(Geometry((60, 60, 60), (2.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel())))
    body = ramp(Geometry((150, 150, 150), (4.0,) * 3, (-240.0,) * 3, tuple(np.eye(3).ravel())))
    assert levels(part, part) == [8.0, 4.0, 2.0]
    assert levels(part, body) == levels(body, part) == pytest.approx([8.0, 4.0, (600**3 / 20e6) ** (1 / 3)])


def test_slices_that_cross_are_not_searched_cell_by_cell():
    grid = Geometry((60, 60, 1), (2.0, 2.0, 1.0), (-59.0, -59.0, 0.0), tuple(np.eye(3).ravel()))
    one, two = (Field(ramp(grid), 2.0) for _ in range(2))
    samples = choose(one, two, rigid((60, 0, 0), (0, 0, 0)))
    # a million cells in the box of the slices, 118 x 103 x 59 mm; one for each of 8000 points takes half a minute
    assert len(samples.x) > 100 and samples.apart == pytest.approx(0.9, abs=0.03)


def test_the_search_starts_near_a_far_and_turned_place_in_another_field_of_view():
    matrix = rigid((-20, 12, 22), (60, -45, 30))
    first, _ = head(grid_of((8, 8, 8)))
    other, _ = head(grid_of((7, 7, 9), OBLIQUE, (80, -45, 20), (230, 230, 170)), matrix, seed=1)
    one, two = prepare(first, None, "The image"), prepare(other, None, "The image")
    starts = search(one, two, 8.0)
    assert min(largest_distance(s, matrix, head_points(one)) for s in starts) < 30


@pytest.mark.parametrize(("off_mm", "verdict"), [(0.0, Verdict.GOOD), (1.5, Verdict.DOUBTFUL), (6.0, Verdict.FAILED)])
def test_the_verdict_is_of_the_transform_as_it_is(real, off_mm, verdict):
    image = sitk.BinShrink(real(1), [2, 2, 1])
    one, two = fields(*[prepare(image, None, "The image")] * 2)
    figures = measure(one, two, rigid((0, 0, 0), np.array([2, -1, 2]) / 3 * off_mm), affine=False)
    assert judge(figures)[0] is verdict, judge(figures)
    assert figures.restart_mm == pytest.approx(off_mm, abs=0.3)
