"""Growing, shrinking, shells and holes of several segments, against analytic balls and scipy."""

import numpy as np
import pytest
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.cleanup.boundary import Boundary
from MedProcLib.segmentation.cleanup.fill_holes import FillHoles, enclosed
from MedProcLib.segmentation.cleanup.hollow import Hollow
from MedProcLib.segmentation.cleanup.morphology import Morphology

from .phantoms import UNEVEN, array, ball, label_map, radius_from

SHAPE = (30, 50, 60)
CENTER = (24.0, 25.0, 30.0)


def structuring_ball(radius, spacing):
    reach = [int(radius / s + 1e-6) for s in reversed(spacing)]
    return ball(
        [2 * r + 1 for r in reach],
        spacing,
        [r * s for r, s in zip(reversed(reach), spacing, strict=True)],
        radius + 1e-4,
    )


@pytest.mark.parametrize("radius", [0.5, 2.4, 5.0])
@pytest.mark.parametrize("action", ["dilate", "erode", "open", "close"])
def test_one_segment_is_what_scipy_does_with_a_ball(action, radius):
    region = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=SHAPE), (1, 2, 2)) > 0.02
    element = structuring_ball(radius, UNEVEN)
    wide = [(2 * n, 2 * n) for n in element.shape]
    core = tuple(slice(a, -a) for a, _ in wide)
    more, less = np.pad(region, wide), np.pad(region, wide, constant_values=True)
    expected = {
        "dilate": lambda: ndimage.binary_dilation(more, element),
        "close": lambda: ndimage.binary_erosion(ndimage.binary_dilation(more, element), element),
        "erode": lambda: ndimage.binary_erosion(less, element),
        "open": lambda: np.pad(ndimage.binary_dilation(ndimage.binary_erosion(less, element)[core], element), wide),
    }[action]()[core]
    try:
        result = array(Morphology(action, radius)(label_map(region.astype(np.uint8) * 9, UNEVEN)))
    except InputError as error:
        assert "Nothing is left" in str(error) and not expected.any()
        return
    np.testing.assert_array_equal(result == 9, expected)


def test_segments_do_not_grow_over_each_other_and_share_by_distance():
    shape = (1, 41, 41)
    a, b = radius_from(shape, (1, 1, 1), (10, 20, 0)), radius_from(shape, (1, 1, 1), (30, 20, 0))
    values = np.where(a <= 5, 3, np.where(b <= 3, 8, 0)).astype(np.uint8)
    grown = array(Morphology("dilate", 12)(label_map(values)))
    to3, to8 = (ndimage.distance_transform_edt(values != v) for v in (3, 8))
    expected = np.where(np.minimum(to3, to8) > 12, 0, np.where(to3 <= to8, 3, 8))
    expected[values != 0] = values[values != 0]
    np.testing.assert_array_equal(grown, expected)
    only = array(Morphology("dilate", 30, segments="8")(label_map(values)))
    assert np.array_equal(only == 3, values == 3)
    over = array(Morphology("dilate", 60, over_others=True, segments="8")(label_map(values)))
    assert (over == 8).all()
    mask = np.zeros(shape, np.uint8)
    mask[..., 18:] = 1
    kept = array(Morphology("dilate", 12)(label_map(values), label_map(mask)))
    assert np.array_equal(kept[..., :18], values[..., :18]) and np.array_equal(kept[..., 18:], grown[..., 18:])


def test_of_equally_near_segments_the_lower_number_grows():
    """However large they are, and so whichever filter measures the distance."""
    field = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), (1, 2, 2))
    values = np.select([field > 0.1, field < -0.06], [1, 5], 0).astype(np.uint8)
    away = np.stack([ndimage.distance_transform_edt(values != value, UNEVEN[::-1]) for value in (1, 5)])
    nearest = np.where(away[0] <= away[1] + 1e-6, 1, 5)
    expected = np.where((values == 0) & (away.min(axis=0) <= 2.4 + 1e-6), nearest, values)
    np.testing.assert_array_equal(array(Morphology("dilate", 2.4)(label_map(values, UNEVEN))), expected)


def test_erosion_of_a_ball_by_volume_and_at_the_border_of_the_image():
    labels = ball(SHAPE, UNEVEN, CENTER, 20).astype(np.uint8)
    left = np.count_nonzero(array(Morphology("erode", 6)(label_map(labels, UNEVEN)))) * np.prod(UNEVEN)
    assert left == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.03)
    slab = np.zeros((10, 10, 10), np.uint8)
    slab[:5] = 1
    assert np.count_nonzero(array(Morphology("erode", 2)(label_map(slab)))) == 300
    with pytest.raises(InputError, match="below 5 mm"):
        Morphology("open", 9)(label_map(slab))


