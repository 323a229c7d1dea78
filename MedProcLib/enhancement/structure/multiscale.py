"""What vessel, plate and blob filters share: Hessians at several scales, and the best answer of all scales."""

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.parameters import Range
from ...core.progress import SILENT
from .derivatives import derivative_margin, in_blocks
from .hessian import by_magnitude, eigenvalues, frobenius_norm, hessian

# Frangi's weights of the ratios of eigenvalues
ALPHA = BETA = 0.5
# Sato's weight of curvature of the other sign along the structure
SATO_ALPHA = 0.25
# Second derivatives below this share of the largest value are rounding errors.
ROUNDING = 1e-6
# Voxels that are answered at a time: their arrays stay in the processor's cache.
CHUNK = 16_384


@dataclasses.dataclass(frozen=True)
class MultiscaleShape(ImageFilter):
    """Base of filters that answer to structures curved along some axes and straight along `straight` others.

    Frangi: 0 to 1; generalized to plates and blobs by Antiga, Insight Journal, 2007. Sato: in intensities (Sato et al.,
    IEEE TVCG 6(2), 2000). The derivatives are times the square of the scale, and the largest answer counts.
    """

    straight: ClassVar[int] = 1  # 0 for blobs, 1 for vessels, 2 for plates

    method: Annotated[Literal["Frangi", "Sato"], "Frangi: 0 to 1; Sato: in intensities, larger where brighter"] = (
        "Frangi"
    )
    polarity: Annotated[Literal["bright", "dark"], "structures brighter or darker than what is around them"] = "bright"
    smallest_sd_mm: Annotated[
        float,
        Range(0.1, 30, "mm"),
        "finest scale; tubes of radius 1.4, balls of radius 1.7 and sheets 2 thick, in scales, answer most",
    ] = 1.0
    largest_sd_mm: Annotated[float, Range(0.1, 30, "mm"), "coarsest scale (the finest one alone if below it)"] = 2.0
    scales: Annotated[int, Range(1, 12), "number of scales, in equal ratios"] = 2
    contrast: Annotated[
        float, Range(0, 1e30, "intensity"), "Frangi's c, the curvature of a clear structure; 0: half the largest"
    ] = 0.0

    mask_limits = False

    @property
    def sds_mm(self) -> list[float]:
        """The scales, the finest first."""
        if self.scales == 1 or self.largest_sd_mm <= self.smallest_sd_mm:
            return [self.smallest_sd_mm]
        return [float(sd) for sd in np.geomspace(self.smallest_sd_mm, self.largest_sd_mm, self.scales)]

    def margin(self, grid):
        return derivative_margin(grid, self.sds_mm[-1])

    def learn(self, values, region, grid, progress=SILENT):
        """Frangi's c: half the largest Frobenius norm of a Hessian, all scales together, in the region."""
        if self.method == "Sato":
            return None
        if self.contrast > 0:
            return self.contrast
        spacing = tuple(reversed(grid.spacing))
        if max(values.shape) == 1:
            raise InputError("The image is a single voxel, in which there is no structure.")

        def largest_in(part):
            if not region[part].any():
                return 0.0
            norms = (frobenius_norm(*hessian(values, sd, spacing, part)) for sd in self.sds_mm)
            return max(float(norm.max(where=region[part], initial=0)) for norm in norms)

        largest = max(in_blocks(largest_in, tuple(slice(0, n) for n in values.shape), progress))
        if largest <= ROUNDING * float(np.abs(values).max()):
            raise InputError("The image is constant (in the mask), so there is no structure to look for.")
        return largest / 2

    def apply(self, values, region, place, learned, progress=SILENT):
        answer = np.zeros(values.shape, values.dtype)
        if max(values.shape) == 1:
            return answer

        def fill(part):
            if not region[part].any():
                return
            best = answer[part]
            for sd in self.sds_mm:
                progress.check()
                entries, pairs = hessian(values, sd, place.spacing, part)
                flat = [entry.reshape(-1) for entry in entries]
                where = self._may_answer(entries, pairs)
                if where is not None:
                    flat = [entry[where] for entry in flat]
                count = flat[0].size
                found = np.zeros(best.size, best.dtype)
                one = [self._answer([e[i : i + CHUNK] for e in flat], learned) for i in range(0, count, CHUNK)]
                found[slice(None) if where is None else where] = np.concatenate([found[:0], *one])
                np.maximum(best, found.reshape(best.shape), out=best)
            best *= region[part]

        in_blocks(fill, place.wanted, progress)
        return answer

    def _may_answer(self, entries, pairs):
        """Flat indices where the eigenvalues can be the structure's, as the diagonal tells; None for everywhere."""
        sign = 1 if self.polarity == "bright" else -1
        diagonal = [sign * entry for entry, (i, j) in zip(entries, pairs, strict=True) if i == j]
        if self.straight == 0:  # a ball is curved the same way along every line through it
            return np.flatnonzero(np.logical_and.reduce([entry < 0 for entry in diagonal]))
        if self.straight == 1 and self.method == "Frangi" and len(diagonal) == 3:  # the two largest are negative
            return np.flatnonzero(sum(diagonal) < 0)
        return None

    def _answer(self, entries, c):
        found = eigenvalues(entries)
        if self.polarity == "dark":
            found = [-value for value in reversed(found)]
        straight = min(self.straight, len(found) - 1)
        return _frangi(found, straight, c) if self.method == "Frangi" else _sato(found, straight)


def _frangi(found: list[np.ndarray], straight: int, c: float) -> np.ndarray:
    """Objectness of eigenvalues (the largest first) of a bright structure that is straight along so many axes."""
    found = by_magnitude(found)
    sizes = [np.abs(value) for value in found]
    curved = len(found) - straight
    sum_of_squares = sum(value**2 for value in found)
    answer = -np.expm1(-sum_of_squares / (2 * c**2))
    if curved > 1:  # of the curvatures across, the smallest to the others: a plate has but one
        ratio = _ratio(sizes[straight], _geometric_mean(sizes[straight + 1 :]))
        answer *= -np.expm1(-(ratio**2) / (2 * ALPHA**2))
    if straight > 0:  # the largest curvature along it to those across: a blob has it too
        ratio = _ratio(sizes[straight - 1], _geometric_mean(sizes[straight:]))
        answer *= np.exp(-(ratio**2) / (2 * BETA**2))
    for value in found[straight:]:
        answer[value >= 0] = 0
    return answer


def _sato(found: list[np.ndarray], straight: int) -> np.ndarray:
    """Sato's strength of sheets, lines and blobs, with exponents 1."""
    *others, strongest = found
    answer = np.maximum(-strongest, 0)
    # found[k] is to be like its follower (both curved) or near 0 beside it (straight)
    for k, value in enumerate(others):
        if straight <= k:
            answer *= np.clip(_ratio(-value, -found[k + 1]), 0, 1)
        else:
            beside = -found[straight]
            ratio = _ratio(value, beside)
            answer *= np.maximum(np.where(ratio <= 0, 1 + ratio, 1 - SATO_ALPHA * ratio), 0) * (beside > 0)
    return answer


def _ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """one / other, 0 where the other is 0."""
    return np.divide(one, other, out=np.zeros_like(one), where=other != 0)


def _geometric_mean(values: list[np.ndarray]) -> np.ndarray:
    """Of one or two arrays."""
    return values[0] if len(values) == 1 else np.sqrt(values[0] * values[1])
