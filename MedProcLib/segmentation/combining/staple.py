"""The truth that raters most likely saw, and how well each of them saw it."""

from typing import Annotated, Literal

import numpy as np

from ...core.boxes import boxes_of, grown, union_of
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.progress import SILENT, Progress
from .performance import Estimate, RaterPerformance, estimated
from .raters import Votes, entropy_bits, votes_of


@operation(
    "segmentation.staple",
    title="STAPLE",
    gives=("labels", "maps", "table"),
    source="Warfield, Zou & Wells, Simultaneous truth and performance level estimation (STAPLE), IEEE TMI 23(7), 2004; "
    "all segments together: Rohlfing, Russakoff & Maurer, IEEE TMI 23(8), 2004",
)
class Staple:
    """Combine label maps of several raters, weighing each by how well it agrees with the truth estimated from all.

    Maps: `probability` of the label that each voxel gets, and `label_entropy`, the entropy of the probabilities of all
    labels in bits. Table: sensitivity, specificity and positive predictive value of each rater for each segment. The
    result depends on how much background counts: that in the box around all segments, or in the whole image.
    """

    method: Annotated[
        Literal["all together", "each segment"],
        "one estimate for all segments and their confusions, or a two-class one for each segment",
    ] = "all together"
    background: Annotated[Literal["around the segments", "whole image"], "which background voxels count"] = (
        "around the segments"
    )

    def __call__(self, raters, mask=None, progress=SILENT):
        reading, estimating, writing = progress.parts(3, 3, 1)
        votes = votes_of(raters, mask, reading)
        patterns, counts = _with_agreed(votes, self.background == "around the segments")
        if self.method == "all together":
            estimate = estimated(patterns, counts, votes.labels.size, estimating)
            shares, rows = estimate.truth, _table(votes, estimate)
        else:
            shares, rows = _each_segment(votes, patterns, counts, estimating)
        # what all agree on is taken as the truth
        shares = shares[: len(votes.patterns)]
        winner = shares.argmax(axis=1) if len(shares) else np.zeros(0, int)
        writing(0.0, "Writing maps")
        sure = shares[np.arange(len(shares)), winner]
        maps = {
            "probability": votes.map_of(sure, 1.0),
            "label_entropy": votes.map_of(entropy_bits(shares), 0.0),
        }
        return votes.label_map(votes.labels[winner]), maps, rows


def _with_agreed(votes: Votes, only_around: bool) -> tuple[np.ndarray, np.ndarray]:
    """Patterns and counts, those on which all agree last (one for each label)."""
    agreed = votes.agreed_counts.copy()
    if only_around:
        # the background in the box around everything that anyone marked
        marked = votes.agreed != 0
        marked.ravel()[votes.place] = True
        box = grown(union_of(boxes_of(marked.view(np.uint8))), votes.grid, 0.0)
        background = ~marked[box] if votes.inside is None else ~marked[box] & votes.inside[box]
        agreed[0] = np.count_nonzero(background)
    alike = np.repeat(np.arange(votes.labels.size)[:, np.newaxis], votes.patterns.shape[1], axis=1)
    return np.concatenate([votes.patterns, alike]), np.concatenate([votes.counts, agreed])


def _each_segment(
    votes: Votes, patterns: np.ndarray, counts: np.ndarray, progress: Progress
) -> tuple[np.ndarray, list[RaterPerformance]]:
    """Probabilities (patterns, labels) from an estimate for each segment alone, and the rows of the table."""
    shares, rows = np.zeros((len(patterns), votes.labels.size)), list[RaterPerformance]()
    for number, part in zip(range(1, votes.labels.size), progress.parts(*[1.0] * (votes.labels.size - 1)), strict=True):
        estimate = estimated((patterns == number).astype(int), counts, 2, part)
        shares[:, number] = estimate.truth[:, 1]
        rows += [_row(rater, votes.labels[number], estimate, rater, 1) for rater in range(patterns.shape[1])]
    # a voxel is a segment's when that is likelier than not
    shares[:, 0] = np.where(shares[:, 1:].max(axis=1) > 0.5, 0.0, 1 - shares[:, 1:].max(axis=1))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, rows


def _table(votes: Votes, estimate: Estimate) -> list[RaterPerformance]:
    return [
        _row(rater, votes.labels[label], estimate, rater, label)
        for label in range(1, votes.labels.size)
        for rater in range(votes.patterns.shape[1])
    ]


def _row(number: int, segment: int, estimate: Estimate, rater: int, label: int) -> RaterPerformance:
    figures = estimate.figures(rater, label)
    return RaterPerformance(
        number + 1, int(segment), tuple(Measurement(name, value, "") for name, value in figures.items())
    )
