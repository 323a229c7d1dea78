"""Files that users choose, as text of a size that can be parsed."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...core.errors import InputError

LARGEST_BYTES = 500_000_000
Parsed = TypeVar("Parsed")


def parsed_file(path: str | Path, what: str, parse: Callable[[str], Parsed], hint: str = "") -> Parsed:
    """What `parse` makes of the text in a file (UTF-8, with or without a mark).

    what: the file is; hint: how to make it UTF-8. Raises InputError that begins with the path.
    """
    try:
        size = Path(path).stat().st_size
        text = Path(path).read_text(encoding="utf-8-sig") if size <= LARGEST_BYTES else None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no {what}: it is not text in UTF-8{hint}.") from error
    if text is None:
        raise InputError(f"{path} is larger than {LARGEST_BYTES // 10**6} MB: that is no {what}.")
    try:
        return parse(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
