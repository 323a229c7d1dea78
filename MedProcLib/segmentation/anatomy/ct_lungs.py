"""The lungs in CT."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import grown
from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import gaussian
from ..common.field_of_view import outside_field
from ..common.gaussian_mean import mean_within
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.morphology import closed, dilated, distance_to, eroded
from ..common.patient_grid import on_patient_grid, patient_grid
from ..common.upright import upright
from ..tube.airway_tree import airway_tree
from ..tube.trachea import find_trachea
from .body_mask import CONTENT_HU
from .ct_body import body_region, unseen_region
from .lung_sides import LEFT, RIGHT, middle_of_body, sides_of
from .refine import refined

WORKING_MM = 2.0
BODY_HU, OPENING_MM, BODY_CLOSING_MM = -300.0, 4.0, 6.0
# Parenchyma, 3 mm inside the lung. Gas in bowel and airways is below; stool and edges are above or have no inside.
PARENCHYMA_HU, INSIDE_MM = (-940.0, -600.0), 3.0
# Least share of it, of a large piece (with emphysema, say) and of one smaller than a tenth of the largest.
LEAST_PARENCHYMA, LEAST_IN_SMALL, SMALL = 0.4, 0.7, 0.1
# Of its volume, so much of a lung lies so deep; the pockets of stool have hardly an inside.
LEAST_INSIDE = 0.05
# Gas of the bowel may be no darker than parenchyma, where the scanner reads air too high: a small piece is lung where
# its middle is denser than this percentage of the large pieces.
DARK_PERCENT = 5.0
# A piece smaller than this is more compact than that (nose and sinuses are not), and so near the lungs, along the body.
TINY_MM3, LEAST_INSIDE_TINY, NEAR_LUNGS_MM = 2e4, 0.15, 50.0
# A lung hardly touches the air outside the body; air between arms or legs does.
MOST_OUTSIDE = 0.03
# Airways are followed on voxels of this side, this far around and below the trachea: up to where the lungs begin.
AIRWAY_MM, AROUND_MM, BELOW_MM = 1.5, 60.0, 60.0
# Gas in bowel or stomach: so large a black core with so much more tissue than lung within so far of its border. That is
# 0.82 to 0.96 around gas of three patients, and up to 0.52 around emphysema beside the hilum.
GAS_MM3, GAS_SHELL_MM, GAS_TISSUE = 100.0, 6.0, 0.67
# A dark lobe between heart, liver and wall is as black, but holds vessels (more of it than this is denser than that,
# once gaps of so many mm are closed), and lung, not the blurred rim of a wall, is around it (median HU of the shell).
# Of the 64 cores of 13 images two were lung: 0.043 and 0.053 vessels, -864 and -883 HU; none of the gas had both.
VESSEL_SHARE, VESSEL_HU, VESSEL_MM, LUNG_RIM_HU = 0.02, -850.0, 8.0, -812.0
# Lung that gas is parted from is at least so large inside, and less than this share of it lies beside gas: the blurred
# rim of gas is smaller, stool and foam lie in it.
LUNG_MM3, LUNG_BESIDE = 1000.0, 0.25
LUNG, GAS, TISSUE = 1, 2, 3
# The walls of trachea and bronchi, which are no lung.
WALL_MM = 2.0
# A lung's border is half way from its parenchyma around there (mean so deep inside, by a Gaussian of so many mm SD) to
# soft tissue: breathed out, dependent or inflamed lung of -650 HU ends at -300 HU.
SOFT_TISSUE_HU, DEEP_MM, AROUND_SD_MM = 40.0, 3.0, 6.0
# Half way from usual lung to soft tissue.
USUAL_HU = -400.0


@operation(
    "segmentation.ct_lungs",
    title="Lungs in CT",
    gives="labels",
    source="Hu et al., Automatic lung segmentation for accurate quantitation of volumetric X-ray CT images, IEEE TMI "
    "20(6), 2001; closing at the wall as in Armato & Sensakovic, Acad. Radiol. 11(9), 2004",
)
class CtLungs:
    """Outline the right (1) and the left lung (2) in Hounsfield units, vessels inside filled, airways left out.

    Air in the body is lung where it is parenchyma: bowel gas and airways are blacker. Its border is drawn at the
    threshold, and where parenchyma is denser than usual half way from it to soft tissue. Trachea and bronchi are
    followed and taken out, lungs that touch are parted where the tissue between them is densest, and dents of the
    wall (vessels of the hilum, nodules at the pleura) are closed; consolidation, tumor and effusion that are wider
    are left out. Only the lungs in view are given, which may be one; where the image cuts the chest along its
    middle, look at the sides.
    """

    threshold_HU: Annotated[
        float, Range(-800, -200, "HU"), "lung is darker: half way to soft tissue; denser lung ends higher"
    ] = USUAL_HU
    closing_mm: Annotated[float, Range(0, 40, "mm"), "radius of the dents (vessels, dense disease) that are closed"] = (
        8.0
    )
    smoothing_mm: Annotated[float, Range(0, 5, "mm"), "SD of the blur that evens the border out; 0 for none"] = 1.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e7, "mm3"), "smaller pieces of lung are left out"] = 5000.0
    leave_out_airways: Annotated[bool, "trachea and main bronchi are followed and are no lung"] = True

    @property
    def structures(self) -> dict[int, str]:
        return {RIGHT: "lung_right", LEFT: "lung_left"}

    def __call__(self, image, mask=None, progress=SILENT):
        read, sample, find, fine = progress.parts(1, 1, 6, 4)
        ct = upright(hounsfield(image, read), CONTENT_HU)
        grid, work = on_patient_grid(ct, WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
        sides, closed_in, barred = _lungs(self, ct, work, grid, find)
        values = refined(
            ct,
            {side: sides == side for side in (RIGHT, LEFT)},
            grid,
            lambda above: above < 0,
            closed_in,
            barred,
            gaussian(work, grid, [self.smoothing_mm] * grid.dimension) if self.smoothing_mm else None,
            fine,
            limit=_half_way(work, sides > 0, grid, self.threshold_HU),
        )
        unseen = outside_field(ct)
        if unseen is not None:
            values[unseen] = 0
        if mask is not None:
            values[sitk.GetArrayViewFromImage(mask) == 0] = 0
            if not values.any():
                raise InputError("There is no lung inside the mask: leave the mask out, or draw it around the lungs.")
        return Geometry.of(image).image_of(values)


def _lungs(
    settings: CtLungs, ct: sitk.Image, work: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sides (1 right, 2 left) on the grid, what was closed in, and what is air but no lung. Raises InputError."""
    outline, tree, part, close = progress.parts(4, 2, 1, 4)
    body = body_region(work, grid, BODY_HU, OPENING_MM, BODY_CLOSING_MM, outline)
    air = body & (work < settings.threshold_HU)
    airway = np.zeros(air.shape, bool)
    if settings.leave_out_airways and grid.dimension == 3 and min(grid.size) > 1:
        airway = _large_airways(ct, work, body, grid, tree)
    outside = ~body & ~unseen_region(work)
    lungs = _parenchyma(work, air & ~airway, outside, grid, settings.minimum_volume_mm3)
    if not lungs.any():
        raise InputError(_why_none(work, body, air, settings))
    sides = sides_of(lungs, work, middle_of_body(work, body, grid), grid, part)
    other = air & ~lungs
    whole = np.zeros_like(sides)
    for side, share in zip((RIGHT, LEFT), close.parts(1, 1), strict=True):
        one = sides == side
        if one.any():
            one = ndimage.binary_fill_holes(
                closed(one, grid, settings.closing_mm, share) if settings.closing_mm else one
            )
            whole[one & body & (whole == 0) & ((sides == 0) | (sides == side))] = side
    wide_gas = other & (ndimage.uniform_filter(other.astype(np.float32), 3) > 0.99)
    whole[wide_gas] = 0
    return whole, (whole > 0) & ~lungs, dilated(other, grid, max(grid.spacing)) & (whole == 0)


