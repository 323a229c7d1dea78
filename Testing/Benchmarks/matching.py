"""10,000 findings followed over 5 time points, under registration error; and smaller ones as real label maps.

Identity F1 is the share of observations whose found track is the one that its true lesion corresponds to best, one to
one (Ristani et al. 2016). The peer links each finding to the nearest one within 7.3 mm, mutual nearest first (greedy).
Registration error has root mean square length: a part smooth over 60 mm and a part of each finding by itself.
"""

import time

import numpy as np
import SimpleITK as sitk
from _followed import Rates, Truth, matched_share, simulated, smooth_field
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.follow import Labelled, follow_findings
from MedProcLib.comparison.tracks.label_pieces import pieces_of
from MedProcLib.comparison.tracks.model import Patient, TimePoint
from MedProcLib.comparison.tracks.parting import mergers_of
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.geometry import Geometry

COUNT, LABELLED, TIMES, SCALE_MM, PEER_MM = 10_000, 500, 5, 60.0, 7.3
HEADER = "findings  identity F1  greedy F1  merges F1  splits F1   seconds  processor s"
OUTLINE_NOISE = 0.1  # SD of the logarithm of the outlined volume


def main() -> None:
    print(f"{COUNT} findings, {TIMES} time points; error in mm: smooth over {SCALE_MM:g} mm + each by itself")
    print(f"{'cube of each':15s}{'error':13s}assumed {HEADER}")
    rates = Rates()
    for spacing, smooth, own, assumed in [
        (25, 1.73, 1.0, 2.0),
        (25, 2.0, 2.0, 2.8),
        (25, 0.0, 2.0, 2.0),
        (20, 1.73, 1.0, 2.0),
        (17, 1.73, 1.0, 2.0),
        (25, 2.6, 1.5, 3.0),
        (25, 2.6, 1.5, 1.0),
        (25, 0.5, 0.5, 4.0),
    ]:
        truth = simulated(COUNT, TIMES, spacing, rates, np.random.default_rng(1))
        observed = seen(truth, smooth, own, np.random.default_rng(2))
        settings = Follow(registration_error_mm=assumed)
        patient, seconds = _timed(lambda observed=observed, settings=settings: followed(observed, settings))
        figures = _figures(truth, patient, observed, seconds)
        print(f"{spacing:6d} mm      {smooth:4.2f}+{own:4.2f}    {assumed:4.1f}  {figures}")
    labelled()


def labelled() -> None:
    """Findings drawn as label maps on turned grids of 1 x 1 x 3 mm, one of them left-handed."""
    print(f"\n{LABELLED} findings as label maps, 1 x 1 x 3 mm, each time point turned and moved; error 1.73+1.00 mm")
    print(f"{'overlap from':28s}{HEADER}")
    truth = simulated(LABELLED, TIMES, 20, Rates(), np.random.default_rng(3))
    observed = seen(truth, 1.73, 1.0, np.random.default_rng(4))
    drawn = [_drawn(number, observed[number], truth.bodies[number]) for number in range(TIMES)]
    made, seconds = _timed(lambda: follow_findings(drawn))
    pieces = [pieces_of(d.labels, d.from_common) for d in drawn]
    true = []
    for d, p in zip(drawn, pieces, strict=True):
        values = sitk.GetArrayFromImage(d.labels)
        of_piece = np.zeros(len(p.pieces) + 1, int)
        of_piece[p.numbers.ravel()] = values.ravel()
        number = drawn.index(d)
        true.append((observed[number][0][of_piece[1:] - 1], p.pieces))
    print(f"{'voxels':28s}{_figures(truth, made.patient, true, seconds)}")
    alone, seconds = _timed(lambda: followed(true, Follow()))
    print(f"{'balls of the volumes':28s}{_figures(truth, alone, true, seconds)}")


def _drawn(number: int, shown: tuple[np.ndarray, Pieces], body) -> Labelled:
    """Each finding an ellipsoid of its box and volume, with a label of its own, in a space and grid of its own."""
    turn = Rotation.from_rotvec(np.radians(12 * number) * np.array([0.48, 0.6, 0.64])).as_matrix()
    move = np.array([30.0, -20.0, 10.0]) * number
    direction = (
        turn @ np.diag([-1.0 if number == 2 else 1.0, 1, 1]) @ Rotation.from_euler("x", 9 * number, True).as_matrix()
    )
    pieces = shown[1]
    centers = pieces.centers @ turn.T + move
    halves = (pieces.high - pieces.low) / 2
    halves = halves * np.cbrt(pieces.volumes * 0.75 / np.pi / halves.prod(axis=1))[:, None]
    along = centers @ direction
    spacing, margin = np.array([1.0, 1.0, 3.0]), halves.max() + 3
    low, high = along.min(axis=0) - margin, along.max(axis=0) + margin
    size = np.ceil((high - low) / spacing).astype(int) + 1
    grid = Geometry(tuple(size.tolist()), tuple(spacing), tuple((direction @ low).tolist()), tuple(direction.ravel()))
    array = np.zeros(size[::-1], np.int32)
    for n in np.argsort(-pieces.volumes):
        reach = halves[n].max() / spacing + 1
        index = grid.indices(centers[n])[0]
        start, stop = np.maximum(0, np.floor(index - reach)).astype(int), np.ceil(index + reach).astype(int) + 1
        box = tuple(slice(a, b) for a, b in zip(start[::-1], stop[::-1], strict=True))
        shape = array[box].shape
        points = grid.points(np.indices(shape).reshape(3, -1)[::-1].T + start)
        inside = (((points - centers[n]) @ turn / halves[n]) ** 2).sum(axis=1) <= 1
        array[box][inside.reshape(shape)] = n + 1
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, move
    return Labelled(TimePoint(f"T{number + 1}"), grid.image_of(array), transform_of(matrix))


def _figures(truth: Truth, patient: Patient, observed, seconds: tuple[float, float]) -> str:
    return (
        f"{len(observed[0][0]):8d}  {matched_share(*identities(truth, patient, observed)):11.4f}  "
        f"{greedy_f1(observed):9.4f}  {event_f1(*merges(truth, patient, observed)):9.3f}  "
        f"{event_f1(*splits(truth, patient, observed)):9.3f}  {seconds[0]:8.1f}  {seconds[1]:11.1f}"
    )


def _timed(work):
    """Result, and seconds on the clock and of the processors."""
    start, spent = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - start, time.process_time() - spent)


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
        for whole, at in mergers_of(track):
            into, before = tracks[whole].at(at), [o for o in track.observations if place[o.time_point] < place[at]]
            now = observed[place[at]][0][into.labels[0] - 1]
            found.add((place[at], _identity(before[-1], observed, place), int(now)))
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
        for merger in track.parted:
            before = [o for o in tracks[merger.into].observations if place[o.time_point] < place[merger.again]]
            found.add((place[merger.again], _identity(before[-1], observed, place)))
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
