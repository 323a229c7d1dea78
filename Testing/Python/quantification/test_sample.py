import numpy as np
import pytest
from scipy import stats

from MedProcLib.quantification.sample import Sample


def test_median_absolute_deviation_of_any_number_of_values_with_ties():
    rng = np.random.default_rng(0)
    for count in range(1, 60):
        for values in (
            rng.normal(size=count),
            rng.integers(0, 4, count),
            rng.exponential(size=count).astype(np.float32),
        ):
            expected = stats.median_abs_deviation(values.astype(float))
            assert Sample.of(values).median_absolute_deviation == pytest.approx(expected, abs=1e-12)


def test_more_values_than_are_looked_at_at_a_time():
    values = np.random.default_rng(1).normal(3, 2, 200_000)
    sample = Sample.of(values)
    assert sample.mean == pytest.approx(values.mean()) and sample.sd == pytest.approx(values.std())
    assert sample.sum_of(np.abs) == pytest.approx(np.abs(values).sum())
    assert sample.share_below(2.5) == np.mean(values < 2.5)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float16, np.float64])
def test_any_type(dtype):
    values = np.random.default_rng(2).integers(0, 100, (3, 50)).astype(dtype)
    sample = Sample.of(values)
    assert sample.percentile(30) == pytest.approx(np.percentile(values.astype(float), 30))
    assert Sample.of(sample) is sample and sample.count == 150


def test_between_percentiles_includes_both_ends():
    assert Sample.of(np.arange(11)).between(10, 90).ascending.tolist() == list(range(1, 10))