def _half_way(work: np.ndarray, lungs: np.ndarray, grid: Geometry, threshold_hu: float) -> np.ndarray:
    """HU (z, y, x) where lung ends: half way to soft tissue, and the threshold at least. Where the threshold is lower
    than half way of usual lung, half way is as much lower."""
    inside = eroded(lungs, grid, DEEP_MM) & (work < threshold_hu)
    parenchyma = mean_within(work, inside, grid, AROUND_SD_MM)
    half_way = (parenchyma + SOFT_TISSUE_HU) / 2 + min(threshold_hu - USUAL_HU, 0)
    return np.where(parenchyma < threshold_hu, np.maximum(threshold_hu, half_way), threshold_hu)


def _large_airways(
    ct: sitk.Image, work: np.ndarray, body: np.ndarray, grid: Geometry, progress: Progress
) -> np.ndarray:
    """Lumen and wall of the trachea and of the bronchi near it, on the grid."""
    find, sample, follow = progress.parts(2, 1, 4)
    axis = find_trachea(work, grid, body, find)
    if not len(axis):
        return np.zeros(body.shape, bool)
    reach = np.array([AROUND_MM, AROUND_MM, BELOW_MM])
    box = axis.min(axis=0) - reach, axis.max(axis=0) + reach * [1, 1, 0]
    fine = patient_grid(Geometry.of(ct), AIRWAY_MM, box)
    values = sitk.GetArrayFromImage(
        resample(ct, fine, default_value=AIR_HU, pixel_type=sitk.sitkFloat32, progress=sample)
    )
    inside = sitk.GetArrayFromImage(resample(grid.image_of(body), fine, interpolator=sitk.sitkNearestNeighbor)) != 0
    seeds = np.zeros(values.shape, bool)
    index = np.rint(fine.indices(axis)).astype(int)
    index = index[((index >= 0) & (index < fine.size)).all(axis=1)]
    seeds[tuple(index[:, ::-1].T)] = True
    lumen = airway_tree(values, fine, inside, follow, seeds)
    wide = dilated(lumen, fine, WALL_MM)
    return sitk.GetArrayFromImage(resample(fine.image_of(wide), grid, interpolator=sitk.sitkNearestNeighbor)) != 0


