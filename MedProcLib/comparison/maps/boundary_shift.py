"""Percentage volume change of brain or organ by the boundary shift integral."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...enhancement.shading.n4 import N4
from ...quantification.row import Row
from ...quantification.uncertainty.interval import TWO_SIDED_95
from ...segmentation.common.connectivity import steps
from ...segmentation.common.morphology import dilated
from ..intensity import LOWEST_SIGNAL, MOST, shared, smooth_part
from .boundary_scale import Pair, ratio_error, shifted_scales
from .boundary_window import (
    DEEP_MM,
    Window,
    brain_levels,
    core_of,
    organ_levels,
    organ_places,
    pure_places,
    to_one_scale,
    window_of,
)
from .regions import require_one_grid, require_region, scale_of

# Of a known change so much was found: real T1 scaled, or shrunk within their skulls, 0.79 to 1.0; phantoms 1.0.
FOUND_LEAST, FOUND_MOST = 0.78, 1.05
# Brains of which less is common (Dice) are not two studies of one contrast.
LEAST_COMMON = 0.7


@operation(
    "comparison.boundary_shift",
    title="Percentage volume change (boundary shift)",
    gives=("maps", "table"),
    dimensions=(3,),
    source="Freeborough & Fox, IEEE TMI 16(5), 1997; Leung et al., NeuroImage 50(2), 2010 (KN-BSI); bias: Lewis & Fox, "
    "NeuroImage 23, 2004",
)
class BoundaryShift:
    """Volume change of brain or organ between two aligned studies, from how far its boundary moved.

    In the border region, what of each voxel's intensity lies between outside and inside is compared and summed, so that
    shifts far below a voxel count. The shading that the mean of two brains shows is divided out of both alike.
    Intensities are brought to one scale by the means deep inside fluid and white matter (or surroundings and organ);
    the window is from one SD inside fluid (surroundings) to one SD before gray matter (organ). Swapping the studies
    changes the sign and nothing else. Needs a mask in each study: of the brain with its ventricles and fluid, or of the
    organ; both studies should have been resampled alike (half-way space). The 95 % interval rests on the scatter
    between blocks of the border, on how noise moves the means that bring the studies to one scale, and on the share of
    a known change that the integral finds, 0.78 to 1.05 (fluid in thin clefts is never pure). What all of the border
    shares is not in it, such as a wrong voxel size.
    """

    structure: Annotated[
        Literal["brain_T1", "brain_T2", "brain_FLAIR", "organ"],
        "brain: against its fluid, within the mask; organ: against what surrounds the mask",
    ] = "brain_T1"
    border_mm: Annotated[
        float, Range(0, 20, "mm"), "the border region reaches this far (and one voxel at least) in and out"
    ] = 2.0
    window_sd: Annotated[float, Range(0, 3, "SD"), "SD of the tissues by which the window ends before their means"] = (
        1.0
    )
    bias_mm: Annotated[
        float, Range(0, 200, "mm"), "brain: scale of the smooth ratio of the studies to even out; 0 leaves all shading"
    ] = 40.0
    block_mm: Annotated[float, Range(1, 100, "mm"), "side of the blocks whose scatter gives the interval"] = 12.0

    def __call__(self, fixed, moving, fixed_mask, moving_mask, progress=SILENT):
        require_one_grid(fixed, moving, fixed_mask, moving_mask)
        first, other, _ = shared(fixed, moving, fixed_mask, moving_mask)
        grid, unit = Geometry.of(fixed), scale_of(first, other)
        masks = sitk.GetArrayViewFromImage(fixed_mask) != 0, sitk.GetArrayViewFromImage(moving_mask) != 0
        values = (first / unit, other / unit)
        if self.bias_mm and self.structure != "organ":
            values = _without_shading(values, masks[0] & masks[1], grid)
        values, window, places = self._matched(values, masks, grid)
        progress(0.4, "Evening out brightness")
        core = self._core(self._insides(values, masks, window), grid)
        shifted = shifted_scales(values, places, self.block_mm, grid)
        values = self._without_ratio(values, core, grid)
        insides = self._insides(values, masks, window)
        progress(0.6, "Integrating the shift")
        border = self._border(insides, grid) & _grown(masks[0] | masks[1], grid, self.border_mm)
        for image in (fixed, moving):
            border &= np.isfinite(sitk.GetArrayViewFromImage(image))
        require_region(border, "The border")
        shift = window.shift(values, border)
        error = ratio_error(shift, border, self.block_mm, grid)
        for pair in shifted:
            other_shift = window.shift(self._without_ratio(pair, core, grid), border)
            error = float(np.hypot(error, (other_shift - shift).sum(dtype=np.float64)))
        row = Row(0, self.structure, None, self._figures(shift, error, border, insides, grid))
        return {"boundary_shift": grid.image_of(shift)}, [row]

    def _matched(self, values: Pair, masks: Pair, grid: Geometry) -> tuple[Pair, Window, list[np.ndarray]]:
        """Both studies on one scale, the window on it, and the places whose means made it."""
        if self.structure == "organ":
            places = organ_places(masks, max(self.border_mm, *grid.spacing), grid)
            levels = organ_levels(values[0], places), organ_levels(values[1], places)
            means = levels[0].means, levels[1].means
        else:
            both, weighting = masks[0] & masks[1], self.structure.split("_")[1]
            levels = brain_levels(values[0][both], weighting), brain_levels(values[1][both], weighting)
            places = pure_places(values, levels, both, grid)
            first, other = (np.array([v[place].mean(dtype=np.float64) for place in places]) for v in values)
            means = first, other
        scales = to_one_scale(*means)
        window = window_of(*levels, scales, self.window_sd)
        one, two = (factor * v + offset for v, (factor, offset) in zip(values, scales, strict=True))
        return (one, two), window, places

    def _insides(self, values: Pair, masks: Pair, window: Window) -> Pair:
        """What is brain or organ in each study: of a brain's mask, only what is no fluid."""
        if self.structure == "organ":
            return masks
        first, other = (mask & (window.share(v) > 0.5) for v, mask in zip(values, masks, strict=True))
        require_region(first & other, "The window")
        if 2 * np.count_nonzero(first & other) < LEAST_COMMON * (np.count_nonzero(first) + np.count_nonzero(other)):
            raise InputError("The two studies show no brain of one contrast within their masks: choose other images.")
        return first, other

    def _border(self, insides: Pair, grid: Geometry) -> np.ndarray:
        either, both = insides[0] | insides[1], insides[0] & insides[1]
        return _grown(either, grid, self.border_mm) & ~core_of(both, grid, self.border_mm)

    def _core(self, insides: Pair, grid: Geometry) -> np.ndarray:
        """Where neither study of a brain has a border; nowhere where the ratio of the studies is to stay."""
        if self.structure == "organ" or not self.bias_mm:
            return np.zeros(insides[0].shape, bool)
        return core_of(insides[0] & insides[1], grid, self.border_mm + DEEP_MM)

    def _without_ratio(self, values: Pair, core: np.ndarray, grid: Geometry) -> Pair:
        """Both studies without the smooth part of their ratio in the core, half from each."""
        core = core & (values[0] > 0) & (values[1] > 0)
        if not core.any():
            return values
        ratio = np.log(np.where(core, values[1], 1) / np.where(core, values[0], 1)).astype(np.float32)
        half = np.exp(smooth_part(ratio, core, grid, self.bias_mm) / 2)
        return values[0] * half, values[1] / half

    def _figures(
        self, shift: np.ndarray, error: float, border: np.ndarray, insides: Pair, grid: Geometry
    ) -> tuple[Measurement, ...]:
        """error: standard error of the sum of the shift, in voxels."""
        voxel = grid.voxel_volume
        change, error = float(shift[border].sum(dtype=np.float64)) * voxel, voxel * error
        volumes = [np.count_nonzero(inside) * voxel for inside in insides]
        # of the mean of both, so that swapping the studies changes the sign and nothing else
        percent = 100 / (sum(volumes) / 2)
        low, high = _ends(percent * change, percent * error)
        how = {**self.parameters, "percent_of": "mean volume of both studies"}  # type: ignore[attr-defined]
        figures = (
            ("percentage_volume_change", percent * change, "%"),
            ("percentage_volume_change_low", low, "%"),
            ("percentage_volume_change_high", high, "%"),
            ("volume_change", change, "mm3"),
            ("volume_change_standard_error", error, "mm3"),
            ("volume_first", volumes[0], "mm3"),
            ("volume_other", volumes[1], "mm3"),
            ("border_voxels", float(np.count_nonzero(border)), "voxels"),
        )
        return tuple(Measurement(name, value, unit, None, how) for name, value, unit in figures)


