"""Fits the regressions that in-plane diameters and their 95 % intervals rest on, to simulated bodies.

    python Testing/Benchmarks/fit_diameter_models.py [SHARE] [--errors] [--processes N] [--write]

SHARE: of the families' numbers of placements (0.05; what is shipped was fitted to 0.2222, with --errors, which takes a
processor half an hour); --errors: the ends' regressions stay as they are (those shipped were fitted to 0.28, with the
bodies and the fit of commit 9b719e6); --processes: to share the work among (1), which changes no number; --write: put
the numbers in `MedProcLib/quantification/fitted_models.json`. Four regressions, one after another, each on what the
earlier ones leave: how far the tips of the long diameter and of the short one lie beyond the pixels (`outline_ends`),
and the quantiles of both diameters' errors (`uncertainty.diameter`). The bodies are those of `_fitted_bodies`, the same
on every run. Printed for each family, size and voxel, of placements that nothing was fitted to: the shares within half
a pixel as shown, the shares of intervals that hold the truth, and how wide these are, in pixels.
"""

import json
import math
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import _one_thread  # noqa: F401, before numpy
import numpy as np
from _fitted_bodies import FAMILIES, MORE, OF_DIAMETERS, UNEVEN
from _fitting import Wanted, fit_ends, fit_quantiles
from _placements import CLASSES, SPACINGS, Piece, in_processes, pieces_of, placements

from MedProcLib.quantification.fitted import FILE, MODELS, Fitted, models_of
from MedProcLib.quantification.uncertainty.diameter import Outlines, intervals_of, measured

USUAL_SHARE = 0.05
# Of the share, for what is printed.
UNSEEN = 0.1
# Neurons and rounds of the ends' fits; of every few pieces of the sample these for them, since they have few numbers.
HIDDEN_ENDS, ROUNDS_ENDS = 12, 500
FOR_ENDS, OF_PIECES = (0, 2), 5
ERRORS = Wanted(hidden=(18, 22), rounds=1000, misses=0.042, small=3e-5)
# Shares that the means of fits of the long diameter and of the short one are to miss: of bodies unlike those of the
# sample more is missed, of the long one most.
OF_MEANS = 0.035, 0.045
# Uneven bodies, of which there are very many, by others.
FEWER_UNEVEN = 0.15
DIGITS = 5
# Groups of fewer are taken together, as their shares of misses are chance: those of a family and size of all voxels, or
# all of a family.
FEWEST = 60
# How much the families count in the ends' fit; the others not at all.
ENDS = {
    "ball": 1.0, "ellipsoid": 1.0, "box": 1.0, "cylinder": 1.0, "capsule": 0.7, "lens": 0.5, "long ellipsoid": 0.7,
    "rounded box": 0.9, "long rounded box": 0.6, "superellipsoid": 0.6, "box along the grid": 0.2,
    "short box along the grid": 0.3, "ellipsoid along the grid": 0.5, "upright cylinder": 0.4, "upright box": 0.4,
}  # fmt: skip
# The ends' fit takes outlines of at least so many pixels, and in thick slices no bodies of a slice or two: what is
# hidden there lies between the slices.
LEAST_PIXELS, THICK = 3.0, 2.0


class Arguments(NamedTuple):
    share: float
    processes: int
    write: bool
    errors: bool = False

    @classmethod
    def of(cls, given: list[str], errors: bool = False) -> "Arguments":
        parser = ArgumentParser()
        parser.add_argument("share", type=float, nargs="?", default=USUAL_SHARE)
        parser.add_argument("--processes", type=int, default=1)
        parser.add_argument("--write", action="store_true")
        if errors:
            parser.add_argument("--errors", action="store_true")
        return cls(**vars(parser.parse_args(given)))


class Part(NamedTuple):
    """Outlines of the placements of a piece, and its number."""

    outlines: list[Outlines]
    number: int


class Sample(NamedTuple):
    """parts; spacing, truth (long, short; mm) and group of each placement."""

    parts: list[Part]
    spacings: np.ndarray
    truths: np.ndarray
    groups: list[tuple[str, int, int]]

    def of_ends(self) -> "Sample":
        """Some pieces of every group."""
        chosen = [part.number % OF_PIECES in FOR_ENDS for part in self.parts]
        those = np.repeat(chosen, [len(part.outlines) for part in self.parts])
        return Sample(
            [part for part, take in zip(self.parts, chosen, strict=True) if take],
            self.spacings[those],
            self.truths[those],
            [group for group, take in zip(self.groups, those, strict=True) if take],
        )


