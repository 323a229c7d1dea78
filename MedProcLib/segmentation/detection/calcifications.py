"""Calcifications in CT: small dense spots that are no bone."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, special

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.hounsfield import AGATSTON_WEIGHTS
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.statistics import median_and_sd
from ...core.voxels import inside, values_of
from ..anatomy.contrast import bright_soft_tissue, in_lung, parted_from, variation
from ..anatomy.costal_cartilage import costal_cartilage
from ..anatomy.ct_body import body_region
from ..common.connectivity import connected_components
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.morphology import dilated
from ..common.patient_grid import on_patient_grid
from .candidate import Candidate
from .listing import ball_diameter

# Soft tissue begins there.
SOFT_TISSUE_HU = -100.0
MEAN_VOXELS = 5
# Blurred noise and streaks are seen as what remains of the image once its mean over such a box is taken off.
RESIDUAL_MM = 5.0
# Voxels that noise alone lifts so high are too few (0.6 %) to hang together.
BONE_SD = 2.5
# Thin bone is denser than this (as in segmentation.ct_bones), with so much of it above the threshold; organs are not.
THIN_BONE_HU, DENSE_SHARE = 110.0, 1 / 3
# Where contrast fills vessels and organs, on voxels of this side: even (SD in HU) and denser than this at least.
CONTRAST_MM, EVENNESS_HU, CONTRAST_HU = 1.5, 9.0, 110.0
# Beside contrast bone goes so far above it, as in segmentation.ct_bones.
CORTEX_HU = 120.0
# The body, as in segmentation.ct_bones, on voxels of this side; spots of the table lie farther from it than the last.
BODY_MM, BODY_HU, OPENING_MM, BODY_CLOSING_MM, SKIN_MM = 3.0, -300.0, 4.0, 6.0, 3.0
# Calcium in the front wall of the chest that is larger than this (mm3) is that of the ribs' cartilages; breasts have
# smaller ones. Around larger ones in a breast are fat and gland: of what lies so far from a spot a fourth is denser
# than this in cartilage (HU; 67 and more around 95 % of 133 spots of six CT), not there.
CARTILAGE_MM3, SHELL_MM, SHELL_PERCENT, CARTILAGE_HU = 20.0, (2.0, 5.0), 75.0, 60.0
# Streaks and noise are as strong as they are in the tissue of this cube around a spot, if that has so many voxels.
AROUND_MM, LEAST_AROUND = 20.0, 50


@operation(
    "segmentation.calcifications",
    title="Calcifications (CT)",
    gives=("labels", "candidates"),
    source="Agatston et al., Quantification of coronary artery calcium using ultrafast computed tomography, "
    "J. Am. Coll. Cardiol. 15(4), 1990 (130 HU, weights by peak)",
)
class Calcifications:
    """Find small dense spots in a CT, such as calcified plaque, nodes or stones; what is connected to bone is left out.

    The threshold rises above 130 HU where noise alone would give more false spots than allowed: it is where so many
    voxels of soft tissue with the image's noise are expected to exceed it. Where contrast fills vessels or organs it
    rises above these likewise, so that fainter calcium is lost: an image without contrast shows more. A spot must stand
    out likewise from the noise and streaks of the soft tissue around it; beside air (skin, vessels of the lung), where
    sharp kernels overshoot, from the other tissue beside air, so that faint spots in the lung are lost. What lies
    outside the body, and in a chest what is larger than 20 mm³ in the front wall and not surrounded by fat or gland
    (cartilages of ribs), is left out. Numbered by their peak.
    """

    threshold_HU: Annotated[float, Range(50, 2000, "HU"), "a spot is denser than this"] = 130.0
    expected_false: Annotated[
        float, Range(0.001, 1000), "false spots by noise that are allowed in the region searched"
    ] = 1.0
    smallest_mm3: Annotated[float, Range(0, 1000, "mm3"), "smaller spots are left out (2D: mm²)"] = 1.0
    largest_mm3: Annotated[float, Range(1, 1e6, "mm3"), "larger dense things are taken for bone (2D: mm²)"] = 1500.0
    bone_distance_mm: Annotated[
        float, Range(0, 30, "mm"), "spots nearer to bone than this are left out: they are its edge"
    ] = 2.0

    structures = {0: "calcification"}  # noqa: RUF012 - read only

    def __call__(self, image, mask=None, progress=SILENT):
        _, valid = values_of(image)
        region = inside(mask, valid)
        reading, filling, dividing, dividing_bone, parting, placing = progress.parts(1, 3, 3, 3, 1, 2)
        ct = hounsfield(image, reading)
        values = sitk.GetArrayFromImage(ct).astype(np.float32)
        grid = Geometry.of(image)
        noise = _Noise.of(values, region, grid, self.threshold_HU)
        limit = max(self.threshold_HU, noise.exceeded_by(self.expected_false))
        contrast = _Contrast.of(ct, self.largest_mm3, filling)
        if contrast is not None:
            noise = replace(noise, middle=contrast.level, sd=noise.least_sd)
            limit = max(limit, noise.exceeded_by(self.expected_false))
        bone = _bone(values, self.threshold_HU, self.largest_mm3, noise, grid, dividing_bone)
        spots, _ = connected_components(grid.image_of((values > limit) & ~bone & region), "corner", dividing)
        if bone.any() and self.bone_distance_mm:
            spots[np.isin(spots, np.unique(spots[dilated(bone, grid, self.bone_distance_mm, parting)]))] = 0
        counts = np.bincount(spots.ravel())
        counts[0] = 0
        kept = np.flatnonzero((counts > 0) & (counts * grid.voxel_volume >= self.smallest_mm3 * (1 - 1e-9)))
        where = np.flatnonzero(spots)  # few voxels: sorting all of them takes longer than the rest
        numbers = spots.ravel()[where]
        if contrast is not None and self.bone_distance_mm:
            kept = np.setdiff1d(kept, numbers[contrast.near_bone(where, grid, self.bone_distance_mm)])
        if kept.size:
            outside, wall = _elsewhere(ct, where, placing)
            kept = np.setdiff1d(kept, _mostly(numbers, outside))
            large = kept[counts[kept] * grid.voxel_volume > CARTILAGE_MM3]
            in_wall = np.intersect1d(large, _mostly(numbers, wall)).tolist()
            kept = np.setdiff1d(kept, [n for n in in_wall if _in_cartilage(values, where[numbers == n], grid)])
        order = np.lexsort((where, -values.ravel()[where], numbers))
        places = where[order[np.searchsorted(numbers[order], kept)]]
        needed = -float(special.ndtri(min(self.expected_false / noise.voxels, 0.5)))
        clear = np.array([_stands_out(values, at, grid, self.threshold_HU, needed) for at in places], bool)
        kept, places = kept[clear], places[clear]
        if not kept.size:
            raise InputError(
                f"No spot above {limit:.0f} HU of {self.smallest_mm3:g} mm³ or more apart from bone: lower the "
                "threshold or allow more false spots."
            )
        densest = np.argsort(-values.ravel()[places], kind="stable")
        kept, places = kept[densest], places[densest]
        renumbered = np.zeros(counts.size, np.uint8 if kept.size < 256 else np.uint32)
        renumbered[kept] = np.arange(1, kept.size + 1)
        labels = renumbered[spots]
        return grid.image_of(labels), _candidates(values, places, counts[kept], grid, noise, limit)


def _bone(
    values: np.ndarray, threshold: float, largest_mm3: float, noise: "_Noise", grid: Geometry, progress: Progress
) -> np.ndarray:
    """Dense things (z, y, x) too large for a spot: pieces above the threshold, or above that of thin bone.

    Where voxels show a part of a thin bone only, it falls into pieces above the threshold. It is sought everywhere,
    since a mask may cut it into small pieces, and where noise does not hang together.
    """
    result = np.zeros(values.shape, bool)
    quiet = noise.middle + BONE_SD * noise.sd
    levels = {max(each, quiet) for each in (threshold, min(threshold, THIN_BONE_HU))}
    for level, part in zip(levels, progress.parts(*[1.0] * len(levels)), strict=True):
        pieces, counts = connected_components(grid.image_of(values > level), "corner", part)
        dense = np.bincount(pieces[values > threshold], minlength=counts.size)
        bone = (counts * grid.voxel_volume > largest_mm3) & (dense >= DENSE_SHARE * counts)
        bone[0] = False
        result |= bone[pieces]
    return result


@dataclass(frozen=True)
class _Contrast:
    """HU of the brightest vessels or organs that are full of contrast, and the bone beside them, on a grid of its own.

    Above the level of contrast the marrow is gone and bone falls into pieces as small as spots, so it is sought below.
    """

    level: float
    bone: np.ndarray
    grid: Geometry

    @classmethod
    def of(cls, ct: sitk.Image, largest_mm3: float, progress: Progress) -> "_Contrast | None":
        """None when there is no contrast."""
        if _is_flat(ct):
            return None
        sample, even, part = progress.parts(1, 2, 1)
        grid, work = on_patient_grid(ct, CONTRAST_MM, AIR_HU, SOFT_TISSUE_HU, progress=sample)
        dense = work > CONTRAST_HU
        varies = variation(work, grid, even)
        filled, level = bright_soft_tissue(work, varies, dense, grid, EVENNESS_HU, CONTRAST_HU)
        if not filled.any():
            return None
        sure, cortex = dense & (work > level + CORTEX_HU), dense & (work > CONTRAST_HU + CORTEX_HU)
        parted, _ = parted_from(dense, sure, cortex, filled, work, grid, part)
        bone, count = ndimage.label(parted, np.ones((3, 3, 3)))
        keep = np.bincount(bone.ravel(), minlength=count + 1) * grid.voxel_volume > largest_mm3
        keep &= (np.bincount(bone[sure], minlength=count + 1) > 0) & ~in_lung(bone, count, work)
        keep[0] = False
        return cls(level, keep[bone], grid)

    def near_bone(self, where: np.ndarray, grid: Geometry, distance_mm: float) -> np.ndarray:
        """Which voxels (flat indices of a grid) lie in bone or within the distance of it."""
        return _at(dilated(self.bone, self.grid, distance_mm), self.grid, where, grid)


def _is_flat(image: sitk.Image) -> bool:
    return image.GetDimension() == 2 or 1 in image.GetSize()


def _elsewhere(ct: sitk.Image, where: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Which voxels (flat indices) of a volume lie outside the body, and which where cartilages of ribs lie."""
    nowhere = np.zeros(where.size, bool)
    if _is_flat(ct):
        return nowhere, nowhere
    sample, outline = progress.parts(1, 2)
    grid, work = on_patient_grid(ct, BODY_MM, AIR_HU, SOFT_TISSUE_HU, progress=sample)
    body = body_region(work, grid, BODY_HU, OPENING_MM, BODY_CLOSING_MM, outline)
    if not body.any():
        return nowhere, nowhere
    here = Geometry.of(ct)
    outside = ~_at(dilated(body, grid, SKIN_MM), grid, where, here)
    return outside, _at(costal_cartilage(work, body, grid), grid, where, here)


