"""The findings over time as the report counts and names them."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from ..comparison.growth.change import SizeChange, size_change
from ..comparison.growth.measured import Measured, total
from ..comparison.result import Change, Comparison, Finding, PairComparison, Verdict
from ..comparison.study import Study
from ..comparison.track_findings import studies_followed
from ..comparison.tracks.changes import Interval, intervals, since
from ..comparison.tracks.doubt import doubt_of
from ..comparison.tracks.model import Alignment, Observation, Patient, Status, Track
from ..comparison.tracks.volumes import compared, true_total

DECIDED_FOR = (Status.ACCEPTED, Status.EDITED)


@dataclass(frozen=True)
class Timeline:
    """A comparison's patient; studies: the study of each time point, by its position in the comparison."""

    comparison: Comparison
    patient: Patient
    studies: tuple[int, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> "Timeline | None":
        """None where nothing was followed."""
        if comparison.followed is None:
            return None
        return cls(comparison, comparison.followed.patient, tuple(studies_followed(comparison)))

    @cached_property
    def reviewed(self) -> bool:
        """True when a reader has decided on at least one finding."""
        return any(o.status is not Status.PROPOSED for track in self.patient.tracks for o in track.observations)

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """Tracks that count: once a reader has decided on any, those with an accepted or edited observation.

        Of these, observations not decided on count too, those rejected do not.
        """
        return tuple(track for track in self.patient.tracks if self._counts(track))

    @cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """What became of each track, by its id and the time point at the end of each interval."""
        return {name: {way.end: way for way in ways} for name, ways in intervals(self.patient).items()}

    @cached_property
    def dated(self) -> bool:
        return all(point.date is not None for point in self.patient.time_points)

    @cached_property
    def times(self) -> list[float]:
        """Days since the first time point, or 0, 1, 2, ... where dates are not known."""
        points = self.patient.time_points
        first = points[0].date
        return [
            float((point.date - first).days) if self.dated and point.date and first else float(n)
            for n, point in enumerate(points)
        ]

    @property
    def labels(self) -> list[str]:
        """What is written at each time point of a chart."""
        return [point.date.isoformat() if point.date else point.id for point in self.patient.time_points]

    def study(self, n: int) -> Study:
        return self.comparison.studies[self.studies[n]]

    def pair(self, n: int) -> PairComparison | None:
        """The comparison of a time point with the first; None of the first."""
        return next((pair for pair in self.comparison.pairs if pair.moving == self.studies[n]), None)

    def at(self, track: Track, n: int) -> Observation | None:
        """A track's observation at a time point, if it counts."""
        observation = track.at(self.patient.time_points[n].id)
        return observation if observation is not None and observation.counts else None

    def is_outside(self, track: Track, n: int) -> bool:
        """Whether a time point's study does not show the place of a track that is missing there."""
        return self.at(track, n) is None and self.patient.time_points[n].id in track.outside

    def is_gone(self, track: Track, n: int) -> bool:
        """Whether a track that was seen before is not there at a time point whose study shows its place."""
        way = since(self.patient, track, self.patient.time_points[n].id, "baseline")
        return way is not None and way.change is Change.GONE

    def part_of(self, track: Track, n: int) -> str:
        """Id of the finding that a track is part of at a time point; '' where it is by itself, or rejected."""
        point = self.patient.time_points[n].id
        return track.whole_at(point, self.patient.order) if track.at(point) is None else ""

    def total(self, n: int) -> Measured:
        """Volume in mm³ of all findings that count at a time point, with its interval from study to study."""
        return total(o.volume for track in self.tracks if (o := self.at(track, n)))

    def true_total(self, n: int) -> Measured:
        """The same volume with the interval of the true one."""
        return true_total([o for track in self.tracks if (o := self.at(track, n))])

    def classes(self, n: int) -> Counter[Change]:
        """How many tracks became what, from the time point before; without those that it does not show."""
        point = self.patient.time_points[n].id
        ways = [way for track in self.tracks if (way := self.intervals[track.id].get(point))]
        return Counter(way.change for way in ways if not way.unseen)

    def change_at(self, track: Track, n: int) -> Change | None:
        """What became of a track up to a time point; None at the first one."""
        way = self.intervals[track.id].get(self.patient.time_points[n].id)
        return way.change if way else None

    def course(self, track: Track) -> Change:
        """What became of a track over all time points: as from the first to the last one that shows it.

        A finding whose place the later studies do not show is as it was last seen.
        """
        shown = [n for n in range(len(self.studies)) if self.at(track, n)]
        last = len(self.studies) - 1
        end = self.patient.time_points[shown[-1]].id
        way = since(self.patient, track, end, "baseline") or self.intervals[track.id].get(end)
        if shown[-1] < last and track.merged_into and track.merged_at not in self._ids(shown):
            return Change.MERGED
        if not all(self.is_outside(track, n) for n in range(shown[-1] + 1, last + 1)):
            return Change.GONE
        return way.change if way else Change.STABLE

    def largest_change(self, track: Track) -> Change:
        """The class of the interval in which a track's volume changed most, that over all time points among them;
        stable where it is in all."""
        shown = [self.patient.time_points[n].id for n in range(len(self.studies)) if self.at(track, n)]
        over_all = since(self.patient, track, shown[-1], "baseline")
        ways = [*self.intervals[track.id].values(), *([over_all] if over_all else [])]
        changed = [way for way in ways if way.change is not Change.STABLE and not way.unseen]
        if not changed:
            return Change.STABLE
        return max(changed, key=lambda way: abs((way.after or way.before).value - way.before.value)).change

    def is_changed(self, track: Track) -> bool:
        """Whether it changed from one time point to the next or, if slowly, over all of them."""
        return self.largest_change(track) is not Change.STABLE

    def size(self, track: Track, reference: str) -> SizeChange | None:
        """Change of volume up to the last time point, from the 'baseline' (first seen) or the time point 'previous'."""
        last = self.patient.time_points[-1].id
        way = self.intervals[track.id].get(last) if reference == "previous" else None
        if way is None and (reference != "previous" or self.at(track, len(self.studies) - 1)):
            way = since(self.patient, track, last, reference)
        return way.size(self.relevant_percent) if way else None

    def parts(self, finding: Finding, pair: PairComparison) -> tuple[list[Observation], list[Observation]]:
        """The observations of a finding of a pair of studies, in the first and in the other one."""
        tracks = [self.patient.track(name) for name in finding.tracks]
        first, other = (
            [o for track in tracks if (o := self.at(track, self.studies.index(n)))] for n in (pair.fixed, pair.moving)
        )
        return first, other

    def between(self, finding: Finding, pair: PairComparison) -> SizeChange | None:
        """Change of a finding of a pair of studies, all of its tracks together, with its interval.

        None where nothing of it counts, and where the other study does not show its place.
        """
        sides = self.parts(finding, pair)
        other = self.studies.index(pair.moving)
        if not any(sides) or all(self.is_outside(self.patient.track(name), other) for name in finding.tracks):
            return None
        cut = [any(o.cut for o in side) for side in sides]
        points = [self.patient.time_points[self.studies.index(n)] for n in (pair.fixed, pair.moving)]
        if pair.registration.verdict is Verdict.DOUBTFUL:  # of two later studies, that to each other counts too
            points[1] = replace(points[1], alignment=Alignment(Verdict.DOUBTFUL))
        doubt = doubt_of(points, [o for side in sides for o in side])
        return size_change(*compared(*sides), self.relevant_percent, (cut[0], cut[1]), doubt)

    @property
    def relevant_percent(self) -> float:
        return self.patient.settings.relative_percent

    def _ids(self, places: list[int]) -> set[str]:
        return {self.patient.time_points[n].id for n in places}

    def _counts(self, track: Track) -> bool:
        if not any(o.counts for o in track.observations):
            return False
        return not self.reviewed or any(o.status in DECIDED_FOR for o in track.observations)
