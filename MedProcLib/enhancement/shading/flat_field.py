"""Uneven brightness removed without a reference exposure: the field is what is smooth in the image itself."""

import itertools
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import MAD_TO_SD
from .coarse_field import CoarseField, Coarsening, mean_inside

# The field is fitted on about this many blocks along the longest axis.
BLOCKS = 64
# Of the image, where no scale is given: gain over the depth is set with about as many sliders; finer are layers of
# tissue, and lesions.
SHARES = 6
# Share of the voxels with the lowest value from which on it is taken for the absence of an image, where these are as
# wide as a box of so many voxels around each, or at most so far from there; narrower are specks in a shadow.
MANY, HALF_BOX = 0.02, 2
BELOW_ZERO = "Values below 0, as in HU, have no brightness to divide by: choose the additive mode."
# Tukey's biweight: 95 % efficient where the residuals are normally distributed.
TUKEY = 4.685
REWEIGHTINGS = 10
# A block that the Gaussian hardly reaches takes the field of the nearest one that it does.
LEAST_WEIGHT = 1e-3
# Of the gain in bright parts: what is darker is a lack of signal, and is not divided up to the brightness of the rest.
LEAST_GAIN = 0.25
# gaussian: where the light nearby counts less than this share of the most, the field goes to that of all.
LEAST_LIGHT = 0.02


@operation(
    "enhancement.flat_field",
    title="Flatten brightness (flat field)",
    gives="image",
    source="Likar et al., Retrospective shading correction based on entropy minimization, J. Microsc. 197(3), 2000 "
    "(image model); Tomazevic et al., Comparative evaluation of retrospective shading correction methods, "
    "J. Microsc. 208(3), 2002 (surface fitting, homomorphic filtering)",
)
class FlatField(ImageFilter):
    """Take out the smooth uneven brightness of a radiograph (heel effect) or ultrasound image (gain).

    polynomial: a low-order polynomial, fitted so that structures which stick out hardly count. gaussian: what a wide
    Gaussian leaves of the image; structures larger than it are flattened too. depth_gain: one brightness per depth.
    Multiplicative fields are divided out, additive ones subtracted, such as those of logarithmic images (ultrasound as
    it is displayed); the mean brightness is kept. Learned in the mask, or everywhere. Voxels of the lowest value, where
    they are many (the black around an ultrasound sector), do not count and stay, unless they are specks in an image.
    Where a field is divided out, values of 0 or less do not count either, and darker ones than the mean count less (not
    for depth_gain): the dark around a head is no shading, and is brightened four times at most.
    """

    method: Annotated[Literal["polynomial", "gaussian", "depth_gain"], "what the field looks like"] = "polynomial"
    mode: Annotated[Literal["multiplicative", "additive"], "whether the field is divided out or subtracted"] = (
        "multiplicative"
    )
    order: Annotated[int, Range(1, 4), "polynomial: its order"] = 2
    scale_mm: Annotated[
        float, Range(0, 500, "mm"), "gaussian, depth_gain: SD of the Gaussian; 0: a sixth of the longest side, or depth"
    ] = 40.0
    depth_axis: Annotated[Literal["x", "y", "z"], "depth_gain: axis of the image along which the depth grows"] = "y"
    output: Annotated[Literal["corrected", "field"], "the corrected image, or the field that was taken out"] = (
        "corrected"
    )

    mask_limits = False
    parallel = True
    learning_share = 0.6

    learns_from = ("method", "mode", "order", "scale_mm", "depth_axis")

    def margin(self, grid):
        return tuple(3 * HALF_BOX if n > 1 else 0 for n in reversed(grid.size))

    def learn(self, values, region, grid, progress=SILENT):
        black = _black(values)
        if black is not None:
            seen = region & ~_outside(values, black)
            region = seen if seen.any() else region
        if self._divides:
            if np.count_nonzero(values[region] < 0) > MANY * np.count_nonzero(region):
                progress.note(BELOW_ZERO)
            region = region & (values > 0)
            if not region.any():
                raise InputError("A field can be divided out of positive values only; choose the additive mode.")
        coarsening = Coarsening.in_blocks(grid, self._block_sides(grid))
        progress(0.1, "Averaging blocks")
        means, weights = self._blocks(coarsening, values, region)
        progress(0.5, "Fitting the field")
        if self.method == "polynomial":
            field, used = _polynomial(means, weights, self.order)
        else:
            sides = coarsening.grid.spacing[::-1]
            light = LEAST_LIGHT if self._weighs else 0.0
            field, used = _blurred(means, weights, [self._scale(grid) / side for side in sides], light), weights > 0
        # beyond what it is fitted to nothing is known of the field: it does not go further than there
        field = np.clip(field, field[used].min(), field[used].max())
        if self._weighs:
            field = np.maximum(field, np.average(field, weights=weights) + np.log(LEAST_GAIN))
        made = CoarseField.through(field, coarsening)
        progress.check()
        if not self._divides:
            return made.plus(-mean_inside(made, values, region, lambda field, _: field)), black
        before = mean_inside(made, values, region, lambda _, v: v)
        after = mean_inside(made, values, region, lambda log, v: v * np.exp(-log))
        return made.plus(np.log(after / before)), black

    def apply(self, values, region, place, learned, progress=SILENT):
        coarse, black = learned
        field = coarse.on(place.box).astype(values.dtype, copy=False)
        if self._divides:
            np.exp(field, out=field)
        if self.output == "field":
            return field
        (np.divide if self._divides else np.subtract)(values, field, out=field)
        if black is not None:
            np.copyto(field, values, where=_outside(values, black))
        return field

    @property
    def _divides(self) -> bool:
        return self.mode == "multiplicative"

    @property
    def _weighs(self) -> bool:
        """Whether voxels count by their value: of the dark around a head the logarithm differs far, but not by a gain.

        Not for a gain over the depth, of which deep voxels are dark.
        """
        return self._divides and self.method != "depth_gain"

    def _blocks(self, coarsening, values, region) -> tuple[np.ndarray, np.ndarray]:
        """Mean value, or logarithm, of each block, and what it counts."""
        if not self._divides:
            sums, weights = coarsening.sums(values, region, _same)
        elif not self._weighs:
            sums, weights = coarsening.sums(values, region, _logarithm)
        else:
            mean = np.mean(values, where=region, dtype=np.float64)
            sums, _ = coarsening.sums(values, region, lambda v: _light(v, mean) * _logarithm(v))
            weights, _ = coarsening.sums(values, region, lambda v: _light(v, mean))
        return np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0), weights

    def _scale(self, grid) -> float:
        """mm."""
        if self.scale_mm:
            return self.scale_mm
        longest = max(grid.extent) if self.method == "gaussian" else grid.extent["xyz".index(self.depth_axis)]
        return float(longest) / SHARES

    def _block_sides(self, grid) -> list[float]:
        """mm, z, y, x. Raises InputError when there is no depth."""
        if self.method != "depth_gain":
            side = max(grid.extent) / BLOCKS
            return [min(side, self._scale(grid) / 2) if self.method == "gaussian" else side] * grid.dimension
        axis = "xyz".index(self.depth_axis)
        if axis >= grid.dimension or grid.size[axis] < 2:
            raise InputError(f"The image has no depth along {self.depth_axis}; choose another depth axis.")
        return [self._scale(grid) / 4 if a == axis else np.inf for a in reversed(range(grid.dimension))]


