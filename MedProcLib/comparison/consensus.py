"""One outline for both studies wherever nothing changed, so that noise of segmentation does not look like change."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT, Progress
from ..segmentation.cleanup.remove_small import sizes_within
from ..segmentation.common.connectivity import connected_components
from .change import GAINED, LOST


@operation(
    "comparison.consensus_labels",
    title="Consistent outlines",
    gives=("fixed_labels", "moving_labels"),
    dimensions=(3,),
    source="Joint segmentation of time points as in Schmidt et al., NeuroImage: Clinical 23, 2019",
)
class ConsensusLabels:
    """Give both studies the same outlines, except where change was detected.

    A lesion is what either study's segmentation shows, or what changed; the first study lacks what was gained, the
    other one what was lost. Next to gained tissue, what only the other study shows belongs to the gain (and likewise
    for lost tissue); elsewhere a voxel that only one study shows counts for both. A piece that only one study shows,
    without significant change, is dropped as doubtful. All images must be on one grid.

    Given the difference too, only changes that are certain make outlines differ; weaker ones stay in the change map.
    """

    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "drop pieces smaller than this in a study"] = 10.0
    certain: Annotated[
        float, Range(0, 100, "SD"), "a change is certain with a voxel that differs more than this; 0: every change is"
    ] = 6.0

    def __call__(self, fixed_labels, moving_labels, change, difference=None, progress=SILENT):
        require_same_grid(fixed_labels, moving_labels, "the label maps of the two studies")
        require_same_grid(fixed_labels, change, "the label maps and the change")
        grid = Geometry.of(fixed_labels)
        one, two = (sitk.GetArrayViewFromImage(v) != 0 for v in (fixed_labels, moving_labels))
        changed = self._certain(change, difference)
        shares = progress.parts(2, 1, 1)
        numbers, counts = connected_components(grid.image_of(one | two | (changed != 0)), "corner", shares[0])

        def has(voxels: np.ndarray) -> np.ndarray:
            return np.bincount(numbers[voxels], minlength=counts.size) > 0

        gains, loses = has(changed == GAINED), has(changed == LOST)
        keep = (has(one) & has(two)) | gains | loses
        keep[0] = False
        lesion = keep[numbers]
        first = lesion & (changed != GAINED) & ~_beside(two & ~one & (changed == 0), changed == GAINED, grid)
        other = lesion & (changed != LOST) & ~_beside(one & ~two & (changed == 0), changed == LOST, grid)
        return self._without_small(first, grid, shares[1]), self._without_small(other, grid, shares[2])

    def _certain(self, change: sitk.Image, difference: sitk.Image | None) -> np.ndarray:
        """The change (z, y, x) without pieces that nowhere differ enough."""
        changed = sitk.GetArrayFromImage(change)
        if difference is None or self.certain == 0:
            return changed
        require_same_grid(change, difference, "the change and the difference")
        numbers, counts = connected_components(change, "corner")
        beyond = np.abs(sitk.GetArrayViewFromImage(difference)) > self.certain
        sure = np.bincount(numbers[beyond], minlength=counts.size) > 0
        return np.where(sure[numbers], changed, 0)

    def _without_small(self, lesion: np.ndarray, grid: Geometry, progress: Progress) -> sitk.Image:
        numbers, counts = connected_components(grid.image_of(lesion), "corner", progress)
        return grid.image_of(sizes_within(counts, grid.voxel_volume, self.minimum_volume_mm3)[numbers] & lesion)


def _beside(doubtful: np.ndarray, certain: np.ndarray, grid: Geometry) -> np.ndarray:
    """The doubtful voxels (z, y, x) that are connected with certain ones through each other."""
    numbers, counts = connected_components(grid.image_of(doubtful | certain), "corner")
    return doubtful & (np.bincount(numbers[certain], minlength=counts.size) > 0)[numbers]
