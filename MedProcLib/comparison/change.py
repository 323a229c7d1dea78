"""Where tissue changed between two aligned studies, judged by the noise and by what misregistration would make."""

import itertools
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, optimize

from ..core.geometry import Geometry, require_same_grid
from ..core.operation import operation
from ..core.parameters import Range
from ..core.progress import SILENT
from ..core.statistics import mode_and_sd
from ..segmentation.common.connectivity import connected_components
from ..segmentation.common.morphology import distance_to
from .border_difference import border_sd
from .change_outline import at_half_height
from .evidence import log_likelihood_ratio, resolution_element
from .intensity import blurred, shared
from .resolution import blurred_by

GAINED, LOST = 1, 2
CLASS_LIMITS = (20, 40, 60, 75, 85, 92, 96, 98.5)
CLASSES = len(CLASS_LIMITS) + 1
PEAK_MM = 5.0
# Studies are taken to differ by no less than this share of their range (SD), in whatever unit they are.
LEAST_SD = 1e-6
# Times that the fit of the expected variance is weighted anew.
ROUNDS = 10
# Tissue within so many SD of the mode in both studies is no lesion: what differs there shows how scores scatter.
USUAL_SD = 2.0
# Tissue this bright in one study, and no fluid in either, is change too where it differs beyond any doubt.
FAINT_SD, CERTAIN_SD = 1.0, 8.0
FEWEST_VOXELS = 3


