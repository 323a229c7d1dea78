"""What became of each track from one time point to the next, and since its baseline and nadir."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...core.kept import kept
from ..growth.change import SizeChange, size_change
from ..growth.measured import Measured
from ..result import Change
from .doubt import doubt_of, named
from .model import Observation, Patient, TimePoint, Track
from .recall import recalled
from .volumes import compared

NOT_SHOWN = "not shown"  # what tables say in place of a class of what a study does not show the place of


@dataclass(frozen=True)
class Interval:
    """A track from one time point (start) to another (end), both ids; rule: what decided the class, in words.

    before, after: volumes in mm³ as they are compared (see volumes.compared), exactly 0 where the finding was not
    there; of all parts of a merged or split one. None where the track went on in another one, and where the study does
    not show its place. cut: whether the border of the image cuts what is before, after. doubt: why it may be no change
    of one lesion at all (see doubt.doubt_of), '' where nothing speaks for that.
    """

    start: str
    end: str
    change: Change
    rule: str
    before: Measured
    after: Measured | None
    cut: tuple[bool, bool] = (False, False)
    doubt: str = ""

    @property
    def unseen(self) -> bool:
        """Whether it is missing because the study does not show its place."""
        return self.change is Change.GONE and self.after is None

    @property
    def class_name(self) -> str:
        """The class in words, for tables."""
        return NOT_SHOWN if self.unseen else self.change.value

    def size(self, relevant_percent: float) -> SizeChange | None:
        """Difference with its 95 % interval, and whether it is beyond measurement error."""
        if self.after is None:
            return None
        if relevant_percent not in self._sizes:
            self._sizes[relevant_percent] = size_change(self.before, self.after, relevant_percent, self.cut, self.doubt)
        return self._sizes[relevant_percent]

    @cached_property
    def _sizes(self) -> dict[float, SizeChange]:
        """What was found already, by the relevant share: tables, lists and charts all ask for it."""
        return {}


@kept
def intervals(patient: Patient) -> Mapping[str, tuple[Interval, ...]]:
    """The intervals of each track by its id, from the one in which it came to the one in which it went.

    A rejected observation counts as not there. Classes are those of result.Change: what has no observation before is
    new (or split from what was there before), except at the patient's first time point; what comes back after time
    points without it has reappeared, unless these do not show its place; grown, shrunk and stable as the settings' rule
    says.
    """
    relations = _Relations.of(patient)

    def ways(track: Track) -> tuple[Interval, ...]:
        return recalled(patient, track, "intervals", lambda: tuple(_of_track(patient, track, relations)))

    return {track.id: ways(track) for track in patient.tracks}


def since(patient: Patient, track: Track, time_point: str, reference: str) -> Interval | None:
    """A track at a time point against its 'baseline' (first observation), 'nadir' (smallest before) or 'previous'.

    The class since baseline of a track that was not there at the patient's first time point is new, or split where it
    came from one that was, by splits; that of one that is not there any more is gone. None without an observation to
    compare with, and where the track is part of another one or the study does not show its place.
    """
    return recalled(
        patient, track, ("since", time_point, reference), lambda: _since(patient, track, time_point, reference)
    )


def _since(patient: Patient, track: Track, time_point: str, reference: str) -> Interval | None:
    order = patient.order
    seen = {o.time_point: o for o in track.observations if o.counts}
    now, earlier = seen.get(time_point), [o for o in seen.values() if order[o.time_point] < order[time_point]]
    elsewhere = track.whole_at(time_point, order) or time_point in track.outside
    if not earlier or (now is None and elsewhere):
        return None
    then = {
        "baseline": earlier[0],
        "nadir": min(earlier, key=lambda o: o.volume.value),
        "previous": earlier[-1],
    }[reference]
    if now is None:
        rule = f"gone: not found at {named(patient.time_point(time_point))}"
        gone = Interval(then.time_point, time_point, Change.GONE, rule, *compared([then], []), (then.cut, False))
        return _told(patient, track, gone)
    change, rule = _judged(patient, then, now)
    if reference == "baseline" and order[earlier[0].time_point] > 0:
        change, rule = Change.NEW, f"new: not there at {named(patient.time_points[0])}"
        if origin := _origin(patient, track, patient.time_points[1]):
            change, rule = Change.SPLIT, f"split from {origin}"
    way = Interval(then.time_point, time_point, change, rule, *compared([then], [now]), (then.cut, now.cut))
    return _told(patient, track, way)


def _origin(patient: Patient, track: Track, point: TimePoint) -> str:
    """Id of what it split from, the nearest that was there before a time point; '' where nothing was, or where a reader
    has rejected it."""
    return next((t.id for t in patient.ancestors(track) if _last(patient, t, point) is not None), "")


@dataclass(frozen=True)
class _Relations:
    """Tracks that merged into one at a time point, and tracks that split from one (again), by (id, time point)."""

    merged: Mapping[tuple[str, str], list[Track]]
    children: Mapping[tuple[str, str], list[Track]]

    @classmethod
    def of(cls, patient: Patient) -> "_Relations":
        merged, children = defaultdict(list), defaultdict(list)
        for track in patient.tracks:
            counted = [o for o in track.observations if o.counts]
            if track.merged_into:
                merged[track.merged_into, track.merged_at].append(track)
            for merger in track.parted:
                merged[merger.into, merger.at].append(track)
                children[merger.into, merger.again].append(track)
            if track.parent and counted:
                children[track.parent, counted[0].time_point].append(track)
        return cls(merged, children)


def _of_track(patient: Patient, track: Track, relations: _Relations):
    seen = {o.time_point: o for o in track.observations if o.counts}
    last: Observation | None = None
    before: TimePoint | None = None
    for point in patient.time_points:
        now = seen.get(point.id)
        if before is not None and (now or last):
            interval = _interval(patient, track, before, point, last, now, relations)
            if interval is not None:
                yield _told(patient, track, interval)
        last, before = now or last, point


def _interval(
    patient: Patient,
    track: Track,
    before: TimePoint,
    point: TimePoint,
    last: Observation | None,
    now: Observation | None,
    relations: _Relations,
) -> Interval | None:
    end, order = point.id, patient.order
    start = last.time_point if last is not None else before.id
    between = patient.time_points[order[start] + 1 : order[end]] if last is not None else ()
    followed = all(p.id in track.outside for p in between)  # it was missing only where it could not be seen
    if now is None:
        if last is None or not followed or (between and end in track.outside):
            return None
        if whole := track.merged_first_at(point.id):
            return Interval(start, end, Change.MERGED, f"merged into {whole}", last.volume, None)
        if point.id in track.outside:
            return Interval(start, end, Change.GONE, unseen_at(point), last.volume, None)
        rule = f"gone: not found at {named(point)}"
        return Interval(start, end, Change.GONE, rule, *compared([last], []), (last.cut, False))
    if last is None:
        origin = _origin(patient, track, point)
        came = Change.SPLIT if origin else Change.NEW
        rule = f"split from {origin}" if origin else f"new: not found before {named(point)}"
        return Interval(start, end, came, rule, *compared([], [now]), (False, now.cut))
    if whole := track.whole_at(before.id, order):
        rule = f"split from {whole} again; {_judged(patient, last, now)[1]}"
        return Interval(start, end, Change.SPLIT, rule, *compared([last], [now]), (last.cut, now.cut))
    if not followed:
        rule = f"reappeared: not found at {named(before)}; {_judged(patient, last, now)[1]}"
        return Interval(start, end, Change.REAPPEARED, rule, *compared([last], [now]), (last.cut, now.cut))
    joined = relations.merged.get((track.id, point.id), ())
    others = {t.id: seen for t in joined if (seen := _last(patient, t, point))}
    if others:
        cut = last.cut or any(o.cut for o in others.values()), now.cut
        volumes = compared([last, *others.values()], [now])
        return Interval(start, end, Change.MERGED, f"merged with {', '.join(others)}", *volumes, cut)
    children = relations.children.get((track.id, point.id), ())
    parts = {t.id: seen for t in children if (seen := t.at(point.id)) and seen.counts}
    if parts:
        cut = last.cut, now.cut or any(o.cut for o in parts.values())
        volumes = compared([last], [now, *parts.values()])
        return Interval(start, end, Change.SPLIT, f"split, also {', '.join(parts)}", *volumes, cut)
    return Interval(start, end, *_judged(patient, last, now), *compared([last], [now]), (last.cut, now.cut))


def _told(patient: Patient, track: Track, way: Interval) -> Interval:
    """With what the image's border and the alignment leave open."""
    ends = [patient.time_point(name) for name in (way.start, way.end)]
    seen = [o for point in ends if (o := track.at(point.id)) is not None and o.counts]
    doubt = doubt_of(ends, seen)
    points = [point for point, cut in zip(ends, way.cut, strict=True) if cut]
    rule = way.rule + at_border(points) + (f"; {doubt}" if doubt else "")
    return replace(way, rule=rule, doubt=doubt)


def unseen_at(point: TimePoint) -> str:
    """Why a finding is missing at a time point that does not show its place."""
    return f"{NOT_SHOWN}: outside of what {named(point)} shows, so not known"


def at_border(points: Sequence[TimePoint]) -> str:
    """What a rule says besides where a finding reaches the border of the image at these time points."""
    return f"; it reaches the border of the image at {' and '.join(map(named, points))}" if points else ""


def _judged(patient: Patient, then: Observation, now: Observation) -> tuple[Change, str]:
    surface = max(then.place.surface_mm2, now.place.surface_mm2)
    return patient.settings.rule.judged((then.volume.value, now.volume.value), surface)


def _last(patient: Patient, track: Track, before: TimePoint) -> Observation | None:
    order = patient.order
    counted = [o for o in track.observations if o.counts and order[o.time_point] < order[before.id]]
    return counted[-1] if counted else None
