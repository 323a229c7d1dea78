"""A model as JSON: data only, checked when it is read."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...core.atomic import write_text
from ...core.errors import InputError
from . import checked
from .applicability import Applicability
from .classifier import Classifier
from .findings import FeatureColumn
from .forest import Forest
from .linear import Linear
from .model import Model
from .nearest import Nearest
from .parsed_file import parsed_file

KEY, VERSION = "medproc_classifier", 1
KINDS: dict[str, Any] = {each.kind: each for each in (Linear, Nearest, Forest)}
MOST_FEATURES, MOST_CLASSES = 100_000, 100
HIGHEST = 1 + 1e-9  # a threshold above all probabilities calls none


def write_model(model: Model, target: str | Path) -> None:
    """Write the file whole or not at all. Raises InputError."""
    write_text(model_text(model), target)


def read_model(source: str | Path) -> Model:
    """The model in a file. Raises InputError that says what is wrong in it."""
    return parsed_file(source, "model", model_of)


def model_text(model: Model) -> str:
    """JSON text; the model read from it predicts the same, to the last digit."""
    record = {
        KEY: VERSION,
        "label": model.label,
        "classes": list(model.classes),
        "features": [dict(vars(feature)) for feature in model.features],
        "medians": model.medians.tolist(),
        "means": model.means.tolist(),
        "sds": model.sds.tolist(),
        "classifier": model.classifier.as_dict(),
        "applicability": model.applicability.as_dict(),
        "threshold": model.threshold,
        "summary": dict(model.summary),
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def model_of(text: str) -> Model:
    """The model that JSON text stands for. Raises InputError."""
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"This is not JSON: {error}.") from error
    if not isinstance(data, dict) or KEY not in data:
        raise InputError(f'A model is a JSON object {{"{KEY}": {VERSION}, ...}}, written by `medproc train`.')
    if data[KEY] != VERSION or isinstance(data[KEY], bool):
        raise InputError(f"The model is of version {data[KEY]!r}; this MedProc reads version {VERSION}.")
    classes = checked.entry(data, "classes", list)
    if not 2 <= len(classes) <= MOST_CLASSES or not all(isinstance(each, str) for each in classes):
        raise InputError("The model's 'classes' must be 2 or more names.")
    if len(set(classes)) < len(classes):
        raise InputError("Two of the model's classes have one name.")
    features = _features(data)
    count = (len(features),)
    sds = checked.array(data, "sds", count)
    if sds.min() <= 0:
        raise InputError("The model's 'sds' must be above 0.")
    threshold = None if data.get("threshold") is None else checked.real(data, "threshold")
    if (threshold is None) != (len(classes) > 2):
        raise InputError("A model of two classes needs a 'threshold', and one of more must not have one.")
    if threshold is not None and not 0 <= threshold <= HIGHEST:
        raise InputError(f"The model's 'threshold' is {threshold:g}; it is a probability, 0 to 1.")
    return Model(
        checked.text(data, "label"),
        tuple(classes),
        features,
        checked.array(data, "medians", count),
        checked.array(data, "means", count),
        sds,
        _classifier(checked.entry(data, "classifier", dict), len(classes), len(features)),
        Applicability.from_dict(checked.entry(data, "applicability", dict), len(features)),
        threshold,
        checked.entry(data, "summary", dict),
    )


def _features(data: Any) -> tuple[FeatureColumn, ...]:
    found = checked.entry(data, "features", list)
    if not 1 <= len(found) <= MOST_FEATURES:
        raise InputError(f"The model has {len(found)} features; it must have 1 to {MOST_FEATURES}.")
    made = tuple(FeatureColumn(*(checked.text(each, name) for name in ("name", "unit", "meaning"))) for each in found)
    if len({each.name for each in made}) < len(made):
        raise InputError("Two of the model's features have one name.")
    return made


def _classifier(data: Any, classes: int, features: int) -> Classifier:
    kind = checked.text(data, "kind")
    if kind not in KINDS:
        raise InputError(f"The model is of the unknown kind '{kind}'; known are: {', '.join(KINDS)}.")
    return KINDS[kind].from_dict(data, classes, features)


def _refuse(constant: str) -> None:
    raise InputError(f"The file holds {constant}, which is not a number of JSON.")


def as_json(value: Any) -> Any:
    """A value with numpy's numbers as Python's, and NaN as None."""
    if isinstance(value, dict):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [as_json(each) for each in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
