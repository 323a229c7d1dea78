"""Training on findings of known models: what is there is found, what is not there is not."""

import dataclasses

import numpy as np
import pytest

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.classification.figures import calibration_points, figure_rows, roc_curves
from MedProcLib.quantification.classification.folds import grouped_folds
from MedProcLib.quantification.classification.model_json import model_text
from MedProcLib.quantification.classification.permutation import permutation_test, permuted_labels
from MedProcLib.quantification.classification.pipeline import fit_pipeline
from MedProcLib.quantification.classification.settings import Training
from MedProcLib.quantification.classification.sufficiency import require_sufficient
from MedProcLib.quantification.classification.train import train

pytest.importorskip("sklearn")
QUICK = Training(method="discriminant", folds=4, inner_folds=2, repeats=1, permutations=0)


def test_a_strong_feature_is_found(drawn):
    found = train(drawn(strength=3.0), "kind", dataclasses.replace(QUICK, permutations=19))
    figures = found.report["validation"]
    # Phi(3 / sqrt 2) = 0.983
    assert figures["auc"]["low"] < 0.983 < figures["auc"]["high"] + 0.02 and figures["auc"]["value"] > 0.95
    assert figures["permutation_test"]["p"] == pytest.approx(0.05)
    assert figures["operating_point"]["sensitivity"]["value"] > 0.8
    first = found.report["importance"][0]
    assert first["feature"] == "feature_0" and first["selected"] == first["same_sign"] == 1.0
    assert first["coefficient"] > 0 and first["loss"] > 0.2
    assert found.model.features[0].name == "feature_0"
    assert found.report["data_sha256"] == drawn(strength=3.0).data_hash


def test_noise_is_told_as_noise(drawn):
    """The 95 % interval holds 0.5 about as often as it says, with several findings of each patient."""
    held, quick = 0, dataclasses.replace(QUICK, folds=3)
    for seed in range(16):
        found = train(drawn(strength=0, patients=30, features=2, seed=seed), "kind", quick).report["validation"]["auc"]
        held += found["low"] <= 0.5 <= found["high"]
    assert held >= 14


def test_the_test_against_chance_is_honest(drawn):
    settings = dataclasses.replace(QUICK, permutations=9, folds=3)
    p = [permutation_test(drawn(strength=0, patients=30, features=2, seed=s), settings).p for s in range(12)]
    assert np.count_nonzero(np.array(p) <= 0.1) <= 5 and max(p) > 0.4


def test_labels_are_permuted_as_they_hang_together(drawn):
    random = np.random.default_rng(0)
    of_patients = drawn(labels_of_patients=True, of_each=3)
    made = permuted_labels(of_patients.labels, of_patients.patients, random)
    assert all(len(set(made[of_patients.patients == p])) == 1 for p in range(40))
    assert np.bincount(made).tolist() == np.bincount(of_patients.labels).tolist() and (made != of_patients.labels).any()
    mixed = drawn(of_each=3)
    made = permuted_labels(mixed.labels, mixed.patients, random)
    counts = [sorted(np.bincount(mixed.patients, labels)) for labels in (made, mixed.labels)]
    assert counts[0] == counts[1]


def test_no_patient_is_learned_from_and_predicted_at_once(drawn):
    """Features that identify the patient tell the label of its other findings, unless these are kept apart."""
    findings = drawn(strength=0, labels_of_patients=True, of_each=8)
    for train_part, test_part in grouped_folds(findings.labels, findings.patients, 5, 0):
        assert not set(findings.patients[train_part]) & set(findings.patients[test_part])
    own = np.random.default_rng(1).normal(size=(40, 5))[findings.patients]
    values = own + 1e-3 * np.random.default_rng(2).normal(size=own.shape)
    apart = dataclasses.replace(findings, values=values)
    leaking = dataclasses.replace(apart, patients=np.arange(320), patient_names=tuple(map(str, range(320))))
    nearest = dataclasses.replace(QUICK, method="nearest")
    honest, fooled = (train(f, "kind", nearest).report["validation"]["auc"]["value"] for f in (apart, leaking))
    assert fooled > 0.95 and honest < 0.7


def test_missing_constant_and_copied_features(drawn):
    findings = drawn(strength=3.0)
    values = np.concatenate([findings.values, np.full((80, 1), 4.0), 2 * findings.values[:, :1]], axis=1)
    values[::7, 0] = np.nan
    values[::5, 2] = np.inf
    columns = tuple(dataclasses.replace(findings.features[0], name=f"f{n}") for n in range(7))
    found = train(dataclasses.replace(findings, values=values, features=columns), "kind", QUICK)
    assert found.report["validation"]["auc"]["value"] > 0.85
    assert "f5" not in {f.name for f in found.model.features}


