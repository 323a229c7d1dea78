"""Many names in a sentence."""

from collections.abc import Sequence


def listed(names: Sequence[object], most: int = 10, mark: str = ",") -> str:
    """'A, B, C', and of more than the most 'A, B, C and 4 more'; with another mark 'A; B; C; and 4 more'."""
    more = len(names) - most
    last = " and" if mark == "," else f"{mark} and"
    return f"{mark} ".join(map(str, names[:most])) + (f"{last} {more} more" if more > 0 else "")
