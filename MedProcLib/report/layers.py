"""What a picture shows, brought to its grid: both images, their difference, and the findings of both studies."""

from functools import cached_property

import numpy as np
import SimpleITK as sitk

from ..comparison.result import Change, PairComparison
from ..core.boxes import box_around, boxes_of, union_of
from ..core.geometry import Geometry, resample
from .colors import LOOKS
from .picture import Window, outline, window_of
from .view import View

# around the searched region, so that one sees where in the body it is
MARGIN_MM = 18.0
# a value that is interpolated from less than this share of the study's own is mixed with what lies beyond it
WHOLE = 0.999


class Layers:
    """The things of a pair of studies that pictures are made of, in the half-way space.

    side: 0 is the first study, 1 the other. Rejected findings are not shown.
    """

    def __init__(self, pair: PairComparison) -> None:
        self.pair = pair
        self.images = (pair.fixed_image, pair.moving_image)
        self.labels = (pair.fixed_labels, pair.moving_labels)
        self.transforms = (pair.registration.to_first, pair.registration.to_other)
        self.findings = tuple(finding for finding in pair.findings if finding.status != "rejected")
        self.changes: dict[int, Change] = {finding.number: finding.change for finding in self.findings}

    @cached_property
    def window(self) -> Window:
        inside = sitk.GetArrayViewFromImage(self.pair.region) > 0
        arrays = [sitk.GetArrayViewFromImage(image) for image in self.images]
        return window_of(*(array[inside] if inside.any() else array for array in arrays))

    @cached_property
    def field(self) -> tuple[np.ndarray, float]:
        """What a picture of the whole must show: the searched region's center (LPS) and a side in mm with a margin."""
        grid = self.pair.grid
        box = box_around(sitk.GetArrayViewFromImage(self.pair.region) > 0)
        if box is None:
            return grid.center, float(grid.extent.max())
        middle = np.round([(side.start + side.stop - 1) / 2 for side in reversed(box)])
        sides = [(s.stop - s.start) * spacing for s, spacing in zip(reversed(box), grid.spacing, strict=True)]
        return grid.points(middle)[0], float(min(max(sides) + 2 * MARGIN_MM, grid.extent.max()))

    def whole_slice(self, view: View, point: np.ndarray, pixels: int) -> Geometry:
        """Square picture grid of the field's slice through an LPS point, of one scale for all views."""
        center, side = self.field
        return view.picture(center + view.normal * float((point - center) @ view.normal), side, side, side / pixels)

    @cached_property
    def numbers_on_grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Finding numbers of both studies on the half-way grid, arrays in z, y, x order."""
        return self.numbers(self.pair.grid, 0), self.numbers(self.pair.grid, 1)

    @cached_property
    def boxes(self) -> tuple[dict[int, tuple[slice, ...]], ...]:
        """Per study the box of each finding on the half-way grid, by its number."""
        return tuple(boxes_of(numbers) for numbers in self.numbers_on_grid)

    @cached_property
    def difference_limit(self) -> float:
        """The difference that is shown in full color."""
        values = np.abs(sitk.GetArrayViewFromImage(self.pair.difference))
        inside = sitk.GetArrayViewFromImage(self.pair.region) > 0
        values = values[inside & np.isfinite(values)]
        return max(float(np.percentile(values, 99.5)), 1e-6) if values.size else 1.0

    def values(self, grid: Geometry, side: int) -> np.ndarray:
        """Gray values (height, width) on a picture's grid; not a number outside of what the study shows."""
        return self.values_in(grid, side)[0]

    def values_in(self, grid: Geometry, side: int) -> np.ndarray:
        """Values (z, y, x) of a study on a grid; not a number outside of what it shows, where 0 may be tissue (HU)."""
        values = sitk.GetArrayFromImage(resample(self.images[side], grid, pixel_type=sitk.sitkFloat32))
        share = resample(self._shown[side], grid, pixel_type=sitk.sitkFloat32)
        values[sitk.GetArrayViewFromImage(share) < WHOLE] = np.nan
        return values

    def difference(self, grid: Geometry) -> np.ndarray:
        """Difference (height, width) as a share of difference_limit."""
        return _plane(resample(self.pair.difference, grid)) / self.difference_limit

    def numbers(self, grid: Geometry, side: int) -> np.ndarray:
        """Finding numbers on a grid (z, y, x)."""
        image = resample(self.labels[side], grid, self.transforms[side], sitk.sitkNearestNeighbor)
        return sitk.GetArrayFromImage(image)

    def share_inside(self, grid: Geometry, side: int, number: int) -> np.ndarray:
        """Share (0..1) of a finding at each pixel (height, width), so that its border runs between voxels."""
        box = self._own_boxes[side][number]
        sides = [slice(max(s.start - 1, 0), s.stop + 1) for s in reversed(box)]
        mask = sitk.Cast(sitk.Equal(self.labels[side][sides], number), sitk.sitkFloat32)
        return _plane(resample(mask, grid, self.transforms[side]))

    @cached_property
    def _own_boxes(self) -> tuple[dict[int, tuple[slice, ...]], ...]:
        """Per study the box of each finding on the study's own grid, by its number."""
        return tuple(boxes_of(sitk.GetArrayViewFromImage(labels)) for labels in self.labels)

    @cached_property
    def _shown(self) -> tuple[sitk.Image, ...]:
        """Per study where on the half-way grid its own voxels reach: 1, else 0."""
        ones = (Geometry.of(labels).empty_image() + 1 for labels in self.labels)
        return tuple(
            resample(all_of_it, self.pair.grid, transform, sitk.sitkNearestNeighbor)
            for all_of_it, transform in zip(ones, self.transforms, strict=True)
        )

    def draw_findings(self, rgb: np.ndarray, grid: Geometry, side: int, width: float = 2.0) -> None:
        """Outline the findings of a study in their class's color."""
        for number in np.unique(self.numbers(grid, side)):
            if number and int(number) in self.changes:
                inside = self.share_inside(grid, side, int(number))
                outline(rgb, inside, LOOKS[self.changes[int(number)]].rgb, width)

    def draw_change(self, rgb: np.ndarray, grid: Geometry) -> None:
        """Outline gained and lost tissue in white."""
        inside = resample(self.pair.change, grid, self.transforms[0], sitk.sitkNearestNeighbor)
        outline(rgb, _plane(inside) > 0, (235, 235, 235), 1.0)


def place_of(layers: Layers, number: int) -> tuple[np.ndarray, float] | None:
    """Where to look at a finding: the middle (LPS, half-way space) of the slice that changed most, and its extent in mm
    there. None when no voxel of the half-way grid shows it."""
    boxes = {n: found[number] for n, found in enumerate(layers.boxes) if number in found}
    if not boxes:
        return None
    box = union_of(boxes)
    first, other = (numbers[box] == number for numbers in layers.numbers_on_grid)
    union = first | other
    k = int(np.argmax(np.sum(first ^ other, axis=(1, 2)) * union.size + np.sum(union, axis=(1, 2))))
    i, j = (np.flatnonzero(np.any(union[k], axis=axis)) for axis in (0, 1))
    start = np.array([side.start for side in box])[::-1]
    middle = start + np.array([(i[0] + i[-1]) / 2, (j[0] + j[-1]) / 2, k])
    grid = layers.pair.grid
    extent = max((i[-1] - i[0] + 1) * grid.spacing[0], (j[-1] - j[0] + 1) * grid.spacing[1])
    return grid.points(middle)[0], float(extent)


def _plane(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)[0]
