"""What a segment shows: its name, color and codes."""

import re
from dataclasses import dataclass

from .measurement import Code

# What programs call segments that nobody named.
NUMBERED = re.compile(r"segment[ _]?\d*", re.IGNORECASE)
# Of segments without a color of their own, in turn.
UNNAMED_COLORS = ((0.50, 0.68, 0.50), (0.95, 0.84, 0.57), (0.69, 0.48, 0.40), (0.44, 0.72, 0.82), (0.85, 0.40, 0.31))


@dataclass(frozen=True)
class Structure:
    """Name, color (RGB in 0..1) and codes (DICOM PS3.16: category, type, side or other modifier, region)."""

    name: str
    color: tuple[float, float, float]
    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in one order: 'Right lung' and 'lung_right' have the same."""
    return tuple(sorted(name.casefold().replace("_", " ").split()))


def is_name(name: str) -> bool:
    """Whether a segment's name says what it is: 'Segment_1' and '' do not."""
    return bool(name.strip()) and not NUMBERED.fullmatch(name.strip())
