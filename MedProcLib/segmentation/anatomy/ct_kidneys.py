"""The kidneys in CT, each from a seed."""

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
from ..common.morphology import distance_to
from ..common.patient_grid import on_patient_grid
from ..common.upright import upright
from .body_mask import CONTENT_HU
from .grown_organ import grown_organ, with_rim
from .lung_sides import LEFT, RIGHT, middle_of_body
from .refine import refined

WORKING_MM, BLUR_MM = 1.5, 2.5
# A kidney and its surroundings lie within this distance of a seed in it.
AROUND_MM, SAMPLE_MM = 90.0, 4.0
LEAST_MM3 = 1e4
RADII_MM = (2.5, 4.0, 5.0, 6.0, 8.0, 10.0)
FAT_HU, BONE_HU = -100.0, 300.0
# Shares of the range of densities below and above the seed's that are tried: where a kidney meets fat and sinus it is
# darker than in its middle, and a brighter neighbor may be near in density.
RANGES = (
    *((share, share) for share in (1.0, 0.56, 0.32, 0.24, 0.18, 0.13, 0.1)),
    (0.3, 0.1),
    (0.22, 0.075),
    (0.17, 0.055),
    (0.17, 0.075),
)
# Of the border of an outline, this percentage is less steep than what the outline is judged by: the part that was cut
# through even tissue of a neighbor shows there, and is lost in a median. A neighbor on less than a fifth of it is not
# seen; at a tenth the left kidney of the one CT with labels has a Dice of 0.92 instead of 0.935.
LEAST_STEEP = 20.0


@operation(
    "segmentation.ct_kidneys",
    title="Kidneys in CT",
    gives="labels",
    source="Region growing from a seed with leaks cut by morphology: Pohle & Toennies, Segmentation of medical images "
    "using adaptive region growing, Proc. SPIE 4322, 2001",
    dimensions=(3,),
)
class CtKidneys:
    """Outline the right (1) and the left kidney (2), each from a seed in it, with the sinus closed in.

    A kidney lies in fat, which ends it; where it touches liver, spleen or muscle it is cut off at the neck, as far as
    it has to be so that it is no larger than a kidney. Of several ranges of densities around the seed's that is taken
    whose outline is steepest where it is least steep. Without contrast, and where kidney and liver touch broadly, a
    part of the liver may be taken in. Sides are told by the spine.
    """

    contrast_HU: Annotated[float, Range(20, 500, "HU"), "cortex and medulla differ by up to this from the seed"] = 150.0
    maximum_volume_mm3: Annotated[
        float, Range(1e4, 2e6, "mm3"), "a kidney is no larger: what grows beyond leaked and is cut closer"
    ] = 2.5e5
    closing_mm: Annotated[float, Range(0, 30, "mm"), "radius of the sinus that is closed in"] = 6.0

    @property
    def structures(self) -> dict[int, str]:
        return {RIGHT: "kidney_right", LEFT: "kidney_left"}

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        read, sample, find, fine = progress.parts(1, 1, 8, 3)
        ct = upright(hounsfield(image, read), CONTENT_HU)
        whole = Geometry.of(ct)
        marked = sitk.GetArrayViewFromImage(seeds)
        coarse, overview = on_patient_grid(ct, 2 * WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
        middle = coarse.points(np.array([[middle_of_body(overview, overview > -300, coarse), 0, 0]]))[0, 0]
        values = np.zeros(marked.shape, np.uint8)
        numbers = [int(n) for n in np.unique(marked) if n]
        for number, one, border in zip(
            numbers, find.parts(*[1.0] * len(numbers)), fine.parts(*[1.0] * len(numbers)), strict=True
        ):
            points = whole.points(np.argwhere(marked == number)[:, ::-1])
            grid, kidney, belongs = _kidney(self, ct, points, one)
            found = refined(ct, {1: kidney}, grid, belongs, kidney, ~kidney, progress=border)
            side = RIGHT if float(points[:, 0].mean()) < middle else LEFT
            values[(found != 0) & (values == 0)] = side
        if mask is not None:
            values[sitk.GetArrayViewFromImage(mask) == 0] = 0
        if not values.any():
            raise InputError("There is no kidney inside the mask: leave the mask out, or draw it around the kidneys.")
        return Geometry.of(image).image_of(values)


def _kidney(settings: CtKidneys, ct: sitk.Image, points: np.ndarray, progress: Progress):
    """Grid around the seed, the kidney on it, and what belongs to it by HU. Raises InputError."""
    box = points.min(axis=0) - AROUND_MM, points.max(axis=0) + AROUND_MM
    grid, work = on_patient_grid(ct, WORKING_MM, AIR_HU, box=box)
    blurred = gaussian(work, grid, [BLUR_MM] * 3)
    seed = np.zeros(work.shape, bool)
    index = np.clip(np.rint(grid.indices(points)).astype(int), 0, np.asarray(grid.size) - 1)
    seed[tuple(index[:, ::-1].T)] = True
    level = float(np.median(blurred[distance_to(seed, grid) <= SAMPLE_MM]))
    if not -20 < level < BONE_HU + settings.contrast_HU:
        raise InputError(f"The seed lies in {level:.0f} HU, which is no kidney: place it in the middle of its cortex.")
    slope = sitk.GetArrayFromImage(sitk.GradientMagnitude(grid.image_of(blurred)))
    steepest, kidney, lowest, highest = 0.0, seed, level, level
    for (below, above), part in zip(RANGES, progress.parts(*[1.0] * len(RANGES)), strict=True):
        low = max((level + FAT_HU) / 2, level - below * settings.contrast_HU)
        high = level + above * settings.contrast_HU
        even = (blurred > low) & (blurred < high)
        organ = grown_organ(
            even, seed, grid, LEAST_MM3, settings.maximum_volume_mm3, RADII_MM, settings.closing_mm, part
        )
        if np.count_nonzero(organ) * grid.voxel_volume < LEAST_MM3:
            continue
        organ = with_rim(organ, work, low, high, grid)
        # where an organ leaked and was cut off, or ends too early, its border lies in even tissue
        steepness = float(np.percentile(slope[organ & ~ndimage.binary_erosion(organ)], LEAST_STEEP))
        if steepness > steepest:
            steepest, kidney, lowest, highest = steepness, organ, low, high
    if not steepest:
        raise InputError(
            f"No kidney was found around the seed at {level:.0f} HU (nothing of {LEAST_MM3 / 1000:.0f} to "
            f"{settings.maximum_volume_mm3 / 1000:.0f} ml has its density): place the seed in the middle of the "
            "cortex, or widen the contrast."
        )
    return grid, kidney, lambda hu: (hu > lowest) & (hu < highest)
