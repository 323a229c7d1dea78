"""10,000 findings followed over 5 time points, under registration error; and smaller ones as real label maps.

Identity F1 is the share of observations whose found track is the one that its true lesion corresponds to best, one to
one (Ristani et al. 2016). The peer links each finding to the nearest one within 7.3 mm, mutual nearest first (greedy).
Registration error has root mean square length: a part smooth over 60 mm and a part of each finding by itself.
"""

import time

import numpy as np
from _followed import Rates, Truth, matched_share, simulated, smooth_field
from scipy.spatial import cKDTree

from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.model import Patient, TimePoint
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.settings import Follow

COUNT, TIMES, SCALE_MM, PEER_MM = 10_000, 5, 60.0, 7.3
OUTLINE_NOISE = 0.1  # SD of the logarithm of the outlined volume


def main() -> None:
    print(f"{COUNT} findings, {TIMES} time points; error in mm: smooth over {SCALE_MM:g} mm + each by itself")
    print("cube of each  error       findings  identity F1  greedy F1  merges F1  splits F1   seconds")
    rates = Rates()
    for spacing, smooth, own in [
        (25, 1.73, 1.0),
        (25, 2.0, 1.0),
        (25, 0.0, 2.0),
        (25, 2.6, 1.5),
        (20, 1.73, 1.0),
        (16, 1.73, 1.0),
    ]:
        truth = simulated(COUNT, TIMES, spacing, rates, np.random.default_rng(1))
        observed = seen(truth, smooth, own, np.random.default_rng(2))
        error = float(np.hypot(smooth, own))
        start = time.perf_counter()
        patient = followed(observed, Follow(registration_error_mm=error))
        seconds = time.perf_counter() - start
        print(
            f"{spacing:6d} mm     {smooth:4.2f}+{own:4.2f}  {len(observed[0][0]):8d}  "
            f"{matched_share(*identities(truth, patient, observed)):11.4f}  {greedy_f1(observed):9.4f}  "
            f"{event_f1(*merges(truth, patient, observed)):9.3f}  {event_f1(*splits(truth, patient, observed)):9.3f}  "
            f"{seconds:8.1f}"
        )


def seen(truth: Truth, smooth: float, own: float, rng: np.random.Generator) -> list[tuple[np.ndarray, Pieces]]:
    """Per time point the true identities and the pieces as registration shows them, in random order."""
    result = []
    for body, visible in zip(truth.bodies, truth.seen, strict=True):
        index = rng.permutation(np.flatnonzero(visible))
        centers = body.centers[index]
        off = smooth * smooth_field(rng, SCALE_MM)(centers) + rng.normal(0, own / np.sqrt(3), centers.shape)
        volumes = body.volumes[index] * np.exp(rng.normal(0, OUTLINE_NOISE, len(index)))
        balls = Pieces.of_balls(centers + off, volumes)
        halves = body.halves[index]
        pieces = Pieces(
            balls.labels,
            balls.centers,
            balls.centers - halves,
            balls.centers + halves,
            volumes,
            balls.surfaces,
            centers,
        )
        result.append((body.identity[index], pieces))
    return result


def followed(observed: list[tuple[np.ndarray, Pieces]], settings: Follow) -> Patient:
    patient = Patient("simulated", settings=settings)
    for number, (_, pieces) in enumerate(observed, 1):
        patient = extend(patient, TimePoint(f"T{number}"), pieces)
    return patient


def identities(truth: Truth, patient: Patient, observed) -> tuple[np.ndarray, np.ndarray]:
    """True and found identity of every observation."""
    true, found = [], []
    place = {point.id: n for n, point in enumerate(patient.time_points)}
    for number, track in enumerate(patient.tracks):
        for observation in track.observations:
            true.append(observed[place[observation.time_point]][0][observation.labels[0] - 1])
            found.append(number)
    return np.array(true), np.array(found)


def merges(truth: Truth, patient: Patient, observed) -> tuple[set, set]:
    """True and found merges as (time, identity that ended, identity it became part of)."""
    tracks = {track.id: track for track in patient.tracks}
    place = {point.id: n for n, point in enumerate(patient.time_points)}
    found = set()
    for track in patient.tracks:
        if track.merged_into:
            into = tracks[track.merged_into].at(track.merged_at)
            now = observed[place[track.merged_at]][0][into.labels[0] - 1]
            found.add((place[track.merged_at], _identity(track.observations[-1], observed, place), int(now)))
    return {m for m in truth.merges if _visible(truth, m[0], m[2])}, found


def splits(truth: Truth, patient: Patient, observed) -> tuple[set, set]:
    """True and found splits as (time, identity that split)."""
    tracks = {track.id: track for track in patient.tracks}
    place = {point.id: n for n, point in enumerate(patient.time_points)}
    found = set()
    for track in patient.tracks:
        if track.parent:
            time_point = place[track.observations[0].time_point]
            before = [o for o in tracks[track.parent].observations if place[o.time_point] < time_point]
            found.add((time_point, _identity(before[-1], observed, place)))
    both = {s for s in truth.splits if _visible(truth, s[0], s[1]) and _visible(truth, s[0], s[2])}
    return {s[:2] for s in both}, found


def _visible(truth: Truth, time_point: int, identity: int) -> bool:
    body = truth.bodies[time_point]
    return bool(truth.seen[time_point][body.identity == identity].all())


def _identity(observation, observed, place) -> int:
    return int(observed[place[observation.time_point]][0][observation.labels[0] - 1])


def event_f1(true: set, found: set) -> float:
    return 2 * len(true & found) / max(1, len(true) + len(found))


def greedy_f1(observed) -> float:
    """Identity F1 of linking the nearest first."""
    true, found, last = [], [], 0
    tracks = np.zeros(0, int)
    for number, (identity, pieces) in enumerate(observed):
        mine = np.full(len(pieces), -1)
        if number:
            before = observed[number - 1][1]
            distance, which = cKDTree(before.centers).query(pieces.centers, 4, distance_upper_bound=PEER_MM)
            j, i = np.repeat(np.arange(len(pieces)), 4), which.ravel()
            order = np.argsort(distance.ravel(), kind="stable")
            used = set()
            for n in order[np.isfinite(distance.ravel()[order])]:
                if mine[j[n]] < 0 and i[n] not in used:
                    mine[j[n]] = tracks[i[n]]
                    used.add(i[n])
        new = mine < 0
        mine[new] = last + np.arange(new.sum())
        last, tracks = last + int(new.sum()), mine
        true.append(identity)
        found.append(mine)
    return matched_share(np.concatenate(true), np.concatenate(found))


if __name__ == "__main__":
    main()
