"""Shares, operating points and calibration against published values and definitions."""

import math

import numpy as np
import pytest
from scipy import optimize, special

from MedProcLib.quantification.classification.calibration import calibration
from MedProcLib.quantification.classification.operating_point import crossed_calls, operating_point, threshold_for
from MedProcLib.quantification.classification.proportion import proportion, wilson
from MedProcLib.quantification.classification.settings import Training
from MedProcLib.quantification.classification.validation import roc_points, validation_figures


@pytest.mark.parametrize(
    "count, total, low, high",
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(count, total, low, high):
    """Newcombe, Stat Med 17, 1998, table I, method 3."""
    assert wilson(count / total, total) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_all_or_none_holds_its_value():
    assert all(wilson(1.0, n)[1] == 1 and wilson(0.0, n)[0] == 0 for n in range(1, 100))


def test_findings_of_a_patient_that_are_alike_count_once():
    hits = np.repeat([True, False, True, True, False, True], 5)
    alike = proportion(hits, np.repeat(np.arange(6), 5))
    assert (alike.value, alike.count, alike.total) == (pytest.approx(2 / 3), 20, 30)
    # as six findings, but for the estimate of their variance with one degree of freedom less
    assert (alike.low, alike.high) == pytest.approx(wilson(2 / 3, 5), abs=1e-9)
    apart = proportion(hits, np.arange(30))
    assert (apart.low, apart.high) == pytest.approx(wilson(2 / 3, 30))
    all_hits = proportion(np.ones(30, bool), np.repeat(np.arange(6), 5))
    assert all_hits.low == pytest.approx(wilson(1.0, 6)[0])


def test_no_findings():
    assert math.isnan(proportion(np.zeros(0, bool), np.zeros(0, int)).value)
    assert proportion(np.zeros(0, bool), np.zeros(0, int)).as_dict()["value"] is None


def test_thresholds_of_the_rules():
    shares = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    positive = np.array([0, 0, 1, 0, 0, 1, 1, 1], bool)
    assert threshold_for(shares, positive, Training(point="youden")) == pytest.approx(0.55)
    assert threshold_for(shares, positive, Training(point="sensitivity", point_value=0.9)) == pytest.approx(0.25)
    assert threshold_for(shares, positive, Training(point="specificity", point_value=0.7)) == pytest.approx(0.45)
    assert threshold_for(shares, positive, Training(point="probability", point_value=0.35)) == 0.35
    reached = threshold_for(shares, ~positive, Training(point="specificity", point_value=0.99))
    assert (shares[positive] < reached).all()


def test_a_threshold_is_judged_on_patients_it_was_not_picked_on():
    """With scores of no worth the largest sum of sensitivity and specificity seems better than chance."""
    random = np.random.default_rng(0)
    looked, crossed = [], []
    for _ in range(60):
        shares, positive = random.random(40), np.arange(40) % 2 == 0
        threshold = threshold_for(shares, positive, Training())
        for sums, called in (
            (looked, shares >= threshold),
            (crossed, crossed_calls(shares, positive, np.arange(40), Training())),
        ):
            sums.append(called[positive].mean() + (~called[~positive]).mean())
    assert np.mean(looked) > 1.15 and abs(np.mean(crossed) - 1) < 0.06


def test_figures_of_a_fixed_point():
    shares = np.array([0.9, 0.8, 0.4, 0.6, 0.2, 0.1, 0.3])
    positive = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    found = operating_point(shares, positive, np.arange(7), Training(point="probability", point_value=0.5))
    shown = [found.sensitivity, found.specificity, found.positive_predictive_value, found.negative_predictive_value]
    assert [s.value for s in shown] == pytest.approx([2 / 3, 3 / 4, 2 / 3, 3 / 4])


@pytest.mark.parametrize("slope, intercept", [(1.0, 0.0), (0.5, 0.0), (2.0, 0.0), (1.0, 0.7)])
def test_calibration_of_a_known_model(slope, intercept):
    random = np.random.default_rng(1)
    odds = random.normal(0, 1.5, 6000)
    positive = random.random(6000) < special.expit(odds)
    # told odds from which the true ones are slope * told + intercept
    told = special.expit((odds - intercept) / slope)
    found = calibration(told, positive, np.arange(6000))
    assert found.slope == pytest.approx(slope, rel=0.1)
    if slope == 1:
        assert found.intercept == pytest.approx(intercept, abs=0.1)
    assert found.brier == pytest.approx(np.mean((told - positive) ** 2))
    if (slope, intercept) == (1.0, 0.0):
        for each in found.bins:
            assert each["observed"]["low"] - 0.02 <= each["predicted"] <= each["observed"]["high"] + 0.02


def test_the_slope_of_sure_predictions_is_that_of_the_likelihood():
    """Nearest neighbors say 0 and 1: their log odds are large, and some of them are wrong."""
    random = np.random.default_rng(3)
    told = random.choice([0.0, 0.2, 0.8, 1.0], 400)
    positive = random.random(400) < 0.1 + 0.8 * told
    odds = special.logit(np.clip(told, 1e-6, 1 - 1e-6))

    def loss(weights):
        return np.logaddexp(0, -np.where(positive, 1, -1) * (weights[0] + weights[1] * odds)).sum()

    expected = optimize.minimize(loss, (0, 0.1), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9}).x[1]
    assert calibration(told, positive, np.arange(400)).slope == pytest.approx(expected, rel=1e-4)


def test_calibration_of_what_cannot_be_fitted():
    positive = np.arange(20) > 9
    constant = calibration(np.full(20, 0.5), positive, np.arange(20))
    assert math.isnan(constant.slope) and constant.scaled_brier == pytest.approx(0)
    assert constant.intercept == pytest.approx(0, abs=1e-9)
    separated = calibration(np.where(positive, 0.9, 0.1), positive, np.arange(20))
    assert math.isnan(separated.slope) or separated.slope > 5
    assert calibration(positive.astype(float), positive, np.arange(20)).scaled_brier == 1


def test_the_curve_goes_from_corner_to_corner_and_its_area_is_the_auc():
    random = np.random.default_rng(2)
    shares, positive = random.random(50).round(1), random.random(50) < 0.4
    curve = roc_points(shares, positive)
    area = np.trapezoid(curve["sensitivity"], curve["false_positive_rate"])
    figures = validation_figures(
        np.stack([1 - shares, shares], 1), positive.astype(int), np.arange(50), ("no", "yes"), Training()
    )
    assert area == pytest.approx(figures["auc"]["value"])
    assert (curve["sensitivity"][-1], curve["false_positive_rate"][-1]) == (1, 1)


def test_several_classes():
    labels = np.repeat([0, 1, 2], 4)
    shares = np.eye(3)[[0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 0, 0]] * 0.7 + 0.1
    figures = validation_figures(shares, labels, np.arange(12), ("a", "b", "c"), Training())
    assert figures["confusion"]["counts"] == [[3, 1, 0], [0, 4, 0], [2, 0, 2]]
    assert figures["balanced_accuracy"] == pytest.approx((0.75 + 1 + 0.5) / 3)
    assert figures["one_vs_rest"][2]["sensitivity"]["value"] == 0.5
    assert figures["one_vs_rest"][2]["specificity"]["value"] == 1
