"""What a response criterion reads: time points, lesions and what was seen of each lesion at each time point."""

import datetime
import enum
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...core.errors import InputError
from ..growth.measured import Measured
from .context import NeuroStatus, PetReference, Protocol, require_thickness


class Kind(enum.StrEnum):
    """Part of a lesion in the criterion: measured, watched, or not there at baseline."""

    TARGET = "target"
    NON_TARGET = "non-target"
    NEW = "new"


class Status(enum.StrEnum):
    """How a lesion was found at a time point. MERGED: it has grown together with another one, measured there."""

    PRESENT = "present"
    ABSENT = "absent"
    TOO_SMALL = "too small to measure"
    NOT_EVALUABLE = "not evaluable"
    MERGED = "merged"


@dataclass(frozen=True)
class Assessment:
    """One lesion at one time point; sizes are Measured (a plain number is one without interval) or None.

    time: label of the time point. long_mm, short_mm: longest diameter and the longest perpendicular to it in that
    plane; of a node the short axis counts. volume_mm3. sul_peak: peak lean-body-mass SUV; tlg_ml: total lesion
    glycolysis (SUL times ml). mean_hu: mean attenuation. pieces: of a lesion that split, each with its id; the sum of
    their sizes counts. merged_into: id of the lesion it grew together with.
    increased: larger than at the time point before, in the reader's eyes. unequivocal: unequivocal progression of a
    lesion that is not measured. equivocal: whether it is a lesion at all is not sure (new lesions).
    """

    time: str
    status: Status = Status.PRESENT
    long_mm: Measured | None = None
    short_mm: Measured | None = None
    volume_mm3: Measured | None = None
    sul_peak: Measured | None = None
    tlg_ml: Measured | None = None
    mean_hu: Measured | None = None
    pieces: tuple[tuple[str, "Assessment"], ...] = ()
    merged_into: str = ""
    increased: bool = False
    unequivocal: bool = False
    equivocal: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))
        for name in ("long_mm", "short_mm", "volume_mm3", "sul_peak", "tlg_ml", "mean_hu"):
            value = getattr(self, name)
            if value is None:
                continue
            value = Measured.of(value)
            object.__setattr__(self, name, value)
            if name != "mean_hu" and value.value < 0:
                raise InputError(f"{name} at {self.time} is negative ({value.value:g}).")
        if self.long_mm and self.short_mm and self.short_mm.value > self.long_mm.value + 1e-9:
            raise InputError(
                f"At {self.time} the short axis ({self.short_mm.value:g} mm) is longer than the longest diameter "
                f"({self.long_mm.value:g} mm): exchange them."
            )
        if (self.status is Status.MERGED) != bool(self.merged_into):
            raise InputError(f"At {self.time} a merged lesion needs the id of the lesion it merged into, and only it.")


@dataclass(frozen=True)
class Lesion:
    """A lesion followed over time; organ in the reader's words; node: a lymph node, measured by its short axis.

    Of brain tumors: in_radiation_field, where enhancement may be an effect of the radiation; enhancing, False for what
    is outlined in T2/FLAIR.
    """

    id: str
    organ: str
    kind: Kind
    node: bool = False
    assessments: tuple[Assessment, ...] = ()
    in_radiation_field: bool = False
    enhancing: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        object.__setattr__(self, "assessments", tuple(self.assessments))
        times = [a.time for a in self.assessments]
        if len(set(times)) < len(times):
            raise InputError(f"Lesion {self.id} has two assessments at one time point: keep one.")

    def at(self, time: str) -> Assessment | None:
        return self._by_time.get(time)

    @cached_property
    def _by_time(self) -> dict[str, Assessment]:
        return {a.time: a for a in self.assessments}


@dataclass(frozen=True)
class TimePoint:
    """One examination. slice_thickness_mm decides what is measurable; markers_elevated: tumor markers above normal.

    in_doubt: why it is not certain what became of the lesions, such as an alignment that may be wrong; '' if it is.
    """

    label: str
    date: datetime.date
    slice_thickness_mm: float | None = None
    markers_elevated: bool | None = None
    pet: PetReference | None = None
    neuro: NeuroStatus | None = None
    in_doubt: str = ""

    def __post_init__(self) -> None:
        require_thickness(self.slice_thickness_mm, f" at {self.label}")

    def __str__(self) -> str:
        date = self.date.isoformat()
        return date if self.label == date else f"{self.label} ({date})"


@dataclass(frozen=True)
class Case:
    """A patient's time points, baseline first, and lesions. Raises InputError for what does not fit together."""

    time_points: tuple[TimePoint, ...]
    lesions: tuple[Lesion, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_points", tuple(self.time_points))
        object.__setattr__(self, "lesions", tuple(self.lesions))
        if not self.time_points:
            raise InputError("A case needs at least a baseline time point.")
        for earlier, later in itertools.pairwise(self.time_points):
            if later.date <= earlier.date:
                raise InputError(
                    "Time points must be in order of date, baseline first, no date twice; "
                    f"{earlier} and {later} are not: correct a date."
                )
        labels = _unique((t.label for t in self.time_points), "time points are called")
        ids = _unique((lesion.id for lesion in self.lesions), "lesions have the id")
        for lesion in self.lesions:
            for seen in lesion.assessments:
                if seen.time not in labels:
                    raise InputError(f"Lesion {lesion.id} is assessed at '{seen.time}', which is no time point.")
                if seen.merged_into and (seen.merged_into not in ids or seen.merged_into == lesion.id):
                    raise InputError(f"Lesion {lesion.id} merged into '{seen.merged_into}', which is no other lesion.")
            first = lesion.at(self.time_points[0].label)
            if lesion.kind is Kind.NEW and first is not None and first.status is not Status.ABSENT:
                raise InputError(f"Lesion {lesion.id} is new but was seen at baseline: call it target or non-target.")

    def of(self, kind: Kind) -> tuple[Lesion, ...]:
        return tuple(lesion for lesion in self.lesions if lesion.kind is kind)

    def days(self, index: int) -> int:
        """Days from baseline to a time point."""
        return (self.time_points[index].date - self.time_points[0].date).days

    def with_targets(self, ids: Iterable[str]) -> "Case":
        """The case with these lesions as targets and the other ones of baseline as non-targets."""
        ids = set(ids)
        if unknown := sorted(ids - {lesion.id for lesion in self.lesions}):
            raise InputError(f"There is no lesion '{unknown[0]}' to make a target.")
        if new := sorted(lesion.id for lesion in self.of(Kind.NEW) if lesion.id in ids):
            raise InputError(f"Lesion {new[0]} is new: only lesions of baseline can be targets.")
        kinds = {True: Kind.TARGET, False: Kind.NON_TARGET}
        lesions = (n if n.kind is Kind.NEW else replace(n, kind=kinds[n.id in ids]) for n in self.lesions)
        return replace(self, lesions=tuple(lesions))


def _unique(names: Iterable[str], what: str) -> set[str]:
    known: set[str] = set()
    for name in names:
        if not name or name in known:
            raise InputError(f"Two {what} '{name}'." if name else f"Some {what} nothing: give each a name of its own.")
        known.add(name)
    return known
