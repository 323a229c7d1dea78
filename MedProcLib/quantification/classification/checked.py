"""Values read from a model's file, checked before anything is computed with them."""

import math
from typing import Any

import numpy as np

from ...core.errors import InputError

LARGEST_COUNT = 50_000_000


def entry(data: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """An entry of an object, of a type. Raises InputError naming it."""
    if not isinstance(data, dict) or name not in data:
        raise InputError(f"The model lacks '{name}': it was not written by MedProc, or is damaged.")
    value = data[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"The model's '{name}' is of the wrong kind ({type(value).__name__}).")
    return value


def array(data: Any, name: str, shape: tuple[int | None, ...], whole: bool = False) -> np.ndarray:
    """An entry as an array of finite numbers (whole: of whole numbers), of a shape (None: any length)."""
    found = entry(data, name, list)
    try:
        made = np.array(found)
    except (ValueError, OverflowError, RecursionError):
        made = np.array(None)
    kinds = "iu" if whole else "iuf"
    fits = made.ndim == len(shape) and all(w in (None, n) for w, n in zip(shape, made.shape, strict=True))
    if not fits or (made.size and made.dtype.kind not in kinds) or made.size > LARGEST_COUNT:
        wanted = " x ".join("n" if n is None else str(n) for n in shape)
        raise InputError(f"The model's '{name}' must be {'whole ' if whole else ''}numbers, {wanted} of them.")
    if not np.isfinite(made.astype(float)).all():
        raise InputError(f"The model's '{name}' holds a number that is not finite.")
    return made.astype(np.int64 if whole else np.float64)


def text(data: Any, name: str) -> str:
    return entry(data, name, str)


def count(data: Any, name: str, least: int, most: int) -> int:
    """A whole number between two others."""
    value = entry(data, name, int)
    if not least <= value <= most:
        raise InputError(f"The model's '{name}' is {value}; it must be {least} to {most}.")
    return value


def real(data: Any, name: str) -> float:
    try:
        value = float(entry(data, name, (int, float)))
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError(f"The model's '{name}' is not finite.")
    return value
