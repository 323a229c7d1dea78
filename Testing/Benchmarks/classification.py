"""Classification: what the intervals and tests promise against what they keep, and the peer on real findings.

Noise and a known model are drawn many times: how often the 95 % interval of the AUC holds the truth, and how often the
test against chance says p <= 0.05. Real findings are the 569 breast masses of scikit-learn's Wisconsin data set (Street
et al., 1993): AUC and time of every method, and of the same nested cross-validation written with scikit-learn alone.
Another number as argument draws so many data sets (default: 100).
"""

import dataclasses
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.quantification.classification.auc import auc_interval  # noqa: E402
from MedProcLib.quantification.classification.cross_validation import cross_validate  # noqa: E402
from MedProcLib.quantification.classification.findings import FeatureColumn, Findings  # noqa: E402
from MedProcLib.quantification.classification.methods import METHODS  # noqa: E402
from MedProcLib.quantification.classification.model_json import model_of, model_text  # noqa: E402
from MedProcLib.quantification.classification.permutation import permutation_test  # noqa: E402
from MedProcLib.quantification.classification.pipeline import fit_pipeline  # noqa: E402
from MedProcLib.quantification.classification.settings import Training  # noqa: E402
from MedProcLib.quantification.classification.train import train  # noqa: E402

QUICK = Training(method="discriminant", folds=5, inner_folds=2, repeats=1, permutations=19)


def main() -> int:
    """0 when the promises are kept within what so many drawings can tell, and MedProc's AUC is the peer's."""
    drawings = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    try:
        kept = [print_speed(), print_noise(drawings), print_known(drawings), print_real()]
    except InputError as error:
        print(error)
        return 0
    return 0 if all(kept) else 1


def print_speed() -> bool:
    random = np.random.default_rng(0)
    positive = np.arange(4000) < 1500
    scores = random.normal(positive * 0.8).round(2)
    start = time.perf_counter()
    found = auc_interval(scores, positive)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    difference = scores[positive][:, None] - scores[~positive]
    kernel = (difference > 0) + 0.5 * (difference == 0)
    parts = kernel.mean(axis=1), kernel.mean(axis=0)
    error = sum(part.var(ddof=1) / len(part) for part in parts) ** 0.5
    plain = time.perf_counter() - start
    print(
        f"DeLong, 1500 x 2500 findings: {plain / ours:.0f} times as fast as all pairs; error / theirs "
        f"{found.error / error:.12f}"
    )
    return abs(found.error / error - 1) < 1e-9


def drawn(seed: int, strength: float, patients: int = 40, of_each: int = 2, alike: float = 0.5) -> Findings:
    """Findings of patients that share part of their features; the first feature tells the class by `strength` SD."""
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(patients), of_each)
    labels = random.integers(0, 2, patients)[owner]
    shared = random.normal(size=(patients, 6))[owner] * alike**0.5
    values = shared + random.normal(size=shared.shape) * (1 - alike) ** 0.5
    values[:, 0] += strength * labels
    names = tuple(f"patient {n}" for n in range(patients))
    return Findings(tuple(FeatureColumn(f"f{n}") for n in range(6)), values, ("no", "yes"), labels, owner, names)


def print_noise(drawings: int) -> bool:
    held, plain, single, chance, values = 0, 0, 0, 0, []
    for seed in range(drawings):
        findings = drawn(seed, 0.0)
        scores = cross_validate(findings, QUICK).mean[:, 1]
        narrow = auc_interval(scores, findings.labels == 1, findings.patients)
        found = narrow.of_cross_validation(QUICK.folds)
        alone = auc_interval(scores, findings.labels == 1)
        held += found.low <= 0.5 <= found.high
        plain += narrow.low <= 0.5 <= narrow.high
        single += alone.low <= 0.5 <= alone.high
        values.append(found.value)
        chance += permutation_test(findings, QUICK).p <= 0.05
    print(
        f"noise, {drawings} data sets of 40 patients with 2 findings: mean AUC {np.mean(values):.3f}; 0.5 within the "
        f"interval {held / drawings:.0%} (not widened for cross-validation {plain / drawings:.0%}, nor for findings of "
        f"one patient {single / drawings:.0%}); p <= 0.05 in {chance / drawings:.0%}"
    )
    return at_least(held, drawings, 0.90) and at_least(drawings - chance, drawings, 0.95)