def _ends(change: float, error: float) -> tuple[float, float]:
    """Ends of the 95 % interval of a change found with a standard error, by the share of a known change it may be."""
    noise = TWO_SIDED_95 * error
    beyond, short = (float(np.hypot(noise, change * (1 / share - 1))) for share in (FOUND_LEAST, FOUND_MOST))
    return (change - beyond, change + short) if change < 0 else (change - short, change + beyond)


def _grown(region: np.ndarray, grid: Geometry, radius_mm: float) -> np.ndarray:
    """The region grown by the radius, and along every axis by one voxel at least."""
    return dilated(region, grid, radius_mm) | ndimage.binary_dilation(region, steps("face", 3))


def _without_shading(values: Pair, region: np.ndarray, grid: Geometry) -> Pair:
    """Both studies divided by the one field of their mean, which makes no difference between them.

    A coil's shading widens the classes until they hardly part. Negative values are those of images without shading.
    """
    if min(np.percentile(v[region], LOWEST_SIGNAL) for v in values) < 0:
        return values
    mean = sum(v / max(float(np.median(v[region])), 1e-6) for v in values)
    image, mask = grid.image_of(np.asarray(mean, np.float32)), grid.image_of(region)
    # beyond the masks it is a guess
    field = np.clip(sitk.GetArrayFromImage(N4(output="field")(image, mask)), 1 / MOST, MOST)
    return values[0] / field, values[1] / field
