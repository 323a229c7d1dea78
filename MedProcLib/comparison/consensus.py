"""One outline for both studies wherever nothing changed, so that noise of segmentation does not look like change."""

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.progress import SILENT
from ..segmentation.components import connected_components
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
    other one what was lost. A piece that only one study shows, without significant change, is dropped as doubtful.
    All images must be on one grid.
    """

    def __call__(self, fixed_labels, moving_labels, change, progress=SILENT):
        require_same_grid(fixed_labels, moving_labels, "the label maps of the two studies")
        require_same_grid(fixed_labels, change, "the label maps and the change")
        grid = Geometry.of(fixed_labels)
        one, two = (sitk.GetArrayViewFromImage(v) != 0 for v in (fixed_labels, moving_labels))
        changed = sitk.GetArrayViewFromImage(change)
        numbers, counts = connected_components(grid.image_of(one | two | (changed != 0)), "corner", progress)
        present = [np.bincount(numbers[v], minlength=counts.size) > 0 for v in (one, two, changed != 0)]
        keep = (present[0] & present[1]) | present[2]
        keep[0] = False
        lesion = keep[numbers]
        return tuple(grid.image_of((lesion & (changed != absent)).astype(np.uint8)) for absent in (GAINED, LOST))
