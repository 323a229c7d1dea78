"""Which features survive small perturbations of image and region, and which do not."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK as sitk
from scipy import special

from ...core.errors import InputError
from ...core.progress import SILENT, Progress
from .extract import every_segment, places_of
from .perturbation import Extent, perturbed, source_of
from .settings import Radiomics

FEWEST, MOST = 2, 1000
ONE_REGION = "the ICC compares regions, so of one there is none: measure several at once"


@dataclasses.dataclass(frozen=True)
class RobustnessRow:
    """How a feature of a region varies: its value, the 2.5th and 97.5th percentile and the coefficient of variation.

    icc: intraclass correlation ICC(1,1) of the feature over all regions with its 95 % interval, NaN for one region;
    count: perturbations that it rests on. The coefficient is NaN where the mean is 0.
    """

    label: int
    tag: str
    value: float
    low: float
    high: float
    cov: float
    icc: float
    icc_low: float
    icc_high: float
    count: int


@dataclasses.dataclass(frozen=True)
class Robustness:
    """count: perturbations that were drawn of each region."""

    rows: tuple[RobustnessRow, ...]
    notes: tuple[str, ...]
    count: int


def robust_features(
    image: sitk.Image,
    labels: sitk.Image | Sequence[sitk.Image],
    settings: Radiomics,
    count: int,
    only: Sequence[int] | None = None,
    extent: Extent = Extent(),  # noqa: B008 (immutable)
    seed: int = 0,
    name_of: Callable[[int], str] = "label {}".format,
    progress: Progress = SILENT,
) -> Robustness:
    """Features of regions of a 3D image under `count` random perturbations (2 to 1000), alike for the same seed.

    labels, only: as of every_segment; name_of: what notes and errors call the region of a label.
    Raises InputError for another count, a 2D image, or a region that no perturbation leaves.
    Source: Zwanenburg et al., Sci Rep 9:614, 2019.
    """
    if not FEWEST <= count <= MOST:
        raise InputError(f"Robustness takes {FEWEST} to {MOST} perturbations, not {count}.")
    if image.GetDimension() != 3:
        raise InputError("Robustness is measured on 3D images; this one is 2D.")
    settings = dataclasses.replace(settings, image_diagnostics=False)
    found = [each for each in every_segment(image, labels, settings, progress.part(0, 0.1), only) if each.features]
    places, notes = places_of(labels), []
    tags = list(dict.fromkeys(feature.tag for region in found for feature in region.features))
    values = np.full((len(found), count, len(tags)), np.nan)
    for number, (region, share) in enumerate(zip(found, progress.part(0.1, 1).parts(*[1.0] * len(found)), strict=True)):
        source = source_of(image, places[region.label][0], region.label, places[region.label][1])
        lost = 0
        for draw in range(count):
            share(draw / count, f"Perturbation {draw + 1} of label {region.label}")
            # of its own, so that a draw does not depend on how many regions there are
            random = np.random.default_rng((seed, region.label % 2**32, draw))
            try:
                (again,) = every_segment(*perturbed(source, extent, random), settings, share.part(0, 0).quiet())
            except InputError:
                lost += 1
                continue
            by_tag = {feature.tag: feature.value for feature in again.features}
            values[number, draw] = [by_tag.get(tag, math.nan) for tag in tags]
        if lost == count:
            raise InputError(
                f"No perturbation left anything of {name_of(region.label)}: it is too small; choose the others alone."
            )
        if lost:
            notes.append(
                f"{name_of(region.label)}: {lost} of {count} perturbations left nothing of it and do not count"
            )
    if len(found) == 1:
        notes.append(ONE_REGION)
    rows = []
    for t, tag in enumerate(tags):
        correlation = intraclass_correlation(values[:, :, t])
        for region, drawn in zip(found, values[:, :, t], strict=True):
            own = {feature.tag: feature.value for feature in region.features}
            rows.append(_row(region.label, tag, own.get(tag, math.nan), drawn, correlation))
    rows.sort(key=lambda row: row.label)  # stable: tags keep their order
    return Robustness(tuple(rows), tuple(notes), count)


def intraclass_correlation(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """ICC(1,1) of values (regions, repetitions) and its confidence interval; NaN for fewer than two of either.

    One-way random effects, single measurement, absolute agreement; repetitions in which any region lacks a value are
    left out. Source: Shrout and Fleiss, Psychol Bull 86(2), 1979; McGraw and Wong, Psychol Methods 1(1), 1996.
    """
    values = values[:, np.isfinite(values).all(axis=0)]
    regions, repetitions = values.shape
    if regions < 2 or repetitions < 2:
        return math.nan, math.nan, math.nan
    means = values.mean(axis=1)
    between = repetitions * float(((means - means.mean()) ** 2).sum()) / (regions - 1)
    within = float(((values - means[:, None]) ** 2).sum()) / (regions * (repetitions - 1))
    if within == 0:
        return (1.0, 1.0, 1.0) if between > 0 else (math.nan,) * 3
    ratio = between / within
    degrees = regions - 1, regions * (repetitions - 1)
    tail = (1 + confidence) / 2
    lower, upper = ratio / special.fdtri(*degrees, tail), ratio * special.fdtri(*degrees[::-1], tail)
    icc, low, high = ((f - 1) / (f + repetitions - 1) for f in (ratio, lower, upper))
    return float(icc), float(low), float(high)


def _row(label: int, tag: str, value: float, drawn: np.ndarray, icc: tuple[float, float, float]) -> RobustnessRow:
    known = drawn[np.isfinite(drawn)]
    low = high = cov = math.nan
    if known.size >= FEWEST:
        low, high = (float(p) for p in np.percentile(known, (2.5, 97.5)))
        mean = float(known.mean())
        cov = float(known.std(ddof=1)) / abs(mean) if mean else math.nan
    return RobustnessRow(label, tag, value, low, high, cov, *icc, int(known.size))