def _in_cartilage(values: np.ndarray, spot: np.ndarray, grid: Geometry) -> bool:
    """Whether the tissue around a spot (flat indices) is as dense as cartilage."""
    places = np.stack(np.unravel_index(spot, values.shape))
    reach = np.ceil(SHELL_MM[1] / np.array(grid.spacing[::-1])).astype(int)
    first = np.maximum(places.min(axis=1) - reach, 0)
    around = values[tuple(slice(*ends) for ends in zip(first, places.max(axis=1) + reach + 1, strict=True))]
    outside = np.ones(around.shape, bool)
    outside[tuple(places - first[:, None])] = False
    away = ndimage.distance_transform_edt(outside, grid.spacing[::-1])
    shell = around[(away > SHELL_MM[0]) & (away < SHELL_MM[1])]
    return not shell.size or bool(np.percentile(shell, SHELL_PERCENT) > CARTILAGE_HU)


def _at(region: np.ndarray, own: Geometry, where: np.ndarray, grid: Geometry) -> np.ndarray:
    """Which voxels (flat indices of a grid) lie in a region of another grid."""
    places = np.stack(np.unravel_index(where, grid.size[::-1]), axis=-1)[:, ::-1]
    at = np.rint(own.indices(grid.points(places))).astype(int)[:, ::-1]
    return region[tuple(np.clip(at, 0, np.array(region.shape) - 1).T)]


