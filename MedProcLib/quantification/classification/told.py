"""What a trained model is worth, and what a table of proposals leaves to wish for, in words."""

from collections.abc import Sequence
from typing import Any

from .model import Model
from .prediction import Prediction


def trained_in_words(report: dict[str, Any], features: int) -> list[str]:
    """Lines on a model by the report of its training; features: that it uses."""
    counts = ", ".join(f"{c['findings']} {name} ({c['patients']} patients)" for name, c in report["classes"].items())
    lines = [f"{report['method']}, {features} features: {counts}"]
    lines += _figures(report["validation"], "Cross-validated")
    test = report["validation"]["permutation_test"]
    if test:
        lines.append(f"Against chance: p = {test['p']:.3g} ({test['permutations']} permutations, {test['scheme']})")
    if "external" in report:
        lines += _figures(report["external"]["validation"], f"In {report['external']['findings']} other findings")
    return lines


def model_in_words(model: Model) -> list[str]:
    """Lines on a model by what it says of its training, notes included; of one that does not, what it is alone."""
    count = len(model.features)
    try:
        return [*trained_in_words(dict(model.summary), count), *sentences(model.summary["notes"])]
    except (KeyError, TypeError, ValueError, AttributeError):  # of another version, or written by other means
        return [f"{count} features; its file does not say how it was validated."]


def sentences(notes: Sequence[str]) -> list[str]:
    """Notes as sentences."""
    return [f"{note[:1].upper()}{note[1:]}." for note in notes]


def proposals_in_words(model: Model, predictions: Sequence[Prediction]) -> str:
    """'60 findings (28 benign, 32 malignant)'."""
    called = [each.called for each in predictions]
    counts = ", ".join(f"{called.count(name)} {name}" for name in model.classes)
    return f"{len(predictions)} findings ({counts})"


def notes_of_predictions(predictions: Sequence[Prediction]) -> list[str]:
    """On findings that are unlike the training data, incomplete, or of the training data themselves."""
    notes = []
    outside = sum(not each.inside for each in predictions)
    if outside:
        verb = "is" if outside == 1 else "are"
        notes.append(f"{outside} of {len(predictions)} findings {verb} unlike those that the model learned from")
    incomplete = sum(bool(each.imputed) for each in predictions)
    if incomplete:
        lack = "1 finding lacks" if incomplete == 1 else f"{incomplete} findings lack"
        notes.append(f"{lack} features; the training median stands for them")
    learned = sum(each.learned for each in predictions)
    if learned:
        notes.append(
            f"{learned} of {len(predictions)} findings are among those that the model learned from: how well it "
            "does on them says nothing of others"
        )
    return notes


def _figures(figures: dict[str, Any], where: str) -> list[str]:
    if "macro_auc" in figures:
        lines = [f"{where} macro AUC {_interval(figures['macro_auc'])}"]
        return lines + [f"  {each['class']}: AUC {_interval(each['auc'])}" for each in figures["one_vs_rest"]]
    point, calibration = figures["operating_point"], figures["calibration"]
    slope = "not defined" if calibration["slope"] is None else f"{calibration['slope']:.2f}"
    return [
        f"{where} AUC of '{figures['class']}' {_interval(figures['auc'])}",
        f"  at a probability of {point['threshold']:.3f}: sensitivity {_interval(point['sensitivity'])}, "
        f"specificity {_interval(point['specificity'])}",
        f"  calibration slope {slope} (1 is ideal), Brier score {calibration['brier']:.3f}",
    ]


def _interval(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "not defined"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} (95 % interval {figure['low']:.3f} to {figure['high']:.3f})"
