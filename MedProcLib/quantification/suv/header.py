"""Values of DICOM headers that may be missing, empty or damaged: text, numbers, and private tags by their creator."""

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ...core.dicom_header import MALFORMED
from ...core.errors import InputError

FIRST_BLOCK, LAST_BLOCK = 0x10, 0xFF


def text(header: Dataset, keyword: str) -> str:
    """The (first) value as text without blanks at its ends; '' when it is missing or empty."""
    return next(iter(_values(header, keyword)), "")


def texts(header: Dataset, keyword: str) -> tuple[str, ...]:
    """All values that are not empty as text, upper case."""
    return tuple(value.upper() for value in _values(header, keyword) if value)


def number(header: Dataset, keyword: str) -> float | None:
    """The (first) value as a number; None when it is missing or empty. Raises InputError for what is no number."""
    found = text(header, keyword)
    return parse_number(found, keyword) if found else None


def parse_number(found: str, what: str) -> float:
    try:
        value = float(found)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} is '{found}', which is no number; export the series again, or correct it.")
    return value


def items(header: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none when it is missing. Raises InputError."""
    try:
        return list(header.get(keyword) or [])
    except MALFORMED as error:
        raise InputError(f"{keyword} is damaged ({error}); export the series again.") from None


def private_text(header: Dataset, group: int, creator: str, element: int) -> tuple[str, str]:
    """(value as text, its tag) of a private element; ('', '') when there is none.

    The block is the one that the creator reserved (PS3.5 7.8.1). De-identification often removes the creator and
    leaves the values: an element of the first block that nobody has reserved counts as well, and its tag says so.
    """
    for block in range(FIRST_BLOCK, LAST_BLOCK + 1):
        reserved = header.get((group, block))
        if reserved is not None and _text(reserved.value).upper() == creator.upper():
            return _private(header, group, block, element, "")
    if (group, FIRST_BLOCK) in header:
        return "", ""
    return _private(header, group, FIRST_BLOCK, element, ", private creator missing")


def _private(header: Dataset, group: int, block: int, element: int, remark: str) -> tuple[str, str]:
    found = header.get((group, block << 8 | element))
    value = "" if found is None else _text(found.value)
    return (value, f"({group:04x},{block << 8 | element:04x}){remark}") if value else ("", "")


def _values(header: Dataset, keyword: str) -> list[str]:
    try:
        value = header.get(keyword)
    except MALFORMED:  # as it is written, so that an error can show it
        value = getattr(header.get_item(keyword), "value", None)
        value = value.decode("ascii", "replace").split("\\") if isinstance(value, bytes) else value
    return [_text(one) for one in value] if isinstance(value, (MultiValue, list, tuple)) else [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, (MultiValue, list, tuple)):
        value = value[0] if len(value) else None
    if isinstance(value, bytes):  # of unknown representation (UN), as private elements in implicit VR are
        value = value.decode("ascii", "replace")
    return "" if value is None else str(value).strip(" \0\t\r\n")
