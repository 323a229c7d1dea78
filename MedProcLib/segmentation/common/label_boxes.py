"""The boxes of the segments that a text names."""

import re

from ...core.boxes import Box
from ...core.errors import InputError
from ...core.listing import listed


def chosen(boxes: dict[int, Box], segments: str) -> dict[int, Box]:
    """The boxes of the segments that a text names ('1, 4-6'; all when it is empty). Raises InputError."""
    if not segments.strip():
        return boxes
    wanted: set[int] = set()
    for first, last in numbers_in(segments):
        wanted.update(value for value in boxes if first <= value <= last)
    if not wanted and boxes:
        raise InputError(f"There is no segment {segments.strip()}; there are: {listed(list(boxes), 20)}.")
    return {value: box for value, box in boxes.items() if value in wanted}


def numbers_in(segments: str) -> list[tuple[int, int]]:
    """'1, 4-6' as [(1, 1), (4, 6)]. Raises InputError saying how it is written."""
    found = []
    for part in filter(None, (part.strip() for part in segments.split(","))):
        match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
        if match is None:
            raise InputError(f"'{part}' is not a segment: write numbers, such as '1, 4-6', or nothing for all.")
        found.append((int(match[1]), int(match[2] or match[1])))
    return found
