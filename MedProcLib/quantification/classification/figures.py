"""The figures of a trained model as rows of a table, and its curves as points."""

from typing import Any

FIGURES = (
    ("auc", "AUC", "findings of the class ranked above others; 0.5 is chance, 1 perfect"),
    ("sensitivity", "sensitivity", "share of the class that is called so, each by a threshold of other patients"),
    ("specificity", "specificity", "share of the others that are not called so"),
    ("positive_predictive_value", "positive predictive value", "share of those called so that are"),
    ("negative_predictive_value", "negative predictive value", "share of those not called so that are not"),
)
CALIBRATION = (
    ("slope", "calibration slope", "1 is ideal; below 1 probabilities are too extreme"),
    ("intercept", "calibration intercept", "0 is ideal; below 0 probabilities are too high"),
    ("brier", "Brier score", "mean squared error of the probabilities; 0 is perfect"),
    ("scaled_brier", "scaled Brier score", "1 is perfect, 0 no better than the share of the class"),
)
Point = tuple[float, float]


def figure_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows (figure, class, value, low, high, meaning) of a training's report; low, high: 95 % interval, None without.

    All are of findings that were not learned from.
    """
    validation = report["validation"]
    rows = []
    if "macro_auc" in validation:
        rows.append(_row("macro AUC", "", validation["macro_auc"], "mean over the classes of the AUC"))
        right = {"value": validation["balanced_accuracy"]}
        rows.append(_row("balanced accuracy", "", right, "mean over the classes of the share that is called so"))
    for each in validation.get("one_vs_rest", [validation]):
        found = {**each, **each.get("operating_point", {})}
        rows += [_row(name, each["class"], found[key], text) for key, name, text in FIGURES if key in found]
        if "threshold" in found:
            rows.append(_row("threshold", each["class"], {"value": found["threshold"]}, "probability from which on"))
        shown = each["calibration"]
        rows += [_row(name, each["class"], {"value": shown[key]}, text) for key, name, text in CALIBRATION]
    test = validation["permutation_test"]
    if test:
        meaning = f"of an AUC as high by chance; {test['permutations']} permutations, {test['scheme']}"
        rows.append(_row("p against chance", "", {"value": test["p"]}, meaning))
    return rows


def roc_curves(report: dict[str, Any]) -> dict[str, list[Point]]:
    """(1 - specificity, sensitivity) along the curve of each class."""
    return {
        name: list(zip(curve["false_positive_rate"], curve["sensitivity"], strict=True))
        for name, curve in report["roc"].items()
    }


def calibration_points(report: dict[str, Any]) -> dict[str, list[Point]]:
    """(predicted probability, share observed) of the bins of each class."""
    validation = report["validation"]
    return {
        each["class"]: [(b["predicted"], b["observed"]["value"]) for b in each["calibration"]["bins"]]
        for each in validation.get("one_vs_rest", [validation])
    }


def _row(figure: str, name: str, found: dict[str, Any], meaning: str) -> dict[str, Any]:
    value, low, high = (found.get(key) for key in ("value", "low", "high"))
    return {"figure": figure, "class": name, "value": value, "low": low, "high": high, "meaning": meaning}
