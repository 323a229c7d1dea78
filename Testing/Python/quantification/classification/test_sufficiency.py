"""What is said of findings before anything is learned from them."""

from dataclasses import replace

import numpy as np

from MedProcLib.quantification.classification.settings import Training
from MedProcLib.quantification.classification.sufficiency import require_sufficient


def notes_with(findings, column):
    values = findings.values.copy()
    values[:, 1] = column
    return " ".join(require_sufficient(replace(findings, values=values), Training()))


def test_a_number_of_the_patient_is_said(drawn):
    findings = drawn(patients=40, of_each=3)
    record = 1000.0 + 7 * findings.patients
    assert "another for every other: feature_1" in notes_with(findings, record)
    for other in (
        record + 0.5,  # a measurement
        record // 20,  # two patients share it
        record + np.arange(findings.count) % 2,  # it differs within a patient
        np.where(findings.patients == 3, np.nan, record),
    ):
        assert "another for every other" not in notes_with(findings, other)
    alone = replace(findings, patients=np.arange(findings.count), patient_names=tuple(map(str, range(findings.count))))
    assert "another for every other" not in notes_with(alone, np.arange(findings.count) ** 2)


def test_features_that_do_not_vary_are_not_counted(drawn):
    findings = drawn(patients=20, of_each=2)
    assert "for 4 features (5.0 each" in notes_with(findings, 3.0)
    assert "for 4 features (5.0 each" in notes_with(findings, np.nan)
