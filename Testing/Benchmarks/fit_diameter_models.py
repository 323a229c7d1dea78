"""Fits the regressions that in-plane diameters and their 95 % intervals rest on, to simulated bodies.

    python Testing/Benchmarks/fit_diameter_models.py [SHARE] [--write]

SHARE: of the placements that what is shipped was fitted to (0.05; 1 takes ten minutes of one processor); --write: put
the numbers in `MedProcLib/quantification/fitted_models.json`. Four regressions, one after another, each on what the
earlier ones leave: how far the tips of the long diameter and of the short one lie beyond the pixels (`outline_ends`),
and the quantiles of both diameters' errors (`uncertainty.diameter`). The bodies are those of `_fitted_bodies`, the same
on every run. Printed for each family, size and voxel: the shares within half a pixel as shown, the shares of intervals
that hold the truth, and how wide these are, in pixels.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from _fitted_bodies import Placement, placements
from _fitting import fit_ends, fit_quantiles

from MedProcLib.quantification.fitted import FILE, MODELS, Fitted
from MedProcLib.quantification.uncertainty.diameter import Measured, Outlines, intervals_of, measured

USUAL_SHARE = 0.05
# Neurons of the regressions, and rounds of their fits.
HIDDEN_ENDS, HIDDEN_ERRORS, ROUNDS = 12, 12, 600
DIGITS = 5
# How much the families count in the ends' fit and in that of the errors; the others 0 and 1.
ENDS = {
    "ball": 1.0, "ellipsoid": 1.0, "box": 1.0, "cylinder": 1.0, "long ellipsoid": 0.7, "rounded box": 0.9,
    "long rounded box": 0.6, "superellipsoid": 0.6, "box along the grid": 0.2, "short box along the grid": 0.3,
    "ellipsoid along the grid": 0.5, "upright cylinder": 0.4, "upright box": 0.4,
}  # fmt: skip
ERRORS = {
    "long ellipsoid": 0.3, "rounded box": 0.3, "long rounded box": 0.2, "superellipsoid": 0.3, "polyhedron": 0.2,
    "dome": 0.2, "upright cylinder": 0.7, "upright box": 0.5,
}  # fmt: skip
# The ends' fit takes outlines of at least so many pixels, and in thick slices no bodies of a slice or two: what is
# hidden there lies between the slices.
LEAST_PIXELS, THICK = 3.0, 2.0


class Sample(NamedTuple):
    """outlines, spacing, truth (long, short; mm) and group of each placement."""

    outlines: list[Outlines]
    spacings: list[tuple[float, float, float]]
    truths: np.ndarray
    groups: list[tuple[str, int, int]]

    def measured(self) -> list[Measured]:
        """With the regressions as they are now."""
        return [measured(*pair) for pair in zip(self.outlines, self.spacings, strict=True)]


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    sample = sample_of(placements(float(arguments[0]) if arguments else USUAL_SHARE))
    print(f"{len(sample.outlines)} placements", flush=True)
    fit(sample)
    _report(sample)
    if "--write" in sys.argv:
        write(FILE)


def sample_of(bodies: Iterable[Placement]) -> Sample:
    outlines, spacings, truths, groups = [], [], [], []
    for placed in bodies:
        outlines.append(Outlines.of(placed.mask, placed.spacing))
        spacings.append(placed.spacing)
        truths.append(placed.body.in_plane(placed.turn))
        groups.append(placed.group)
    return Sample(outlines, spacings, np.array(truths), groups)


def fit(sample: Sample, rounds: int = ROUNDS) -> None:
    """Put regressions fitted to the sample in the place of those of the package."""
    fit_gaps(sample, rounds)
    fit_errors(sample, rounds)


def fit_gaps(sample: Sample, rounds: int = ROUNDS) -> None:
    """Of the ends of the long diameter, and, by what they make of it, of those of the short one."""
    weights = _weights(sample, ENDS, 0.0)
    found = sample.measured()
    pixels = np.array([(each.long.pixel[0], each.short.pixel[0]) for each in found])
    ends = [each.long.ends for each in found]
    totals = sample.truths[:, 0] / pixels[:, 0] - [each.extent for each in ends]
    use = (weights > 0) & _usual(sample, np.array([each.extent for each in ends]))
    features = np.array([each.features for each in ends])
    MODELS["long_ends"] = rounded(fit_ends(features[use], totals[use], weights[use], HIDDEN_ENDS, rounds))

    found = sample.measured()
    pixels = np.array([(each.long.pixel[0], each.short.pixel[0]) for each in found])
    lengths = np.array([np.linalg.norm(np.diff(each.short.chord, axis=0)) / each.short.pixel[0] for each in found])
    totals, use = sample.truths[:, 1] / pixels[:, 1] - lengths, (weights > 0) & _usual(sample, lengths)
    features = np.array([each.short.features for each in found])
    MODELS["short_ends"] = rounded(fit_ends(features[use], totals[use], weights[use], HIDDEN_ENDS, rounds))


def fit_errors(sample: Sample, rounds: int = ROUNDS) -> None:
    """Of both diameters, as the ends' regressions leave them."""
    features, errors, found = errors_of(sample)
    shown = [(each.shown.long_mm - each.long.mm, each.shown.short_mm - each.short.mm) for each in found]
    shown = np.array(shown) / [(each.long.pixel[0], each.short.pixel[0]) for each in found]
    names = sorted(set(sample.groups))
    groups = np.array([names.index(group) for group in sample.groups])
    shares = np.array([ERRORS.get(family, 1.0) for family, _, _ in names])
    for column, name in enumerate(("long_errors", "short_errors")):
        MODELS[name] = rounded(
            fit_quantiles(features, errors[:, column], shown[:, column], groups, shares, HIDDEN_ERRORS, rounds)
        )


