"""The findings of each pair of studies as the patient's tracks have them, so that figures follow a reader's edits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .result import Change, Comparison, Finding, Verdict
from .tracks.changes import at_border, unseen_at
from .tracks.doubt import doubt_of
from .tracks.label_pieces import compact
from .tracks.model import Observation, Patient, Status, TimePoint, Track, number_of

Side = dict[str, Observation]  # observations at a time point by track


def with_tracks(comparison: Comparison) -> Comparison:
    """The comparison with label maps and findings of its pairs made from what it has followed.

    A finding has the number of its leading (largest) track, 3 for F003; see findings_between.
    """
    if comparison.followed is None:
        return comparison
    patient, maps = comparison.followed.patient, comparison.followed.label_maps
    numbers = studies_followed(comparison)
    place = {study: n for n, study in enumerate(numbers)}

    def renewed(pair):
        if pair.moving not in place or pair.fixed not in place or pair.registration.verdict is Verdict.FAILED:
            return pair
        ends = place[pair.fixed], place[pair.moving]
        points = [patient.time_points[n].id for n in ends]
        findings = findings_between(patient, points[0], points[1])
        labels = [_numbered(maps[n], patient, point, findings) for n, point in zip(ends, points, strict=True)]
        return replace(
            pair, fixed_labels=labels[0], moving_labels=labels[1], findings=findings, same_outline=frozenset()
        )

    return replace(
        comparison,
        pairs=tuple(renewed(pair) for pair in comparison.pairs),
        further=tuple(renewed(pair) for pair in comparison.further),
    )


def studies_followed(comparison: Comparison) -> list[int]:
    """The study of each of the patient's time points: all but those whose registration failed."""
    good = [pair for pair in comparison.pairs if pair.registration.verdict is not Verdict.FAILED]
    return [good[0].fixed, *(pair.moving for pair in good)] if good else []


def findings_between(patient: Patient, start: str, end: str) -> tuple[Finding, ...]:
    """What became of the findings from one time point (id) to another, in order of number.

    Tracks that merged or split up to the end are one finding, merged or split where its pieces became fewer or more.
    A rejected observation counts as not there, unless all are rejected: then so is the finding. Of the others the
    finding is accepted or edited as soon as one observation is, here or, if none here is, at another time point.
    """
    groups = [_Group(tracks, _seen(tracks, start), _seen(tracks, end)) for tracks in _related(patient, start, end)]
    found = [group.finding(patient, patient.time_point(start), patient.time_point(end)) for group in groups if group]
    return tuple(sorted(found, key=lambda finding: finding.number))


@dataclass(frozen=True)
class _Group:
    """Tracks that are one finding, with their observations before and after."""

    tracks: Sequence[Track]
    before: Side = field(default_factory=dict)
    after: Side = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.before or self.after)

    def finding(self, patient: Patient, start: TimePoint, end: TimePoint) -> Finding:
        every = [*self.before.values(), *self.after.values()]
        counting = any(o.counts for o in every)
        before, after = ([o for o in side.values() if o.counts or not counting] for side in (self.before, self.after))
        volumes = sum(o.volume.value for o in before), sum(o.volume.value for o in after)
        change, rule = _judged(patient, (start, before), (end, after), volumes)
        unseen = change is Change.GONE and all(end.id in patient.track(name).outside for name in self.before)
        if unseen:
            rule = unseen_at(end)
        rule += at_border([point for point, side in ((start, before), (end, after)) if any(o.cut for o in side)])
        if doubt := doubt_of((start, end), every):
            rule += f"; {doubt}"
        names = sorted({*self.before, *self.after}, key=lambda name: (-self._size(name), number_of(name)))
        status, by = _decision(every)
        if status is Status.PROPOSED:
            status, by = _decision([o for name in names for o in patient.track(name).observations])
        return Finding(
            number_of(names[0]),
            change,
            volumes,
            (_center(before), _center(after)),
            rule,
            status.value,
            by.reader,
            by.decided,
            tuple(names),
            unseen,
        )

    def _size(self, name: str) -> float:
        return max(side[name].volume.value for side in (self.before, self.after) if name in side)


def _related(patient: Patient, start: str, end: str) -> list[list[Track]]:
    """Tracks in groups of those that merged or split up to the end; not of what had merged and come apart between."""
    order, root = patient.order, {track.id: track.id for track in patient.tracks}

    def top(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    for track in patient.tracks:
        for whole in {track.whole_at(start, order), track.whole_at(end, order)} - {""}:
            root[top(track.id)] = top(whole)
        if track.parent and order[track.observations[0].time_point] <= order[end]:
            root[top(track.id)] = top(track.parent)
    groups: dict[str, list[Track]] = {}
    for track in patient.tracks:
        groups.setdefault(top(track.id), []).append(track)
    return list(groups.values())


def _seen(tracks: Iterable[Track], time_point: str) -> Side:
    return {track.id: seen for track in tracks if (seen := track.at(time_point)) is not None}


def _judged(
    patient: Patient,
    then: tuple[TimePoint, Sequence[Observation]],
    now: tuple[TimePoint, Sequence[Observation]],
    volumes: tuple[float, float],
) -> tuple[Change, str]:
    (start, before), (end, after) = then, now
    if not before:
        return Change.NEW, f"new: not found at {start.name or start.id}"
    if not after:
        return Change.GONE, f"gone: not found at {end.name or end.id}"
    if len(before) != len(after):
        change = Change.MERGED if len(after) < len(before) else Change.SPLIT
        return change, f"{change.value}: {len(before)} before, {len(after)} now"
    surface = max(sum(o.place.surface_mm2 for o in side) for side in (before, after))
    return patient.settings.rule.judged(volumes, surface)


def _decision(observations: Sequence[Observation]) -> tuple[Status, Observation]:
    """The status of all together, and the last observation that has it."""
    for status in (Status.EDITED, Status.ACCEPTED, Status.PROPOSED, Status.REJECTED):
        having = [o for o in observations if o.status is status]
        if having:
            return status, max(having, key=lambda o: o.decided)
    raise ValueError("no observations")


def _center(observations: Sequence[Observation]) -> tuple[float, float, float] | None:
    """Center of all of them in their own space; None without any."""
    if not observations:
        return None
    places = [o.place for o in observations]
    x, y, z = np.average([p.center for p in places], axis=0, weights=[p.volume_mm3 for p in places]).tolist()
    return x, y, z


def _numbered(labels: sitk.Image, patient: Patient, time_point: str, findings: Sequence[Finding]) -> sitk.Image:
    """A time point's label map with the numbers of findings in place of the labels that observations name."""
    values, numbers = compact(sitk.GetArrayViewFromImage(labels))
    table = np.zeros(len(values) + 1, np.int32)
    for finding in findings:
        for name in finding.tracks:
            observation = patient.track(name).at(time_point)
            if observation is not None:
                table[1:][np.isin(values, observation.labels)] = finding.number
    return Geometry.of(labels).image_of(table[numbers])
