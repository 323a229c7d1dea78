"""A mask held as bits: an eighth of the memory of an array of them."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..core.image_filter import Box


class BitMask:
    """A mask (z, y, x) that is read and written in parts, as an array of bools is; what is read is a copy.

    A part is an index or a slice of z, or slices of z, y and x; what is written spans all of x.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """All false."""
        depth, height, width = shape
        self.shape = (depth, height, width)
        self._bits = np.zeros((depth, height, -(-width // 8)), np.uint8)

    @classmethod
    def of(cls, mask: np.ndarray) -> "BitMask":
        made = cls(mask.shape)
        made[:] = mask
        return made

    def __getitem__(self, part: int | slice | Box) -> np.ndarray:
        if isinstance(part, int | slice):
            return np.unpackbits(self._bits[part], axis=-1, count=self.shape[2]).view(bool)
        z, y, x = part
        first, last, step = x.indices(self.shape[2])
        start = first // 8
        lines = np.unpackbits(self._bits[z, y, start : -(-last // 8)], axis=-1).view(bool)
        return lines[..., first - 8 * start : last - 8 * start : step]

    def __setitem__(self, part: int | slice | Box, mask: np.ndarray) -> None:
        self._bits[part if isinstance(part, int | slice) else part[:2]] = np.packbits(mask, axis=-1)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Its slices, one after the other."""
        return (self[z] for z in range(self.shape[0]))

    def __and__(self, other: "BitMask") -> "BitMask":
        both = BitMask(self.shape)
        np.bitwise_and(self._bits, other._bits, out=both._bits)
        return both

    @property
    def count(self) -> int:
        return int(self.count_by_line.sum())

    @property
    def count_by_line(self) -> np.ndarray:
        """How many are true in each line along x (z, y)."""
        return np.bitwise_count(self._bits).sum(axis=2, dtype=np.int64)

    @property
    def occupied(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where along z, y and x there is any that is true, ascending."""
        lines = np.bitwise_or.reduce(self._bits, axis=2) != 0
        along_x = np.unpackbits(np.bitwise_or.reduce(self._bits, axis=(0, 1)), count=self.shape[2])
        return np.flatnonzero(lines.any(axis=1)), np.flatnonzero(lines.any(axis=0)), np.flatnonzero(along_x)

    @property
    def box(self) -> Box:
        """The smallest with all that are true. Raises IndexError where none is."""
        z, y, x = (slice(int(places[0]), int(places[-1]) + 1) for places in self.occupied)
        return z, y, x

    def part(self, box: Box) -> "BitMask":
        z, y, x = (slice(*b.indices(n)) for b, n in zip(box, self.shape, strict=True))
        made = BitMask([b.stop - b.start for b in (z, y, x)])
        for new, old in enumerate(range(z.start, z.stop)):
            made[new : new + 1] = self[slice(old, old + 1), y, x]
        return made

    def chosen(self, kept: np.ndarray) -> "BitMask":
        """The mask of those that are kept of its voxels, in its order (bool, n)."""
        made, first = BitMask(self.shape), 0
        for z, inside in enumerate(self):
            last = first + int(np.count_nonzero(inside))
            inside[inside] = kept[first:last]
            made[z] = inside
            first = last
        return made