def print_known(drawings: int) -> bool:
    """The truth: the AUC of the model fitted to all findings, in 20 000 new patients."""
    held, values, truths = 0, [], []
    fresh = drawn(10**6, 1.2, 20_000, 1)
    for seed in range(drawings):
        findings = drawn(seed, 1.2)
        scores = cross_validate(findings, QUICK).mean[:, 1]
        found = auc_interval(scores, findings.labels == 1, findings.patients).of_cross_validation(QUICK.folds)
        model = fit_pipeline(findings.values, findings.labels, QUICK, METHODS[QUICK.method].quick, 0)
        truth = auc_interval(model.probabilities(fresh.values)[:, 1], fresh.labels == 1).value
        held += found.low <= truth <= found.high
        values.append(found.value)
        truths.append(truth)
    best = stats.norm.cdf(1.2 / 2**0.5)
    print(
        f"known model, {drawings} data sets: cross-validated AUC {np.mean(values):.3f}, in new patients "
        f"{np.mean(truths):.3f} (best possible {best:.3f}); the truth within the interval {held / drawings:.0%}"
    )
    return at_least(held, drawings, 0.88)


def at_least(count: int, total: int, share: float) -> bool:
    """Whether a count is not so small that the share is refuted (one-sided 1 %)."""
    return stats.binom.cdf(count, total, share) > 0.01


def print_real() -> bool:
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    labels = 1 - data.target  # 1: malignant
    names = tuple(f"case {n}" for n in range(len(labels)))
    columns = tuple(FeatureColumn(str(name)) for name in data.feature_names)
    findings = Findings(columns, data.data, ("benign", "malignant"), labels, np.arange(len(labels)), names)
    settings = Training(repeats=1, permutations=0, events_per_feature=0, most_correlated=1.0)
    good = []
    for name in METHODS:
        start = time.perf_counter()
        found = train(findings, "diagnosis", dataclasses.replace(settings, method=name))
        ours = time.perf_counter() - start
        start = time.perf_counter()
        peer = peer_auc(name, data.data, labels)
        theirs = time.perf_counter() - start
        figures = found.report["validation"]
        auc, slope = figures["auc"], figures["calibration"]["slope"]
        read = model_of(model_text(found.model))
        kept = [list(data.feature_names).index(feature.name) for feature in read.features]
        standard = found.model.standardized(data.data[:, kept])
        apart = np.abs(read.classifier.probabilities(standard) - found.model.classifier.probabilities(standard)).max()
        print(
            f"Wisconsin, {name:12} AUC {auc['value']:.4f} ({auc['low']:.4f} to {auc['high']:.4f}), scikit-learn alone "
            f"{peer:.4f}; Brier {figures['calibration']['brier']:.3f}, slope {slope and round(slope, 2)}; "
            f"time / theirs {ours / theirs:.2f}; read again {apart:.0e}"
        )
        good.append(abs(auc["value"] - peer) < 0.01 and apart == 0)
    return all(good)


def peer_auc(name: str, values: np.ndarray, labels: np.ndarray) -> float:
    """Nested cross-validation by scikit-learn alone, with the same grids and folds."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    estimator, given = {
        "logistic_l2": (LogisticRegression(max_iter=5000), {"C": "C"}),
        "logistic_l1": (LogisticRegression(max_iter=5000, l1_ratio=1.0, solver="saga"), {"C": "C"}),
        "discriminant": (LinearDiscriminantAnalysis(solver="lsqr"), {"shrinkage": "shrinkage"}),
        "nearest": (KNeighborsClassifier(), {"neighbors": "n_neighbors"}),
        "forest": (
            RandomForestClassifier(random_state=0),
            {"smallest_leaf": "min_samples_leaf", "trees": "n_estimators"},
        ),
    }[name]
    step = type(estimator).__name__.lower()
    grid = {f"{step}__{theirs}": sorted({each[own] for each in METHODS[name].grid}) for own, theirs in given.items()}
    search = GridSearchCV(
        make_pipeline(StandardScaler(), estimator),
        grid,
        scoring="neg_brier_score",
        cv=StratifiedGroupKFold(3, shuffle=True, random_state=0),
    )
    groups = np.arange(len(labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.zeros(len(labels))
        for train_part, test_part in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(
            values, labels, groups
        ):
            search.fit(values[train_part], labels[train_part], groups=groups[train_part])
            found[test_part] = search.predict_proba(values[test_part])[:, 1]
    return float(roc_auc_score(labels, found))


if __name__ == "__main__":
    sys.exit(main())
