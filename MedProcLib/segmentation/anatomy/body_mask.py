"""Outline of the body (or any object) against air."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import foreground, inside, values_of
from ..common.morphology import closed, filled, main_piece
from ..common.working_grid import mask_on_image, on_working_grid

WORKING_MM = 2.0
# No tissue but air and lung is below this; an image that goes there is taken as CT.
CT_AIR_HU = -500.0


@operation(
    "segmentation.body_mask",
    title="Body mask",
    gives="mask",
    source="Hu et al., Automatic lung segmentation for accurate quantitation, IEEE TMI 20(6), 2001 (body and air by "
    "threshold and connectivity); Otsu, IEEE SMC 9(1), 1979",
)
class BodyMask:
    """Outline the body against the air around it, with lungs and other cavities filled and the table left out."""

    kind: Annotated[
        Literal["automatic", "CT", "other"],
        "CT: fixed threshold in HU; other: Otsu's threshold; automatic: CT where the image goes below -500",
    ] = "automatic"
    threshold_HU: Annotated[float, Range(-900, 200, "HU"), "CT: what is denser is body"] = -300.0
    opening_mm: Annotated[float, Range(0, 30, "mm"), "radius that cuts bridges to the table and to clothes"] = 4.0
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the openings (airways, noise) that are closed"] = 6.0

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        region = inside(mask, valid)
        first, second, third = progress.parts(1, 8, 1)
        grid, work, scale = on_working_grid(image, values, region, WORKING_MM, first)
        ct = self.kind == "CT" or (self.kind == "automatic" and float(values[region].min()) < CT_AIR_HU)
        if ct:
            body = work > self.threshold_HU / scale
        else:
            # the square root brings dark tissue nearer to bright tissue than to air
            body = foreground(np.sqrt(np.maximum(work - work.min(), 0)), np.isfinite(work))
        if not body.any():
            raise InputError("Nothing is above the threshold: choose a lower one, or another kind of image.")
        return mask_on_image(_outline(self, body, grid, second), grid, image, third)


def _outline(settings: BodyMask, body: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    close, fill, cut, slices = progress.parts(4, 1, 4, 1)
    body = filled(closed(body, grid, settings.closing_mm, close), grid, fill)
    body = main_piece(body, grid, settings.opening_mm, cut)
    return _filled_by_slice(body, grid, slices)


def _filled_by_slice(body: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """Fill holes of each transverse slice: cavities that the first and last slice cut open are no holes in 3D."""
    if grid.dimension == 2:
        return filled(body, grid, progress)
    # the array axis that runs most nearly from feet to head
    axis = 2 - int(np.argmax(np.abs(np.reshape(grid.direction, (3, 3))[2])))
    result = body.copy()
    planes = np.moveaxis(result, axis, 0)
    plane_grid = Geometry(tuple(reversed(planes.shape[1:])), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
    for number in range(len(planes)):
        planes[number] = filled(planes[number], plane_grid)
        progress((number + 1) / len(planes), "Filling slices")
    return result
