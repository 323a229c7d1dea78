"""The figures that say what a model is worth."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .auc import Auc, auc_interval, macro_auc
from .calibration import calibration
from .operating_point import operating_point
from .proportion import proportion
from .settings import Training

INTERVAL = "DeLong 1988 in the logit (Pepe 2003), with several findings of a patient as Obuchowski 1997"
CROSSED = f"{INTERVAL}; widened for cross-validation as Nadeau and Bengio 2003"


def validation_figures(
    probabilities: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    classes: Sequence[str],
    settings: Training,
    crossed: bool = True,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Figures of predictions (findings, classes) for findings that were not learned from.

    crossed: by cross-validation with the folds of the settings, not by one model; threshold: of that model.
    Two classes: AUC, operating point and calibration of the last one. More: macro AUC, the same of each class against
    the rest (called when likeliest), the confusion matrix and the mean sensitivity.
    """
    folds = settings.folds if crossed else None
    if len(classes) == 2:
        return _one(probabilities[:, 1], labels == 1, patients, classes[1], folds) | {
            "operating_point": operating_point(
                probabilities[:, 1], labels == 1, patients, settings, threshold
            ).as_dict()
        }
    called = np.argmax(probabilities, axis=1)
    rest = []
    for each, name in enumerate(classes):
        own = labels == each
        hits = {
            "sensitivity": proportion(called[own] == each, patients[own]).as_dict(),
            "specificity": proportion(called[~own] != each, patients[~own]).as_dict(),
        }
        rest.append(_one(probabilities[:, each], own, patients, name, folds) | hits)
    confusion = np.zeros((len(classes), len(classes)), int)
    np.add.at(confusion, (labels, called), 1)
    present = confusion.sum(axis=1) > 0
    return {
        "macro_auc": _told(macro_auc(probabilities, labels, patients), folds),
        "one_vs_rest": rest,
        "confusion": {"rows": "label", "columns": "called", "classes": list(classes), "counts": confusion.tolist()},
        "balanced_accuracy": float((np.diag(confusion)[present] / confusion.sum(axis=1)[present]).mean()),
    }


def _one(
    probabilities: np.ndarray, positive: np.ndarray, patients: np.ndarray, name: str, folds: int | None
) -> dict[str, Any]:
    return {
        "class": name,
        "auc": _told(auc_interval(probabilities, positive, patients), folds),
        "calibration": calibration(probabilities, positive, patients).as_dict(),
    }


def _told(auc: Auc, folds: int | None) -> dict[str, Any]:
    shown = auc if folds is None else auc.of_cross_validation(folds)
    source = INTERVAL if folds is None else CROSSED
    return shown.as_dict() | {"unit": "1", "confidence": 0.95, "source": source}


def roc_points(probabilities: np.ndarray, positive: np.ndarray) -> dict[str, list[float]]:
    """The ROC curve: false positive rate and sensitivity from (0, 0) to (1, 1), and the probability of each point."""
    order = np.argsort(-probabilities, kind="stable")
    values, truth = probabilities[order], positive[order]
    ends = np.append(np.flatnonzero(np.diff(values) != 0), len(values) - 1)
    sensitivity = np.cumsum(truth)[ends] / max(int(truth.sum()), 1)
    false = np.cumsum(~truth)[ends] / max(int((~truth).sum()), 1)
    return {
        "false_positive_rate": [0.0, *false.tolist()],
        "sensitivity": [0.0, *sensitivity.tolist()],
        "threshold": [1.0, *values[ends].tolist()],
    }
