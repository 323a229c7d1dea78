"""Which features a model rests on, and whether it is the same ones from fold to fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.progress import SILENT, Progress
from .auc import macro_auc
from .linear import Linear
from .pipeline import Pipeline

DRAWS = 5


@dataclass(frozen=True)
class FoldImportance:
    """Of each feature: whether it was used, its coefficient (log odds per SD; NaN for other models), and the loss of
    AUC in findings not learned from when its values are permuted (0 where it was not used)."""

    used: np.ndarray
    coefficient: np.ndarray
    loss: np.ndarray


@dataclass(frozen=True)
class Importance:
    """Of one feature over all folds. selected: share of the folds that used it; same_sign: share of these in which
    the coefficient has the sign of its mean (None for models without)."""

    feature: str
    loss: float
    loss_sd: float
    selected: float
    coefficient: float | None
    coefficient_sd: float | None
    same_sign: float | None

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def fold_importance(
    pipeline: Pipeline, values: np.ndarray, labels: np.ndarray, seed: int, progress: Progress = SILENT
) -> FoldImportance:
    """Importance in one fold: values (findings, features) and labels were not learned from; progress: to cancel.

    Source: Breiman, Machine Learning 45(1), 2001 (permutation importance), with the AUC as score.
    """
    kept, features = pipeline.preprocessing.kept, values.shape[1]
    standard = pipeline.preprocessing(values)
    used, coefficient, loss = np.zeros(features, bool), np.full(features, np.nan), np.zeros(features)
    used[kept] = True
    if isinstance(pipeline.classifier, Linear):
        rows = pipeline.classifier.coefficients
        # of several classes: the root mean square, which has no sign
        coefficient[kept] = rows[0] if len(rows) == 1 else np.sqrt((rows**2).mean(axis=0))
        used[kept] = np.abs(rows).max(axis=0) > 0
    random = np.random.default_rng(seed)
    before = macro_auc(pipeline.classifier.probabilities(standard), labels).value
    for at in np.flatnonzero(used[kept]):
        progress.check()
        shuffled = np.tile(standard, (DRAWS, 1, 1))
        shuffled[:, :, at] = random.permuted(np.tile(standard[:, at], (DRAWS, 1)), axis=1)
        found = pipeline.classifier.probabilities(shuffled.reshape(-1, standard.shape[1])).reshape(
            DRAWS, len(labels), -1
        )
        loss[kept[at]] = before - np.mean([macro_auc(each, labels).value for each in found])
    return FoldImportance(used, coefficient, loss)


def importance_of(folds: Sequence[FoldImportance], names: Sequence[str], classes: int) -> list[Importance]:
    """Importance of each feature that any fold used, the most important first. Folds without an AUC do not count."""
    used = np.array([fold.used for fold in folds])
    loss = np.array([fold.loss for fold in folds])
    loss = loss[np.isfinite(loss).all(axis=1)]
    coefficients = np.array([fold.coefficient for fold in folds])
    made = []
    for at in np.flatnonzero(used.any(axis=0)).tolist():
        known = coefficients[np.isfinite(coefficients[:, at]) & used[:, at], at]
        mean = float(known.mean()) if known.size else None
        same = float((np.sign(known) == np.sign(known.mean())).mean()) if known.size and classes == 2 else None
        made.append(
            Importance(
                names[at],
                float(loss[:, at].mean()) if len(loss) else 0.0,
                float(loss[:, at].std()) if len(loss) else 0.0,
                float(used[:, at].mean()),
                mean,
                float(known.std()) if known.size else None,
                same,
            )
        )
    return sorted(made, key=lambda each: (-each.loss, -each.selected))
