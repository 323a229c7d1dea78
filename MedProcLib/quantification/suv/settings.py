"""What a user may say about a PET study: the normalization, and figures in place of those of the header."""

import datetime
from dataclasses import dataclass, fields

from ...core.errors import InputError
from .normalization import NORMALIZATIONS

# figure: (smallest, largest, unit); beyond, it was typed in another unit
LIMITS = {
    "weight_kg": (0.005, 600.0, "kg"),
    "height_cm": (20.0, 260.0, "cm"),
    "dose_mbq": (0.001, 20000.0, "MBq"),
    "half_life_s": (1.0, 1e10, "s"),
}
SEXES = ("M", "F", "O")


@dataclass(frozen=True)
class SuvSettings:
    """normalization: a key of NORMALIZATIONS; the others stand in for what the header states, None leaves it.

    dose_mbq: activity given, at the injection; injection: date and time in the time zone of the series, the date may
    be left out (datetime.time); reference: to which the voxels were corrected for decay. Raises InputError.
    """

    normalization: str = "bw"
    weight_kg: float | None = None
    height_cm: float | None = None
    sex: str | None = None
    dose_mbq: float | None = None
    injection: datetime.datetime | datetime.time | None = None
    half_life_s: float | None = None
    reference: datetime.datetime | None = None

    def __post_init__(self) -> None:
        if self.normalization not in NORMALIZATIONS:
            known = ", ".join(NORMALIZATIONS)
            raise InputError(f"There is no normalization '{self.normalization}'; choose one of {known}.")
        if self.sex not in (None, *SEXES):
            raise InputError(f"The sex '{self.sex}' is not one of {', '.join(SEXES)}.")
        for name, (low, high, unit) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                what = name.rpartition("_")[0].replace("_", " ")
                raise InputError(f"The {what}, {value:g} {unit}, is not possible; it is {low:g} to {high:g} {unit}.")

    @property
    def given(self) -> dict[str, str]:
        """What stands in for the header, by name, as text."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "normalization"}
        return {name: _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: object) -> str:
    if isinstance(value, (datetime.datetime, datetime.time)):
        return f"{value:%H:%M:%S}"  # no dates in what travels with a result
    return f"{value:.12g}" if isinstance(value, float) else str(value)
