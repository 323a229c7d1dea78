"""How many false findings are to be expected above a score, learned from decoys.

Decoys are findings of the same detector where there is nothing to be found: in the same image with bright and dark
exchanged, say. As many false findings as decoys are expected above each score (target-decoy competition: Elias &
Gygi, Nature Methods 4(3), 2007); above the best decoys their tail is continued by an exponential (extremes of noise:
Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, chapter 4).
"""

from dataclasses import dataclass

import numpy as np

# The tail is fitted to the best decoys: this share of them, but no more and no fewer than so many.
TAIL_SHARE, FEWEST, MOST = 0.1, 8, 200
# What is expected less often is not told more exactly: the tail of the decoys is not known so far out.
SELDOM = 0.01


@dataclass(frozen=True)
class OperatingPoint:
    """scores: those of the decoys, ascending; start, scale: of the tail: its first score and its mean excess."""

    scores: np.ndarray
    start: float
    scale: float

    @classmethod
    def of(cls, decoys: np.ndarray) -> "OperatingPoint":
        """From the scores of decoys (n,); without any nothing false is expected anywhere."""
        scores = np.sort(np.asarray(decoys, float))
        count = min(max(round(TAIL_SHARE * scores.size), FEWEST), MOST, scores.size)
        if count < 2:
            return cls(scores, float(scores[0]) if scores.size else 0.0, 0.0)
        tail = scores[-count:]
        return cls(scores, float(tail[0]), float(np.mean(tail - tail[0])))

    def expected_false(self, score: float) -> float:
        """How many false findings of at least this score are expected in the image."""
        above = self.scores.size - int(np.searchsorted(self.scores, score, side="left"))
        if score <= self.start or not self.scale > 0:
            return float(above)
        in_tail = self.scores.size - int(np.searchsorted(self.scores, self.start, side="left"))
        return in_tail * float(np.exp(-(score - self.start) / self.scale))

    def score_for(self, expected_false: float) -> float:
        """The lowest score above which no more than so many false findings are expected."""
        if not self.scores.size or expected_false >= self.scores.size:
            return -np.inf
        in_tail = self.scores.size - int(np.searchsorted(self.scores, self.start, side="left"))
        if expected_false >= in_tail or not self.scale > 0:
            return float(np.nextafter(self.scores[-int(expected_false) - 1], np.inf))
        return self.start + self.scale * float(np.log(in_tail / expected_false))


def often(expected: float) -> str:
    """An expected number of false findings in words."""
    return f"{expected:.2g}" if expected >= SELDOM else f"below {SELDOM:g}"
