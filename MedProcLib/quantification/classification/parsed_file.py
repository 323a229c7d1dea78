"""Files that users choose, as text or bytes of a size that can be parsed."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...core.errors import InputError

LARGEST_BYTES = 500_000_000
Content = TypeVar("Content")
Parsed = TypeVar("Parsed")


def parsed_file(path: str | Path, what: str, parse: Callable[[str], Parsed], hint: str = "") -> Parsed:
    """What `parse` makes of the text in a file (UTF-8, with or without a mark).

    what: the file is; hint: how to make it UTF-8. Raises InputError that begins with the path.
    """
    try:
        text = _content(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no {what}: it is not text in UTF-8{hint}.") from error
    return _parsed(path, text.replace("\r\n", "\n").replace("\r", "\n"), parse)


def parsed_workbook(path: str | Path, what: str, parse: Callable[[bytes], Parsed]) -> Parsed:
    """What `parse` makes of the bytes in a file. Raises InputError that begins with the path."""
    return _parsed(path, _content(path, what), parse)


def _content(path: str | Path, what: str) -> bytes:
    try:
        if Path(path).stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path} is larger than {LARGEST_BYTES // 10**6} MB: that is no {what}.")
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _parsed(path: str | Path, content: Content, parse: Callable[[Content], Parsed]) -> Parsed:
    try:
        return parse(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
