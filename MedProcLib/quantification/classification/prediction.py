"""Predictions for new findings: proposals with their reasons, from the model's data alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.csv_text import csv_text
from ...core.errors import InputError
from ...core.listing import listed
from .cells import numbers
from .classifier import Neighbors
from .feature_columns import object_columns
from .forest import Forest
from .model import FINGERPRINTS, Model
from .table import Table

MOST_REASONS = 3
# findings whose reasons are held at a time
BATCH = 2000
PROPOSED = "proposed"
# what is said of each finding, the probabilities after the first
COLUMNS = (
    "predicted",
    "status",
    "learned_from",
    "inside_training_range",
    "distance_of_limit",
    "outside_features",
    "missing_features",
    "reasons",
)
WORDS = ("predicted", "outside_features", "missing_features", "reasons")  # also where names are those of numbers


@dataclass(frozen=True)
class Reason:
    """A feature, its value (None: missing, the training median stands for it), and what it adds to the class called.

    added: log odds, or probability for a forest.
    """

    feature: str
    value: float | None
    added: float


@dataclass(frozen=True)
class Prediction:
    """A proposal: the class called, the probability of each class, and why.

    inside: whether the finding is like the training data; outside_features: those beyond their training range;
    distance: squared Mahalanobis distance as a share of its limit; imputed: features that were missing;
    learned: whether it is one of the training data, of which a prediction proves nothing;
    neighbors: (training case, its class, distance in SD) of those that decided, for nearest neighbors.
    """

    called: str
    probabilities: tuple[float, ...]
    inside: bool
    distance: float
    outside_features: tuple[str, ...]
    imputed: tuple[str, ...]
    reasons: tuple[Reason, ...]
    learned: bool = False
    neighbors: tuple[tuple[int, str, float], ...] = ()
    status: str = PROPOSED

    def told(self, unit: str) -> str:
        """The reasons in words; unit: of what features add."""
        parts = [
            f"{r.feature} {'missing' if r.value is None else format(r.value, '.4g')} ({r.added:+.2g} {unit})"
            for r in self.reasons
        ]
        parts += [f"like case {case + 1}: {name} (distance {far:.2g} SD)" for case, name, far in self.neighbors]
        return "; ".join(parts)


def predict_table(model: Model, table: Table) -> list[Prediction]:
    """Predict the findings of a table. Raises InputError naming the columns it lacks."""
    missing = [feature.name for feature in model.features if feature.name not in table.columns]
    if missing:
        raise InputError(f"The table lacks columns that the model needs: {listed(missing)}.")
    for feature in model.features:
        unit = table.units.get(feature.name, "")
        if unit and feature.unit and unit != feature.unit:
            raise InputError(
                f"'{feature.name}' is in {unit} here and in {feature.unit} in the model: measure it in the same unit."
            )
    return predict(model, np.array([numbers(table, feature.name) for feature in model.features]).T)


def predict(model: Model, values: np.ndarray) -> list[Prediction]:
    """Predict findings from their raw features (findings, features of the model, in their order; NaN: missing)."""
    if values.ndim != 2 or values.shape[1] != len(model.features):
        raise InputError(f"The model takes {len(model.features)} features of each finding; these are {values.shape}.")
    parts = (values[start : start + BATCH] for start in range(0, len(values), BATCH))
    return [each for part in parts for each in _predicted(model, part)]


def prediction_columns(model: Model, table: Table, predictions: Sequence[Prediction]) -> dict[str, list[Any]]:
    """Columns that say which finding it is, the proposal and its reasons, then the table's other columns (text).

    Those of an earlier proposal are left out. learned_from is None where the model does not say what it learned from.
    """
    shares = [f"probability_{name}" for name in model.classes]
    made = [COLUMNS[0], *shares, *COLUMNS[1:]]
    own = [name for name in object_columns(table) if name not in made]
    others = [name for name in table.columns if name not in (*own, *made)]
    unit = "probability" if isinstance(model.classifier, Forest) else "log odds"
    lines = []
    for each in predictions:
        learned = each.learned if FINGERPRINTS in model.summary else None
        like = [each.inside, each.distance, " ".join(each.outside_features), " ".join(each.imputed)]
        lines.append([each.called, *each.probabilities, each.status, learned, *like, each.told(unit)])
    first, last = ({name: list(table.columns[name]) for name in names} for names in (own, others))
    return first | {name: [line[at] for line in lines] for at, name in enumerate(made)} | last


def predictions_csv(model: Model, table: Table, predictions: Sequence[Prediction]) -> str:
    """CSV text of prediction_columns."""
    columns = prediction_columns(model, table, predictions)
    return csv_text(list(columns), list(zip(*columns.values(), strict=True)))


def _predicted(model: Model, values: np.ndarray) -> list[Prediction]:
    standard = model.standardized(values)
    probabilities = model.classifier.probabilities(standard)
    called = model.called(probabilities)
    contributions = model.classifier.contributions(standard)
    near = model.classifier.neighbors(standard)
    inside, outside = model.applicability.inside(standard), model.applicability.outside(standard)
    distance = model.applicability.distances(standard)[0]
    names, learned = [feature.name for feature in model.features], model.learned_from(values)
    found = []
    for at, raw in enumerate(values):
        gaps = ~np.isfinite(raw)
        added = np.zeros(0) if contributions is None else contributions[at, called[at]]
        found.append(
            Prediction(
                model.classes[called[at]],
                tuple(float(p) for p in probabilities[at]),
                bool(inside[at]),
                float(distance[at]),
                tuple(names[f] for f in np.flatnonzero(outside[at])),
                tuple(names[f] for f in np.flatnonzero(gaps)),
                _reasons(names, raw, added),
                learned[at],
                () if near is None else _nearest(model, near, at),
            )
        )
    return found


def _reasons(names: Sequence[str], raw: np.ndarray, added: np.ndarray) -> tuple[Reason, ...]:
    """What counted most, either way."""
    order = np.argsort(-np.abs(added), kind="stable")[:MOST_REASONS]
    return tuple(
        Reason(names[f], float(raw[f]) if np.isfinite(raw[f]) else None, float(added[f])) for f in order if added[f]
    )


def _nearest(model: Model, near: Neighbors, at: int) -> tuple[tuple[int, str, float], ...]:
    triples = zip(near.cases[at], near.classes[at], near.distances[at], strict=True)
    return tuple((int(case), model.classes[int(own)], float(far)) for case, own, far in list(triples)[:MOST_REASONS])
