"""Small regressions whose numbers come from simulated bodies, by `fit_diameter_models` and `fit_volume_model`.

Both are in Testing/Benchmarks.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).resolve().parent / "fitted_models.json"
# Features are cut off so many standard deviations from their mean: nothing is known of what lies farther.
FARTHEST = 4.0


class Fitted(NamedTuple):
    """One layer of hyperbolic tangents between n features and k outputs.

    mean, sd (n,): of the features; weights (n, hidden), offsets (hidden,): of the layer; outputs (hidden + 1, k): of
    the results, the constant last.
    """

    mean: np.ndarray
    sd: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    outputs: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The outputs (..., k) by the features (..., n)."""
        normal = np.clip((features - self.mean) / self.sd, -FARTHEST, FARTHEST)
        return np.tanh(normal @ self.weights + self.offsets) @ self.outputs[:-1] + self.outputs[-1]

    def quantiles(self, features: np.ndarray) -> np.ndarray:
        """The outputs in rising order, where they are quantiles."""
        return np.sort(self(features), axis=-1)


def models_of(path: Path) -> dict[str, Fitted]:
    """Name -> regression of a file."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return {name: Fitted(*(np.array(parts[part]) for part in Fitted._fields)) for name, parts in read.items()}


# The fit puts its own in place one after another, since the later ones are fitted to what the earlier ones leave.
MODELS = models_of(FILE)
