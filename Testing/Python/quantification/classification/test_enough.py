import time

import numpy as np
import pytest

from MedProcLib.quantification.classification.enough import LEAST_OF_CLASS, enough_of, repeats_of
from MedProcLib.quantification.classification.expected_time import expected_time
from MedProcLib.quantification.classification.findings import FeatureColumn, Findings
from MedProcLib.quantification.classification.permutation import permutation_test
from MedProcLib.quantification.classification.pipeline import fit_pipeline
from MedProcLib.quantification.classification.settings import Training


@pytest.fixture
def table() -> tuple[np.ndarray, np.ndarray]:
    """Labels and patients of 9,000 findings: 2 % are of class 1, patients have 3 each, in any order of the rows."""
    random = np.random.default_rng(1)
    return (random.random(9000) < 0.02).astype(int), random.permutation(np.repeat(np.arange(3000), 3))


def test_patients_are_whole_and_a_rare_class_is_kept(table):
    labels, patients = table
    part = enough_of(labels, patients, 1000, 0)
    assert (np.diff(part) > 0).all() and not np.isin(patients[part], np.delete(patients, part)).any()
    rare = np.count_nonzero(labels[part])
    assert LEAST_OF_CLASS <= rare <= LEAST_OF_CLASS + 5 and 900 <= len(part) - rare <= 1300
    assert (enough_of(labels, patients, 1000, 0) == part).all()
    assert not np.array_equal(enough_of(labels, patients, 1000, 1), part)


def test_small_tables_are_taken_whole(table):
    labels, patients = table
    for most in (0, 9000, 10_000):
        assert (enough_of(labels, patients, most, 0) == np.arange(9000)).all()


def test_chance_is_told_of_a_part_of_a_large_table():
    random = np.random.default_rng(2)
    labels = random.integers(0, 2, 4000)
    values = random.normal(size=(4000, 2)) + labels[:, np.newaxis]
    names = tuple(map(str, range(4000)))
    findings = Findings((FeatureColumn("a"), FeatureColumn("b")), values, ("no", "yes"), labels, np.arange(4000), names)
    found = permutation_test(findings, Training(method="forest", folds=2, permutations=3))
    assert 1000 <= found.findings <= 1010 and found.permutations == 3
    assert found.p == 0.25 and 0.75 < found.observed < 0.9


def test_fewer_repeats_of_large_tables():
    settings = Training(method="forest", repeats=5)
    assert [repeats_of(n, 1000, settings) for n in (900, 2000, 3000, 10_000, 50_000)] == [5, 5, 4, 2, 2]
    assert repeats_of(50_000, 0, settings) == 5 and repeats_of(50_000, 1000, Training(repeats=1)) == 1


def test_the_expected_time_grows_with_what_is_asked_for(monkeypatch):
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 300)
    names = tuple(map(str, range(300)))
    values = random.normal(size=(300, 2))
    findings = Findings((FeatureColumn("a"), FeatureColumn("b")), values, ("no", "yes"), labels, np.arange(300), names)
    assert expected_time(findings, Training(method="discriminant", repeats=1, permutations=0)) == ""

    def first_loads_a_library(*args):
        monkeypatch.undo()
        time.sleep(0.3)
        return fit_pipeline(*args)

    monkeypatch.setattr(f"{expected_time.__module__}.fit_pipeline", first_loads_a_library)
    assert expected_time(findings, Training(method="discriminant")) == ""
    assert "minutes" in expected_time(findings, Training(method="forest", repeats=100, permutations=10_000))
