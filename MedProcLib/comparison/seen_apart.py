"""Which pieces of a finding another study could tell apart, so that thick slices do not merge or split it."""

from collections.abc import Collection

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry, resample
from ..core.progress import SILENT, Progress
from ..segmentation.common.connectivity import connected_components
from .carried import carried
from .inverse import inverted


def as_seen(
    labels: sitk.Image,
    other: sitk.Image,
    numbers: Collection[int],
    to_other: sitk.Transform,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Group (z, y, x; from 1, 0 elsewhere) of each piece of those of these findings that have more pieces in a study's
    label map than in the other study's.

    Pieces of one finding that are one piece in the other study's voxels, in which they are shown, are of one group:
    what these cannot tell apart has not merged or split where they show one piece. No finding has fewer groups than the
    other study has pieces. to_other: of points of the label map to points of the other one (LPS, mm).
    """
    grid, target = Geometry.of(labels), Geometry.of(other)
    mine, theirs = (_pieces(each, numbers) for each in (labels, other))
    more = [number for number in numbers if len(mine[1].get(number, ())) > len(theirs[1].get(number, ())) > 0]
    groups = np.zeros(mine[0].shape, np.int32)
    if not more:
        return groups
    array = sitk.GetArrayViewFromImage(labels)
    chosen = np.where(np.isin(array, more), array, 0).astype(np.int32)
    shown = carried(chosen, grid, target, to_other, inverted(to_other, grid), progress)
    there, found = connected_components(target.image_of(shown), "corner")
    back = sitk.GetArrayFromImage(resample(target.image_of(there), grid, to_other, sitk.sitkNearestNeighbor))
    for number in more:
        # most of a piece tells: coarse voxels reach over its border. One too small for them is a group by itself
        group = {}
        for piece in mine[1][number]:
            counts = np.bincount(back[mine[0] == piece], minlength=len(found))
            counts[0] = 0
            group[piece] = int(counts.argmax()) if counts.any() else len(found) + piece
        if len(set(group.values())) >= len(theirs[1][number]):
            for piece, value in group.items():
                groups[mine[0] == piece] = value
    return groups


def _pieces(labels: sitk.Image, numbers: Collection[int]) -> tuple[np.ndarray, dict[int, list[int]]]:
    """Number of the connected piece at each voxel (z, y, x; 0 for none) of these findings, and the pieces of each."""
    array = sitk.GetArrayViewFromImage(labels)
    chosen = np.where(np.isin(array, list(numbers)), array, 0).astype(np.int32)
    pieces, counts = connected_components(Geometry.of(labels).image_of(chosen), "corner")
    _, first = np.unique(pieces, return_index=True)
    of_finding: dict[int, list[int]] = {}
    for piece, place in enumerate(first[-(len(counts) - 1) :] if len(counts) > 1 else (), 1):
        of_finding.setdefault(int(chosen.flat[place]), []).append(piece)
    return pieces, of_finding
