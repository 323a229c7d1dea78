import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.growth.change import Changed, size_change
from MedProcLib.comparison.growth.doubling import diameter_growth, volume_growth
from MedProcLib.comparison.growth.measured import Measured, combination, log_ratio, mean, product, total
from MedProcLib.core.errors import InputError


def around(value, percent):
    """A number with a 95 % interval of so many percent either side, on the logarithm."""
    factor = 1 + percent / 100
    return Measured(value, value / factor, value * factor)


def test_sums_and_products_agree_with_drawing_from_normal_errors():
    rng = np.random.default_rng(0)
    draws = rng.normal([40, 20], [1.0, 0.5], (200_000, 2))
    one, two = Measured(40, 40 - 1.96, 40 + 1.96), Measured(20, 20 - 0.98, 20 + 0.98)
    for found, drawn in (
        (total([one, two]), draws.sum(1)),
        (mean([one, two]), draws.mean(1)),
        (product(one, two), draws.prod(1)),
        (combination([(1, two), (-0.7, one)]), draws[:, 1] - 0.7 * draws[:, 0]),
    ):
        low, high = np.percentile(drawn, [2.5, 97.5])
        assert found.low == pytest.approx(low, rel=0.01)
        assert found.high == pytest.approx(high, rel=0.01)


def test_doubling_time_agrees_with_drawing_from_lognormal_errors():
    rng = np.random.default_rng(1)
    sd = math.log(1.2) / 1.959964
    draws = np.exp(rng.normal([math.log(100), math.log(180)], sd, (200_000, 2)))
    times = 120 * math.log(2) / np.log(draws[:, 1] / draws[:, 0])
    growth = volume_growth(around(100, 20), around(180, 20), 120)
    assert growth.doubling_days == pytest.approx(120 * math.log(2) / math.log(1.8))
    assert growth.doubling_limits == pytest.approx(np.percentile(times, [2.5, 97.5]), rel=0.02)


def test_sides_of_an_interval_change_places_under_a_minus():
    found = combination([(-1, Measured(10, 9, 13))])
    assert (found.value, found.low, found.high) == (-10, -13, -9)


def test_one_number_without_interval_leaves_the_sum_without():
    assert total([Measured(1, 0, 2), Measured(3)]).limits is None
    assert total([Measured(1, 0, 2), Measured.exact(3)]).limits == (3, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.nan,), "finite"),
        ((math.inf,), "finite"),
        ((1, 2, 3), "enclose"),
        ((1, 0), "both limits"),
        ((1, math.nan, 2), "finite"),
        ((True,), "finite"),
    ],
)
def test_numbers_that_are_none_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Measured(*arguments)


@pytest.mark.parametrize(
    ("first", "second", "changed"),
    [
        (around(100, 10), around(100, 10), Changed.NO),
        (around(100, 10), around(114, 10), Changed.NO),
        (around(100, 10), around(115, 10), Changed.YES),
        (around(100, 10), around(87, 10), Changed.YES),
        (100, 200, Changed.CANNOT_SAY),
        (around(100, 10), 200, Changed.CANNOT_SAY),
        (around(100, 10), Measured.exact(0), Changed.YES),
        (Measured.exact(0), Measured(5, 3, 8), Changed.YES),
        (Measured.exact(0), Measured.exact(0), Changed.NO),
        (Measured(5, -1, 11), Measured(6, 0, 12), Changed.NO),
        (Measured.exact(5), Measured.exact(5.0001), Changed.YES),
    ],
)
def test_changed_beyond_measurement_error(first, second, changed):
    assert size_change(first, second).changed is changed


def test_a_measurement_too_coarse_for_the_relevant_change_cannot_say():
    coarse, fine = (around(100, 40), around(110, 40)), (around(100, 3), around(101, 3))
    assert size_change(*coarse, relevant_percent=25).changed is Changed.CANNOT_SAY
    assert size_change(*fine, relevant_percent=25).changed is Changed.NO
    assert "neither no change nor 25 %" in size_change(*coarse, relevant_percent=25).reason
    gone = size_change(Measured(2256, 1980, 2570), Measured.exact(0))
    assert gone.reason == "95 % interval of the change -2570 to -1980: excludes no change"


