"""One measured figure with all that defines it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from .units import ucum


@dataclass(frozen=True)
class Code:
    """A coded concept: scheme designator (SCT, DCM, IBSI, ...), value and meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Measurement:
    """name, value, unit (a key of units.UCUM), the field's code where it has one, and the defining parameters."""

    name: str
    value: float
    unit: str
    code: Code | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def ucum(self) -> str:
        return ucum(self.unit)

    @property
    def column(self) -> str:
        """Column name in a wide table, unit included: `volume_mm3`, `mean`."""
        return _column(self.name, self.unit)


@functools.cache  # a table of thousands of rows asks for it of each figure
def _column(name: str, unit: str) -> str:
    suffix = {"%": "percent", "intensity": "", "intensity2": ""}.get(unit, unit.replace(" ", "_"))
    return f"{name}_{suffix}" if suffix else name
