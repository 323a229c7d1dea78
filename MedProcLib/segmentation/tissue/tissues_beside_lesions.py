"""Tissues of a brain with lesions, which are none of them."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT
from ...core.voxels import inside, values_of
from .region import tissue_region
from .tissue_classes import TissueClasses


@operation(
    "segmentation.tissues_beside_lesions",
    title="Tissue classes beside lesions",
    gives=("labels", "maps"),
    source="Zhang, Brady & Smith, IEEE TMI 20(1), 2001 (as tissue classes); Chard et al., Reducing the impact of white "
    "matter lesions on automated measures of brain gray and white matter volumes, J. Magn. Reson. Imaging 32, 2010",
)
class TissuesBesideLesions(TissueClasses):
    """Divide the brain into fluid, gray and white matter as 'Tissue classes' does, and its lesions.

    The labels that it takes are the lesions, whatever their numbers. They are as bright as gray matter in T1, FLAIR and
    T2, which would be the larger for them; they tell nothing of the tissues' intensities here, and the shares of the
    tissues are 0 in them. A lesion gets the value after those of the classes, and a map. No lesion is fine.
    """

    @property
    def structures(self) -> dict[int, str]:
        return super().structures | {self.classes + 1: "lesion"}

    def __call__(self, image, labels, mask=None, second=None, progress=SILENT):  # type: ignore[override]
        values, valid = values_of(image)
        brain = inside(mask, valid) if mask is not None else tissue_region(values, valid, progress)
        lesions = brain & (sitk.GetArrayViewFromImage(labels) != 0)
        where = brain & ~lesions
        if not where.any():
            raise InputError("All of the brain is labeled as lesion: give a label map of the lesions alone.")
        tissues, maps = self._divided(image, values, where, second, progress, lesions)
        grid = Geometry.of(image)
        found = sitk.GetArrayFromImage(tissues)
        found[lesions] = self.classes + 1
        return grid.image_of(found), maps | {"lesion": grid.image_of(lesions.astype(np.float32))}