@pytest.mark.parametrize(
    ("first", "second", "cut", "changed", "reason"),
    [
        # it is at least as large as what is seen of it: growth is certain, and shrinking the other way round
        (100, 300, (False, True), "yes", "+119 % or more"),
        (100, 300, (True, False), "cannot say", "before"),
        (300, 100, (True, False), "yes", "-54.3 % or more"),
        (300, 100, (False, True), "cannot say", "afterward"),
        (100, 300, (True, True), "cannot say", "both times"),
        (100, 101, (False, True), "cannot say", "afterward"),
        (0, 100, (False, True), "yes", "+80 or more"),
    ],
)
def test_what_the_border_of_an_image_cuts_cannot_be_said_to_have_changed_by_that(first, second, cut, changed, reason):
    sizes = [around(n, 25) if n else Measured.exact(0) for n in (first, second)]
    found = size_change(*sizes, 10, cut)
    assert found.changed == changed and reason in found.reason
    assert found.difference == Measured(second - first)
    assert found.percent is None or found.percent.limits is None


def test_change_in_unit_and_percent():
    found = size_change(around(200, 5), around(250, 5))
    assert (found.difference.value, found.percent.value) == (50, 25)
    assert 24.9 < found.unbiased_percent < 25 and size_change(200, 250).unbiased_percent == 25
    assert found.percent.low == pytest.approx(100 * (1.25 / math.exp(math.sqrt(2) * math.log(1.05)) - 1))
    assert size_change(0, 5).percent is None
    assert size_change(5, 0).percent.value == -100
    with pytest.raises(InputError, match="negative"):
        size_change(-1, 5)


def test_unbiased_percentage_is_without_the_bias_of_dividing_by_an_uncertain_size():
    """Sizes with errors of 30 %: the plain ratio is 9 % too large in the mean."""
    rng = np.random.default_rng(3)
    draws = np.exp(rng.normal(-0.045, 0.3, (4000, 2))) * (100, 150)
    limits = np.exp(1.96 * 0.3)
    found = [size_change(*(Measured(size, size / limits, size * limits) for size in pair)) for pair in draws]
    assert np.mean([change.percent.value for change in found]) == pytest.approx(64, abs=2)
    assert np.mean([change.unbiased_percent for change in found]) == pytest.approx(50, abs=2)
    held = [change.percent.low <= 50 <= change.percent.high for change in found]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


def test_doubling_and_halving():
    assert volume_growth(100, 200, 90).doubling_days == pytest.approx(90)
    assert volume_growth(100, 50, 90).doubling_days == pytest.approx(-90)
    assert volume_growth(100, 100, 90).doubling_days == math.inf
    assert diameter_growth(10, 10 * 2 ** (1 / 3), 90).doubling_days == pytest.approx(90)
    assert volume_growth(100, 200, 365.25).percent_per_year == pytest.approx(100)
    assert volume_growth(1, 1e30, 1).percent_per_year == math.inf


def test_limits_of_doubling_time_near_and_without_growth():
    maybe = volume_growth(around(100, 20), around(110, 20), 90)
    assert 0 < maybe.doubling_limits[0] < maybe.doubling_days and maybe.doubling_limits[1] == math.inf
    assert volume_growth(around(100, 5), around(50, 5), 90).doubling_limits == (math.inf, math.inf)
    assert volume_growth(100, 200, 90).doubling_limits is None
    assert volume_growth(Measured(5, -1, 11), around(10, 5), 90).doubling_limits is None


@pytest.mark.parametrize(("first", "second", "days"), [(0, 5, 90), (5, 0, 90), (5, 6, 0), (5, 6, -1), (5, 6, math.nan)])
def test_growth_needs_two_sizes_and_a_time_between(first, second, days):
    with pytest.raises(InputError):
        volume_growth(first, second, days)


sized = st.floats(1e-3, 1e6)


@settings(max_examples=60, deadline=None)
@given(sized, sized, st.floats(1, 50), st.floats(1, 3000))
def test_swapping_the_dates_turns_the_rate_around_and_limits_enclose_it(first, second, percent, days):
    there = volume_growth(around(first, percent), around(second, percent), days)
    back = volume_growth(around(second, percent), around(first, percent), days)
    assert there.rate.value == pytest.approx(-back.rate.value, abs=1e-12)
    assert there.rate.low <= there.rate.value <= there.rate.high
    assert there.rate.low == pytest.approx(-back.rate.high, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(sized, sized, st.floats(1, 50))
def test_verdict_and_doubling_time_agree(first, second, percent):
    one, two = around(first, percent), around(second, percent)
    changed = size_change(one, two).changed is Changed.YES
    low, high = log_ratio(one, two).limits
    assert changed == (low > 0 or high < 0)
