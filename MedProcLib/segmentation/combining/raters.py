"""Label maps of several raters: checked, and reduced to the voxels that they do not agree on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid, require_scalar
from ...core.progress import Progress


@dataclass(frozen=True)
class Votes:
    """What raters say of each voxel (z, y, x), stored once where they agree.

    grid: theirs; agreed: label map of what all say, 0 elsewhere; place: voxels (flat index, ascending) on which they
    differ; patterns: the different ways (n, raters) to vote there; of_place: the pattern of each of these voxels;
    labels: all values, 0 first; agreed_counts: voxels that all give each label; counts: voxels of each pattern;
    inside: where voxels count (None: everywhere). Memory: about that of a rater, and of the voxels they differ on.
    """

    grid: Geometry
    agreed: np.ndarray
    place: np.ndarray
    patterns: np.ndarray
    of_place: np.ndarray
    counts: np.ndarray
    labels: np.ndarray
    agreed_counts: np.ndarray
    inside: np.ndarray | None

    def label_map(self, winners: np.ndarray) -> sitk.Image:
        """What all agree on, and elsewhere the winner (label) of each pattern."""
        result = self.agreed.copy()
        result.ravel()[self.place] = winners[self.of_place]
        return self.grid.image_of(result)

    def map_of(self, figures: np.ndarray, where_agreed: float) -> sitk.Image:
        """Map (float32) of a figure of each pattern, and of one value where all agree; 0 outside the mask."""
        result = np.full(self.agreed.shape, where_agreed, np.float32)
        result.ravel()[self.place] = figures[self.of_place]
        if self.inside is not None:
            result[~self.inside] = 0
        return self.grid.image_of(result)


def votes_of(raters: Sequence[sitk.Image], mask: sitk.Image | None, progress: Progress) -> Votes:
    """The votes of raters, inside the mask only. Raises InputError that names the rater who does not fit."""
    raters = checked(raters)
    views = [sitk.GetArrayViewFromImage(rater) for rater in raters]
    kind = np.result_type(*(view.dtype for view in views))
    grid, inside = Geometry.of(raters[0]), None
    differ = np.zeros(views[0].shape, bool)
    for number, view in enumerate(views[1:], 1):
        progress(number / len(views), "Comparing raters")
        differ |= view != views[0]
    agreed = views[0].astype(kind)
    agreed[differ] = 0
    if mask is not None:
        require_same_grid(raters[0], mask, "the raters and the mask")
        inside = sitk.GetArrayViewFromImage(mask) != 0
        differ &= inside
        agreed[~inside] = 0
    place = np.flatnonzero(differ)
    votes = np.stack([view.ravel()[place] for view in views], axis=1)
    there = agreed[agreed != 0]
    labels = np.unique(np.concatenate([np.zeros(1, kind), np.unique(there), np.unique(votes).astype(kind)]))
    labels = np.concatenate([[0], labels[labels != 0]]).astype(kind)
    if labels.size == 1:
        raise InputError("No rater marked anything" + (" inside the mask" if mask is not None else "") + ".")
    agreed_counts = np.array([np.count_nonzero(there == label) for label in labels])
    agreed_counts[0] = (agreed.size if inside is None else np.count_nonzero(inside)) - place.size - there.size
    patterns, of_place, counts = _patterns(votes, labels)
    return Votes(grid, agreed, place, patterns, of_place, counts, labels, agreed_counts, inside)


def checked(raters: Sequence[sitk.Image]) -> list[sitk.Image]:
    """The raters, when they are at least two label maps on one grid. Raises InputError that names who differs."""
    raters = list(raters)
    if len(raters) < 2:
        raise InputError(f"At least two raters are needed to combine them; there is {len(raters) or 'none'}.")
    for number, rater in enumerate(raters, 1):
        require_scalar(rater, f"The label map of rater {number}")
        if rater.GetPixelID() in (sitk.sitkFloat32, sitk.sitkFloat64):
            raise InputError(
                f"Rater {number} must be a label map of whole numbers, not {rater.GetPixelIDTypeAsString()}."
            )
        if rater.GetDimension() != raters[0].GetDimension():
            raise InputError(
                f"Rater {number} is {rater.GetDimension()}D and rater 1 {raters[0].GetDimension()}D: they must lie on "
                "one grid."
            )
        require_same_grid(raters[0], rater, f"rater 1 and rater {number}")
    return raters


def _patterns(votes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different rows of the votes (as indices into the labels), the row of each voxel, and how many voxels have it."""
    order = np.argsort(labels)
    index = order[np.searchsorted(labels, votes, sorter=order)]
    if len(labels) ** votes.shape[1] < 2**62:
        weights = len(labels) ** np.arange(votes.shape[1], dtype=np.int64)
        codes, of_place, counts = np.unique(index @ weights, return_inverse=True, return_counts=True)
        return codes[:, np.newaxis] // weights % len(labels), of_place, counts
    rows, of_place, counts = np.unique(index, axis=0, return_inverse=True, return_counts=True)
    return rows, of_place.ravel(), counts


def entropy_bits(shares: np.ndarray) -> np.ndarray:
    """Entropy (n,) in bits of rows of shares (n, k) that add up to 1."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logs).sum(axis=1)
