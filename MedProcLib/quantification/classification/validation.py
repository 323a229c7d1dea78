"""The figures that say what a model is worth."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .auc import auc_interval, macro_auc
from .calibration import calibration
from .operating_point import operating_point
from .proportion import proportion
from .settings import Training

AUC_SOURCE = "DeLong 1988, with several findings of a patient as Obuchowski 1997"


def validation_figures(
    probabilities: np.ndarray, labels: np.ndarray, patients: np.ndarray, classes: Sequence[str], settings: Training
) -> dict[str, Any]:
    """Figures of predictions (findings, classes) for findings that were not learned from.

    Two classes: AUC, operating point and calibration of the last one. More: macro AUC, the same of each class against
    the rest (called when likeliest), the confusion matrix and the mean sensitivity.
    """
    if len(classes) == 2:
        return _one(probabilities[:, 1], labels == 1, patients, classes[1]) | {
            "operating_point": operating_point(probabilities[:, 1], labels == 1, patients, settings).as_dict()
        }
    called = np.argmax(probabilities, axis=1)
    rest = []
    for each, name in enumerate(classes):
        own = labels == each
        hits = {
            "sensitivity": proportion(called[own] == each, patients[own]).as_dict(),
            "specificity": proportion(called[~own] != each, patients[~own]).as_dict(),
        }
        rest.append(_one(probabilities[:, each], own, patients, name) | hits)
    confusion = np.zeros((len(classes), len(classes)), int)
    np.add.at(confusion, (labels, called), 1)
    present = confusion.sum(axis=1) > 0
    return {
        "macro_auc": macro_auc(probabilities, labels, patients).as_dict() | {"unit": "1", "confidence": 0.95},
        "one_vs_rest": rest,
        "confusion": {"rows": "label", "columns": "called", "classes": list(classes), "counts": confusion.tolist()},
        "balanced_accuracy": float((np.diag(confusion)[present] / confusion.sum(axis=1)[present]).mean()),
    }


def _one(probabilities: np.ndarray, positive: np.ndarray, patients: np.ndarray, name: str) -> dict[str, Any]:
    auc = auc_interval(probabilities, positive, patients).as_dict()
    return {
        "class": name,
        "auc": auc | {"unit": "1", "confidence": 0.95, "source": AUC_SOURCE},
        "calibration": calibration(probabilities, positive, patients).as_dict(),
    }


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