def _parenchyma(work: np.ndarray, air: np.ndarray, outside: np.ndarray, grid: Geometry, least_mm3: float) -> np.ndarray:
    """Those pieces of air that are lung."""
    air = air & ~_gas(work, air, grid)
    pieces, count = ndimage.label(air)
    inside = eroded(air, grid, INSIDE_MM)
    tissue = inside & (work > PARENCHYMA_HU[0]) & (work < PARENCHYMA_HU[1])
    rim = air & ~ndimage.binary_erosion(air, border_value=1)
    open_rim = air & ndimage.binary_dilation(outside)
    volume, deep, dense, border, open_border = (
        np.bincount(pieces[where], minlength=count + 1) for where in (air, inside, tissue, rim, open_rim)
    )
    volume[0] = 0
    keep = (volume * grid.voxel_volume >= least_mm3) & (deep >= LEAST_INSIDE * volume)
    keep &= open_border <= MOST_OUTSIDE * border
    large = volume >= SMALL * volume[keep].max(initial=0)
    keep &= dense >= np.where(large, LEAST_PARENCHYMA, LEAST_IN_SMALL) * np.maximum(deep, 1)
    keep &= (volume * grid.voxel_volume >= TINY_MM3) | (deep >= LEAST_INSIDE_TINY * volume)
    keep[0] = False
    lungs = work[inside & (keep & large)[pieces]]
    if lungs.size:
        small = np.flatnonzero(keep & ~large)
        middle = ndimage.median(work, np.where(inside, pieces, 0), small) if small.size else np.zeros(0)
        keep[small] = np.asarray(middle) > np.percentile(lungs, DARK_PERCENT)
    return (keep & _near_large(pieces, keep, large, grid))[pieces]