class Figures(NamedTuple):
    """Of placements, with the regressions as they are: of both diameters (n, 2), the length as measured and as shown
    (mm) and the pixel's extent; features of the ends (n, 2, m), and how far apart these are (pixels) without gaps;
    features of the errors; limits of the intervals (mm; n, 2, 2)."""

    lengths: np.ndarray
    shown: np.ndarray
    pixels: np.ndarray
    long_ends: np.ndarray
    short_ends: np.ndarray
    apart: np.ndarray
    features: np.ndarray
    intervals: np.ndarray


def main() -> None:
    arguments = Arguments.of(sys.argv[1:], errors=True)
    sample = sample_of(bodies(arguments.share), arguments.processes)
    print(f"{len(sample.groups)} placements", flush=True)
    fit(sample, 0 if arguments.errors else ROUNDS_ENDS, processes=arguments.processes)
    if arguments.write:
        write(FILE, ["long_ends", "short_ends", "long_errors", "short_errors"])
    report(sample_of(bodies(arguments.share * UNSEEN, seed=1), arguments.processes), arguments.processes)


def bodies(share: float, seed: int = 0) -> list[Piece]:
    """Of all families whose in-plane diameters are known."""
    some = pieces_of(share, [*FAMILIES, *MORE, *OF_DIAMETERS], seed)
    return some + pieces_of(share * FEWER_UNEVEN, UNEVEN, seed)


def sample_of(pieces: Iterable[Piece], processes: int = 1) -> Sample:
    parts = [part for part in in_processes(_of_piece, pieces, processes) if part.groups]
    return Sample(
        [part for sample in parts for part in sample.parts],
        np.concatenate([part.spacings for part in parts]),
        np.concatenate([part.truths for part in parts]),
        [group for part in parts for group in part.groups],
    )


