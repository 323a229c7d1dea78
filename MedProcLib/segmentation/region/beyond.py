"""What lies farther than a reach from objects that change."""

import numpy as np

from ...core.boxes import box_around, grown
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ..common.morphology import distance_to

# Distances computed in another way end a little above or below: this share of the reach is no difference.
ROUNDING = 1e-5


class Beyond:
    """Keeps what it found, so that only the reach of what changed is looked at again."""

    def __init__(self, grid: Geometry, reach_mm: float) -> None:
        self._grid, self._reach = grid, reach_mm
        self._known: tuple[np.ndarray, np.ndarray] | None = None

    def of(self, objects: np.ndarray, progress: Progress = SILENT) -> np.ndarray:
        """Voxels (z, y, x) farther than the reach from all the objects (bool). Not to be changed. Raises Cancelled."""
        if self._known is None or self._known[0].shape != objects.shape:
            far = self._far(objects, self._grid, progress)
        else:
            before, far = self._known
            changed = box_around(before != objects)
            if changed is not None:
                near = grown(changed, self._grid, self._reach)
                wide = grown(near, self._grid, self._reach)
                there = self._far(objects[wide], grid_of_box(self._grid, wide), progress)
                far = far.copy()
                far[near] = there[
                    tuple(slice(n.start - w.start, n.stop - w.start) for n, w in zip(near, wide, strict=True))
                ]
        self._known = objects, far
        return far

    def _far(self, objects: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        return distance_to(objects, grid, progress) > self._reach * (1 + ROUNDING)
