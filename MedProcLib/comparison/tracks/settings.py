"""How findings are followed: what may be the same finding, and which change counts."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_type_hints

from ...core.parameters import Parameter, Range, parameter_of
from .judgement import ChangeRule


@dataclass(frozen=True)
class Follow:
    """Parameters of following; declared and checked as an operation's are. Raises InputError for one out of range."""

    pieces: Annotated[
        Literal["components", "labels"], "a finding is a connected piece of a label, or all voxels of a label"
    ] = "components"
    registration_error_mm: Annotated[
        float, Range(0, 30, "mm"), "root mean square distance of findings from where registration puts them"
    ] = 2.0
    overlap_percent: Annotated[
        float, Range(0, 100, "%"), "pieces that overlap by this share of the smaller may be one finding at any distance"
    ] = 10.0
    volume_factor: Annotated[
        float, Range(1.05, 20), "volume ratio between time points that is still quite usual for one finding"
    ] = 2.0
    missed: Annotated[int, Range(0, 10), "time points at which a finding may be missing and still come back"] = 2
    local_shift: Annotated[
        bool, "estimate from the clear matches nearby how registration is off, and match the others with it"
    ] = True
    relative_percent: Annotated[float, Range(0, 1000, "%"), "grown or shrunk: volume change of at least this"] = 25.0
    minimum_mm3: Annotated[float, Range(0, 1e6, "mm3"), "and of at least this"] = 15.0
    outline_mm: Annotated[
        float, Range(0, 5, "mm"), "and of at least the surface times this uncertainty of the outline"
    ] = 0.3

    def __post_init__(self) -> None:
        for parameter in self.declared():
            object.__setattr__(self, parameter.name, parameter.check(getattr(self, parameter.name)))

    @classmethod
    def declared(cls) -> tuple[Parameter, ...]:
        """Name, range, unit, default and meaning of each parameter."""
        hints = get_type_hints(cls, include_extras=True)
        return tuple(parameter_of(name, hint, getattr(cls, name)) for name, hint in hints.items())

    @property
    def rule(self) -> ChangeRule:
        return ChangeRule(self.relative_percent, self.minimum_mm3, self.outline_mm)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
