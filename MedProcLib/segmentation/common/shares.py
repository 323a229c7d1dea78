"""Which segment each voxel goes to, when every segment has a share of it: the largest wins, volumes can be kept."""

from dataclasses import dataclass, field

import numpy as np

from ...core.progress import SILENT, Progress

# A share beyond these is decided: the voxel is the segment's, or the segment has no part in it.
LEAST, MOST = 0.02, 0.98
# A segment so small that its shares are low everywhere keeps those of at least this part of its largest.
LEAST_OF_LARGEST = 0.1

# Volumes are kept to this part, if that takes no more rounds than these.
CLOSE_ENOUGH, ROUNDS = 0.005, 40


@dataclass
class Shares:
    """Undecided voxels with the shares (0..1) that segments have in them; what is left of 1 is the background's.

    Add the segments one after the other, then `decide`.
    """

    places: list[np.ndarray] = field(default_factory=list)
    shares: list[np.ndarray] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)

    def add(self, place: np.ndarray, share: np.ndarray, wanted: int) -> None:
        """Shares (n,) of the next segment in voxels (flat index, ascending); wanted: how many it should get of them."""
        self.places.append(_narrow(place))
        self.shares.append(share.astype(np.float32))
        self.wanted.append(wanted)

    def decide(self, keep_volumes: bool, progress: Progress = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """Voxels (flat index, ascending) and who gets them: the number (from 0) of the added segment, -1: background.

        To keep volumes each segment has a bonus that is added to its shares, found by turns: each takes the bonus that
        gives it its volume as the others stand, half of the way so that neighbors do not answer each other twice.
        """
        if not self.places:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        sizes = [part.size for part in self.places]
        place, share = np.concatenate(self.places), np.concatenate(self.shares)
        owner = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self.places, self.shares = [], []
        order = _narrow(np.argsort(place, kind="stable"))  # by voxel
        place, share, owner = place[order], share[order], owner[order]
        start = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if place.size else np.zeros(0, np.int64)
        if start.size == 0:
            return place, owner
        back = np.empty_like(order)
        back[order] = np.arange(order.size, dtype=order.dtype)
        table = _Table(share, owner, start, back, sizes)
        del order, back
        bonus = np.zeros(len(sizes), np.float32)
        for done in range(ROUNDS if keep_volumes else 0):
            progress(done / ROUNDS, "Keeping the volumes")
            margins, won = table.margins(bonus)
            if all(
                abs(got - want) <= max(CLOSE_ENOUGH * want, 0.5) for got, want in zip(won, self.wanted, strict=True)
            ):
                break
            bonus += 0.5 * (table.bonus_for(margins, self.wanted) - bonus)
        return place[start], table.winners(bonus)


@dataclass
class _Table:
    """Shares sorted by voxel. start: first entry of each voxel; back: where each share went, as they were added."""

    share: np.ndarray
    owner: np.ndarray
    start: np.ndarray
    back: np.ndarray
    sizes: list[int]

    def __post_init__(self) -> None:
        self.length = np.diff(np.r_[self.start, self.share.size])
        self.rest = 1 - np.add.reduceat(self.share, self.start)
        self.edges = np.r_[0, np.cumsum(self.sizes)]

    def margins(self, bonus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each share, without its bonus, exceeds the best of the others; how many voxels each segment wins."""
        score = self.share + bonus[self.owner]
        best = np.repeat(np.maximum.reduceat(score, self.start), self.length)
        leads = score == best
        rest = np.repeat(self.rest, self.length)
        won = np.bincount(self.owner[leads & (score > rest)], minlength=len(self.sizes))
        score[leads] = -np.inf
        best[leads] = np.repeat(np.maximum.reduceat(score, self.start), self.length)[leads]
        return self.share - np.maximum(best, rest, out=best), won

    def bonus_for(self, margins: np.ndarray, wanted: list[int]) -> np.ndarray:
        """The bonus that each segment needs for its volume."""
        margins = margins[self.back]
        return np.array(
            [
                _bonus(margins[first:last], want)
                for first, last, want in zip(self.edges[:-1], self.edges[1:], wanted, strict=True)
            ],
            np.float32,
        )

    def winners(self, bonus: np.ndarray) -> np.ndarray:
        """Segment of each voxel, -1 for the background."""
        score = self.share + bonus[self.owner]
        best = np.maximum.reduceat(score, self.start)
        leads = np.flatnonzero(score == np.repeat(best, self.length))
        winner = np.full(self.start.size, -1)
        voxel = np.repeat(np.arange(self.start.size), self.length)[leads]
        winner[voxel[::-1]] = self.owner[leads[::-1]]
        winner[best <= self.rest] = -1
        return winner


def _narrow(numbers: np.ndarray) -> np.ndarray:
    """The whole numbers in 32 bits, if that holds them."""
    return numbers.astype(np.int32) if numbers.size == 0 or int(numbers.max()) < 2**31 else numbers


def _bonus(margins: np.ndarray, wanted: int) -> float:
    """What must be added for about this many margins to be above 0: in the widest gap near that count.

    Voxels that lie alike have margins alike, of which rounding would choose some.
    """
    if margins.size == 0:
        return 0.0
    if wanted <= 0:
        return -float(margins.max()) - 1e-3
    if wanted >= margins.size:
        return -float(margins.min()) + 1e-3
    slack = int(CLOSE_ENOUGH * wanted)
    ranks = margins.size - np.arange(max(1, wanted - slack), min(margins.size - 1, wanted + slack) + 1)
    first, last = int(ranks[-1]) - 1, int(ranks[0])
    around = np.sort(np.partition(margins, (first, last))[first : last + 1])
    gap = int(np.argmax(np.diff(around)))
    return -float(around[gap] + around[gap + 1]) / 2
