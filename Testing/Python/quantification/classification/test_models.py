"""Models as data: equal to scikit-learn's, the same after reading, and nothing else is read."""

import json

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.classification.applicability import learn_applicability
from MedProcLib.quantification.classification.findings import FeatureColumn
from MedProcLib.quantification.classification.forest import LEAF, Forest, Tree
from MedProcLib.quantification.classification.linear import Linear
from MedProcLib.quantification.classification.methods import METHODS, method_named
from MedProcLib.quantification.classification.model import Model
from MedProcLib.quantification.classification.model_json import model_of, model_text, read_model, write_model
from MedProcLib.quantification.classification.nearest import Nearest

RANDOM = np.random.default_rng(5)
TRAIN, NEW = RANDOM.normal(size=(90, 4)), 2 * RANDOM.normal(size=(200, 4))


def labels_of(classes):
    return (TRAIN[:, 0] + TRAIN[:, 1] > 0).astype(int) if classes == 2 else np.digitize(TRAIN[:, 0], [-0.5, 0.5])


def model_with(classifier, classes):
    names = ("no", "yes") if classes == 2 else ("a", "b", "c")
    features = tuple(FeatureColumn(f"f{n}", "mm", "a length") for n in range(4))
    limits = learn_applicability(TRAIN - TRAIN.mean(axis=0))
    threshold = 0.4 if classes == 2 else None
    return Model("kind", names, features, np.zeros(4), np.ones(4), np.full(4, 3.0), classifier, limits, threshold, {})


def small_forest():
    leaf = [LEAF, LEAF]
    tree = Tree(
        np.array([1, *leaf]),
        np.array([0.5, 0, 0]),
        np.array([1, *leaf]),
        np.array([2, *leaf]),
        np.array([[0.5, 0.5], [0.8, 0.2], [0.1, 0.9]]),
    )
    return Forest((tree,), 4)


CLASSIFIERS = {
    "linear": Linear(np.array([[1.0, -2, 0, 0.5]]), np.array([0.1])),
    "nearest": Nearest(TRAIN, labels_of(2), 2, 5),
    "forest": small_forest(),
}


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", list(METHODS))
def test_predictions_equal_those_of_scikit_learn(name, classes, monkeypatch):
    pytest.importorskip("sklearn")
    from MedProcLib.quantification.classification import methods

    fitted = []
    keep = methods._fitted
    monkeypatch.setattr(methods, "_fitted", lambda *given: fitted.append(keep(*given)) or fitted[-1])
    for hyperparameters in (METHODS[name].grid[1], METHODS[name].grid[-1]):
        classifier = METHODS[name].fit(TRAIN, labels_of(classes), hyperparameters, 0)
        read = model_of(model_text(model_with(classifier, classes))).classifier
        if name == "forest":  # whose trees are fitted one by one
            fitted.append(_their_forest(hyperparameters).fit(TRAIN, labels_of(classes)))
        expected = fitted[-1].predict_proba(NEW)
        assert np.abs(read.probabilities(NEW) - expected).max() < 1e-9
        assert np.array_equal(read.probabilities(NEW), classifier.probabilities(NEW))


def _their_forest(hyperparameters):
    from sklearn.ensemble import RandomForestClassifier

    trees, leaf = hyperparameters["trees"], hyperparameters["smallest_leaf"]
    return RandomForestClassifier(n_estimators=trees, min_samples_leaf=leaf, random_state=0)


@pytest.mark.parametrize("name", list(CLASSIFIERS))
def test_a_model_read_again_is_the_same(name, tmp_path):
    model = model_with(CLASSIFIERS[name], 2)
    write_model(model, tmp_path / "model.json")
    again = read_model(tmp_path / "model.json")
    assert model_text(again) == model_text(model) == (tmp_path / "model.json").read_text()
    standard = again.standardized(NEW)
    assert np.array_equal(again.classifier.probabilities(standard), model.classifier.probabilities(standard))
    assert np.array_equal(again.applicability.inside(standard), model.applicability.inside(standard))


def test_contributions_of_linear_models_add_up_to_the_log_odds():
    linear = CLASSIFIERS["linear"]
    share = linear.probabilities(NEW)[:, 1]
    added = linear.contributions(NEW)
    assert np.allclose(added[:, 1].sum(axis=1) + 0.1, np.log(share / (1 - share)))
    assert np.allclose(added[:, 0], -added[:, 1])