@pytest.mark.parametrize("side, inner, outer", [("inside", 14, 20), ("outside", 20, 26), ("middle", 17, 23)])
def test_hollow_ball_has_the_volume_of_the_shell(side, inner, outer):
    spacing = (0.5, 0.5, 1.0)
    labels = ball((60, 112, 112), spacing, (28, 28, 30), 20).astype(np.uint8)
    shell = array(Hollow(6.0, side)(label_map(labels, spacing)))
    volume = np.count_nonzero(shell) * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * (outer**3 - inner**3), rel=0.06)
    assert side == "outside" or not (shell[labels == 0].any() and side == "inside")


def test_boundary_zones():
    labels = np.zeros((1, 9, 21), np.uint8)
    labels[0, :, 5:15] = 4
    columns = lambda *zone: np.flatnonzero(array(Boundary(*zone)(label_map(labels)))[0, 4]).tolist()  # noqa: E731
    assert columns(-2, 2) == [3, 4, 5, 6, 13, 14, 15, 16]
    assert columns(1, 3) == [2, 3, 16, 17]
    assert columns(-3, -1) == [6, 7, 12, 13]
    assert columns(-200, 1) == list(range(4, 16))
    with pytest.raises(InputError, match="swap"):
        Boundary(2, -2)(label_map(labels))
    with pytest.raises(InputError, match="thicker"):
        Boundary(-0.5, 0.5)(label_map(labels))


def test_holes_are_those_of_scipy():
    noise = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(24, 30, 28)), 1.2) > -0.02
    np.testing.assert_array_equal(enclosed(noise) | noise, ndimage.binary_fill_holes(noise))
    by_slice = np.stack([ndimage.binary_fill_holes(plane) for plane in noise])
    np.testing.assert_array_equal(enclosed(noise, 0) | noise, by_slice)
    result = array(FillHoles("slices")(label_map(noise.astype(np.uint8))))
    np.testing.assert_array_equal(result > 0, by_slice)


def test_other_segments_in_a_hole_stay_and_inner_segments_fill_their_own():
    shape, spacing, center = (30, 30, 30), (1, 1, 1), (15, 15, 15)
    r = radius_from(shape, spacing, center)
    values = np.select([r <= 3, r <= 5, r <= 8, r <= 10], [0, 6, 0, 2], 0).astype(np.uint8)
    result = array(FillHoles()(label_map(values)))
    np.testing.assert_array_equal(result, np.select([r <= 5, r <= 10], [6, 2], 0))
    small = array(FillHoles(maximum_volume_mm3=200)(label_map(values)))
    np.testing.assert_array_equal(small, np.select([r <= 5, r <= 8, r <= 10], [6, 0, 2], 0))


def test_what_two_segments_enclose_together_goes_to_the_nearest():
    r = radius_from((30, 30, 30), (1, 1, 1), (14.5, 14.5, 14.5))
    values = ((r <= 12) & (r > 8)).astype(np.uint8)
    values[..., 15:] *= 5
    assert np.array_equal(array(FillHoles()(label_map(values))), values)
    result = array(FillHoles(enclosed_by_several=True)(label_map(values)))
    np.testing.assert_array_equal(result, (r <= 12) * np.where(np.arange(30) < 15, 1, 5))


def test_an_open_tube_is_filled_in_its_slices_only_and_planes_follow_the_patient():
    values = np.zeros((8, 12, 12), np.uint8)
    values[:, 2:10, 2:10] = 1
    values[:, 4:8, 4:8] = 0
    labels = label_map(values)
    assert np.array_equal(array(FillHoles()(labels)), values)
    assert np.count_nonzero(array(FillHoles("axial")(labels))) == 8 * 64
    labels.SetDirection((1, 0, 0, 0, 0, 1, 0, -1, 0))  # now the third axis runs along the patient's y
    assert np.array_equal(array(FillHoles("axial")(labels)), values)
    assert np.count_nonzero(array(FillHoles("coronal")(labels))) == 8 * 64
    assert np.count_nonzero(array(FillHoles("slices", maximum_volume_mm3=15)(labels))) == values.sum()
    assert np.count_nonzero(array(FillHoles("slices", maximum_volume_mm3=16)(labels))) == 8 * 64
