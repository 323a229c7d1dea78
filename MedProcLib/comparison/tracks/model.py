"""A patient's findings over time: time points, findings observed at them, and tracks that join what is one lesion."""

import datetime
import enum
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ...core.errors import InputError
from ...core.listing import listed
from ...core.measurement import Measurement
from ..growth.measured import Measured
from ..response.context import NOTHING_KNOWN, USUAL_PROTOCOL, Context, Protocol
from ..response.model import Kind
from ..result import Verdict
from .settings import Follow

Point = tuple[float, float, float]
IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class Status(enum.StrEnum):
    """What a reader made of an observation."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


@dataclass(frozen=True)
class ImageReference:
    """An image of a time point. path: relative to the patient's file, with '/' between its parts."""

    path: str
    modality: str = ""
    description: str = ""


@dataclass(frozen=True)
class Alignment:
    """How far the registration of a time point with the first one can be relied on, why, and by which figures."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    figures: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class TimePoint:
    """One visit.

    segmentation: path of the label map that observations refer to, relative as an image's is, '' while unsaved;
    matrix: 4 x 4, row by row, maps points of the common space to points of this time point (LPS, mm), as resampling
    takes it; transform_file: relative path of a transform used in place of the matrix, where that is not linear;
    mask: relative path of what a step found to look in, made_of what it was made of, see comparison.made_masks;
    alignment: of a registration that was judged, None of the first time point; context: what criteria need beside the
    findings; landmarks: as of the study (position in this time point's own space, LPS, mm, and name), so that a pair of
    later ones that is registered after reading this again starts from them too; given: whether its outlines were given,
    not made by the recipe, None where that is not known.
    """

    id: str
    name: str = ""
    date: datetime.date | None = None
    images: tuple[ImageReference, ...] = ()
    segmentation: str = ""
    matrix: tuple[float, ...] = IDENTITY
    transform_file: str = ""
    alignment: Alignment | None = None
    context: Context = NOTHING_KNOWN
    landmarks: tuple[tuple[Point, str], ...] = ()
    given: bool | None = None
    mask: str = ""
    made_of: str = ""


@dataclass(frozen=True)
class Place:
    """Where a piece is and how large it is outlined, as matching sees it.

    center: LPS, mm, in the time point's own space; common_center, low, high: in the common space, the latter two
    corners of the box around it; surface in mm².
    """

    center: Point
    common_center: Point
    low: Point
    high: Point
    volume_mm3: float
    surface_mm2: float


@dataclass(frozen=True)
class Estimate:
    """A measurement with its 95 % interval (None where not known); reader: who wrote it by hand, '' if computed."""

    measurement: Measurement
    low: float | None = None
    high: float | None = None
    reader: str = ""

    @property
    def measured(self) -> Measured:
        return Measured(self.measurement.value, self.low, self.high)


@dataclass(frozen=True)
class Observation:
    """A finding as it was at one time point.

    labels: its values in the time point's segmentation; decided: ISO time of the reader's decision.
    cut: it reaches the border of the image, so that the study may show a part of it only.
    border_mm: how far (95 %) the lesion's own border may be from the outline, alike in every study; 0 of what a reader
    outlined, None where it is not known.
    """

    time_point: str
    labels: tuple[int, ...]
    place: Place
    estimates: tuple[Estimate, ...] = ()
    status: Status = Status.PROPOSED
    reader: str = ""
    decided: str = ""
    note: str = ""
    cut: bool = False
    border_mm: float | None = None

    def estimate(self, name: str) -> Estimate | None:
        """The estimate of this name; None where it was not measured."""
        return next((e for e in self.estimates if e.measurement.name == name), None)

    @cached_property
    def volume(self) -> Measured:
        """The measured or edited volume (mm³); that of the outline before measuring.

        The interval is what volumes from study to study are compared by, without an error that all studies share.
        """
        estimate = self.estimate("voxel_volume")
        return estimate.measured if estimate else Measured(self.place.volume_mm3)

    @cached_property
    def true_volume(self) -> Measured:
        """The same volume with the 95 % interval of the lesion's true one: its border may be off in all studies alike.

        No interval where that is not known, and of what the image's border cuts.
        """
        volume, estimate = self.volume, self.estimate("voxel_volume")
        if estimate is not None and estimate.reader:
            return volume
        if volume.limits is None or volume.limits[0] <= 0 or self.border_mm is None or self.cut:
            return Measured(volume.value)
        shared = self.border_mm * self.place.surface_mm2 / volume.value
        down, up = (math.hypot(math.log(limit / volume.value), shared) for limit in volume.limits)
        return Measured(volume.value, volume.value * math.exp(-down), volume.value * math.exp(up))

    @property
    def counts(self) -> bool:
        """Whether it is there for figures and classes: not once a reader has rejected it."""
        return self.status is not Status.REJECTED


@dataclass(frozen=True)
class Parted:
    """A merger that came apart: into is the id of the track it was part of from the time point at to before again."""

    into: str
    at: str
    again: str


@dataclass(frozen=True)
class Track:
    """One lesion: its observations in time order, at most one for each time point.

    kind: its role in response criteria, None while undecided; node: it is a lymph node.
    parent: id of the track it split from, at its first observation; merged_into: id of the track it became part of,
    at the time point merged_at, and has been since; parted: mergers before that, which came apart again. outside: time
    points whose study does not show the place where it was.
    unequivocal: time points at which the reader calls its progression unequivocal; increased: at which it is larger
    than at the one before, to the reader's eye; equivocal: whether it is a lesion is
    not sure. Of brain tumors: in_radiation_field; enhancing, False for what is outlined in T2/FLAIR.
    """

    id: str
    observations: tuple[Observation, ...]
    name: str = ""
    organ: str = ""
    site: str = ""
    kind: Kind | None = None
    node: bool = False
    parent: str = ""
    merged_into: str = ""
    merged_at: str = ""
    outside: tuple[str, ...] = ()
    unequivocal: tuple[str, ...] = ()
    increased: tuple[str, ...] = ()
    equivocal: bool = False
    in_radiation_field: bool = False
    enhancing: bool = True
    parted: tuple[Parted, ...] = ()

    def at(self, time_point: str) -> Observation | None:
        for observation in self.observations:
            if observation.time_point == time_point:
                return observation
        return None

    def whole_at(self, time_point: str, order: Mapping[str, int]) -> str:
        """Id of the track it is part of at a time point; '' where it is by itself. order: as Patient.order."""
        place = order[time_point]
        for merger in self.parted:
            if order[merger.at] <= place < order[merger.again]:
                return merger.into
        return self.merged_into if self.merged_into and order[self.merged_at] <= place else ""

    def merged_first_at(self, time_point: str) -> str:
        """Id of the track that it became part of at just this time point; '' where it did not."""
        into = {merger.at: merger.into for merger in self.parted} | {self.merged_at: self.merged_into}
        return into.get(time_point, "")


@dataclass(frozen=True)
class Visit:
    """What a reader may say of a time point (its id): the date, and what criteria need beside the findings."""

    time_point: str
    date: datetime.date | None = None
    context: Context = NOTHING_KNOWN


@dataclass(frozen=True)
class Taken:
    """A time point that was taken out, as it was, and its place (from 0) among the others."""

    time_point: TimePoint
    place: int


@dataclass(frozen=True)
class Edit:
    """An entry of the history: who did what, and when (ISO time); with what it takes to undo it.

    before: the tracks it changed, as they were; added: ids of tracks it made; time_point: id of the one it added;
    taken: the one it took out; order: ids of all in the order they had, empty where that stayed.
    visits, protocol: of those time points and of the patient, as they were; None where the protocol stayed.
    undone: it was taken back; undoes: the entry (counted from 0) that this one took back.
    """

    who: str
    when: str
    what: str
    before: tuple[Track, ...] = ()
    added: tuple[str, ...] = ()
    time_point: str = ""
    undone: bool = False
    undoes: int | None = None
    visits: tuple[Visit, ...] = ()
    protocol: Protocol | None = None
    taken: Taken | None = None
    order: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is something to put back."""
        taken = self.time_point or self.taken is not None
        return bool(self.before or self.added or self.visits or taken) or self.protocol is not None


@dataclass(frozen=True)
class Patient:
    """All of a patient's findings.

    time_points: in time order; last_number: of the newest track that ever was; recipe: of the comparison that found
    them, as Recipe.as_dict has it, empty where none did; protocol: what criteria leave to the trial.
    """

    id: str
    time_points: tuple[TimePoint, ...] = ()
    tracks: tuple[Track, ...] = ()
    settings: Follow = field(default_factory=Follow)
    last_number: int = 0
    history: tuple[Edit, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    protocol: Protocol = USUAL_PROTOCOL

    def track(self, track_id: str) -> Track:
        """A track by id. Raises InputError."""
        return _found(self.tracks, track_id, "track")

    def time_point(self, time_point_id: str) -> TimePoint:
        """A time point by id. Raises InputError."""
        return _found(self.time_points, time_point_id, "time point")

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Place of each time point in time, by id."""
        return {point.id: place for place, point in enumerate(self.time_points)}

    def ancestors(self, track: Track) -> tuple[Track, ...]:
        """What a track split from, and that from, the nearest first."""
        found: list[Track] = []
        parent = self._by_id.get(track.parent)
        while parent is not None and parent not in found:
            found.append(parent)
            parent = self._by_id.get(parent.parent)
        return tuple(found)

    @cached_property
    def _by_id(self) -> Mapping[str, Track]:
        return {track.id: track for track in self.tracks}

    def with_tracks(self, *changed: Track) -> "Patient":
        """The patient with these tracks in place of those of the same id, and with new ones; in order of number."""
        by_id = {track.id: track for track in (*self.tracks, *changed)}
        return replace(self, tracks=tuple(sorted(by_id.values(), key=lambda track: number_of(track.id))))


def track_id(number: int) -> str:
    """'F001', 'F002', ..., 'F1000', ..."""
    return f"F{number:03d}"


def number_of(track_id: str) -> int:
    """The number in a track's id."""
    return int(track_id[1:])


def require_track_id(name: str) -> None:
    """Raise InputError for what no finding can be called."""
    if not re.fullmatch(r"F[0-9]{3,}", name):
        raise InputError(f"'{name}' is no finding: these are called F001, F002, ...")


def _found(things, wanted: str, what: str):

    for thing in things:
        if thing.id == wanted:
            return thing
    known = listed([thing.id for thing in things], 20) or "none"
    raise InputError(f"There is no {what} '{wanted}' in this patient; there are: {known}.")