def _black(values: np.ndarray) -> float | None:
    """The lowest value if many voxels have it."""
    low = values.min()
    return float(low) if np.count_nonzero(values == low) > MANY * values.size else None


def _outside(values: np.ndarray, black: float) -> np.ndarray:
    """Where there is no image: an opening of what is black, and what is black and near to it."""
    seen = values == black
    box = [2 * HALF_BOX + 1 if n > 1 else 1 for n in values.shape]
    opened = ndimage.maximum_filter(ndimage.minimum_filter(seen, box), [2 * n - 1 for n in box])
    return seen & opened


def _logarithm(values: np.ndarray) -> np.ndarray:
    return np.log(values, dtype=np.float64)


def _light(values: np.ndarray, mean: float) -> np.ndarray:
    """What voxels count: in full from the mean brightness on, darker ones as noise of one SD has it in a logarithm."""
    return np.minimum(values / mean, 1.0) ** 2


def _same(values: np.ndarray) -> np.ndarray:
    return values


def _polynomial(means: np.ndarray, weights: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Polynomial of this order through the means of the blocks (Tukey's biweight), at all, and those that it fits."""
    axes = [axis for axis, size in enumerate(means.shape) if size > 1]
    ranges = [np.linspace(-1, 1, size) for size in means.shape]
    mesh = np.meshgrid(*ranges, indexing="ij")
    exponents = [e for e in itertools.product(range(order + 1), repeat=len(axes)) if sum(e) <= order]
    terms = np.stack(
        [
            np.prod([mesh[a] ** n for a, n in zip(axes, e, strict=True)], axis=0) * np.ones(means.shape)
            for e in exponents
        ],
        axis=-1,
    )
    used = weights > 0
    if np.count_nonzero(used) < 2 * len(exponents):
        raise InputError("The image, or the mask, is too small for this polynomial; choose a lower order.")
    a, b, given = terms[used], means[used], weights[used] / weights.max()
    counted = given
    for _ in range(REWEIGHTINGS):
        root = np.sqrt(counted)
        solution = np.linalg.lstsq(a * root[:, None], b * root, rcond=None)[0]
        residuals = np.abs(b - a @ solution)
        scale = MAD_TO_SD * _median(residuals, given)
        if not scale > 1e-9 * np.abs(b).max():
            break
        counted = given * np.maximum(1 - (residuals / (TUKEY * scale)) ** 2, 0) ** 2
    fitted = np.zeros(used.shape, bool)
    fitted[used] = counted > LEAST_WEIGHT
    return terms @ solution, fitted if fitted.any() else used


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _blurred(means: np.ndarray, weights: np.ndarray, sd: list[float], light: float) -> np.ndarray:
    """Means of the blocks blurred by a Gaussian (sd in blocks). light: weight, of the largest, of the mean of all."""
    weights = weights / weights.max()
    overall = float(np.average(means, weights=weights))
    blurred, weight = (ndimage.gaussian_filter(v, sd, mode="reflect", truncate=4) for v in (means * weights, weights))
    if light:
        floor = light * weight.max()
        return (blurred + floor * overall) / (weight + floor)
    known = weight > LEAST_WEIGHT
    field = np.divide(blurred, weight, out=np.zeros_like(blurred), where=known)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return field[tuple(nearest)]