def errors_of(sample: Sample) -> tuple[np.ndarray, np.ndarray, list[Measured]]:
    """Features (n, m) and errors (n, 2; pixels), truth less measured, of the long and the short diameter."""
    found = sample.measured()
    lengths = np.array([(each.long.mm, each.short.mm) for each in found])
    pixels = np.array([(each.long.pixel[0], each.short.pixel[0]) for each in found])
    return np.array([each.features for each in found]), (sample.truths - lengths) / pixels, found


def write(path: Path) -> None:
    parts = [
        f'  "{name}": {{\n'
        + ",\n".join(f'    "{part}": {json.dumps(values.tolist())}' for part, values in model._asdict().items())
        + "\n  }"
        for name, model in sorted(MODELS.items())
    ]
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _weights(sample: Sample, families: dict[str, float], others: float) -> np.ndarray:
    """Of each placement, alike for all groups of a family."""
    counts = {group: sample.groups.count(group) for group in set(sample.groups)}
    return np.array([families.get(group[0], others) / counts[group] for group in sample.groups])


def _usual(sample: Sample, lengths: np.ndarray) -> np.ndarray:
    few = np.array([group[2] == 1 for group in sample.groups])
    thick = np.array([spacing[2] > THICK * spacing[0] for spacing in sample.spacings])
    return (lengths >= LEAST_PIXELS) & ~(few & thick)


def rounded(model: Fitted) -> Fitted:
    return Fitted(
        *(np.array([float(f"{value:.{DIGITS}g}") for value in part.ravel()]).reshape(part.shape) for part in model)
    )


def _report(sample: Sample) -> None:
    found = sample.measured()
    shown = np.array([(each.shown.long_mm, each.shown.short_mm) for each in found])
    pixel = np.array([max(spacing[:2]) for spacing in sample.spacings])
    near = np.abs(shown - sample.truths) <= pixel[:, None] / 2
    bounds = [intervals_of(each) for each in found]
    held = np.array(
        [
            [i.low <= t <= i.high for i, t in zip(b, truth, strict=True)]
            for b, truth in zip(bounds, sample.truths, strict=True)
        ]
    )
    widths = np.array([[i.high - i.low for i in b] for b in bounds]) / pixel[:, None]
    print(f"{'':40}  n  within 0.5 px, %  intervals hold, %  px wide")
    for group in sorted(set(sample.groups)):
        those = np.array([each == group for each in sample.groups])
        a, b, c = 100 * near[those].mean(axis=0), 100 * held[those].mean(axis=0), widths[those].mean(axis=0)
        print(
            f"{group[0]:26} voxel {group[1]} {group[2]:3}- {those.sum():5}  {a[0]:5.0f} {a[1]:4.0f}"
            f"    {b[0]:6.1f} {b[1]:5.1f}    {c[0]:5.2f} {c[1]:5.2f}"
        )


if __name__ == "__main__":
    main()