def figures_of(sample: Sample, processes: int = 1) -> Figures:
    """With the regressions as they are now."""
    starts = np.cumsum([0, *(len(part.outlines) for part in sample.parts)])
    items = [
        (part.outlines, sample.spacings[start], dict(MODELS))
        for part, start in zip(sample.parts, starts[:-1], strict=True)
    ]
    parts = list(in_processes(_figures, items, processes))
    return Figures(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def fit(sample: Sample, ends: int = ROUNDS_ENDS, errors: Wanted = ERRORS, processes: int = 1) -> None:
    """Put regressions fitted to the sample in the place of those of the package; ends: rounds of their fits, which 0
    leaves as they are."""
    if ends:
        fit_gaps(sample.of_ends(), ends, processes)
    fit_errors(sample, errors, processes)


def fit_gaps(sample: Sample, rounds: int = ROUNDS_ENDS, processes: int = 1) -> None:
    """Of the ends of the long diameter, and, by what they make of it, of those of the short one."""
    weights = _weights(sample)
    for column, name in enumerate(("long_ends", "short_ends")):
        found = figures_of(sample, processes)
        totals = sample.truths[:, column] / found.pixels[:, column] - found.apart[:, column]
        use = (weights > 0) & _usual(sample, found.apart[:, column])
        features = (found.long_ends, found.short_ends)[column]
        MODELS[name] = rounded(fit_ends(features[use], totals[use], weights[use], HIDDEN_ENDS, rounds, processes))


def fit_errors(sample: Sample, wanted: Wanted = ERRORS, processes: int = 1) -> None:
    """Of both diameters, as the ends' regressions leave them."""
    found = figures_of(sample, processes)
    groups = numbers_of(pooled(sample.groups))
    errors, shown = (sample.truths - found.lengths) / found.pixels, (found.shown - found.lengths) / found.pixels
    never, jobs = np.full(len(groups), np.inf), []
    for error, kept, misses in zip(errors.T, shown.T, OF_MEANS, strict=True):
        bounds = np.column_stack([-never, kept, kept, never])
        of_one = wanted._replace(of_mean=misses)
        jobs.append((found.features, error, bounds, groups, of_one, math.ceil(processes / 2)))
    fitted = in_processes(_fitted, jobs, min(processes, 2))
    MODELS.update(zip(("long_errors", "short_errors"), map(rounded, fitted), strict=True))


def write(path: Path, names: Iterable[str]) -> None:
    """Put these regressions, as they are now, in a file among the others there."""
    models = {**models_of(path), **{name: MODELS[name] for name in names}}
    parts = [
        f'  "{name}": {{\n'
        + ",\n".join(f'    "{part}": {json.dumps(values.tolist())}' for part, values in model._asdict().items())
        + "\n  }"
        for name, model in sorted(models.items())
    ]
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def pooled(groups: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The group that each placement counts in; -1: of any voxel, or any size."""
    alike, of_size = Counter(groups), Counter((family, width) for family, _, width in groups)

    def counted(group: tuple[str, int, int]) -> tuple[str, int, int]:
        family, _, width = group
        if alike[group] >= FEWEST:
            return group
        return family, -1, width if of_size[family, width] >= FEWEST else -1

    return [counted(group) for group in groups]


def numbers_of(groups: list[tuple[str, int, int]]) -> np.ndarray:
    """Of each placement's group (n,), from 0."""
    numbers = {group: number for number, group in enumerate(sorted(set(groups)))}
    return np.array([numbers[group] for group in groups])


def rounded(model: Fitted) -> Fitted:
    return Fitted(
        *(np.array([float(f"{value:.{DIGITS}g}") for value in part.ravel()]).reshape(part.shape) for part in model)
    )


def report(sample: Sample, processes: int = 1) -> None:
    found = figures_of(sample, processes)
    near = np.abs(found.shown - sample.truths) <= sample.spacings[:, None, :2].max(axis=2) / 2
    below, above = sample.truths < found.intervals[..., 0], sample.truths > found.intervals[..., 1]
    widths = (found.intervals[..., 1] - found.intervals[..., 0]) / found.pixels
    print(f"{'':40}  n  within 0.5 px, %  below, %    above, %    held, %     px wide")
    for group in sorted(set(sample.groups)):
        those = np.array([each == group for each in sample.groups])
        a, b, c = (100 * part[those].mean(axis=0) for part in (near, below, above))
        d, e = 100 - b - c, widths[those].mean(axis=0)
        print(
            f"{group[0]:31} voxel {group[1]} {group[2]:3} {those.sum():5}   {a[0]:5.0f} {a[1]:4.0f}    "
            f"{b[0]:5.1f} {b[1]:5.1f} {c[0]:5.1f} {c[1]:5.1f}  {d[0]:5.1f} {d[1]:5.1f}   {e[0]:5.2f} {e[1]:5.2f}"
        )


def _of_piece(piece: Piece) -> Sample:
    outlines, truths, groups = [], [], []
    for placed in placements(piece):
        outlines.append(Outlines.of(placed.mask, placed.spacing))
        truths.append(placed.body.in_plane(placed.turn))
        groups.append(placed.group)
    spacings = np.tile(SPACINGS[piece.voxel], (len(groups), 1))
    return Sample([Part(outlines, piece.number)], spacings, np.array(truths).reshape(-1, 2), groups)


def _figures(item: tuple[list[Outlines], np.ndarray, dict[str, Fitted]]) -> Figures:
    part, sides, models = item
    MODELS.update(models)
    spacing = tuple(sides.tolist())
    rows = []
    for outlines in part:
        found = measured(outlines, spacing)
        long, short = found.long, found.short
        rows.append(
            (
                (long.mm, short.mm),
                (found.shown.long_mm, found.shown.short_mm),
                (long.pixel[0], short.pixel[0]),
                long.ends.features,
                short.features,
                (long.ends.extent, float(np.linalg.norm(np.diff(short.chord, axis=0))) / short.pixel[0]),
                found.features,
                [(each.low, each.high) for each in intervals_of(found)],
            )
        )
    return Figures(*map(np.array, zip(*rows, strict=True)))


def _fitted(job: tuple) -> Fitted:
    return fit_quantiles(*job)


def _weights(sample: Sample) -> np.ndarray:
    """Of each placement in the ends' fit, alike for all groups of a family."""
    counts: dict[tuple[str, int, int], int] = {}
    for group in sample.groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array([ENDS.get(group[0], 0.0) / counts[group] for group in sample.groups])


def _usual(sample: Sample, lengths: np.ndarray) -> np.ndarray:
    few = np.array([CLASSES[group[2]][0] <= 1 for group in sample.groups])
    thick = sample.spacings[:, 2] > THICK * sample.spacings[:, 0]
    return (lengths >= LEAST_PIXELS) & ~(few & thick)


if __name__ == "__main__":
    main()
