"""A case as plain JSON data and back, checked on the way in; responses as plain data on the way out."""

import dataclasses
import datetime
import enum
import types
import typing
from collections.abc import Mapping
from typing import Any

from ...core.errors import InputError
from ..growth.measured import Measured
from .model import Case
from .outcome import Response

VERSION = 1


def case_to_dict(case: Case) -> dict[str, Any]:
    """Plain data for JSON: only what differs from the defaults is written; a number without interval is a number."""
    return {"response_case": VERSION, **_plain(case)}


def case_from_dict(data: Any) -> Case:
    """Read a case. Raises InputError that names the entry that is unknown, missing or of the wrong kind."""
    if not isinstance(data, Mapping) or data.get("response_case") != VERSION:
        raise InputError(f'A response case is a JSON object with "response_case": {VERSION}.')
    rest = {key: value for key, value in data.items() if key != "response_case"}
    return _read(Case, rest, "case")


def response_to_dict(response: Response) -> dict[str, Any]:
    """A response as plain data; figures with unit and UCUM code, parts with their DICOM codes."""
    figures = [
        {"name": f.name, "value": f.value, "unit": f.unit, "ucum": f.ucum, "parameters": dict(f.parameters)}
        for f in response.figures
    ]
    codes = {part: dataclasses.asdict(code) for part, code in response.codes.items()}
    return {
        "criterion": response.criterion,
        "time": response.time,
        "date": response.date.isoformat(),
        "category": str(response.category),
        "parts": dict(response.parts),
        "codes": codes,
        "steps": list(response.steps),
        "missing": list(response.missing),
        "notes": list(response.notes),
        "doubts": list(response.doubts),
        "figures": figures,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Measured) and value.limits is None:
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        written = {}
        for field in dataclasses.fields(value):
            entry = getattr(value, field.name)
            if entry != _default(field):
                written[field.name] = _plain(entry)
        return written
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime.date) else value


def _default(field: dataclasses.Field) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _read(kind: Any, value: Any, where: str) -> Any:
    """Check and convert plain data to a declared type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _read(next(a for a in arguments if a is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise InputError(f"{where} must be a list.")
        return tuple(_read(arguments[0], item, f"{where}[{n}]") for n, item in enumerate(value))
    if kind is Measured and not isinstance(value, Mapping):
        return Measured(_number(value, where))
    if dataclasses.is_dataclass(kind):
        return _object(kind, value, where)
    if kind is datetime.date:
        return _date(value, where)
    if kind is float:
        return _number(value, where)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        choices = [member.value for member in kind]
        if value not in choices:
            raise InputError(f"{where} must be one of {', '.join(choices)}; got {value!r}.")
        return kind(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{where} must be {_WORDS[kind]}; got {value!r}.")
    return value


_WORDS = {str: "text", bool: "true or false", int: "a whole number"}


def _object(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be an object.")
    fields, hints = {f.name: f for f in dataclasses.fields(kind)}, typing.get_type_hints(kind)
    if extra := sorted(set(value) - set(fields)):
        raise InputError(f"{where} has an unknown entry '{extra[0]}'; known: {', '.join(fields)}.")
    needed = [n for n, f in fields.items() if _default(f) is dataclasses.MISSING and n not in value]
    if needed:
        raise InputError(f"{where} has no '{needed[0]}'.")
    entries = {name: _read(hints[name], entry, f"{where}.{name}") for name, entry in value.items()}
    try:
        return kind(**entries)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{where} must be a number; got {value!r}.")
    return value


def _date(value: Any, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(f"{where} must be a date such as 2024-03-01; got {value!r}.") from None
