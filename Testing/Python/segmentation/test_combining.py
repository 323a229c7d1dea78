"""Combining raters, against SimpleITK's voting and STAPLE, simulated raters of known skill, and analytic balls."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.combining.majority_vote import MajorityVote
from MedProcLib.segmentation.combining.shape_average import ShapeAverage
from MedProcLib.segmentation.combining.staple import Staple

from .phantoms import UNEVEN, array, ball, label_map, radius_from

SHAPE = (24, 40, 44)


def truth():
    """A ball in two halves, 1 and 5."""
    values = ball(SHAPE, (1, 1, 1), (22, 20, 12), 10).astype(np.int16)
    values[..., 22:] *= 5
    return values


def rater(values, seed, right, labels=(0, 1, 5)):
    """Labels replaced by another one, each voxel on its own; right: how often a label is kept."""
    rng = np.random.default_rng(seed)
    said = values.copy()
    for label, share in zip(labels, right, strict=True):
        wrong = (values == label) & (rng.random(values.shape) > share)
        said[wrong] = rng.choice([other for other in labels if other != label], np.count_nonzero(wrong))
    return said


SKILLS = [(0.98, 0.9, 0.8), (0.95, 0.7, 0.95), (0.99, 0.85, 0.85), (0.9, 0.95, 0.6)]


@pytest.fixture(scope="module")
def raters():
    return [label_map(rater(truth(), seed, right)) for seed, right in enumerate(SKILLS)]


def test_votes_are_those_of_simple_itk(raters):
    labels, maps = MajorityVote()(raters)
    peer = array(sitk.LabelVoting([sitk.Cast(r, sitk.sitkUInt8) for r in raters], 99))
    np.testing.assert_array_equal(array(labels), np.where(peer == 99, 0, peer))
    votes = np.stack([array(r) for r in raters])
    shares = np.stack([(votes == label).mean(axis=0) for label in (0, 1, 5)])
    winning = np.take_along_axis(shares, np.searchsorted([0, 1, 5], array(labels))[np.newaxis], 0)[0]
    np.testing.assert_allclose(array(maps["agreement"]), winning, atol=1e-6)
    entropy = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=0)
    np.testing.assert_allclose(array(maps["vote_entropy"]), entropy, atol=1e-6)


def test_ties_and_shares():
    one = np.array([[0, 1, 1, 2, 0, 3]], np.uint8)
    two = np.array([[0, 1, 0, 3, 2, 3]], np.uint8)
    vote = lambda *maps, **k: array(MajorityVote(**k)([label_map(m) for m in maps])[0]).ravel().tolist()  # noqa: E731
    assert vote(one, two) == [0, 1, 0, 0, 0, 3]
    assert vote(one, two, ties="segment") == [0, 1, 1, 2, 2, 3]
    assert vote(one, two, ties="first rater") == [0, 1, 1, 2, 0, 3]
    three = np.array([[0, 1, 1, 2, 2, 1]], np.uint8)
    assert vote(one, two, three) == [0, 1, 1, 2, 2, 3]
    assert vote(one, two, three, minimum_share=1) == [0, 1, 0, 0, 0, 0]
    mask = label_map(np.array([[1, 1, 0, 0, 1, 1]], np.uint8))
    masked, maps = MajorityVote()([label_map(m) for m in (one, two, three)], mask)
    assert array(masked).ravel().tolist() == [0, 1, 0, 0, 2, 3]
    assert array(maps["agreement"])[0, 2] == 0


def test_two_class_staple_is_that_of_simple_itk(raters):
    labels, _, table = Staple("each segment", "whole image")(raters)
    probabilities = []
    for label in (1, 5):
        peer = sitk.STAPLEImageFilter()
        peer.SetForegroundValue(label)
        peer.SetMaximumIterations(1000)
        probabilities.append(array(peer.Execute([sitk.Cast(r, sitk.sitkUInt8) for r in raters])))
        rows = [row for row in table if row.segment == label]
        np.testing.assert_allclose([row.value("sensitivity") for row in rows], peer.GetSensitivity(), atol=1e-4)
        np.testing.assert_allclose([row.value("specificity") for row in rows], peer.GetSpecificity(), atol=1e-4)
    expected = np.where(np.max(probabilities, axis=0) > 0.5, np.array([1, 5])[np.argmax(probabilities, axis=0)], 0)
    np.testing.assert_array_equal(array(labels), expected)


@pytest.mark.parametrize("background", ["around the segments", "whole image"])
def test_performance_of_simulated_raters_is_found(raters, background):
    labels, maps, table = Staple(background=background)(raters)
    expected = truth()
    assert (array(labels) != expected).mean() < 0.7 * (array(MajorityVote()(raters)[0]) != expected).mean()
    for row in table:
        right = SKILLS[row.rater - 1][(1, 5).index(row.segment) + 1]
        assert row.value("sensitivity") == pytest.approx(right, abs=0.03)
        assert 0.8 < row.value("specificity") <= 1
    probability = array(maps["probability"])
    assert probability.min() > 1 / 3 and probability.max() == 1
    # calibrated: of voxels given a probability, that share is right
    unsure = (probability > 0.6) & (probability < 0.9)
    assert (array(labels) == expected)[unsure].mean() == pytest.approx(probability[unsure].mean(), abs=0.1)


def test_a_perfect_and_a_hopeless_rater():
    good, bad = truth(), np.roll(truth(), 15, axis=1)
    _, _, table = Staple()([label_map(m) for m in (good, good, good, bad)])
    value = {(row.rater, row.segment): row.value("sensitivity") for row in table}
    assert value[1, 1] == pytest.approx(1, abs=1e-3) and value[4, 1] < 0.3
    same, maps, _ = Staple()([label_map(good)] * 2)
    np.testing.assert_array_equal(array(same), good)
    assert array(maps["label_entropy"]).max() == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), UNEVEN])
def test_mean_of_balls_is_a_ball_of_the_mean_radius(spacing):
    shape = tuple(int(56 / s) for s in reversed(spacing))
    radii = (14.0, 18.0, 25.0)
    maps = [label_map(ball(shape, spacing, (28, 28, 28), r).astype(np.uint8) * 4, spacing) for r in radii]
    labels, maps = ShapeAverage()(maps)
    volume = np.count_nonzero(array(labels) == 4) * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * np.mean(radii) ** 3, rel=0.03 if spacing[2] == 1 else 0.05)
    surface = np.abs(radius_from(shape, spacing, (28, 28, 28)) - 19) < 1
    assert array(maps["surface_spread"])[surface].mean() == pytest.approx(
        np.std(radii), rel=0.05 if spacing[2] == 1 else 0.08
    )


def test_mean_shape_of_segments_that_touch_has_no_gap_and_a_missing_one_counts():
    slabs = []
    for border in (16, 20, 30):
        values = np.zeros((1, 20, 44), np.uint8)
        values[:, 4:16, 4:border], values[:, 4:16, border:40] = 1, 2
        slabs.append(values)
    labels = array(ShapeAverage()([label_map(s) for s in slabs])[0])
    # the mean border is at 22; depths that the slab's height limits pull it in
    assert (labels[0, 10, 4:21] == 1).all() and (labels[0, 10, 22:40] == 2).all()
    without = [label_map(np.where(s == 2, 0, s).astype(np.uint8)) for s in slabs[:1]] + [label_map(slabs[1])] * 2
    assert (array(ShapeAverage(missing_mm=1)(without)[0]) == 2).any()
    assert not (array(ShapeAverage(missing_mm=100)(without)[0]) == 2).any()


@pytest.mark.parametrize("operation", [MajorityVote(), Staple(), ShapeAverage()], ids=lambda o: o.declaration.name)
def test_raters_that_do_not_fit_are_named(operation):
    one = label_map(np.ones((4, 5, 6), np.uint8))
    other = label_map(np.ones((4, 5, 6), np.uint8), (1, 1, 2))
    with pytest.raises(InputError, match="two raters"):
        operation([one])
    with pytest.raises(InputError, match="rater 1 and rater 3"):
        operation([one, one, other])
    with pytest.raises(InputError, match="Rater 2 must be"):
        operation([one, sitk.Cast(one, sitk.sitkFloat32)])
    with pytest.raises(InputError, match="Rater 2 is 2D"):
        operation([one, label_map(np.ones((4, 5), np.uint8))])
    with pytest.raises(InputError, match="marked anything"):
        operation([one * 0, one * 0])


def test_other_pixel_types_and_values_mix():
    one, two = np.zeros((3, 8, 8), np.int64), np.zeros((3, 8, 8), np.uint8)
    one[1, 2:5, 2:6], two[1, 2:5, 2:6] = 200, 200
    one[1, 6, 6] = -3
    labels, _ = MajorityVote(ties="segment")([label_map(one), label_map(two)])
    assert np.unique(array(labels)).tolist() == [-3, 0, 200]


def test_many_raters_with_many_segments():
    rng = np.random.default_rng(0)
    maps = [label_map(rng.integers(0, 40, (2, 12, 12)).astype(np.uint8)) for _ in range(15)]
    labels, _, table = Staple()(maps)
    assert len(table) == 39 * 15 and np.isfinite(array(labels)).all()
