"""What an operation's parameter is: type, range, unit, choices, default and meaning, read from its annotation."""

import math
import numbers
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from .errors import InputError
from .units import shown, ucum

Value = float | int | bool | str
# Words of names that a reader knows in capitals.
ACRONYMS = {name.lower(): name for name in ("CT", "PET", "HU", "SUV", "IVH", "GLCM", "NGTDM", "NGLDM", "SD")}


@dataclass(frozen=True)
class Range:
    """Allowed values minimum..maximum (both included) in a unit (a key of units.UCUM)."""

    minimum: float
    maximum: float
    unit: str = ""

    def __post_init__(self) -> None:
        ucum(self.unit)
        if not self.minimum < self.maximum:
            raise ValueError(f"Range {self.minimum}..{self.maximum} is empty.")


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation. kind: 'float', 'int', 'bool', 'choice' or 'text'."""

    name: str
    kind: str
    default: Value
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name as a reader sees it, without its unit suffix: 'search_radius_mm' is 'Search radius'."""
        words = self.name.split("_")
        if len(words) > 1 and words[-1] == self.unit:
            words = words[:-1]
        first, *others = [ACRONYMS.get(word, word) for word in words]
        return " ".join([first[:1].upper() + first[1:], *others])

    @property
    def limits(self) -> str:
        """Range or choices in words."""
        if self.kind == "choice":
            return " | ".join(self.choices)
        if self.kind == "bool":
            return "true | false"
        if self.minimum is None:
            return "text"
        return f"{self.minimum:g} to {self.maximum:g} {shown(self.unit)}".rstrip()

    def check(self, value: Any) -> Value:
        """The value in this parameter's type. Raises InputError naming the parameter and what is allowed."""
        if self.kind == "bool":
            if isinstance(value, bool):
                return value
        elif self.kind == "choice":
            if value in self.choices:
                return str(value)
        elif self.kind == "text":
            if isinstance(value, str):
                return value
        elif self._holds(value):
            return int(value) if self.kind == "int" else float(value)
        whole = " (a whole number)" if self.kind == "int" else ""
        raise InputError(f"parameter '{self.name}' is {value!r}; allowed: {self.limits}{whole}.")

    def _holds(self, value: Any) -> bool:
        if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
            return False
        assert self.minimum is not None and self.maximum is not None
        whole = self.kind == "float" or float(value).is_integer()
        return whole and self.minimum <= float(value) <= self.maximum

    def parse(self, text: str) -> Value:
        """The value written as text on a command line. Raises InputError."""
        if self.kind == "bool":
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            return self.check(words.get(text.strip().lower(), text))
        if self.kind in ("float", "int"):
            try:
                number = float(text)
            except ValueError:
                return self.check(text)
            return self.check(int(number) if self.kind == "int" and number.is_integer() else number)
        return self.check(text)

    def as_dict(self) -> dict[str, Any]:
        described: dict[str, Any] = {"name": self.name, "type": self.kind, "default": self.default}
        if self.minimum is not None:
            described.update(minimum=self.minimum, maximum=self.maximum)
        if self.choices:
            described["choices"] = list(self.choices)
        described.update(unit=self.unit, ucum=ucum(self.unit), meaning=self.meaning)
        return described


def parameter_of(name: str, annotation: Any, default: Value) -> Parameter:
    """Read a parameter from `Annotated[type, Range(...), "meaning"] = default`. TypeError for a faulty declaration."""
    if get_origin(annotation) is not Annotated:
        raise TypeError(f"{name}: declare it as Annotated[type, Range(low, high, unit), 'meaning'].")
    base, *notes = get_args(annotation)
    limits = next((note for note in notes if isinstance(note, Range)), None)
    meaning = next((note for note in notes if isinstance(note, str)), "")
    if not meaning:
        raise TypeError(f"{name}: say its meaning in one line.")
    if get_origin(base) is Literal:
        parameter = Parameter(name, "choice", default, meaning, choices=get_args(base))
    elif base in (float, int) and limits is not None:
        parameter = Parameter(name, base.__name__, default, meaning, limits.minimum, limits.maximum, limits.unit)
    elif base is bool:
        parameter = Parameter(name, "bool", default, meaning)
    elif base is str:
        parameter = Parameter(name, "text", default, meaning)
    else:
        raise TypeError(f"{name}: a number needs a Range; other types are Literal, bool and str.")
    parameter.check(default)
    return parameter
