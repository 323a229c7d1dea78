"""Many names in a sentence."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 10) -> str:
    """'A, B, C', and of more than the most 'A, B, C and 4 more'."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
