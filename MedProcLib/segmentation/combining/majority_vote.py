"""What most raters say."""

from typing import Annotated, Literal

import numpy as np

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .raters import Votes, entropy_bits, votes_of


@operation(
    "segmentation.majority_vote",
    title="Majority vote",
    gives=("labels", "maps"),
    source="Heckemann et al., Automatic anatomical brain MRI segmentation combining label propagation and decision "
    "fusion, NeuroImage 33(1), 2006",
)
class MajorityVote:
    """Combine label maps of several raters: each voxel gets the label that most of them give it, segments jointly.

    Maps: `agreement`, the share of raters who gave the winning label, and `vote_entropy`, the entropy of the votes in
    bits (0 where all agree).
    """

    ties: Annotated[
        Literal["background", "segment", "first rater"],
        "without a single winner: none; the segment (of lowest number) among the tied; the first rater's among them",
    ] = "background"
    minimum_share: Annotated[
        float, Range(0, 1), "share of the raters a segment needs: 0.5 half of them, 1 all, 0 more than any other label"
    ] = 0.0

    def __call__(self, raters, mask=None, progress=SILENT):
        reading, counting = progress.parts(3, 1)
        votes = votes_of(raters, mask, reading)
        shares = vote_shares(votes)
        counting(0.3, "Counting votes")
        winner = self._winners(votes, shares)
        won = shares[np.arange(winner.size), winner]
        enough = won >= self.minimum_share * (1 - 1e-9)
        winner = np.where(enough, winner, 0)
        won = shares[np.arange(winner.size), winner]
        counting(0.6, "Counting votes")
        maps = {"agreement": votes.map_of(won, 1.0), "vote_entropy": votes.map_of(entropy_bits(shares), 0.0)}
        return votes.label_map(votes.labels[winner]), maps

    def _winners(self, votes: Votes, shares: np.ndarray) -> np.ndarray:
        """Index into the labels of each pattern's winner."""
        best = shares.max(axis=1, keepdims=True)
        tied = shares == best
        single = np.count_nonzero(tied, axis=1) == 1
        if self.ties == "first rater":
            among = np.take_along_axis(tied, votes.patterns, axis=1)
            first = np.take_along_axis(votes.patterns, among.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
            return np.where(single, tied.argmax(axis=1), first)
        if self.ties == "segment":
            order = np.argsort(votes.labels[1:], kind="stable") + 1
            lowest = order[tied[:, order].argmax(axis=1)]
            return np.where(tied[:, 1:].any(axis=1), lowest, 0)
        return np.where(single, tied.argmax(axis=1), 0)


def vote_shares(votes: Votes) -> np.ndarray:
    """Share (patterns, labels) of the raters that give each label."""
    counts = np.zeros((len(votes.patterns), votes.labels.size))
    for rater in votes.patterns.T:
        counts[np.arange(len(rater)), rater] += 1
    return counts / votes.patterns.shape[1]
