"""Figures of image quality: of one image, against a reference, and of an image before and after an enhancement."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.boxes import box_of, union_of
from ..core.errors import InputError
from ..core.geometry import require_same_grid
from ..core.measurement import Measurement
from ..core.noise import noise_sd
from ..core.progress import SILENT, Progress
from ..core.voxels import values_of
from . import sharpness, similarity
from .intensity_scale import IntensityScale, scale_between
from .mixture import USUAL
from .quality_definitions import Undefined, figure_of
from .quality_regions import QualityRegions, find_regions, sample, slabs

ENTROPY_BINS = 256
HISTOGRAM_BINS = 128
# Above this, whole numbers in float32 are no measured ones.
LARGEST_WHOLE = 1e6
# Below this the noise of a magnitude image is not normal, and its mean is raised (Gudbjartsson & Patz, MRM 34(6), 1995)
RICIAN_BELOW = 3.0
# What a figure of likeness to a reference says it is, where that is the image before: none is better there.
IMAGE_BEFORE = "the image before"
NO_NOISE = "no noise could be measured"


@dataclass(frozen=True)
class Histograms:
    """Share of the region's voxels (%) in equal bins, of an image before and after; values: the bins' centers."""

    values: np.ndarray
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True)
class QualityComparison:
    """Figures of an image before and after an enhancement, and of the one against the other."""

    before: list[Measurement]
    after: list[Measurement]
    between: list[Measurement]
    histograms: Histograms
    regions: QualityRegions
    scale: IntensityScale | None = None

    @property
    def description(self) -> str:
        """What was measured where, as a text."""
        parts = [f"Region: {self.regions.found}", f"Tissues: {self.regions.tissues}"]
        if self.scale is not None:
            parts.append(f"Intensities: {self.scale.description}")
        return ". ".join(parts) + "."


def image_quality(
    image: sitk.Image,
    regions: QualityRegions | None = None,
    intensity_unit: str = "intensity",
    progress: Progress = SILENT,
) -> list[Measurement]:
    """Figures of one 2D or 3D image: mean, noise, SNR, CNR, CJV, blur, edge spread, acutance, entropy.

    regions: see find_regions; by default those it finds in the image. intensity_unit: a key of units.UCUM.
    See quality_definitions for what each means. A figure that the image has no value for is NaN, and its parameter
    `undefined` says why. Voxels without a number are left out. Raises InputError, Cancelled.
    """
    regions = _with_numbers(regions or find_regions([image]), image)
    progress(0.0, "Measuring image quality")
    return _figures_of(_Part.of(image, regions), regions, intensity_unit, progress)


def reference_quality(
    image: sitk.Image,
    reference: sitk.Image,
    regions: QualityRegions | None = None,
    intensity_unit: str = "intensity",
    progress: Progress = SILENT,
) -> list[Measurement]:
    """Figures of an image against a reference on its grid: RMSE, PSNR, SSIM, mutual information, edge preservation.

    As image_quality. Raises InputError for another grid, Cancelled.
    """
    require_same_grid(image, reference, "the image and its reference")
    regions = _with_numbers(regions or find_regions([image, reference]), image, reference)
    progress(0.0, "Comparing with the reference")
    return _figures_between(_Part.of(image, regions), _Part.of(reference, regions), regions, intensity_unit, progress)


def compare_quality(
    before: sitk.Image,
    after: sitk.Image,
    regions: QualityRegions | None = None,
    intensity_unit: str = "intensity",
    progress: Progress = SILENT,
) -> QualityComparison:
    """Figures of an image before and after, in the same voxels, and of the one after against the one before.

    An image after whose intensities were standardized, rescaled or the like is first brought back to the scale before.
    As image_quality; regions: by default what find_regions finds in both. Raises InputError for another grid,
    Cancelled.
    """
    require_same_grid(before, after, "the images before and after")
    regions = _with_numbers(regions or find_regions([before, after]), before, after)
    parts = progress.parts(1, 1, 2)
    scale = scale_between(before, after, regions.region)
    after = after if scale is None else scale.applied(after)
    old, new = _Part.of(before, regions), _Part.of(after, regions)
    return QualityComparison(
        _figures_of(old, regions, intensity_unit, parts[0]),
        _figures_of(new, regions, intensity_unit, parts[1]),
        [
            replace(measurement, parameters={**measurement.parameters, "reference": IMAGE_BEFORE})
            for measurement in _figures_between(new, old, regions, intensity_unit, parts[2])
        ],
        histograms(before, after, regions.region),
        regions,
        scale,
    )


def histograms(before: sitk.Image, after: sitk.Image, region: np.ndarray, bins: int = HISTOGRAM_BINS) -> Histograms:
    """Histograms of both images' values in the region over the same bins.

    The bins reach from the lower of the 0.1th percentiles to the higher of the 99.9th; values beyond are not shown.
    Where values are whole numbers, bins hold equally many of these: there are fewer bins then.
    """
    views = [sitk.GetArrayViewFromImage(image) for image in (before, after)]
    samples = [sample(view, region).astype(np.float64) for view in views]
    ends = [np.percentile(values, USUAL) for values in samples]
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    if any((values == np.rint(values)).all() for values in samples) and high < LARGEST_WHOLE:
        width = max(1, math.ceil((high - low) / bins))
        low = math.floor(low) - 0.5
        bins = math.ceil((high - low) / width)
        high = low + bins * width
    elif not high > low:
        low, high = low - 0.5, high + 0.5
    shares = []
    for view in views:
        counts = np.zeros(bins, np.int64)
        for slab in slabs(view.shape):
            counts += np.histogram(view[slab][region[slab]], bins, (low, high))[0]
        shares.append(100.0 * counts / np.count_nonzero(region))
    edges = np.linspace(low, high, bins + 1)
    return Histograms((edges[:-1] + edges[1:]) / 2, *shares)


def _with_numbers(regions: QualityRegions, *images: sitk.Image) -> QualityRegions:
    """The regions without voxels that hold no number in one of the images. Raises InputError when none is left."""
    for image in images:
        view = sitk.GetArrayViewFromImage(image)
        if view.shape != regions.region.shape:
            raise InputError("The regions are of another grid than the image; find them in this image.")
        if view.dtype.kind != "f" or (valid := np.isfinite(view)).all():
            continue
        first, second = (None if part is None else part & valid for part in (regions.first, regions.second))
        regions = replace(regions, region=regions.region & valid, first=first, second=second)
        if not all(part is None or part.any() for part in (regions.region, first, second)):
            raise InputError("No voxel of the region holds a number in all of the images.")
    return regions


@dataclass(frozen=True)
class _Part:
    """Values around the region (float, z, y, x, finite everywhere), divided by a power of two near their largest.

    So squares of them neither overflow nor vanish. region, first, second: see QualityRegions.
    """

    values: np.ndarray
    scale: float
    spacing: tuple[float, ...]
    region: np.ndarray
    tissues: tuple[np.ndarray, np.ndarray] | None

    @classmethod
    def of(cls, image: sitk.Image, regions: QualityRegions) -> "_Part":
        values, _valid = values_of(image)
        shape = values.shape if values.ndim == 3 else (1, *values.shape)
        parts = [part.reshape(shape) for part in (regions.region, regions.first, regions.second) if part is not None]
        box = union_of({number: box_of(part) for number, part in enumerate(parts)})
        volume = values.reshape(shape)[box]
        largest = max(abs(float(volume.min())), abs(float(volume.max())))
        exponent = math.frexp(largest)[1] if largest > 0 else 0
        if not -60 < exponent < 60:
            volume, scale = np.ldexp(volume.astype(np.float64), -exponent), math.ldexp(1.0, exponent)
        else:
            scale = 1.0
        region, *pair = (part[box] for part in parts)
        return cls(volume, scale, (*image.GetSpacing(), 1.0)[:3][::-1], region, (pair[0], pair[1]) if pair else None)


def _figures_of(part: _Part, regions: QualityRegions, unit: str, progress: Progress) -> list[Measurement]:
    where: dict[str, Any] = {"region": regions.found, "voxels": int(np.count_nonzero(part.region))}
    progress(0.0, "Measuring noise")
    mean, sd = _mean_and_sd(part.values, part.region)
    noise = noise_sd(part.values, part.spacing, part.region)
    progress(0.4, "Measuring contrast")
    tissues = None if part.tissues is None else [_mean_and_sd(part.values, tissue) for tissue in part.tissues]
    terms = _tissue_terms(tissues, part, regions)
    found = [
        figure_of("mean", mean * part.scale, unit, **where),
        figure_of("noise", _without_noise(sd) if noise == 0 else noise * part.scale, unit, **where),
        _snr(mean, noise, where, unit),
        figure_of("cnr", _attempt(_cnr, tissues, noise, regions), **terms),
        figure_of("cjv", _attempt(_cjv, tissues, regions), **terms),
    ]
    progress(0.5, "Measuring sharpness")
    slices = sharpness.in_plane_slices(part.values, part.region, part.spacing)
    taken: dict[str, Any] = {**where, "slices": "all" if slices.every == 1 else f"one of {slices.every}"}
    for name, figure, share in (
        ("blur", sharpness.perceptual_blur, 0.65),
        ("edge_spread", sharpness.edge_spread, 0.85),
        ("acutance", sharpness.acutance, 0.9),
    ):
        found.append(figure_of(name, _attempt(figure, slices), **taken))
        progress(share, "Measuring sharpness")
    found.append(figure_of("entropy", _attempt(_entropy, part), **where))
    progress(1.0)
    return found


def _figures_between(
    image: _Part, reference: _Part, regions: QualityRegions, unit: str, progress: Progress
) -> list[Measurement]:
    where: dict[str, Any] = {"region": regions.found, "voxels": int(np.count_nonzero(image.region))}
    scale = max(image.scale, reference.scale)
    a, b = (one.values if one.scale == scale else one.values * (one.scale / scale) for one in (image, reference))
    region = image.region
    progress(0.0, "Comparing values")
    rmse = similarity.root_mean_square_error(a, b, region)
    data_range = similarity.value_range(b, region)
    stated: dict[str, Any] = {**where, "data_range": data_range * scale}
    psnr = _attempt(similarity.peak_signal_to_noise_ratio, rmse, data_range)
    ssim = _attempt(similarity.structural_similarity, a, b, region, data_range, progress.part(0.1, 0.7))
    sampled = len(similarity.some_slabs(a.shape)) < len(list(slabs(a.shape, similarity.SLAB_VOXELS)))
    taken: dict[str, Any] = {"slices": "some, evenly spread"} if sampled else {}
    axes: dict[str, Any] = {} if isinstance(ssim, Undefined) else {"axes": ssim[1]}
    information = _attempt(similarity.mutual_information, a, b, region)
    progress(0.85, "Comparing edges")
    edges = _attempt(similarity.gradient_correlation, a, b, region, image.spacing)
    progress(1.0)
    return [
        figure_of("rmse", rmse * scale, unit, **where),
        figure_of("psnr", psnr, **stated),
        figure_of("ssim", ssim if isinstance(ssim, Undefined) else ssim[0], **stated, **axes, **taken),
        figure_of("mutual_information", _item(information, 0), **where),
        figure_of("normalized_mutual_information", _item(information, 1), **where),
        figure_of("edge_preservation", edges, **where, **taken),
    ]


def _attempt(figure: Callable, *arguments: object):
    try:
        return figure(*arguments)
    except Undefined as reason:
        return reason


def _item(values: tuple[float, float] | Undefined, number: int) -> float | Undefined:
    return values if isinstance(values, Undefined) else values[number]


def _without_noise(sd: float) -> float | Undefined:
    """Zero is the noise of a constant image; of any other it says that nothing was found."""
    return 0.0 if sd == 0 else Undefined(f"{NO_NOISE}: the region is too small, or its values are too smooth")


def _snr(mean: float, noise: float, where: dict[str, Any], unit: str) -> Measurement:
    if noise == 0:
        return figure_of("snr", Undefined(NO_NOISE), **where)
    if mean <= 0:
        return figure_of(
            "snr", Undefined("the mean is not above zero, so its ratio to the noise says nothing"), **where
        )
    if unit == "HU":
        where = {**where, "note": "HU count from water, so the ratio depends on the tissue; the CNR tells more"}
    elif mean / noise < RICIAN_BELOW:
        note = "below 3, in a magnitude image, the true ratio is lower: the noise raises the mean (Rician)"
        where = {**where, "note": note}
    return figure_of("snr", mean / noise, **where)


def _cnr(tissues: list[tuple[float, float]] | None, noise: float, regions: QualityRegions) -> float:
    if tissues is None:
        raise Undefined(regions.tissues)
    if noise == 0:
        raise Undefined(NO_NOISE)
    return abs(tissues[1][0] - tissues[0][0]) / noise


def _cjv(tissues: list[tuple[float, float]] | None, regions: QualityRegions) -> float:
    if tissues is None:
        raise Undefined(regions.tissues)
    apart = abs(tissues[1][0] - tissues[0][0])
    if apart == 0:
        raise Undefined("the two tissues have the same mean")
    return (tissues[0][1] + tissues[1][1]) / apart


def _tissue_terms(tissues: list[tuple[float, float]] | None, part: _Part, regions: QualityRegions) -> dict[str, Any]:
    if tissues is None or part.tissues is None:
        return {}
    return {
        "tissues": regions.tissues,
        "voxels": [int(np.count_nonzero(tissue)) for tissue in part.tissues],
        "means": [mean * part.scale for mean, _sd in tissues],
        "sds": [sd * part.scale for _mean, sd in tissues],
    }


def _entropy(part: _Part) -> float:
    low, high = np.percentile(sample(part.values, part.region).astype(np.float64), USUAL)
    if not high > low:
        raise Undefined("the image is constant in the region, but for a thousandth of it at most")
    counts = np.zeros(ENTROPY_BINS, np.int64)
    for slab in slabs(part.values.shape):
        values = np.clip(part.values[slab][part.region[slab]].astype(np.float64), low, high)
        counts += np.histogram(values, ENTROPY_BINS, (low, high))[0]
    return similarity.entropy_bits(counts)


def _mean_and_sd(values: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """Of the region's values, in two passes of slabs; the deviation's divisor is n."""
    count = np.count_nonzero(region)
    chosen = [(slab, region[slab]) for slab in slabs(values.shape)]
    mean = sum(float(np.sum(values[slab][where], dtype=np.float64)) for slab, where in chosen) / count
    variance = sum(float(np.sum((values[slab][where] - np.float64(mean)) ** 2)) for slab, where in chosen) / count
    return mean, math.sqrt(variance)
