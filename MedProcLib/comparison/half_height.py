"""Findings outlined anew in each study's own voxels, where they fall to half of their height."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ..core.boxes import boxes_of, grown
from ..core.geometry import Geometry, resample
from ..core.image_filter import Box, grid_of_box
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT, Progress
from ..core.voxels import values_of
from ..segmentation.common.connectivity import connected_components
from ..segmentation.common.morphology import distance_to
from .intensity import blurred
from .inverse import inverted

# The tissue around a finding is what lies this far from it (mm), and from other findings.
AROUND_MM, APART_MM, FEWEST_AROUND = (2.5, 6.0), 1.5, 20
# A finding is this many times as high as the tissue around (its same percentile); else it stands out from nothing.
STANDS_OUT = 1.5
# Where the tissue around is below zero, or this percentile of what lies around is by this share of it, zero is no lack
# of signal (HU, normalized images), and values are in no proportion to it.
BELOW_ZERO, LOWEST_PERCENT = 0.1, 5
# Height and outline depend on each other; after so many rounds they hardly change.
ROUNDS = 5
# What lies this deep within a finding, if there is so much of it, shows its contrast: lesions of MS fade over 0.8 mm
# (SD) at their border, as measured on 11 lesions of one patient; CORE_MM is twice that.
CORE_MM, CORE_MM3 = 1.6, 20.0
# Less than this of the other study's volume is a vessel or a fold at its border, even if it was outlined before.
REMNANT_PERCENT = 2.0


@operation(
    "comparison.half_height_outlines",
    title="Outlines at half height",
    gives=("fixed_labels", "moving_labels"),
    dimensions=(3,),
    source="Full width at half maximum, the size of a blurred body: Amado et al., J. Am. Coll. Cardiol. 44(12), 2004",
)
class HalfHeightOutlines:
    """Outline bright findings where each study's own image falls to half of their height above the tissue around.

    What detects change is made to miss little, so its regions reach too far. Here a finding (a value of either label
    map) is what lies within or next to its region and above half of its height: of the median of its core, or where it
    is too small for one, of what is brightest. The height is the same in both studies, as far as the tissue around
    tells how they compare. A study where nothing of it is left does not have it. The studies may lie on grids of their
    own, with the transform between them (intensities need not be matched).
    In a comparison, findings that did not change keep one outline, that of the first study.
    """

    share_percent: Annotated[float, Range(1, 99, "%"), "share of the height at which the border is"] = 50.0
    plateau_percent: Annotated[
        float, Range(50, 100, "%"), "the height of a finding without a core is this percentile of its values"
    ] = 90.0
    smoothing_mm: Annotated[float, Range(0, 10, "mm"), "SD of the smoothing of both images"] = 0.5
    reach_mm: Annotated[float, Range(0, 20, "mm"), "how far an outline may reach beyond the detected region"] = 1.5
    minimum_volume_mm3: Annotated[
        float, Range(0, 1e6, "mm3"), "a study without a piece of a finding of this size does not have it"
    ] = 10.0
    least_percent: Annotated[
        float, Range(0, 100, "%"), "nor does one with less than this of the other's volume that was not outlined before"
    ] = 30.0

    def __call__(self, fixed, moving, fixed_labels, moving_labels, transform=None, progress=SILENT):
        labels = fixed_labels, moving_labels
        moves = transform or sitk.Transform(3, sitk.sitkIdentity)
        return self.outlined((fixed, moving), labels, labels, moves, frozenset(), progress)

    def outlined(
        self,
        images: Sequence[sitk.Image],
        labels: Sequence[sitk.Image],
        before: Sequence[sitk.Image],
        transform: sitk.Transform,
        unchanged: Collection[int],
        progress: Progress = SILENT,
    ) -> list[sitk.Image]:
        """Label maps of both studies, each image and label map on its study's grid.

        before: what was outlined in each study by itself, whatever its values; transform: points of the first to
        points of the other; unchanged: findings that are outlined in the first study alone, so that the other one's
        outline stays. One that stands out nowhere stays as it is.
        """
        sides = _sides(images, labels, before, transform)
        found = [boxes_of(side.regions) for side in sides]
        numbers = sorted({*found[0], *found[1]})
        for done, number in enumerate(numbers):
            progress(done / len(numbers), "Outlining findings")
            looks = [
                side.look(self, number, boxes[number]) if number in boxes else None
                for side, boxes in zip(sides, found, strict=True)
            ]
            if number in unchanged:
                looks[1] = None
            self._outline(sides, looks, number)
        return [side.grid.image_of(side.result) for side in sides]

    def _outline(self, sides: "Sequence[_Side]", looks: "Sequence[_Look | None]", number: int) -> None:
        pairs = [(side, look) for side, look in zip(sides, looks, strict=True) if look is not None]
        there = [look for _, look in pairs]
        if not any(look.stands_out for look in there):
            return
        heights = _common(there, self.share_percent) if len(there) == 2 else [look.height for look in there]
        outlines = [look.above(self, height) for look, height in zip(there, heights, strict=True)]
        volumes = [np.count_nonzero(o) * side.grid.voxel_volume for o, (side, _) in zip(outlines, pairs, strict=True)]
        enough = self.least_percent / 100 * max(volumes, default=0.0)
        for outline, volume, (side, look) in zip(outlines, volumes, pairs, strict=True):
            known = np.any(side.before[look.box] & outline) and volume >= REMNANT_PERCENT / 100 * max(volumes)
            if volume < enough and not known:
                outline[:] = False
        if not any(outline.any() for outline in outlines):
            return
        for outline, (side, look) in zip(outlines, pairs, strict=True):
            part = side.result[look.box]
            part[part == number] = 0
            part[outline] = number


@dataclass(frozen=True)
class _Side:
    """A study: values (z, y, x), and which are numbers; before: what was outlined in it by itself; regions: what either
    study shows of each finding, on its grid."""

    grid: Geometry
    values: np.ndarray
    valid: np.ndarray
    before: np.ndarray
    regions: np.ndarray
    result: np.ndarray

    def look(self, rule: HalfHeightOutlines, number: int, box: Box) -> "_Look | None":
        """The finding and what is around it; None where nothing is around it."""
        wide = grown(box, self.grid, max(AROUND_MM[1], rule.reach_mm))
        grid, regions, valid = grid_of_box(self.grid, wide), self.regions[wide], self.valid[wide]
        region, others = regions == number, (regions != number) & (regions != 0)
        distance = distance_to(region, grid)
        free = distance_to(others, grid) > APART_MM if others.any() else np.ones(region.shape, bool)
        around = (distance > AROUND_MM[0]) & (distance <= AROUND_MM[1]) & free & valid
        if np.count_nonzero(around) < FEWEST_AROUND:
            return None
        values = blurred(self.values[wide], grid, rule.smoothing_mm) if rule.smoothing_mm else self.values[wide]
        base = float(np.median(self.values[wide][around]))
        near = (distance <= rule.reach_mm) & ~others & valid
        level = rule.plateau_percent
        height, volume, has_core = _height(rule, values, region & valid, near, base, grid)
        stands_out = height > STANDS_OUT * (float(np.percentile(values[around], level)) - base)
        stands_out &= volume >= rule.minimum_volume_mm3
        lowest = float(np.percentile(self.values[wide][valid], LOWEST_PERCENT))
        in_proportion = base > 0 and lowest >= -BELOW_ZERO * base
        return _Look(wide, grid, values, region, near, base, height, has_core, stands_out, in_proportion)


def _height(
    rule: HalfHeightOutlines, values: np.ndarray, region: np.ndarray, near: np.ndarray, base: float, grid: Geometry
) -> tuple[float, float, bool]:
    """Height of a finding above what is around it, the volume (mm³) of what is above its share of that, and whether it
    has a core, of which that is the height.

    Found from the brightest voxel outward: the region may reach so far that most of it is other tissue.
    """
    if not region.any():
        return 0.0, 0.0, False
    brightest = np.unravel_index(np.argmax(np.where(region, values, -np.inf)), values.shape)
    height = float(values[brightest]) - base

    def outline() -> np.ndarray:
        inside = (near | region) & (values > base + rule.share_percent / 100 * height)
        numbers, _ = connected_components(grid.image_of(inside), "face")
        return inside & (numbers == numbers[brightest])

    for _ in range(ROUNDS):
        inside = outline()
        if not inside[brightest]:  # not above what is around
            return height, 0.0, False
        height = float(np.percentile(values[inside], rule.plateau_percent)) - base
    inside = outline()
    # from the last voxel center within to the border
    depth = distance_to(~inside, grid) - min(grid.spacing) / 2
    core = inside & (depth >= CORE_MM)
    has_core = bool(np.count_nonzero(core) * grid.voxel_volume >= CORE_MM3)
    if has_core:
        height = min(height, float(np.median(values[core])) - base)
    return height, float(np.count_nonzero(inside) * grid.voxel_volume), has_core


@dataclass(frozen=True)
class _Look:
    """A finding in a box of a study: smoothed values, its region, where it may be; base and height of its values,
    whether that is of a core, whether it is higher than what is around, and whether values are in proportion to the
    signal."""

    box: Box
    grid: Geometry
    values: np.ndarray
    region: np.ndarray
    near: np.ndarray
    base: float
    height: float
    has_core: bool
    stands_out: bool
    in_proportion: bool

    def above(self, rule: HalfHeightOutlines, height: float) -> np.ndarray:
        """What of it is above its share of a height (z, y, x), without pieces beside the region and small ones."""
        inside = self.near & (self.values > self.base + rule.share_percent / 100 * height)
        numbers, counts = connected_components(self.grid.image_of(inside), "face")
        met = np.bincount(numbers[self.region], minlength=counts.size) > 0
        met &= counts * self.grid.voxel_volume >= rule.minimum_volume_mm3
        met[0] = False
        return met[numbers]


def _common(looks: "Sequence[_Look]", share_percent: float) -> list[float]:
    """Heights of a finding in both studies as if it had the same one in both.

    That is the mean of those of cores, as the larger of two is too large by their errors. It is the larger one where no
    study shows a core, since thick slices lower a small one's, and where a core faded to less than the share of it.

    Intensities are taken to be proportional, as in MR, by the tissue around; those of a scale whose zero means nothing,
    to be the same in both studies.
    """
    one, two = looks
    gain = two.base / one.base if one.in_proportion and two.in_proportion else 1.0
    heights = one.height, two.height / gain
    of_cores = [height for height, look in zip(heights, looks, strict=True) if look.has_core]
    height = max(heights)
    if of_cores and min(of_cores) >= share_percent / 100 * height:
        height = sum(of_cores) / len(of_cores)
    return [height, height * gain]


def _sides(
    images: Sequence[sitk.Image], labels: Sequence[sitk.Image], before: Sequence[sitk.Image], transform: sitk.Transform
) -> list[_Side]:
    grids = [Geometry.of(image) for image in images]
    own = [sitk.GetArrayFromImage(each).astype(np.int32) for each in labels]
    ways = (transform, inverted(transform, grids[0]))
    sides = []
    for n, way in enumerate(ways):
        other = resample(grids[1 - n].image_of(own[1 - n]), grids[n], way, sitk.sitkNearestNeighbor)
        regions = np.where(own[n] != 0, own[n], sitk.GetArrayViewFromImage(other))
        shown = sitk.GetArrayViewFromImage(before[n]) != 0
        sides.append(_Side(grids[n], *values_of(images[n]), shown, regions, own[n].copy()))
    return sides