@operation(
    "comparison.detect_change",
    title="Detect change",
    gives=("difference", "change"),
    dimensions=(3,),
    source="Difference in units of its expected SD as in Bosc et al., NeuroImage 20, 2003, with the misregistration "
    "term of Hajnal et al., J. Comput. Assist. Tomogr. 19, 1995; hysteresis: Canny, IEEE PAMI 8(6), 1986; "
    "evidence against an empirical null: Efron, J. Am. Stat. Assoc. 99, 2004",
)
class DetectChange:
    """Find gained (brighter) and lost (darker) tissue between two aligned, intensity-matched studies.

    The difference, other minus first, is smoothed and divided by the SD expected of it at each voxel: noise, and the
    gradient both images share times the misregistration, both estimated from the images, and a share of the contrast
    they have in common; of any tissue also what voxels that mix borders differ by. Connected voxels beyond the low
    threshold with one beyond the high threshold, that together speak for change, are change, where the brighter study
    is bright enough, or where it is fairly bright and the difference beyond any doubt. Each piece ends where the
    difference falls to half of its height nearby. Where the studies were sampled says which detail their voxels lost.
    """

    low: Annotated[float, Range(0, 100, "SD"), "voxels that differ more than this belong to a change"] = 3.5
    high: Annotated[float, Range(0, 100, "SD"), "a change has at least one voxel that differs more than this"] = 5.0
    evidence: Annotated[
        float,
        Range(0, 1000),
        "least log likelihood ratio (nats) of a change against tissue that did not change, summed over what it has of "
        "independent parts; 0: any",
    ] = 0.0
    contrast_percent: Annotated[
        float, Range(0, 100, "%"), "by so much contrast to the tissue differs between scans without change (SD)"
    ] = 0.0
    smoothing_mm: Annotated[float, Range(0, 10, "mm"), "SD of the smoothing of both images"] = 1.0
    edge_percent: Annotated[
        float, Range(0, 100, "%"), "a change ends where it has fallen to this share of its nearby peak"
    ] = 30.0
    minimum_volume_mm3: Annotated[float, Range(0, 1e6, "mm3"), "drop changes smaller than this"] = 15.0
    margin_mm: Annotated[
        float,
        Range(0, 50, "mm"),
        "do not look this near to the region's edge, or to where the studies' voxels mix in skull and air",
    ] = 4.0
    contrast: Annotated[
        Literal["bright", "any"], "change of bright outliers only (lesions in FLAIR), or of any tissue"
    ] = "bright"
    brightness: Annotated[
        float, Range(-10, 20, "SD"), "how far above the tissue's mode bright outliers are in one of the studies"
    ] = 2.0

    def __call__(
        self,
        fixed,
        moving,
        fixed_mask=None,
        moving_mask=None,
        fixed_sampling=None,
        moving_sampling=None,
        progress=SILENT,
    ):
        require_same_grid(fixed, moving, "the first and the other image")
        first, other, region = shared(fixed, moving, fixed_mask, moving_mask)
        grid = Geometry.of(fixed)
        first, other = (blurred(v, grid, self.smoothing_mm) for v in (first, other))
        progress(0.3, "Comparing")
        mode, sd = mode_and_sd(np.concatenate([first[region], other[region]]))
        common = self.contrast_percent / 100 * np.maximum(np.minimum(first, other) - mode, 0)
        samplings = [s for s in (fixed_sampling, moving_sampling) if s is not None]
        voxel = sum(s.average for s in samplings) if samplings else None
        sd_here = np.hypot(expected_sd(first, other, region, grid, voxel), common)
        if self.contrast == "any":
            sd_here = np.hypot(sd_here, border_sd(first, other, sd_here, region, grid, samplings))
        score = (other - first) / sd_here
        score[~region] = 0
        progress(0.6, "Finding change")
        eligible = region
        for sampling in samplings:  # matching lets both studies' voxels carry the edge further
            eligible = sampling.inside(eligible, grid)
        eligible = distance_to(~eligible, grid) > self.margin_mm + (0 if samplings else max(grid.spacing))
        usual, faint = eligible, None
        if self.contrast == "bright":
            brighter, darker = np.maximum(first, other), np.minimum(first, other)
            usual = region & (darker > mode - USUAL_SD * sd) & (brighter < mode + USUAL_SD * sd)
            bright = eligible & (brighter > mode + self.brightness * sd)
            faint = bright | (eligible & (darker > mode - USUAL_SD * sd) & (brighter > mode + FAINT_SD * sd))
            eligible = bright
        speaks = self._speaks(score, usual, grid) if self.evidence > 0 else None
        change = np.zeros(score.shape, np.uint8)
        for label, sign in ((GAINED, 1), (LOST, -1)):
            signed, height = sign * score, sign * (other - first)
            within = self._within_edge(height, grid)
            found = self._hysteresis(signed, eligible & within, grid, self.low, self.high, speaks)
            if faint is not None:
                low, high = max(self.low, CERTAIN_SD / 2), max(self.high, CERTAIN_SD)
                found |= self._hysteresis(signed, faint & within, grid, low, high)
            change[at_half_height(found, height, grid, self.minimum_volume_mm3)] = label
        return grid.image_of(score.astype(np.float32)), grid.image_of(change)

    def _speaks(self, score: np.ndarray, usual: np.ndarray, grid: Geometry) -> Callable[[np.ndarray], np.ndarray]:
        """Function from scores to what each voxel adds to the evidence of change."""
        ratio = log_likelihood_ratio(score[usual])
        share = min(1.0, grid.voxel_volume / resolution_element(score, usual, grid))
        return lambda scores: ratio(scores) * share

    def _hysteresis(
        self,
        score: np.ndarray,
        eligible: np.ndarray,
        grid: Geometry,
        low: float,
        high: float,
        speaks: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> np.ndarray:
        beyond = eligible & (score > low)
        numbers, counts = connected_components(grid.image_of(beyond), "corner")
        keep = (counts * grid.voxel_volume >= self.minimum_volume_mm3) & (counts >= FEWEST_VOXELS)
        keep &= np.bincount(numbers[beyond & (score > high)], minlength=counts.size) > 0
        if speaks is not None:
            keep &= np.bincount(numbers[beyond], speaks(score[beyond]), counts.size) >= self.evidence
        keep[0] = False
        return keep[numbers]

    def _within_edge(self, difference: np.ndarray, grid: Geometry) -> np.ndarray:
        """Where the difference is not just the blurred rim of a stronger one nearby."""
        size = [2 * round(PEAK_MM / s) + 1 for s in reversed(grid.spacing)]
        peak = ndimage.maximum_filter(difference, size=size, mode="nearest")
        return difference >= self.edge_percent / 100 * peak


def expected_sd(
    first: np.ndarray,
    other: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    voxel: np.ndarray | None = None,
    shown: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """SD (z, y, x) that the difference has at each voxel without any change.

    sqrt(noise² + (misregistration x gradient)² + (resolution x detail)²). Detail is what a blur takes from an image:
    that of the studies' voxels (voxel: covariance, mm², LPS; that of the grid where not given), since what they lost
    differs with where they lie. Gradient and detail are the smaller of both images', because an edge that only one of
    them has is change; of the images `shown`, if there are any. The three constants come from the images: robust
    variance of the difference in classes of gradient and detail, fitted with none of them negative.
    """
    if voxel is None:
        axes = np.reshape(grid.direction, (3, 3)) * grid.spacing
        voxel = axes @ axes.T / 6
    shown = shown or (first, other)
    gradient = np.minimum.reduce([_gradient(v, grid) for v in shown])
    detail = np.minimum.reduce([np.abs(v - sitk.GetArrayFromImage(blurred_by(grid.image_of(v), voxel))) for v in shown])
    size = np.abs(other - first)[region]
    groups = _classes(gradient[region]) * CLASSES + _classes(detail[region])
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(CLASSES * CLASSES + 1))
    rows, variances, counts = [], [], []
    terms = [np.square(v[region])[order] for v in (gradient, detail)]
    for low, high in itertools.pairwise(bounds):
        if high - low > 30:
            rows.append([1.0, float(terms[0][low:high].mean()), float(terms[1][low:high].mean())])
            variances.append((1.4826 * float(np.median(size[order[low:high]]))) ** 2)
            counts.append(high - low)
    floor = (LEAST_SD * max(float(np.ptp(v[region])) for v in (first, other))) ** 2 or 1.0
    if len(rows) < 3:
        return np.full(first.shape, np.sqrt(max((1.4826 * float(np.median(size))) ** 2, floor)))
    noise2, shift2, blur2 = _fitted(np.asarray(rows), np.asarray(variances), np.asarray(counts), floor)
    return np.sqrt(max(noise2, floor) + shift2 * gradient**2 + blur2 * detail**2)


def _fitted(rows: np.ndarray, variances: np.ndarray, counts: np.ndarray, least: float) -> np.ndarray:
    """Factors (3,), none negative, of the rows (n, 3) that give the variances (n,) of so many voxels each.

    Relative errors count alike, so that the flat tissue is described as well as the edges. They are relative to the
    fitted variances: relative to the observed ones, those that happen to be small would decide (variance functions:
    Davidian and Carroll, J. Am. Stat. Assoc. 82, 1987). No error counts more than the whole fitted variance: far larger
    ones are of tissue that changed.
    """
    fitted = variances
    for _ in range(ROUNDS):
        weights = np.sqrt(counts) / (np.maximum(fitted, np.abs(variances - fitted)) + least)
        weights /= weights.max()
        factors = optimize.nnls(rows * weights[:, None], variances * weights)[0]
        fitted = rows @ factors
    return factors


def _classes(values: np.ndarray) -> np.ndarray:
    """Class 0..CLASSES-1 of each value; the last ones hold the few large values."""
    return np.digitize(values, np.percentile(values, CLASS_LIMITS))


def _gradient(values: np.ndarray, grid: Geometry) -> np.ndarray:
    squares = np.zeros(values.shape, np.float32)
    for axis, spacing in enumerate(reversed(grid.spacing)):
        if values.shape[axis] > 1:
            squares += ndimage.correlate1d(values, [-0.5 / spacing, 0, 0.5 / spacing], axis, mode="nearest") ** 2
    return np.sqrt(squares)
