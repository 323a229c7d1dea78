"""AUC and its interval against definitions in plain loops, the bootstrap and coverage in a known model."""

import math

import numpy as np
import pytest
from scipy import special, stats

from MedProcLib.quantification.classification.auc import auc_interval, macro_auc


def case(m=30, n=45, seed=0, ties=False):
    random = np.random.default_rng(seed)
    scores = np.concatenate([random.normal(1, 1.5, m), random.normal(0, 1, n)])
    return (scores.round(0) if ties else scores), np.arange(m + n) < m


def delong_in_loops(scores, positive):
    kernel = np.array([[(x > y) + 0.5 * (x == y) for y in scores[~positive]] for x in scores[positive]], float)
    rows, columns = kernel.mean(axis=1), kernel.mean(axis=0)
    return kernel.mean(), math.sqrt(rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns))


@pytest.mark.parametrize("ties", [False, True])
def test_the_definition(ties):
    scores, positive = case(ties=ties)
    value, error = delong_in_loops(scores, positive)
    found = auc_interval(scores, positive)
    assert (found.value, found.error) == pytest.approx((value, error), rel=1e-12)
    half = 1.959964 * error / (value * (1 - value))
    ends = special.logit(found.low), special.logit(found.high)
    middle = special.logit(value)
    assert (middle - ends[0], ends[1] - middle) == pytest.approx((half, half), rel=1e-6)


def test_against_the_bootstrap():
    scores, positive = case(60, 80)
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(1500):
        high = random.choice(scores[positive], 60)
        low = random.choice(scores[~positive], 80)
        drawn.append(stats.mannwhitneyu(high, low).statistic / (60 * 80))
    assert auc_interval(scores, positive).error == pytest.approx(np.std(drawn), rel=0.08)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    truth = stats.norm.cdf(1 / math.sqrt(2))
    random = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        scores = np.concatenate([random.normal(1, 1, 50), random.normal(0, 1, 50)])
        found = auc_interval(scores, np.arange(100) < 50)
        held += found.low <= truth <= found.high
    assert 0.91 <= held / 300 <= 0.985


def test_the_interval_holds_an_auc_near_1():
    """Of few findings that are told apart well, often perfectly: an interval symmetric in the AUC held it in 75 %."""
    truth = stats.norm.cdf(2.9 / math.sqrt(2))
    random, held = np.random.default_rng(4), []
    for _ in range(300):
        scores = np.concatenate([random.normal(2.9, 1, 20), random.normal(0, 1, 20)])
        found = auc_interval(scores, np.arange(40) < 20)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) > 0.92


def test_the_same_finding_again_adds_nothing():
    scores, positive = case()
    once = auc_interval(scores, positive)
    owner = np.tile(np.arange(75), 4)
    again = auc_interval(np.tile(scores, 4), np.tile(positive, 4), owner)
    assert again.error == pytest.approx(once.error, rel=1e-12)
    assert auc_interval(np.tile(scores, 4), np.tile(positive, 4)).error < 0.6 * once.error


def test_patients_with_findings_of_both_classes():
    """A shift of all scores of a patient cancels within it: pairs of one patient vary together."""
    random = np.random.default_rng(3)
    owner = np.repeat(np.arange(100), 2)
    positive = np.tile([True, False], 100)
    values, errors = [], []
    for _ in range(150):
        scores = np.repeat(random.normal(0, 2, 100), 2) + positive + random.normal(0, 0.5, 200)
        found = auc_interval(scores, positive, owner)
        values.append(found.value)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert auc_interval(scores, positive).error > 1.5 * errors[-1]


def test_cross_validation_widens_the_interval():
    found = auc_interval(*case())
    wide = found.of_cross_validation(5)
    assert wide.value == found.value and wide.error == pytest.approx(1.5 * found.error)
    logit = special.logit
    assert logit(wide.high) - logit(wide.low) == pytest.approx(1.5 * (logit(found.high) - logit(found.low)))
    assert math.isnan(auc_interval(np.arange(3.0), np.arange(3) > 1).of_cross_validation(5).low)


def test_ends_and_gaps():
    perfect = auc_interval(np.arange(6.0), np.arange(6) > 2)
    assert (perfect.value, perfect.error, perfect.high) == (1, 0, 1)
    # Wilson's of 3 of 3, and of a cross-validation in 5 folds of 3 / 2.25
    assert perfect.low == pytest.approx(1 / (1 + 1.959964**2 / 3), rel=1e-6)
    assert perfect.of_cross_validation(5).low == pytest.approx(1 / (1 + 1.959964**2 * 2.25 / 3), rel=1e-6)
    assert math.isnan(auc_interval(np.arange(3.0), np.ones(3, bool)).value)
    assert math.isnan(auc_interval(np.arange(3.0), np.arange(3) > 1).error)
    assert auc_interval(np.zeros(8), np.arange(8) > 3).value == 0.5


def test_the_mean_over_two_classes_is_the_one():
    scores, positive = case(ties=True)
    shares = np.stack([-scores, scores], axis=1)
    one, both = auc_interval(scores, positive), macro_auc(shares, positive.astype(int))
    assert both.value == pytest.approx(one.value) and both.error == pytest.approx(one.error, rel=0.02)


def test_the_mean_over_classes_against_the_bootstrap():
    random = np.random.default_rng(4)
    labels = np.repeat([0, 1, 2], 50)
    scores = random.normal(size=(150, 3)) + 0.9 * np.eye(3)[labels]
    found = macro_auc(scores, labels)
    drawn = []
    for _ in range(300):
        chosen = random.integers(0, 150, 150)
        drawn.append(macro_auc(scores[chosen], labels[chosen]).value)
    assert found.error == pytest.approx(np.std(drawn), rel=0.2)