def test_few_of_one_class(drawn):
    found = train(drawn(strength=3.0, patients=90, share=0.12), "kind", QUICK)
    assert found.report["validation"]["auc"]["value"] > 0.9
    assert any("events" in n or "smallest class" in n for n in found.notes)


def test_several_classes(drawn):
    findings = drawn(strength=4.0, patients=60, classes=3)
    found = train(findings, "kind", QUICK)
    figures = found.report["validation"]
    assert figures["macro_auc"]["value"] > 0.85 and figures["balanced_accuracy"] > 0.8
    assert [each["class"] for each in figures["one_vs_rest"]] == ["a", "b", "c"] and found.model.threshold is None
    rows = {(row["figure"], row["class"]): row for row in figure_rows(found.report)}
    of_b = figures["one_vs_rest"][1]
    assert rows["macro AUC", ""]["low"] == figures["macro_auc"]["low"] < rows["macro AUC", ""]["value"]
    assert rows["sensitivity", "b"]["value"] == of_b["sensitivity"]["value"]
    assert rows["calibration slope", "b"]["value"] == of_b["calibration"]["slope"]
    assert list(roc_curves(found.report)) == list(calibration_points(found.report)) == ["a", "b", "c"]
    assert roc_curves(found.report)["b"][-1] == (1.0, 1.0)


def test_the_same_seed_gives_the_same_model(drawn):
    texts = [model_text(train(drawn(), "kind", QUICK).model).split('"summary"')[0] for _ in range(2)]
    assert texts[0] == texts[1]
    findings, forest = drawn(), Training(method="forest")
    grown = [
        fit_pipeline(findings.values, findings.labels, forest, {"smallest_leaf": 5, "trees": 10}, seed).classifier
        for seed in (0, 0, 1)
    ]
    assert grown[0].as_dict() == grown[1].as_dict() != grown[2].as_dict()


def test_findings_of_others_are_tried_on(drawn):
    other = drawn(strength=3.0, seed=9)
    other = dataclasses.replace(other, patient_names=tuple(f"other {n}" for n in range(40)))
    found = train(drawn(strength=3.0), "kind", QUICK, external=other)
    figures = found.report["external"]["validation"]
    assert figures["auc"]["value"] > 0.95 and "Nadeau" not in figures["auc"]["source"]
    assert figures["operating_point"]["threshold"] == found.model.threshold
    with pytest.raises(InputError, match="40 patients are in both tables"):
        train(drawn(), "kind", QUICK, external=drawn(seed=9))
    unknown = train(drawn(), "kind", QUICK, external=dataclasses.replace(drawn(seed=9), patients_known=False))
    assert any("is not known without a column" in note for note in unknown.notes)
    with pytest.raises(InputError, match="same features"):
        train(drawn(), "kind", QUICK, external=dataclasses.replace(other, features=other.features[:2]))


def test_too_little_is_refused(drawn):
    with pytest.raises(InputError, match=r"'a' 9.*'b' 9.*at least 10"):
        require_sufficient(drawn(patients=9, of_each=8), QUICK)
    one = dataclasses.replace(drawn(), classes=("a",), labels=np.zeros(80, int))
    with pytest.raises(InputError, match="All findings are labelled 'a'"):
        require_sufficient(one, QUICK)
    none = dataclasses.replace(drawn(), classes=(), labels=np.zeros(0, int))
    with pytest.raises(InputError, match="No finding has a label"):
        require_sufficient(none, QUICK)
    with pytest.raises(InputError, match="least_patients"):
        Training(least_patients=3)


def test_the_label_under_another_name_is_refused(drawn):
    findings = drawn()
    values = findings.values.copy()
    values[:, 3] = np.where(findings.labels == 1, 17.0, -2.0)
    for gaps in (slice(0, 0), slice(0, 30)):
        values[gaps, 3] = np.nan
        with pytest.raises(InputError, match="'feature_3' is the label"):
            require_sufficient(dataclasses.replace(findings, values=values), QUICK)


def test_what_is_told(drawn):
    findings = drawn(patients=40, of_each=1, features=30)
    values = findings.values.copy()
    values[7] = values[3]
    notes = require_sufficient(dataclasses.replace(findings, values=values), Training())
    assert "20 findings of the smallest class for 4 features" in notes[0] and "1 findings have all" in notes[1]


def test_cancel(drawn):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        train(drawn(), "kind", QUICK, progress=progress)