def _mostly(numbers: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Numbers of which more than half of the voxels are within."""
    count = np.bincount(numbers)
    return np.flatnonzero(2 * np.bincount(numbers[within], minlength=count.size) > count)


@dataclass(frozen=True)
class _Noise:
    """Soft tissue where spots are sought: its median and the SD of its noise (HU), and how many voxels are searched.

    least_sd: of the noise between neighboring voxels alone.
    """

    middle: float
    sd: float
    least_sd: float
    voxels: int

    @classmethod
    def of(cls, values: np.ndarray, region: np.ndarray, grid: Geometry, below: float) -> "_Noise":
        # by the mean around each voxel, so that noise itself does not decide what is looked at
        around = ndimage.uniform_filter(values, [min(MEAN_VOXELS, n) for n in values.shape])
        tissue = region & (around > SOFT_TISSUE_HU) & (around < below)
        if not tissue.any():
            raise InputError(f"There is no soft tissue ({SOFT_TISSUE_HU:g} HU to the threshold) to look for spots in.")
        least = fine_noise_sd(values, tuple(reversed(grid.spacing)), tissue)
        residual = (values - ndimage.uniform_filter(values, _residual_box(grid)))[tissue]
        sd = max(least, median_and_sd(residual)[1])
        return cls(float(np.median(values[tissue])), sd, least, int(np.count_nonzero(region)))

    def exceeded_by(self, voxels: float) -> float:
        """HU that so many of the voxels searched are expected to exceed by noise alone."""
        return self.middle + self.sd * float(-special.ndtri(min(voxels / self.voxels, 0.5)))

    def above(self, value: float) -> float:
        """How many of the voxels searched are expected to exceed a value (HU) by noise alone."""
        return self.voxels * float(special.ndtr((self.middle - value) / self.sd)) if self.sd > 0 else 0.0


def _residual_box(grid: Geometry) -> list[int]:
    return [
        min(n, 2 * round(RESIDUAL_MM / 2 / mm) + 1) for n, mm in zip(grid.size[::-1], grid.spacing[::-1], strict=True)
    ]


def _stands_out(values: np.ndarray, place: int, grid: Geometry, below: float, deviations: float) -> bool:
    """Whether a voxel (flat index) is so many SD above the tissue around it, or has too little of that to tell.

    In soft tissue the SD is that of noise. Beside air, where sharp kernels overshoot at skin and vessels of the lung,
    it is that of all tissue beside air.
    """
    at = [int(i) for i in np.unravel_index(place, values.shape)]
    reach = [int(AROUND_MM / 2 / mm) for mm in grid.spacing[::-1]]
    cube = tuple(slice(max(0, i - n), i + n + 1) for i, n in zip(at, reach, strict=True))
    around = values[cube]
    mean = ndimage.uniform_filter(around, [min(MEAN_VOXELS, n) for n in around.shape])
    beside_air = mean[tuple(min(i, n) for i, n in zip(at, reach, strict=True))] <= SOFT_TISSUE_HU
    if beside_air:
        tissue = (mean <= SOFT_TISSUE_HU) & (around > SOFT_TISSUE_HU)
    else:
        tissue = (mean > SOFT_TISSUE_HU) & (mean < below)
    if np.count_nonzero(tissue) < LEAST_AROUND:
        return True
    middle, sd = median_and_sd(around[tissue])
    if not beside_air:
        box = [min(pair) for pair in zip(_residual_box(grid), around.shape, strict=True)]
        # of the absolute values, which the spot itself and edges of vessels move less than squares
        residual = (around - ndimage.uniform_filter(around, box))[tissue]
        sd = float(np.mean(np.abs(residual))) * np.sqrt(np.pi / 2)
    return bool(values.flat[place] > middle + deviations * sd)


def _candidates(
    values: np.ndarray, where: np.ndarray, counts: np.ndarray, grid: Geometry, noise: _Noise, limit: float
) -> list[Candidate]:
    """One for each spot, at its densest voxel (flat index)."""
    places = np.stack(np.unravel_index(where, values.shape), axis=-1)
    found = []
    for number, (index, count) in enumerate(zip(places.tolist(), counts.tolist(), strict=True), 1):
        place = tuple(index)
        volume, peak = count * grid.voxel_volume, float(values[place])
        weight = next((weight for least, weight in AGATSTON_WEIGHTS if peak >= least), 0)
        reason = f"peak {peak:.0f} HU (Agatston weight {weight}), {volume:.3g} mm³, threshold {limit:.0f} HU"
        position = tuple(float(x) for x in grid.points(np.array([place[::-1]]))[0])
        diameter = ball_diameter(volume, grid.dimension)
        found.append(Candidate(number, position, diameter, volume, peak, reason, noise.above(peak)))
    return found
