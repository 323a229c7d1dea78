"""Parts for cross-validation: patients whole, classes spread evenly, the same as scikit-learn's."""

import warnings

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.classification.folds import grouped_folds


@pytest.mark.parametrize("seed", range(6))
def test_patients_stay_whole_and_parts_are_those_of_scikit_learn(seed):
    from sklearn.model_selection import StratifiedGroupKFold

    random = np.random.default_rng(seed)
    patients = np.sort(random.integers(0, 45, 200))
    own = random.integers(0, 3, 45)
    labels = np.where(random.random(200) < 0.7, own[patients], random.integers(0, 3, 200))
    folds = grouped_folds(labels, patients, 5, seed)
    assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(200))
    for train, test in folds:
        assert not set(patients[train]) & set(patients[test]) and len(train) + len(test) == 200
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            test for _, test in StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, patients)
        ]
    assert [test.tolist() for _, test in folds] == [list(test) for test in theirs]


def test_the_same_seed_gives_the_same_parts_and_another_others():
    random = np.random.default_rng(0)
    labels, patients = random.integers(0, 2, 120), np.repeat(np.arange(40), 3)
    first, again, other = (
        [test.tolist() for _, test in grouped_folds(labels, patients, 5, seed)] for seed in (3, 3, 4)
    )
    assert first == again != other


def test_equal_patients_make_equal_parts():
    labels, patients = np.tile(np.repeat([0, 1], 2), 20), np.repeat(np.arange(40), 2)
    for _, test in grouped_folds(labels, patients, 5, 0):
        assert len(test) == 16 and labels[test].sum() == 8


def test_a_class_of_one_patient_cannot_be_split():
    labels, patients = np.array([0] * 20 + [1] * 3), np.array([*range(20), 20, 20, 20])
    with pytest.raises(InputError, match="cannot be split into 5 parts"):
        grouped_folds(labels, patients, 5, 0)
