"""The bones in CT."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.patient_grid import on_patient_grid
from ..common.upright import upright
from .body_mask import CONTENT_HU
from .contrast import beside_bone, bright_soft_tissue, in_lung, parted_from, variation
from .ct_body import body_region
from .inside_trunk import inside_trunk
from .marrow import with_marrow
from .refine import refined

WORKING_MM = 1.5
BODY_HU, OPENING_MM, BODY_CLOSING_MM = -300.0, 4.0, 6.0
# A piece is bone where it goes this far above the threshold, or above contrast-filled vessels.
CORTEX_HU = 120.0
# A blurred edge lies half way between both sides, which for dense bone is far above the threshold: from soft tissue to
# the densest place this near.
SOFT_TISSUE_HU, EDGE_MM = 40.0, 1.5
# Thin and faint bone ends here: chosen on TotalSegmentator's example, best there (Dice 0.879 at 80 HU, 0.894 at
# 110, 0.875 at 125, 0.62 at 200); the other CT would rather have less (0.755 at 80, 0.747 at 110, 0.707 at 150).
THRESHOLD_HU = 110.0


@operation(
    "segmentation.ct_bones",
    title="Bones in CT",
    gives="labels",
    source="Threshold and region growing as in Fiebich et al., Automatic bone segmentation technique for CT "
    "angiographic studies, JCAT 23(1), 1999; parting by watershed: Meyer & Beucher, J. Vis. Comm. Image R. 1, 1990",
)
class CtBones:
    """Outline bone (1) in Hounsfield units, marrow filled, the table and contrast-filled vessels and organs left out.

    What is denser than the threshold is bone where it is connected to dense bone. Dense bone ends half way between soft
    tissue and its densest place nearby, above the threshold; thin and faint bone ends at the threshold. Blood, kidneys
    and bowel that contrast makes as bright are told by their evenness, which bone does not have, and parted from bone
    at the steepest edge; so is what lies between the lungs, or in the belly up to 10 cm below them, in front of the
    spine, and what is as round as the aorta there. Where an image shows no lungs, other uneven contrast, and elsewhere
    metal and large plaques of calcified vessels, count as bone, and marrow that a side of the image lays open may stay
    unfilled.
    """

    threshold_HU: Annotated[
        float, Range(50, 500, "HU"), "bone is denser than this; of dense bone the border lies higher, at half height"
    ] = THRESHOLD_HU
    evenness_HU: Annotated[
        float,
        Range(0, 50, "HU"),
        "what varies less than this within 10 mm (SD) is contrast, not bone; 0: look for no contrast",
    ] = 9.0
    marrow_mm: Annotated[float, Range(0, 60, "mm"), "cavities in bone are filled up to this radius"] = 25.0
    smoothing_mm: Annotated[float, Range(0, 5, "mm"), "SD of the blur that evens noise out; 0 for none"] = 0.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "smaller pieces are left out"] = 300.0

    @property
    def structures(self) -> dict[int, str]:
        return {1: "bone"}

    def __call__(self, image, mask=None, progress=SILENT):
        read, sample, find, fine = progress.parts(1, 1, 8, 3)
        ct = upright(hounsfield(image, read), CONTENT_HU)
        grid, work = on_patient_grid(ct, WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
        smooth = gaussian(work, grid, [self.smoothing_mm] * grid.dimension) if self.smoothing_mm else work
        bone, marrow = _bones(self, work, smooth, grid, find)
        values = refined(
            ct,
            {1: bone | marrow},
            grid,
            lambda above: above > 0,
            marrow,
            values=smooth if self.smoothing_mm else None,
            limit=np.maximum(self.threshold_HU, (SOFT_TISSUE_HU + _densest(smooth, grid)) / 2),
            solid=True,
            work=work,
            progress=fine,
        )
        if mask is not None:
            values[sitk.GetArrayViewFromImage(mask) == 0] = 0
            if not values.any():
                raise InputError("There is no bone inside the mask: leave the mask out, or draw it around bone.")
        return Geometry.of(image).image_of(values)


def _bones(
    settings: CtBones, work: np.ndarray, smooth: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Bone and its marrow on the grid. Raises InputError when there is none."""
    outline, even, part, fill = progress.parts(4, 2, 3, 3)
    body = body_region(work, grid, BODY_HU, OPENING_MM, BODY_CLOSING_MM, outline)
    dense = body & (smooth > settings.threshold_HU)
    if not dense.any():
        raise InputError(
            f"No bone was found: in the body nothing is above {settings.threshold_HU:g} HU (the largest value is "
            f"{smooth[body].max() if body.any() else smooth.max():.0f} HU): lower the threshold."
        )
    varies = variation(work, grid, even)
    least_voxels = settings.minimum_volume_mm3 / grid.voxel_volume
    contrast, level = np.zeros(body.shape, bool), settings.threshold_HU
    if settings.evenness_HU:
        contrast, level = bright_soft_tissue(smooth, varies, dense, grid, settings.evenness_HU, level)
    sure = dense & (smooth > level + CORTEX_HU)
    cortex = dense & (smooth > settings.threshold_HU + CORTEX_HU)
    inside, spine = inside_trunk(work, body, grid) if grid.dimension == 3 else np.zeros((2, *body.shape), bool)
    bone, filled = parted_from(dense, sure, cortex, contrast, work, grid, part, dense & inside, spine)
    bone = _bony_pieces(bone, cortex, sure, work, least_voxels)
    if contrast.any() and bone.any():
        bone = _bony_pieces(bone | beside_bone(dense, bone, filled, grid), cortex, sure, work, least_voxels)
    if not bone.any():
        raise InputError(
            f"No bone was found: nothing above {settings.threshold_HU:g} HU reaches "
            f"{settings.threshold_HU + CORTEX_HU:.0f} HU and {settings.minimum_volume_mm3:g} mm3. Lower the threshold, "
            "or the smallest volume."
        )
    return bone, with_marrow(bone, work, grid, settings.marrow_mm, body, fill) & ~bone


def _densest(values: np.ndarray, grid: Geometry) -> np.ndarray:
    reach = [2 * round(EDGE_MM / mm) + 1 for mm in reversed(grid.spacing)]
    ball = np.linalg.norm(np.moveaxis(np.indices(reach), 0, -1) - (np.array(reach) - 1) / 2, axis=-1)
    return ndimage.grey_dilation(values, footprint=ball <= max(reach) // 2)


def _bony_pieces(
    region: np.ndarray, cortex: np.ndarray, sure: np.ndarray, work: np.ndarray, least: float
) -> np.ndarray:
    """Large enough pieces with cortex; vessels of the lung in contrast seem to have it too, so those must be sure."""
    pieces, count = ndimage.label(region, np.ones((3,) * region.ndim))
    large = np.bincount(pieces.ravel(), minlength=count + 1) >= least
    some, surely = (np.bincount(pieces[where], minlength=count + 1) > 0 for where in (cortex & region, sure & region))
    keep = large & some & (surely | ~in_lung(pieces, count, work))
    keep[0] = False
    return keep[pieces]
