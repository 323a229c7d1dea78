"""Non-local means denoising."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.image_filter import MOST_THREADS, ImageFilter
from ...core.noise import noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import foreground
from .patch_means import Radii, SemiAxes, patch_means

# Noise below this share of the largest value is rounding.
LEAST_NOISE = 1e-6


@operation(
    "enhancement.non_local_means",
    title="Denoise (non-local means)",
    gives="image",
    source="Buades et al., CVPR 2005; weights: Goossens et al., LNLA 2008; Rician: Wiest-Daesslé et al., MICCAI 2008",
)
class NonLocalMeans(ImageFilter):
    """Replace each voxel by the mean of voxels around it, weighted by how alike their neighborhoods (patches) are.

    Noise goes and edges stay. Along an axis with voxels larger than the search radius (thick slices) nothing is mixed.
    Weight: (1 - (d / strength)²)² below d = strength, d the root mean square difference of the patches in noise SDs.
    """

    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0
    strength: Annotated[
        float, Range(0.5, 10), "how unlike neighborhoods may be and still count; noise alone makes them differ by 1.4"
    ] = 2.2
    search_radius_mm: Annotated[float, Range(0.5, 30, "mm"), "how far alike neighborhoods are looked for"] = 3.0
    patch_radius_mm: Annotated[float, Range(0.1, 10, "mm"), "size of the neighborhoods compared (at least 1 voxel)"] = (
        1.0
    )
    rician: Annotated[bool, "remove the bias that noise gives to dark voxels of MR magnitude images"] = False

    def margin(self, grid):
        search, patch = self._radii(grid)
        return tuple(int(s) + p for s, p in zip(search, patch, strict=True))

    def learn(self, values, region, grid, progress=SILENT):
        """The noise's SD; 0 when there is none to remove."""
        noise = self.noise or noise_sd(values, tuple(reversed(grid.spacing)), _signal(values, region))
        return max(noise, LEAST_NOISE * float(np.abs(values).max())) if noise > 0 else 0.0

    def apply(self, values, region, place, learned, progress=SILENT):
        box = _bounds(region, place.wanted)
        if box is None or learned == 0:
            return values
        search, patch = self._radii(place.whole)
        # shortest axis first: the planes of a slice of any orientation are its voxels, not its margin
        order = np.argsort([s.stop - s.start for s in box], kind="stable")
        cut = _with_margin(values, box, self.margin(place.whole)).transpose(order)
        cut = np.multiply(cut, 1 / learned, dtype=values.dtype).astype(np.float32)
        lift = (1,) * (3 - cut.ndim)
        radii = [(*(0 for _ in lift), *(r[axis] for axis in order)) for r in (search, patch)]
        means = self._means(cut.reshape(*lift, *cut.shape), radii[0], radii[1], progress)
        means = means.reshape(means.shape[len(lift) :]).transpose(np.argsort(order))
        values[box] = means.astype(values.dtype) * learned
        return values

    def _means(self, padded: np.ndarray, search: SemiAxes, patch: Radii, progress) -> np.ndarray:
        """The denoised values, for noise of SD 1, in parts side by side."""
        margin = [int(s) + p for s, p in zip(search, patch, strict=True)]
        size = [n - 2 * m for n, m in zip(padded.shape, margin, strict=True)]
        result = np.empty(size, np.float32)
        axis = 0 if size[0] >= size[1] else 1
        threads = min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), size[axis])
        edges = np.linspace(0, size[axis], threads + 1).round().astype(int).tolist()

        def run(number: int, check: Callable[[float], None]) -> None:
            start, stop = edges[number], edges[number + 1]
            part = np.take(padded, range(start, stop + 2 * margin[axis]), axis)
            made = patch_means(part, search, patch, self.strength**2, check, self.rician)
            # E(magnitude²) is the true signal² + 2 SD²
            made = np.sqrt(np.maximum(made - 2, 0)) if self.rician else made
            result[(slice(None),) * axis + (slice(start, stop),)] = made

        with ThreadPoolExecutor(threads) as workers:
            # the first part speaks for all
            checks = [lambda done: progress(done, "Denoising"), *[lambda done: progress.check()] * (threads - 1)]
            for future in [workers.submit(run, number, check) for number, check in enumerate(checks)]:
                future.result()
        return result

    def _radii(self, grid) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Radii of search and patch in voxels; an axis that is not searched is not compared along either."""
        axes = list(zip(reversed(grid.size), reversed(grid.spacing), strict=True))
        search = tuple(0.0 if n == 1 else self.search_radius_mm / s + 1e-6 for n, s in axes)
        patch = tuple(
            max(1, int(self.patch_radius_mm / s + 1e-6)) if r >= 1 else 0
            for r, (_, s) in zip(search, axes, strict=True)
        )
        return search, patch


def _signal(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Where the noise is measured: in MR the background's noise is not that of the tissue."""
    return foreground(values, region) if np.ptp(values[region]) > 0 else region


def _bounds(region: np.ndarray, wanted: tuple[slice, ...]) -> tuple[slice, ...] | None:
    """The smallest box in the wanted one that holds its part of the region."""
    part, box = region[wanted], []
    if not part.any():
        return None
    for axis, inside in enumerate(wanted):
        where = np.flatnonzero(part.any(axis=tuple(other for other in range(part.ndim) if other != axis)))
        box.append(slice(inside.start + int(where[0]), inside.start + int(where[-1]) + 1))
    return tuple(box)


def _with_margin(values: np.ndarray, box: tuple[slice, ...], margin: tuple[int, ...]) -> np.ndarray:
    """The box with this margin around it, mirrored where the values end."""
    around = tuple(
        slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, values.shape, strict=True)
    )
    missing = [(m - (b.start - a.start), m - (a.stop - b.stop)) for a, b, m in zip(around, box, margin, strict=True)]
    return np.pad(values[around], missing, mode="reflect")
