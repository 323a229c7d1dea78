"""Findings drawn from known models."""

import numpy as np
import pytest

from MedProcLib.quantification.classification.findings import FeatureColumn, Findings


@pytest.fixture
def drawn():
    """drawn(strength=2.0, patients=40, ...) -> findings whose first feature tells the classes apart by so many SD."""

    def make(strength=2.0, patients=40, of_each=2, features=5, classes=2, share=None, seed=0, labels_of_patients=False):
        random = np.random.default_rng(seed)
        owner = np.repeat(np.arange(patients), of_each)
        if share is None:
            labels = np.arange(patients * of_each) % classes
        else:
            labels = (random.random(len(owner)) < share).astype(int)
        labels = (np.arange(patients) % classes)[owner] if labels_of_patients else random.permutation(labels)
        values = random.normal(size=(len(owner), features)) * 10 ** np.arange(features) + 7
        values[:, 0] += strength * labels
        names = tuple(f"patient {n}" for n in range(patients))
        columns = tuple(FeatureColumn(f"feature_{n}") for n in range(features))
        return Findings(columns, values, tuple("abcdefg"[:classes]), labels, owner, names)

    return make
