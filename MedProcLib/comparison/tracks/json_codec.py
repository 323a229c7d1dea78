"""Frozen dataclasses as plain JSON values and back, checked against their declared types."""

import dataclasses
import datetime
import enum
import functools
import json
import math
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ...core.errors import InputError

STRICT: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False}  # of what is written
_line = json.JSONEncoder(**STRICT)


def encoded(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects without fields at their default, tuples as lists, ISO dates."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f for f in dataclasses.fields(value) if not _is_default(f, value)]
        return {f.name: encoded(getattr(value, f.name)) for f in fields}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: encoded(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [encoded(inner) for inner in value]
    return value


def line_of(value: Any, **written: str | Iterable[str]) -> str:
    """JSON text of a dataclass, as encoded has it, on one line; written: the text of a field, or of its elements, for
    those that are known already."""
    parts = []
    for f in dataclasses.fields(value):
        if not _is_default(f, value):
            text = written[f.name] if f.name in written else _line.encode(encoded(getattr(value, f.name)))
            parts.append(f'"{f.name}": {text}' if isinstance(text, str) else f'"{f.name}": [{", ".join(text)}]')
    return f"{{{', '.join(parts)}}}"


def decoded(declared: Any, data: Any, where: str) -> Any:
    """The value of a declared type that JSON data stands for. Raises InputError that names the place (where)."""
    if dataclasses.is_dataclass(declared):
        return _object(declared, data, where)
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        return decoded(next(a for a in arguments if a is not type(None)), data, where)
    if origin is tuple:
        return _tuple(arguments, data, where)
    if origin is Mapping:
        if not isinstance(data, dict):
            raise InputError(f"{where} must be an object, not {_shown(data)}.")
        return data
    if origin is Literal:
        return _choice(arguments, data, where)
    if isinstance(declared, type) and issubclass(declared, enum.Enum):
        return declared(_choice([member.value for member in declared], data, where))
    return _plain(declared, data, where)


def _object(declared: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise InputError(f"{where} must be an object, not {_shown(data)}.")
    fields, hints = _declaration(declared)
    unknown = [name for name in data if name not in fields]
    if unknown:
        raise InputError(f"{where} has an unknown entry '{unknown[0]}'; known are: {', '.join(fields)}.")
    missing = [name for name, f in fields.items() if name not in data and not _has_default(f)]
    if missing:
        raise InputError(f"{where} lacks '{missing[0]}'.")
    values = {name: decoded(hints[name], value, f"{where}.{name}") for name, value in data.items()}
    try:
        return declared(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


@functools.cache
def _declaration(declared: type) -> tuple[dict[str, dataclasses.Field], dict[str, Any]]:
    return {f.name: f for f in dataclasses.fields(declared)}, get_type_hints(declared)


def _tuple(arguments: tuple, data: Any, where: str) -> tuple:
    if not isinstance(data, list):
        raise InputError(f"{where} must be a list, not {_shown(data)}.")
    if arguments[-1] is Ellipsis:
        return tuple(decoded(arguments[0], value, f"{where}[{n}]") for n, value in enumerate(data))
    if len(data) != len(arguments):
        raise InputError(f"{where} must have {len(arguments)} values, not {len(data)}.")
    return tuple(decoded(a, v, f"{where}[{n}]") for n, (a, v) in enumerate(zip(arguments, data, strict=True)))


def _choice(values: Sequence[str], data: Any, where: str) -> str:
    if not isinstance(data, str) or data not in values:
        raise InputError(f"{where} is {_shown(data)}; allowed: {', '.join(values)}.")
    return data


def _plain(declared: Any, data: Any, where: str) -> Any:
    if declared is datetime.date:
        try:
            return datetime.date.fromisoformat(data)
        except (TypeError, ValueError):
            raise InputError(f"{where} is {_shown(data)}; a date is written as 2026-03-01.") from None
    number = isinstance(data, int | float) and not isinstance(data, bool)
    if declared is float and number and math.isfinite(data):
        return float(data)
    if declared in (int, str, bool) and type(data) is declared:
        return data
    names = {float: "a finite number", int: "a whole number", str: "a text", bool: "true or false"}
    raise InputError(f"{where} must be {names[declared]}, not {_shown(data)}.")


def _is_default(f: dataclasses.Field, holder: Any) -> bool:
    if f.default is dataclasses.MISSING:
        return False
    value = getattr(holder, f.name)
    return type(value) is type(f.default) and value == f.default


def _has_default(f: dataclasses.Field) -> bool:
    return f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 40 else f"{text[:37]}..."