def _near_large(pieces: np.ndarray, keep: np.ndarray, large: np.ndarray, grid: Geometry) -> np.ndarray:
    """Which pieces, by number, lie in the slices of the large ones or some mm beside them."""
    near = np.ones(len(keep), bool)
    if pieces.ndim == 2 or not (keep & large).any():
        return near
    boxes = ndimage.find_objects(pieces)
    sure = [boxes[number - 1][0] for number in np.flatnonzero(keep & large)]
    first, last = min(part.start for part in sure), max(part.stop for part in sure)
    reach = NEAR_LUNGS_MM / grid.spacing[2]
    near[1:] = [box[0].stop > first - reach and box[0].start < last + reach for box in boxes]
    return near


def _gas(work: np.ndarray, air: np.ndarray, grid: Geometry) -> np.ndarray:
    """Gas (z, y, x) that is no lung: black inside and with tissue around, where bullae have lung around.

    A thin diaphragm or bowel wall between it and the lung may be lost in a voxel, so that they are one piece: they are
    parted where the tissue between them is densest.
    """
    deep = eroded(air, grid, INSIDE_MM)
    cores, _ = ndimage.label(deep & (work < PARENCHYMA_HU[0]))
    gas = np.zeros(air.shape, bool)
    reach = INSIDE_MM + GAS_SHELL_MM
    for number, box in enumerate(ndimage.find_objects(cores), 1):
        around = grown(box, grid, reach)
        core = cores[around] == number
        if np.count_nonzero(core) * grid.voxel_volume < GAS_MM3:
            continue
        place, values = grid_of_box(grid, around), work[around]
        distance = distance_to(core, place)
        shell = (distance > INSIDE_MM) & (distance <= reach)
        dense = values > PARENCHYMA_HU[1]
        if dense[shell].mean() > GAS_TISSUE and not _is_lobe(core, shell & ~dense, values, place):
            gas[around] |= core
    if not gas.any():
        return gas
    away = distance_to(gas, grid)
    lung, count = ndimage.label(deep & (work > PARENCHYMA_HU[0]) & (work < PARENCHYMA_HU[1]))
    size, beside = (np.bincount(lung[where], minlength=count + 1) for where in (lung > 0, (lung > 0) & (away <= reach)))
    sure = (size * grid.voxel_volume >= LUNG_MM3) & (beside < LUNG_BESIDE * size)
    gas |= air & (away <= INSIDE_MM + max(grid.spacing))
    marks = np.where(gas, GAS, np.where(sure[lung], LUNG, np.where(air, 0, TISSUE))).astype(np.uint8)
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    flood.SetFullyConnected(False)
    parted = execute(flood, grid.image_of(work.astype(np.int16)), grid.image_of(marks), message="Parting bowel gas")
    return sitk.GetArrayFromImage(parted) == GAS


def _is_lobe(core: np.ndarray, rim: np.ndarray, values: np.ndarray, grid: Geometry) -> bool:
    """Whether black air is dark lung. rim: what is no tissue around it."""
    if not rim.any() or np.median(values[rim]) > LUNG_RIM_HU:
        return False
    whole = closed(core, grid, VESSEL_MM)
    return float((values[whole] > VESSEL_HU).mean()) > VESSEL_SHARE


def _why_none(work: np.ndarray, body: np.ndarray, air: np.ndarray, settings: CtLungs) -> str:
    if not body.any():
        return "No lung was found, because there is no body: nothing thick enough is above -300 HU."
    if not air.any():
        return (
            f"No lung was found: in the body nothing is below {settings.threshold_HU:g} HU (its darkest place has "
            f"{work[body].min():.0f} HU). Choose an image that shows the chest, or raise the threshold."
        )
    return (
        f"No lung was found: the {np.count_nonzero(air)} places of air in the body are bowel gas, airway, or smaller "
        f"than {settings.minimum_volume_mm3:g} mm3. Choose an image that shows the chest, or lower the smallest volume."
    )
