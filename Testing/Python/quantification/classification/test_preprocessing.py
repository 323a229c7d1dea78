"""What is done to features, and that it is learned from the training findings only."""

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.classification.applicability import learn_applicability
from MedProcLib.quantification.classification.preprocessing import learn_preprocessing
from MedProcLib.quantification.classification.univariate import univariate_scores

RANDOM = np.random.default_rng(0)
LABELS = np.arange(60) % 2


def values_of(*columns):
    return np.stack(columns, axis=1)


def test_medians_stand_for_what_is_missing():
    first = RANDOM.normal(100, 5, 60)
    first[:10] = np.nan
    found = learn_preprocessing(values_of(first), LABELS)
    assert found.medians == pytest.approx([np.nanmedian(first)])
    standard = found(values_of(first))
    assert standard.mean() == pytest.approx(0, abs=1e-12) and standard.std() == pytest.approx(1)
    alone = found(np.array([[np.nan], [np.inf], [1e308]]))
    assert alone[0] == alone[1] and np.isfinite(alone).all()


def test_what_is_dropped():
    good, other = RANDOM.normal(size=(2, 60))
    gaps = np.where(np.arange(60) < 31, np.nan, good)
    columns = values_of(np.full(60, 3.3), gaps, good, good * 1e9 + 1, -good + 0.01 * other, other, np.full(60, np.nan))
    found = learn_preprocessing(columns, LABELS)
    assert found.kept.tolist() == [2, 5]
    assert 4 in learn_preprocessing(columns, LABELS, most_correlated=0.99999).kept


def test_a_limit_keeps_the_features_that_tell_most():
    noise = RANDOM.normal(size=(4, 60))
    columns = values_of(noise[0], noise[1] + 3 * LABELS, noise[2], noise[3] - 2 * LABELS)
    assert learn_preprocessing(columns, LABELS, most_features=2).kept.tolist() == [1, 3]


def test_scores_of_single_features():
    columns = values_of(LABELS * 1.0, -1.0 * LABELS, np.zeros(60))
    assert univariate_scores(columns, LABELS).tolist() == [0.5, 0.5, 0.0]


def test_nothing_to_learn_from():
    with pytest.raises(InputError, match="No feature varies"):
        learn_preprocessing(np.full((10, 3), 1e300), LABELS[:10])
    with pytest.raises(InputError, match="at least half"):
        learn_preprocessing(np.full((10, 3), np.nan), LABELS[:10])


def test_findings_like_the_training_data_are_inside():
    mixing = RANDOM.normal(size=(6, 6))
    draw = lambda n: RANDOM.normal(size=(n, 6)) @ mixing  # noqa: E731
    train = draw(300)
    mean, sd = train.mean(axis=0), train.std(axis=0)
    found = learn_applicability((train - mean) / sd)
    new = (draw(2000) - mean) / sd
    distance, _ = found.distances(new)
    assert 0.003 < (distance > 1).mean() < 0.025  # 1 % by construction
    assert found.inside(new).mean() > 0.95
    assert not found.inside(np.array([[8.0, 0, 0, 0, 0, 0]]))[0]
    assert found.outside(np.array([[0, 0, 9.0, 0, 0, 0]]))[0].tolist() == [False, False, True, False, False, False]


def test_a_combination_never_seen_is_outside_though_each_feature_is_within_its_range():
    both = RANDOM.normal(size=(100, 1))
    train = np.concatenate([both, both + 0.1 * RANDOM.normal(size=(100, 1))], axis=1)
    found = learn_applicability((train - train.mean(axis=0)) / train.std(axis=0))
    odd = np.array([[1.2, -1.2]])
    assert not found.outside(odd).any() and not found.inside(odd)[0]


def test_more_features_than_findings():
    standard = RANDOM.normal(size=(20, 50))
    standard = (standard - standard.mean(axis=0)) / standard.std(axis=0)
    found = learn_applicability(standard)
    assert len(found.variances) <= 4 and found.inside(standard).mean() > 0.8
