"""How well the connected components (lesions) of two parts agree, counted one by one."""

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.progress import SILENT, Progress, execute
from ..common.morphology import dilated
from .overlap import ratio
from .part import Part, grid_of, shared_box

# Up to so many possible pairs of lesions are counted in a list of all of them, which needs no sorting.
LISTED_PAIRS = 1_000_000


@dataclass(frozen=True)
class LesionRules:
    """What a lesion is and when two match. See score.Score for the meanings."""

    match: str
    iou_threshold: float
    connectivity: str
    smallest_mm3: float
    merge_mm: float


@dataclass(frozen=True)
class _Overlaps:
    """Pairs of lesions that share voxels: number of each (from 0), voxels they share; and the voxels of all lesions."""

    first: np.ndarray
    second: np.ndarray
    shared: np.ndarray
    first_sizes: np.ndarray
    second_sizes: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        return self.shared / (self.first_sizes[self.first] + self.second_sizes[self.second] - self.shared)


def lesion_values(reference: Part, test: Part, rules: LesionRules, progress: Progress = SILENT) -> dict[str, float]:
    """Values of figures.LESION_FIGURES by name. Not defined: NaN."""
    of_reference, of_test, merging = progress.parts(2, 2, 1)
    first = _lesions(reference, rules, of_reference)
    second = _lesions(test, rules, of_test)
    overlaps = _overlaps(reference, first, test, second)
    pairs = _pairs(overlaps, rules.iou_threshold)
    there, here = overlaps.first_sizes.size, overlaps.second_sizes.size
    if rules.match == "iou":
        found, right = pairs.size, pairs.size
    else:
        found, right = np.unique(overlaps.first).size, np.unique(overlaps.second).size
    neither = there + here == 0
    quality = float(overlaps.iou[pairs].mean()) if pairs.size else math.nan
    recognition = ratio(pairs.size, (there + here) / 2, 1.0)
    sensitivity, precision = ratio(found, there), ratio(right, here, 0.0 if there else math.nan)
    if rules.merge_mm > 0:
        first = _merged(reference, first, rules, merging)
        overlaps = _overlaps(reference, first, test, second)
    return {
        "reference_lesions": there,
        "test_lesions": here,
        "lesion_sensitivity": sensitivity,
        "lesion_precision": precision,
        "lesion_f1": 1.0
        if neither
        else ratio(2 * sensitivity * precision, sensitivity + precision, 0.0)
        if there
        else 0.0,
        "panoptic_quality": recognition * quality if pairs.size else (1.0 if neither else 0.0),
        "segmentation_quality": quality,
        "recognition_quality": recognition,
        "lesion_dice": _lesion_dice(overlaps),
    }


def _lesions(part: Part, rules: LesionRules, progress: Progress) -> np.ndarray:
    """Number of each voxel's lesion, from 1; 0 is none. Too small ones are left out."""
    if not part.count:
        return np.zeros(part.mask.shape, np.int32)
    numbers = _components(part, rules, progress)
    if rules.smallest_mm3 > 0:
        # a volume just reached counts, whatever rounding does to it
        kept = np.bincount(numbers.ravel()) * part.voxel_volume >= rules.smallest_mm3 * (1 - 1e-9)
        kept[0] = False
        numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)[numbers]
    return numbers


def _components(part: Part, rules: LesionRules, progress: Progress) -> np.ndarray:
    """Number of each voxel's connected component, from 1 in scan order."""
    join = sitk.ConnectedComponentImageFilter()
    join.SetFullyConnected(rules.connectivity == "corner")
    found = execute(join, grid_of(part).image_of(part.mask), progress=progress, message="Finding lesions")
    return sitk.GetArrayFromImage(found)


def _merged(part: Part, lesions: np.ndarray, rules: LesionRules, progress: Progress) -> np.ndarray:
    """Lesions with those taken as one that touch when each is dilated by merge_mm."""
    if not lesions.any():
        return lesions
    margin = [math.ceil(rules.merge_mm / side) + 1 for side in part.spacing]
    wide = np.pad(lesions > 0, [(m, m) for m in margin])
    grid = grid_of(Part(wide, part.start, part.spacing, part.voxel_volume))
    growing, joining = progress.parts(1, 1)
    grown = dilated(wide, grid, rules.merge_mm, growing)
    numbers = _components(Part(grown, part.start, part.spacing, part.voxel_volume), rules, joining)
    return numbers[tuple(slice(m, -m) for m in margin)] * (lesions > 0)


def _overlaps(reference: Part, first: np.ndarray, test: Part, second: np.ndarray) -> _Overlaps:
    here, there = shared_box(reference, test)
    a, b = first[here].ravel(), second[there].ravel()
    both = (a > 0) & (b > 0)
    base = int(second.max(initial=0)) + 1
    codes = a[both].astype(np.int64) * base + b[both]
    if (int(first.max(initial=0)) + 1) * base <= LISTED_PAIRS:
        counts = np.bincount(codes)
        codes = np.flatnonzero(counts)
        shared = counts[codes]
    else:
        codes, shared = np.unique(codes, return_counts=True)
    numbers = np.divmod(codes, base)
    return _Overlaps(numbers[0] - 1, numbers[1] - 1, shared, _sizes(first), _sizes(second))


def _sizes(lesions: np.ndarray) -> np.ndarray:
    if lesions.max(initial=0) <= 1:  # mostly so of organs
        count = int(np.count_nonzero(lesions))
        return np.array([count] if count else [], np.int64)
    return np.bincount(lesions.ravel())[1:]


def _pairs(overlaps: _Overlaps, iou_threshold: float) -> np.ndarray:
    """Indices into the overlaps of one-to-one pairs with an IoU above the threshold, the best first.

    From a threshold of 0.5 on there is one way only; below, a pair is made of the best two that are still free.
    """
    iou = overlaps.iou
    free, taken, pairs = set(overlaps.first.tolist()), set(), []
    for index in np.lexsort((overlaps.second, overlaps.first, -overlaps.shared, -iou)):
        if iou[index] <= iou_threshold:
            break
        one, other = int(overlaps.first[index]), int(overlaps.second[index])
        if one in free and other not in taken:
            free.discard(one)
            taken.add(other)
            pairs.append(int(index))
    return np.array(pairs, int)


def _lesion_dice(overlaps: _Overlaps) -> float:
    """Mean Dice of each lesion with all that touch it; missed and false lesions count as 0."""
    there, here = overlaps.first_sizes.size, overlaps.second_sizes.size
    false = here - np.unique(overlaps.second).size
    if there + false == 0:
        return 1.0
    shared, touching = (
        np.bincount(overlaps.first, weights, there)
        for weights in (overlaps.shared, overlaps.second_sizes[overlaps.second])
    )
    return float((2 * shared / (overlaps.first_sizes + touching)).sum() / (there + false))
