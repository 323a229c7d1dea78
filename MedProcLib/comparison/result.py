"""What a comparison gives: per pair of studies the registration, the change and the findings with their class."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from ..core.geometry import Geometry
from ..core.measurement import Measurement
from ..core.recipe import Recipe
from ..quantification.row import Row
from .maps.color_maps import MapColors
from .study import Study

if TYPE_CHECKING:  # tracks build on the classes of change below
    from .tracks.follow import Followed


class Change(enum.StrEnum):
    """What became of a finding between two studies (reappeared: back after a study in between that lacks it)."""

    NEW = "new"
    GROWN = "grown"
    STABLE = "stable"
    SHRUNK = "shrunk"
    GONE = "gone"
    MERGED = "merged"
    SPLIT = "split"
    REAPPEARED = "reappeared"


class Verdict(enum.StrEnum):
    """Whether a registration can be relied on."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


@dataclass(frozen=True)
class Registration:
    """How two studies lie to each other.

    transform: maps points of the first study to points of the other (LPS, mm).
    to_first, to_other: map points of the half-way space to points of the first and of the other study.
    verdict with the reasons for it (one line each), and the figures it rests on.
    """

    transform: sitk.Transform
    to_first: sitk.Transform
    to_other: sitk.Transform
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    figures: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One finding followed from the first study to the other.

    number: its value in both label maps (a merged or split finding keeps one number for all its parts); once findings
    are followed that of its leading track: 3 is F003 in every pair.
    volumes_mm3: in the first and the other study; 0 where absent.
    centers: LPS position in mm in the first and in the other study's own space, None where absent.
    threshold: the rule that decided its class, in words and numbers.
    status: proposed, accepted, edited or rejected; by whom (reader) and when (ISO time).
    tracks: ids of the tracks it belongs to, the leading one first; more than one of a merged or split finding.
    unseen: it is missing because the other study does not show its place; what became of it is not known.
    """

    number: int
    change: Change
    volumes_mm3: tuple[float, float]
    centers: tuple[tuple[float, float, float] | None, tuple[float, float, float] | None]
    threshold: str
    status: str = "proposed"
    reader: str = ""
    decided: str = ""
    tracks: tuple[str, ...] = ()
    unseen: bool = False

    @property
    def difference_mm3(self) -> float:
        return self.volumes_mm3[1] - self.volumes_mm3[0]

    @property
    def difference_percent(self) -> float | None:
        """Of the first volume; None for a new finding."""
        return 100 * self.difference_mm3 / self.volumes_mm3[0] if self.volumes_mm3[0] > 0 else None


@dataclass(frozen=True)
class ChangeMap:
    """What one operation of comparison.maps says of a pair of studies.

    before: steps that made what it takes, such as fractions of tissues; images: by name, on the pair's grid; colors:
    how each is shown; rows: its figures, of the whole region as label 0 and of each finding by its number. missing: why
    it could not be made, '' when it was. note: what a reader should know of its values.
    """

    operation: Any
    images: Mapping[str, sitk.Image] = field(default_factory=dict)
    colors: Mapping[str, MapColors] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    missing: str = ""
    before: tuple[Any, ...] = ()
    note: str = ""

    @property
    def title(self) -> str:
        return str(self.operation.declaration.title)


@dataclass(frozen=True)
class PairComparison:
    """A study (fixed) against a later one (moving), by their positions in Comparison.studies.

    grid: voxel grid on which both images were compared, half-way between them or in the mean space of all studies;
    fixed_image, moving_image: enhanced, intensity matched, on that grid; difference: moving minus fixed on that grid,
    in `difference_unit`; region: mask on that grid that was searched for change; fixed_mask, moving_mask: what each
    study has of it, on that grid. maps: the change maps that were asked for.
    change: label map on the fixed study's grid, 1 gained tissue, 2 lost.
    fixed_labels, moving_labels: label maps of the findings, each on its own study's grid.
    same_outline: numbers of the findings that both studies show with one outline, as nothing certain changed; for
    following only, which leaves none.
    """

    fixed: int
    moving: int
    registration: Registration
    grid: Geometry
    fixed_image: sitk.Image
    moving_image: sitk.Image
    difference: sitk.Image
    region: sitk.Image
    change: sitk.Image
    fixed_labels: sitk.Image
    moving_labels: sitk.Image
    findings: tuple[Finding, ...] = ()
    difference_unit: str = "SD"
    same_outline: frozenset[int] = frozenset()
    fixed_mask: sitk.Image | None = None
    moving_mask: sitk.Image | None = None
    maps: tuple[ChangeMap, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Studies in time order, each later one compared with the first, and the recipe that ran.

    followed: the findings over all studies as tracks, measured, and the label map of each study that was registered;
    None where no study was. further: pairs of later studies that were registered to each other and compared, not by
    way of the first. masks: of each study what a step found to look in, in its own space (None: given, or none made).
    """

    studies: tuple[Study, ...]
    pairs: tuple[PairComparison, ...]
    recipe: Recipe
    notes: tuple[str, ...] = field(default_factory=tuple)
    followed: "Followed | None" = None
    further: tuple[PairComparison, ...] = ()
    masks: tuple[sitk.Image | None, ...] = ()

    @property
    def last_pair(self) -> PairComparison:
        """The last study that was compared with the first; the last one where none was."""
        compared = [pair for pair in self.pairs if pair.registration.verdict is not Verdict.FAILED]
        return (compared or self.pairs)[-1]

    @property
    def all_pairs(self) -> tuple[PairComparison, ...]:
        """Those with the first study, then those of later ones."""
        return (*self.pairs, *self.further)
