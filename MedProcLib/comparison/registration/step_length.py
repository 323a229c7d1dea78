"""How much of a proposed step to take, learned from how the step before changed the proposal."""

import numpy as np

SHORTEST, LONGEST = 0.05, 4.0


class StepLength:
    """Share of the proposed steps that would have made the last one unnecessary.

    Where proposals are too long they turn around, and the share falls; where too short they persist, and it grows.
    Source: Barzilai and Borwein, IMA Journal of Numerical Analysis 8(1), 1988 (second length).
    """

    def __init__(self, first: float) -> None:
        self.share = first
        self._last: np.ndarray | None = None

    def __call__(self, proposed: np.ndarray) -> float:
        """The share (0.05 to 4) to take of a proposed step, given as displacements of points that stay the same."""
        if self._last is not None:
            change = self._last - proposed
            down = float((self._last * change).sum())
            length = self.share * float((self._last**2).sum()) / down if down > 0 else 2 * self.share
            self.share = min(max(length, SHORTEST), LONGEST)
        self._last = proposed
        return self.share