def test_contributions_of_forests_add_up_to_the_probability():
    pytest.importorskip("sklearn")
    forest = METHODS["forest"].fit(TRAIN, labels_of(3), {"smallest_leaf": 2, "trees": 20}, 0)
    start = np.mean([tree.shares[0] for tree in forest.trees], axis=0)
    assert np.allclose(forest.contributions(NEW).sum(axis=2) + start, forest.probabilities(NEW))
    # the third and fourth feature have nothing to do with the class
    size = np.abs(forest.contributions(NEW)).mean(axis=(0, 1))
    assert size[0] > 3 * size[2]


def test_the_neighbors_that_decide():
    near = CLASSIFIERS["nearest"].neighbors(TRAIN[:3] + 1e-9)
    assert near.cases[:, 0].tolist() == [0, 1, 2] and (np.diff(near.distances, axis=1) >= 0).all()
    one = Nearest(TRAIN, labels_of(2), 2, 1)
    assert np.array_equal(one.probabilities(TRAIN).argmax(axis=1), labels_of(2))


def changed(name, **changes):
    """Text of a good model with entries replaced; dots go down into objects."""
    data = json.loads(model_text(model_with(CLASSIFIERS[name], 2)))
    for path, value in changes.items():
        at, *keys = data, *path.split("__")
        for key in keys[:-1]:
            at = at[int(key)] if isinstance(at, list) else at[key]
        at[keys[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "medproc_classifier"),
        (changed("linear", medproc_classifier=2), "version 2"),
        (changed("linear", medproc_classifier=True), "version True"),
        (changed("linear", classes=["a"]), "2 or more"),
        (changed("linear", classes=["a", "a"]), "one name"),
        (changed("linear", classes=["a", "b", "c"]), "threshold"),
        (changed("linear", threshold=None), "threshold"),
        (changed("linear", threshold=-0.1), "0 to 1"),
        (changed("linear", threshold=40), "0 to 1"),
        (changed("linear", features=[]), "0 features"),
        (changed("linear", medians=[1, 2]), "'medians'"),
        (changed("linear", medians=["1", "2", "3", "4"]), "'medians'"),
        (changed("linear", medians=[[1], [2, 3], 4, 5]), "'medians'"),
        (changed("linear", medians=[True, False, True, True]), "'medians'"),
        (changed("linear", sds=[1, 1, 0, 1]), "above 0"),
        (changed("linear", sds=[1, 1, 10**400, 1]), "'sds'"),
        (changed("linear", means=[1, 1, float("nan"), 1]), "NaN"),
        (changed("linear", classifier__kind="os.system"), "unknown kind 'os.system'"),
        (changed("linear", classifier__coefficients=[[1, 2, 3]]), "'coefficients'"),
        (changed("linear", classifier__intercepts=None), "'intercepts'"),
        (changed("nearest", classifier__count=0), "'count' is 0"),
        (changed("nearest", classifier__count=10**9), "'count'"),
        (changed("nearest", classifier__labels=[7] * 90), "class that it does not have"),
        (changed("forest", classifier__trees=[]), "0 trees"),
        (changed("forest", classifier__trees__0__left=[0, -1, -1]), "fit together"),
        (changed("forest", classifier__trees__0__right=[99, -1, -1]), "fit together"),
        (changed("forest", classifier__trees__0__feature=[4, -1, -1]), "fit together"),
        (changed("forest", classifier__trees__0__feature=[0.5, -1, -1]), "whole numbers"),
        (changed("forest", classifier__trees__0__shares=[[1, 1], [1, 0], [0, 1]]), "add up to 1"),
        (changed("linear", applicability__variances=[0, 1, 1, 1]), "applicability"),
        (changed("linear", applicability__distance_limit="1"), "'distance_limit'"),
    ],
)
def test_what_is_no_model(text, told):
    with pytest.raises(InputError, match=told):
        model_of(text)


def test_an_unknown_method():
    with pytest.raises(InputError, match=r"no method 'svm'.*forest"):
        method_named("svm")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_model(tmp_path / "model.json")
