"""Which of many p-values are significant when a known share of those named may be false."""

from dataclasses import dataclass

import numpy as np

# p-values above this come nearly all from voxels without change.
LAMBDA = 0.5


@dataclass(frozen=True)
class Discoveries:
    """p_threshold: values up to it are significant (0.0 when none is); count: how many; null_share: of all tests.

    expected_false: number of the significant ones that are expected to be false.
    """

    p_threshold: float
    count: int
    null_share: float
    expected_false: float


def discoveries(p: np.ndarray, rate: float, any_dependence: bool = False) -> Discoveries:
    """Control of the false discovery rate of these p-values (flat array, at least one) at rate (0..1).

    Benjamini & Hochberg, J R Stat Soc B 57, 1995 (valid for tests that depend positively, as those of smooth noise do);
    any_dependence: Benjamini & Yekutieli, Annals of Statistics 29, 2001. The share of true null hypotheses, with which
    the expected number of false ones is reckoned, is that of Storey, J R Stat Soc B 64, 2002, for lambda 0.5.
    """
    tests = p.size
    if any_dependence:
        rate = rate / float(np.sum(1 / np.arange(1, tests + 1)))
    # no larger one can be significant, so the many others need not be sorted
    small = np.sort(p[p <= rate])
    passing = np.flatnonzero(small <= rate * np.arange(1, small.size + 1) / tests)
    count = int(passing[-1]) + 1 if passing.size else 0
    threshold = float(small[count - 1]) if count else 0.0
    null_share = min(1.0, float(np.count_nonzero(p > LAMBDA)) / (1 - LAMBDA) / tests)
    return Discoveries(threshold, count, null_share, null_share * tests * threshold)
