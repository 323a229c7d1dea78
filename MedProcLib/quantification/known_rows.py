"""Rows of segments that were measured before in an image, found again by what the segments hold."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

import numpy as np

from .region import Region
from .row import Row


class KnownRows:
    """Keeps the rows of the segments of one image, so that of segments that are edited only these are measured again.

    Segments may change place in the list. Several threads may ask at once.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Hashable, bytes], list[Row]] = {}
        self._used: set[tuple[Hashable, bytes]] = set()

    def rows(
        self, settings: Hashable, value: int, regions: Sequence[Region], measure: Callable[[], list[Row]]
    ) -> list[Row]:
        """Rows of the segment of this value; measured only where no segment held these same voxels before.

        settings: all that the rows depend on besides the image.
        """
        key = settings, _content_of(regions)
        self._used.add(key)
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = measure()
        if found[0].segment == value:
            return found
        return [replace(row, segment=value, name=f"Segment {value}") for row in found]

    def forget_unused(self) -> None:
        """Let go of the rows that were not asked for since this was called last."""
        for key in set(self._rows) - self._used:
            self._rows.pop(key, None)  # another thread may have let go of it
        self._used = set()


def _content_of(regions: Sequence[Region]) -> bytes:
    content = hashlib.blake2b(digest_size=16)
    for region in regions:
        content.update(repr((region.start, region.mask.shape)).encode())
        content.update(np.packbits(region.mask).tobytes())
    return content.digest()
