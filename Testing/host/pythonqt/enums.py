"""Enumerators compare and convert as ints, as PythonQt's do."""

import enum

from host.pythonqt.native import pyside_members


def make_enums_integers() -> None:
    """Give every Qt enum `int()`, use as an index, and equality with plain ints."""
    for enum_class in set(_all_enums()):
        if not issubclass(enum_class, int):
            enum_class.__int__ = enum_class.__index__ = _value
            enum_class.__eq__ = _equal
            enum_class.__hash__ = _hash


def _all_enums():
    for thing in pyside_members():
        if isinstance(thing, enum.EnumMeta):
            yield thing
        elif isinstance(thing, type):
            yield from (member for member in list(vars(thing).values()) if isinstance(member, enum.EnumMeta))


def _value(self) -> int:
    return self.value


def _hash(self) -> int:
    return hash(self.value)


def _equal(self, other) -> bool:
    if isinstance(other, enum.Enum):
        return type(self) is type(other) and self.value == other.value
    return isinstance(other, int) and self.value == other
