"""Simulated findings over time: births, deaths, misses, growth, merges and splits, seen under registration error."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

SPLIT_LEAVES = 0.7  # of the volume, of a lesion that falls apart


@dataclass
class Body:
    """What is there at a time point: identity, center (mm) and volume (mm³) of each finding; box half sides."""

    identity: np.ndarray
    centers: np.ndarray
    volumes: np.ndarray
    halves: np.ndarray


@dataclass(frozen=True)
class Rates:
    """Shares of findings per interval, and the spread (SD of the logarithm) of growth."""

    death: float = 0.04
    birth: float = 0.04
    missed: float = 0.01
    merge: float = 0.01
    split: float = 0.01
    growth: float = 0.25


@dataclass
class Truth:
    """bodies: as they are; seen: (n,) bool per time point; merges: (time, from, into); splits: (time, from, new)."""

    bodies: list[Body]
    seen: list[np.ndarray]
    merges: list[tuple[int, int, int]] = field(default_factory=list)
    splits: list[tuple[int, int, int]] = field(default_factory=list)


def radius(volumes) -> np.ndarray:
    return np.cbrt(np.asarray(volumes) * 0.75 / np.pi)


def simulated(count: int, times: int, spacing_mm: float, rates: Rates, rng: np.random.Generator) -> Truth:
    """Findings in a box in which each has a cube of this side; median volume 400 mm³, from 20 to 8,000 or so."""
    side = np.cbrt(count) * spacing_mm * np.array([0.8, 0.8, 1 / 0.64])
    body = _chosen(_apart(_born(0, 3 * count, side, rng)), slice(count))
    truth, last = Truth([], []), int(body.identity.max()) + 1
    for time in range(times):
        if time:
            body, last = _later(body, last, time, truth, side, rates, rng)
        truth.bodies.append(body)
        hidden = (rng.random(len(body.identity)) < rates.missed) & (0 < time < times - 1)
        truth.seen.append(~hidden)
    return truth


def _born(first: int, count: int, side: np.ndarray, rng: np.random.Generator) -> Body:
    volumes = 400 * np.exp(rng.normal(0, 1.0, count))
    return Body(
        np.arange(first, first + count),
        rng.uniform(0, 1, (count, 3)) * side,
        volumes,
        np.repeat(radius(volumes)[:, None], 3, axis=1),
    )


def _apart(body: Body, gap_mm: float = 1.0) -> Body:
    """Without findings that overlap one before them."""
    radii = radius(body.volumes)
    pairs = cKDTree(body.centers).query_pairs(2 * radii.max() + gap_mm, output_type="ndarray")
    near = np.linalg.norm(body.centers[pairs[:, 0]] - body.centers[pairs[:, 1]], axis=1)
    touching = pairs[near < radii[pairs].sum(axis=1) + gap_mm]
    return _chosen(body, ~np.isin(np.arange(len(radii)), touching.max(axis=1)))


def _chosen(body: Body, keep: np.ndarray | slice) -> Body:
    return Body(body.identity[keep], body.centers[keep], body.volumes[keep], body.halves[keep])


def _joined(bodies: list[Body]) -> Body:
    return Body(
        *(np.concatenate([getattr(b, n) for b in bodies]) for n in ("identity", "centers", "volumes", "halves"))
    )


def _later(
    body: Body, last: int, time: int, truth: Truth, side: np.ndarray, rates: Rates, rng: np.random.Generator
) -> tuple[Body, int]:
    count = len(body.identity)
    seen_before = truth.seen[-1]
    body = _chosen(body, alive := rng.random(count) > rates.death)
    seen_before = seen_before[alive]
    grown = np.exp(rng.normal(0, rates.growth, len(body.volumes)))
    # an outline that moves on one side takes the center along
    aside = rng.normal(0, 0.3, body.centers.shape) * (radius(body.volumes * grown) - radius(body.volumes))[:, None]
    body = Body(body.identity, body.centers + aside, body.volumes * grown, body.halves * np.cbrt(grown)[:, None])
    gone = np.zeros(len(body.identity), bool)
    made = []
    # merges: neighbors that nearly touch, the nearest first
    pairs = cKDTree(body.centers).query_pairs(2 * radius(body.volumes).max() + 6, output_type="ndarray")
    radii = radius(body.volumes)
    gaps = np.linalg.norm(body.centers[pairs[:, 0]] - body.centers[pairs[:, 1]], axis=1) - radii[pairs].sum(axis=1)
    wanted = round(rates.merge * len(radii))
    for a, b in pairs[np.argsort(gaps)][: 3 * wanted]:
        if wanted and not (gone[a] or gone[b]) and seen_before[a] and seen_before[b]:
            into, other = (a, b) if _first_volume(truth, body, a) >= _first_volume(truth, body, b) else (b, a)
            volume = body.volumes[[a, b]]
            low = np.minimum(*(body.centers[n] - body.halves[n] for n in (a, b)))
            high = np.maximum(*(body.centers[n] + body.halves[n] for n in (a, b)))
            center = volume @ body.centers[[a, b]] / volume.sum()
            identity = body.identity[[into]]
            made.append(Body(identity, center[None], volume.sum()[None], (high - low)[None] / 2))
            truth.merges.append((time, int(body.identity[other]), int(identity[0])))
            gone[[a, b]] = True
            wanted -= 1
    # splits: large ones fall apart along some axis, each part a ball
    for n in rng.permutation(np.flatnonzero(~gone & (body.volumes > 200) & seen_before))[
        : round(rates.split * len(radii))
    ]:
        share = rng.uniform(0.55, 0.75)
        axis = rng.normal(size=3)
        axis /= np.linalg.norm(axis)
        volumes = SPLIT_LEAVES * body.volumes[n] * np.array([share, 1 - share])
        distance = radius(volumes).sum() + 1
        centers = body.centers[n] + np.outer([1 - share, -share], axis) * distance
        halves = np.repeat(radius(volumes)[:, None], 3, axis=1)
        made.append(Body(np.array([body.identity[n], last]), centers, volumes, halves))
        truth.splits.append((time, int(body.identity[n]), last))
        last += 1
        gone[n] = True
    born = _born(last, round(rates.birth * count), side, rng)
    last += len(born.identity)
    kept = _joined([_chosen(body, ~gone), *made])
    together = _apart(_joined([kept, born]))
    protected = _chosen(together, np.isin(together.identity, born.identity))
    return _joined([kept, protected]), last


def _first_volume(truth: Truth, body: Body, n: int) -> float:
    before = truth.bodies[-1]
    return float(before.volumes[before.identity == body.identity[n]][0])


def smooth_field(rng: np.random.Generator, scale_mm: float, waves: int = 64):
    """A random displacement field of root mean square length 1 that varies over this scale."""
    frequencies = rng.normal(0, 1 / scale_mm, (waves, 3))
    phases, amplitudes = rng.uniform(0, 2 * np.pi, waves), rng.normal(0, 1, (waves, 3))

    def field_at(points: np.ndarray) -> np.ndarray:
        return np.sqrt(2 / waves / 3) * np.cos(points @ frequencies.T + phases) @ amplitudes

    return field_at


def matched_share(true: np.ndarray, found: np.ndarray) -> float:
    """Identity F1 (Ristani et al., ECCV 2016 workshops) of the same observations with true and found identities."""
    t, f = np.unique(true, return_inverse=True)[1], np.unique(found, return_inverse=True)[1]
    table = coo_matrix((np.ones(len(t)), (t, f))).tocsr()
    graph = coo_matrix((np.ones(len(t)), (t, f + t.max() + 1)), shape=[t.max() + f.max() + 2] * 2)
    member = connected_components(graph, directed=False)[1]
    rows, columns = np.argsort(member[: t.max() + 1], kind="stable"), np.argsort(member[t.max() + 1 :], kind="stable")
    total = 0.0
    row_cluster, column_cluster = member[rows], member[t.max() + 1 :][columns]
    for cluster in np.unique(row_cluster):
        r = rows[np.searchsorted(row_cluster, cluster) : np.searchsorted(row_cluster, cluster, "right")]
        c = columns[np.searchsorted(column_cluster, cluster) : np.searchsorted(column_cluster, cluster, "right")]
        block = table[r][:, c].toarray()
        total += block[linear_sum_assignment(block, maximize=True)].sum()
    return total / len(t)
