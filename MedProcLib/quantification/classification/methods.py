"""The kinds of classifiers, what of them is chosen by cross-validation, and how scikit-learn fits them."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.errors import InputError
from .classifier import Classifier
from .forest import Forest
from .linear import Linear
from .nearest import Nearest
from .scikit_learn import estimator, unchecked

Hyperparameters = Mapping[str, float]


@dataclass(frozen=True)
class Method:
    """grid: hyperparameters to choose from, the simplest model first; while_choosing: what replaces some of the grid's
    while they are compared; quick: fixed ones for the test against chance; is_linear: one weight for each feature;
    enough: findings on which that test, the choice of hyperparameters and the importance rest at most (0: all); larger
    tables are validated with fewer repeats, and tested in two parts (`enough`).

    fit: (standardized features, class indices, hyperparameters, seed) -> classifier.
    """

    name: str
    title: str
    source: str
    grid: tuple[Hyperparameters, ...]
    quick: Hyperparameters
    fit: Callable[[np.ndarray, np.ndarray, Hyperparameters, int], Classifier]
    is_linear: bool = False
    while_choosing: Hyperparameters = field(default_factory=dict)
    enough: int = 0


def method_named(name: str) -> Method:
    """Raises InputError listing the known ones."""
    if name not in METHODS:
        raise InputError(f"There is no method '{name}'; there are: {', '.join(METHODS)}.")
    return METHODS[name]


def _logistic(l1_ratio: float, solver: str) -> Callable[..., Classifier]:
    def fit(standard: np.ndarray, labels: np.ndarray, chosen: Hyperparameters, seed: int) -> Classifier:
        made = estimator("linear_model", "LogisticRegression")(
            C=chosen["C"], l1_ratio=l1_ratio, solver=solver, max_iter=5000, random_state=seed
        )
        return Linear.of_estimator(_fitted(made, standard, labels))

    return fit


def _discriminant(standard: np.ndarray, labels: np.ndarray, chosen: Hyperparameters, seed: int) -> Classifier:
    made = estimator("discriminant_analysis", "LinearDiscriminantAnalysis")(
        solver="lsqr", shrinkage=chosen["shrinkage"]
    )
    return Linear.of_estimator(_fitted(made, standard, labels))


def _nearest(standard: np.ndarray, labels: np.ndarray, chosen: Hyperparameters, seed: int) -> Classifier:
    count = min(int(chosen["neighbors"]), len(labels))
    made = estimator("neighbors", "KNeighborsClassifier")(n_neighbors=count)
    return Nearest.of_estimator(_fitted(made, standard, labels), standard, labels)


def _forest(standard: np.ndarray, labels: np.ndarray, chosen: Hyperparameters, seed: int) -> Classifier:
    """The trees of scikit-learn's RandomForestClassifier, drawn as it draws them: it takes twice as long to set up."""
    kind = estimator("tree", "DecisionTreeClassifier")
    values = np.ascontiguousarray(standard, np.float32)
    draws, count, trees = np.random.RandomState(seed), len(labels), []
    with unchecked():
        for _ in range(int(chosen["trees"])):
            own = draws.randint(np.iinfo(np.int32).max)
            drawn = np.random.RandomState(own).randint(0, count, count, dtype=np.int32)
            tree = kind(max_features="sqrt", min_samples_leaf=int(chosen["smallest_leaf"]), random_state=own)
            weights = np.bincount(drawn, minlength=count).astype(np.float64)
            trees.append(tree.fit(values, labels, sample_weight=weights, check_input=False))
    return Forest.of_estimators(trees, standard.shape[1])


def _fitted(made: Any, standard: np.ndarray, labels: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that needs more iterations is one of the grid, and judged like it
        return made.fit(standard, labels)


METHODS = {
    method.name: method
    for method in (
        Method(
            "logistic_l2",
            "Logistic regression, L2 penalty (ridge)",
            "le Cessie and van Houwelingen, Appl Stat 41(1), 1992",
            tuple({"C": c} for c in (0.001, 0.01, 0.1, 1.0, 10.0)),
            {"C": 0.1},
            _logistic(0.0, "lbfgs"),
            True,
        ),
        Method(
            "logistic_l1",
            "Logistic regression, L1 penalty (lasso)",
            "Tibshirani, J R Stat Soc B 58(1), 1996",
            tuple({"C": c} for c in (0.03, 0.1, 0.3, 1.0, 3.0)),
            {"C": 0.3},
            _logistic(1.0, "saga"),
            True,
        ),
        Method(
            "discriminant",
            "Linear discriminant analysis, shrunken covariance",
            "Fisher, Annals of Eugenics 7(2), 1936; Friedman, JASA 84, 1989 (shrinkage)",
            tuple({"shrinkage": s} for s in (1.0, 0.5, 0.2, 0.05, 0.0)),
            {"shrinkage": 0.2},
            _discriminant,
            True,
        ),
        Method(
            "nearest",
            "K nearest neighbors",
            "Cover and Hart, IEEE Trans Inf Theory 13(1), 1967",
            tuple({"neighbors": k} for k in (21, 15, 11, 7, 5, 3)),
            {"neighbors": 11},
            _nearest,
        ),
        Method(
            "forest",
            "Random forest",
            "Breiman, Machine Learning 45(1), 2001",
            tuple({"smallest_leaf": n, "trees": 100} for n in (10, 5, 2)),
            {"smallest_leaf": 5, "trees": 25},
            _forest,
            while_choosing={"trees": 40},  # enough to compare sizes of leaves; fitting trees is what takes the time
            enough=1000,
        ),
    )
}
