"""The body in CT and the table that it lies on."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.connectivity import connected_components
from ..common.morphology import dilated
from .body_mask import BodyMask

BODY, TABLE = 1, 2


@operation(
    "segmentation.ct_table",
    title="Body and table in CT",
    gives="labels",
    source="Hu et al., Automatic lung segmentation for accurate quantitation, IEEE TMI 20(6), 2001 (body by threshold "
    "and connectivity)",
)
class CtTable:
    """Outline the body (1), with its cavities, and what lies beside it and is dense (2): table, blankets, cables.

    So that what is no patient can be taken out of the image or of measurements. Without a table only the body is given.
    """

    table_HU: Annotated[float, Range(-950, 500, "HU"), "what is denser beside the body is table"] = -700.0
    gap_mm: Annotated[float, Range(0, 20, "mm"), "so near the body, it is the body's blurred border"] = 3.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e7, "mm3"), "smaller pieces are left out: noise"] = 1000.0

    @property
    def structures(self) -> dict[int, str]:
        return {BODY: "body", TABLE: "table"}

    def __call__(self, image, mask=None, progress=SILENT):
        outline, look = progress.parts(6, 1)
        body = BodyMask(kind="CT")(image, mask, progress=outline)
        values, grid = sitk.GetArrayViewFromImage(image), Geometry.of(image)
        labels = sitk.GetArrayFromImage(body)
        dense = (values > self.table_HU) & (labels == 0)
        if values.dtype.kind == "f":
            dense &= np.isfinite(values)
        if mask is not None:
            dense &= sitk.GetArrayViewFromImage(mask) != 0
        if self.gap_mm:
            dense &= ~dilated(labels != 0, grid, self.gap_mm, look)
        numbers, counts = connected_components(grid.image_of(dense), "corner")
        large = counts * grid.voxel_volume >= self.minimum_volume_mm3
        large[0] = False
        labels[large[numbers]] = TABLE
        if not labels.any():
            raise InputError("Neither body nor table was found: choose a CT image that shows a body.")
        return grid.image_of(labels)
