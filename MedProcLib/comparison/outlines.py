"""One set of outlines for all of a patient's studies, from those that each pair of studies was compared with."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry, resample
from ..core.progress import SILENT, Progress
from ..segmentation.common.connectivity import connected_components
from .carried import carried
from .inverse import inverted
from .lesions_shown import MOSTLY, changed_pieces, joined, lesions_shown, wholes_of
from .result import PairComparison
from .seen_apart import as_seen
from .study import Study


def outlines_of(
    studies: Sequence[Study],
    pairs: Sequence[PairComparison],
    consensus: bool,
    progress: Progress = SILENT,
    known: sitk.Image | None = None,
) -> list[sitk.Image]:
    """Label maps of the findings of the first study and of the other study of each pair, each on its own grid.

    Each value is one finding, usually one connected piece; a finding that did not change has the same value in all.
    One that a pair followed as a whole (not merged or split) stays one where its outline falls apart; of one that
    merged or split, pieces are one that the pair's other study could not tell apart.
    pairs: those that were registered, at least one. A study's given labels stay as they are, piece by piece. Else every
    pair has its own outlines of the first study, and these differ by noise. The first study then shows a lesion that
    any pair shows there (see lesions_shown), in the voxels in which at least half of these pairs do. In a later study a
    lesion whose outline its pair left the same has that outline too, with its volume, though voxels differ: so that
    only what is certain to have changed is outlined anew, by its own pair.

    consensus: outlines differ only where change is certain (ConsensusLabels ran). A lesion that a pair then dropped as
    doubtful, though other pairs show it in the first study, did not change with certainty: it keeps its outline, where
    the later study was searched.

    known: label map of the first study's findings (a value each) as they are outlined already, by an earlier comparison
    or a reader. They then stay as they are, so that they keep these outlines in a study in which they did not change;
    what only the pairs show in the first study is outlined as these have it.
    """
    first = studies[pairs[0].fixed]
    if first.labels is not None:
        return [_pieces(first.labels), *(_pieces(_given(studies[p.moving], p.moving_labels)) for p in pairs)]
    lesions, baseline = _voted(pairs) if known is None else _known(pairs, known)
    found = [Geometry.of(first.image).image_of(baseline)]
    for pair, share in zip(pairs, progress.parts(*[1.0] * len(pairs)), strict=True):
        study = studies[pair.moving]
        if study.labels is not None:
            found.append(_pieces(study.labels))
        else:
            found.append(_of_pair(pair, lesions, baseline, consensus, share))
    return found


def _given(study: Study, else_these: sitk.Image) -> sitk.Image:
    return study.labels if study.labels is not None else else_these


def _pieces(labels: sitk.Image) -> sitk.Image:
    """The connected pieces of each label, numbered."""
    return Geometry.of(labels).image_of(connected_components(labels, "corner")[0])


def _voted(pairs: Sequence[PairComparison]) -> tuple[np.ndarray, np.ndarray]:
    """The lesions that any pair shows in the first study, and the same where at least half of the pairs that show the
    lesion have the voxel."""
    numbers = lesions_shown(pairs)
    size = int(numbers.max(initial=0)) + 1
    shown = [sitk.GetArrayViewFromImage(pair.fixed_labels) != 0 for pair in pairs]
    votes = np.asarray(np.sum(shown, axis=0, dtype=np.uint8))
    voters = np.sum([np.bincount(numbers[one], minlength=size) > 0 for one in shown], axis=0)
    most = np.zeros(size, int)
    np.maximum.at(most, numbers[numbers > 0], votes[numbers > 0])
    enough = np.minimum(voters, 2 * most)  # no lesion is lost, even if all maps show other voxels of it
    return numbers, np.where(2 * votes.astype(int) >= enough[numbers], numbers, 0).astype(np.int32)


def _known(pairs: Sequence[PairComparison], known: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """As _voted, with the known findings under their own numbers and as they are outlined. What pairs show of several
    of them is part of that with which it shares most voxels."""
    outlined, pieces = sitk.GetArrayFromImage(known).astype(np.int32), lesions_shown(pairs)
    both = np.flatnonzero((pieces != 0) & (outlined != 0))
    meeting, shared = np.unique(np.stack([pieces.flat[both], outlined.flat[both]]), axis=1, return_counts=True)
    finding = np.zeros(int(pieces.max(initial=0)) + 1, np.int32)
    for n in np.argsort(shared, kind="stable"):
        finding[meeting[0, n]] = meeting[1, n]
    others = np.where(finding[pieces] == 0, pieces, 0)
    others[others > 0] += outlined.max(initial=0)
    baseline = np.where(outlined > 0, outlined, others)
    return np.where(baseline > 0, baseline, finding[pieces]), baseline


def _of_pair(
    pair: PairComparison, lesions: np.ndarray, baseline: np.ndarray, consensus: bool, progress: Progress
) -> sitk.Image:
    """Label map of a pair's other study: numbers of the lesions that stayed, above them the pieces of the pair's
    changed findings."""
    own, grid = sitk.GetArrayViewFromImage(pair.fixed_labels), Geometry.of(pair.moving_labels)
    meets = _meeting(lesions, own)
    changed = ~np.isin(meets[1], list(pair.same_outline))
    size = int(lesions.max(initial=0)) + 1
    searching, carrying, seeing = progress.parts(1, 3, 1)
    stays = _searched(pair, baseline, size, searching) if consensus else np.zeros(size, bool)
    stays[meets[0]] = True
    stays[meets[0][changed]] = False
    first, transform = Geometry.of(pair.fixed_labels), pair.registration.transform
    to_first = inverted(transform, first)
    result = carried(np.where(stays[baseline], baseline, 0), first, grid, transform, to_first, carrying)
    shown = sitk.GetArrayViewFromImage(pair.moving_labels)
    stayed = np.setdiff1d(meets[1], meets[1][~stays[meets[0]]])
    anew, _ = connected_components(grid.image_of(np.where(np.isin(shown, stayed), 0, shown)), "corner")
    anew = joined(anew, shown, wholes_of(pair))
    seen = as_seen(pair.moving_labels, pair.fixed_labels, changed_pieces(pair), to_first, seeing)
    anew = joined(anew, seen)
    return grid.image_of(np.where(anew > 0, anew + size, result))


def _meeting(lesions: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(2, n): the lesions and the pair's findings that meet: most of one of them, or most of what the finding meets."""
    places = np.flatnonzero(own)
    meets, shared = np.unique(np.stack([lesions.flat[places], own.flat[places]]), axis=1, return_counts=True)
    sizes = np.minimum(np.bincount(lesions.ravel())[meets[0]], np.bincount(own.ravel())[meets[1]])
    best = np.zeros(int(own.max(initial=0)) + 1, int)
    np.maximum.at(best, meets[1], shared)
    return meets[:, (shared >= MOSTLY * sizes) | (shared == best[meets[1]])]


def _searched(pair: PairComparison, baseline: np.ndarray, size: int, progress: Progress) -> np.ndarray:
    """Which lesions lie for the most part where the pair was searched for change."""
    to_half = inverted(pair.registration.to_first, pair.grid)
    grid = Geometry.of(pair.fixed_labels)
    region = resample(pair.region, grid, to_half, sitk.sitkNearestNeighbor, progress=progress)
    inside = np.bincount(baseline[sitk.GetArrayViewFromImage(region) != 0], minlength=size)
    everywhere = np.bincount(baseline.ravel(), minlength=size)
    searched = 2 * inside > everywhere
    searched[0] = False
    return searched
