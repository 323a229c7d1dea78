"""What a figure is: name, unit, code and definition, and how many voxels it needs to mean something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.measurement import Code, Measurement
from ..core.units import SQUARED


@dataclass(frozen=True)
class Figure:
    """One figure. minimum_voxels: below it the value is NaN (an empty cell in a table). dimensions: of the image.

    power: 1 when the unit is that of the image's values, 2 when it is its square, 0 when it is `unit`.
    """

    name: str
    unit: str
    meaning: str
    minimum_voxels: int = 1
    code: Code | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    dimensions: tuple[int, ...] = (2, 3)
    power: int = 0

    def measured(
        self, value: float, voxels: int, value_unit: str = "intensity", /, **parameters: object
    ) -> Measurement:
        """The figure's value as a Measurement; NaN when it rests on too few voxels."""
        unit = (self.unit, value_unit, SQUARED.get(value_unit, ""))[self.power]
        value = float(value) if voxels >= self.minimum_voxels else math.nan
        return Measurement(self.name, value, unit, self.code, {**self.parameters, **parameters})


def of_values(
    name: str,
    meaning: str,
    minimum_voxels: int = 1,
    code: Code | None = None,
    parameters: Mapping[str, object] | None = None,
    power: int = 1,
) -> Figure:
    """A figure in the unit of the image's values (or its square)."""
    return Figure(name, "", meaning, minimum_voxels, code, parameters or {}, power=power)


def ibsi(value: str, meaning: str) -> Code:
    return Code("IBSI", value, meaning)
