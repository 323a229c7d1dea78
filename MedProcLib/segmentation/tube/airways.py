"""The airways in CT."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.progress import SILENT, Progress
from ..anatomy.refine import refined
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.patient_grid import mask_on_grid, on_patient_grid
from ..common.upright import placed_like, upright
from .airway_tree import LAST_HU, airway_tree

WORKING_MM = 1.0
# Around what is denser than this, air is left out of the work.
CONTENT_HU = -800.0
# Air beside the tree in which a cube of so many voxels fits is lung; less of it is the rim of the lumen.
LUNG_VOXELS, AROUND_VOXELS = 3, 5


@operation(
    "segmentation.airways",
    title="Airways in CT",
    gives="labels",
    source="Mori et al., Automated extraction and visualization of bronchus from 3D CT images of lung, ICPR 1996 "
    "(rising threshold until the tree leaks)",
    dimensions=(3,),
)
class Airways:
    """Follow the lumen (1) of trachea and bronchi in Hounsfield units, as far as walls can be seen.

    The trachea is found as a long round column of air above or between the lungs, or where it is marked. From there air
    is taken in at rising HU, and a branch that leaks into the lung ends where it does. How many generations are reached
    depends on the slices: in those of 5 mm the main and first lobar bronchi.
    """

    @property
    def structures(self) -> dict[int, str]:
        return {1: "airway"}

    def __call__(self, image, mask=None, seeds=None, progress=SILENT):
        read, sample, follow, back = progress.parts(1, 1, 8, 1)
        ct = upright(hounsfield(image, read), CONTENT_HU)
        spacing = min(2.0, max(WORKING_MM, min(image.GetSpacing())))
        grid, work = on_patient_grid(ct, spacing, AIR_HU, CONTENT_HU, sample)
        if min(grid.size) < 2:
            raise InputError("Airways are followed in a volume: choose an image with several slices.")
        region = None if mask is None else mask_on_grid(placed_like(mask, ct), grid)
        start = None if seeds is None else _on_grid(placed_like(seeds, ct), grid)
        tree = airway_tree(work, grid, region, follow, start)
        if not tree.any():
            raise InputError(
                "No trachea was found: choose an image that shows part of it and of the lungs, or mark a point in it."
                if seeds is None
                else "There is no air at the seeds: mark points inside the trachea."
            )
        labels = _on_image(tree, work, grid, ct, back)
        if mask is not None:
            labels[sitk.GetArrayViewFromImage(mask) == 0] = 0
        if not labels.any():
            raise InputError("The airways that were found are thinner than the image's voxels: choose thinner slices.")
        return Geometry.of(image).image_of(labels)


def _on_image(tree: np.ndarray, work: np.ndarray, grid: Geometry, ct: sitk.Image, progress: Progress) -> np.ndarray:
    """The lumen (uint8; z, y, x) at the image's voxels, whose own values say where its border lies, but for the lung's.

    How far a tree reaches on the grid depends on how the image's voxels lie in those of the grid, its wall does not.
    """
    around = box_of(tree)
    box = grown(around, grid, 0, AROUND_VOXELS)
    lumen = tree[box]
    beyond = ndimage.binary_opening((work[box] <= LAST_HU) & ~lumen, np.ones((LUNG_VOXELS,) * 3))
    part = grid_of_box(grid, box)
    return refined(ct, {1: lumen}, part, lambda hu: hu <= LAST_HU, barred=beyond, progress=progress)


def _on_grid(marked: sitk.Image, grid: Geometry) -> np.ndarray:
    """Where (z, y, x) voxels of the grid are nearest to marked ones; single voxels are not lost."""
    index = np.argwhere(sitk.GetArrayViewFromImage(marked) != 0)[:, ::-1]
    result = np.zeros(tuple(reversed(grid.size)), bool)
    points = np.rint(grid.indices(Geometry.of(marked).points(index))).astype(int)
    points = points[((points >= 0) & (points < grid.size)).all(axis=1)]
    result[tuple(points[:, ::-1].T)] = True
    return result
