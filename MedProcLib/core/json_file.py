"""JSON that users write or choose: read from a file, with what is wrong said in one line."""

import json
from pathlib import Path
from typing import Any

from .errors import InputError


def read_json(path: str | Path, what: str) -> Any:
    """The data in a file, UTF-8 with or without the mark that some editors put first.

    what: what the file is, such as 'Recipe', to begin the error with. Raises InputError when it is missing or no JSON.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{what} {path} cannot be read: it is not text in UTF-8.") from None
    return parsed_json(text, f"{what} {path}")


def parsed_json(text: str, what: str) -> Any:
    """The data that a text stands for. Raises InputError, which begins with `what`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{what} is not valid JSON: {error}.") from None
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets too deep
        raise InputError(f"{what} is not valid JSON: {str(error).partition(';')[0]}.") from None
