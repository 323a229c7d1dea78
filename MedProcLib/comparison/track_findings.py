"""The findings of each pair of studies in the outlines that all studies share, named by the tracks they belong to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import SimpleITK as sitk
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..core.geometry import Geometry
from .findings import MatchFindings
from .result import Finding, PairComparison
from .tracks.follow import Followed
from .tracks.model import Observation, number_of

# a piece belongs to a finding that has this share of its voxels, or of which it has this share
LEAST_SHARE = 0.1
SIDES = (0, 1)


def in_tracks(
    pairs: Sequence[PairComparison], numbers: Sequence[int], followed: Followed, matching: MatchFindings
) -> tuple[PairComparison, ...]:
    """The pairs with label maps, volumes, centers and classes of the tracks' outlines, findings in order of number.

    numbers: the study of each of the patient's time points. The pieces of both studies are grouped as the pair's own
    matching did; a piece that it did not have goes with its track. A finding has the number of its leading (largest)
    track: 3 for F003. Of two findings with one leading track the smaller one gets a number that no track has.
    """
    place = {study: n for n, study in enumerate(numbers)}
    return tuple(
        _in_tracks(pair, (place[pair.fixed], place[pair.moving]), followed, matching) if pair.moving in place else pair
        for pair in pairs
    )


@dataclass
class _Group:
    """What makes up one finding: per study its pieces (labels) with their observations; and the pair's own numbers."""

    pieces: tuple[dict[int, Observation], dict[int, Observation]] = field(default_factory=lambda: ({}, {}))
    tracks: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    own: set[int] = field(default_factory=set)

    @property
    def volumes(self) -> tuple[float, float]:
        before, after = (sum(o.place.volume_mm3 for o in side.values()) for side in self.pieces)
        return before, after

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of its tracks, the largest first."""
        return tuple(sorted(self.tracks, key=lambda name: (-self.tracks[name], number_of(name))))


def _in_tracks(
    pair: PairComparison, points: tuple[int, int], followed: Followed, matching: MatchFindings
) -> PairComparison:
    groups = _groups(pair, points, followed)
    numbers = _numbers(groups, followed.patient.last_number)
    labels = [
        _relabelled(followed.label_maps[points[s]], numbers, [group.pieces[s] for group in groups]) for s in SIDES
    ]
    findings = [_finding(group, number, matching) for group, number in zip(groups, numbers, strict=True)]
    return replace(
        pair,
        fixed_labels=labels[0],
        moving_labels=labels[1],
        findings=tuple(sorted(findings, key=lambda f: f.number)),
        same_outline=frozenset(n for g, n in zip(groups, numbers, strict=True) if g.own <= pair.same_outline),
    )


def _groups(pair: PairComparison, points: tuple[int, int], followed: Followed) -> list[_Group]:
    """Pieces that share voxels with one of the pair's findings; those without any are one with their track."""
    ids = [followed.patient.time_points[n].id for n in points]
    nodes: list[tuple] = [("finding", f.number) for f in pair.findings]
    seen: dict[tuple, tuple[str, Observation]] = {}
    for track in followed.patient.tracks:
        for side in SIDES:
            if observation := track.at(ids[side]):
                seen |= {(side, label): (track.id, observation) for label in observation.labels}
    place = {node: n for n, node in enumerate([*nodes, *seen])}
    edges: list[tuple[int, int]] = []
    for side, labels in zip(SIDES, (pair.fixed_labels, pair.moving_labels), strict=True):
        shared = _shared(labels, followed.label_maps[points[side]])
        edges += [(place["finding", number], place[side, piece]) for number, piece in shared]
    covered = {piece for _, piece in edges}
    first_of: dict[str, int] = {}
    for piece, (name, _) in seen.items():
        n = place[piece]
        if n not in covered or (name in first_of and first_of[name] not in covered):
            edges.append((n, first_of.get(name, n)))
        first_of.setdefault(name, n)
    ends = np.array(edges, int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(ends.shape[1]), tuple(ends)), shape=(len(place), len(place)))
    count, member = connected_components(graph, directed=False)
    groups = [_Group() for _ in range(count)]
    for node, n in place.items():
        group = groups[member[n]]
        if node in seen:
            name, observation = seen[node]
            group.pieces[node[0]][node[1]] = observation
            group.tracks[name] += observation.place.volume_mm3
        else:
            group.own.add(node[1])
    return [group for group in groups if group.tracks]


def _shared(labels: sitk.Image, pieces: sitk.Image) -> list[tuple[int, int]]:
    """(number, piece) of those that have enough voxels in common."""
    a, b = (sitk.GetArrayViewFromImage(image) for image in (labels, pieces))
    both = (a != 0) & (b != 0)
    pairs, count = np.unique(np.stack([a[both], b[both]]).astype(np.int64), axis=1, return_counts=True)
    sizes = [np.bincount(array[array != 0]) for array in (a, b)]
    return [
        (n, p)
        for n, p, shared in zip(*pairs.tolist(), count.tolist(), strict=True)
        if shared >= LEAST_SHARE * min(sizes[0][n], sizes[1][p])
    ]


def _numbers(groups: list[_Group], last: int) -> list[int]:
    numbers: dict[int, int] = {}
    for n in sorted(range(len(groups)), key=lambda n: (-max(groups[n].volumes), groups[n].names)):
        wanted = number_of(groups[n].names[0])
        if wanted in numbers.values():
            last += 1
            wanted = last
        numbers[n] = wanted
    return [numbers[n] for n in range(len(groups))]


def _relabelled(pieces: sitk.Image, numbers: Iterable[int], labels: Iterable[dict[int, Observation]]) -> sitk.Image:
    array = sitk.GetArrayViewFromImage(pieces)
    table = np.zeros(int(array.max(initial=0)) + 1, np.int32)
    for number, mine in zip(numbers, labels, strict=True):
        table[list(mine)] = number
    return Geometry.of(pieces).image_of(table[array])


def _finding(group: _Group, number: int, matching: MatchFindings) -> Finding:
    before, after = group.pieces
    surface = max(sum(o.place.surface_mm2 for o in side.values()) for side in group.pieces)
    change, rule = matching.classified(group.volumes, len(before), len(after), surface)
    centers = _center(before.values()), _center(after.values())
    return Finding(number, change, group.volumes, centers, rule, tracks=group.names)


def _center(observations: Iterable[Observation]) -> tuple[float, float, float] | None:
    """Center of all of them in their own space; None without any."""
    places = [o.place for o in observations]
    if not places:
        return None
    x, y, z = np.average([p.center for p in places], axis=0, weights=[p.volume_mm3 for p in places]).tolist()
    return x, y, z
