"""WhiteStripe: intensities in units of the white matter."""

from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .sample import sample

BINS = 2000
# A peak of the histogram lower than this share of the highest one is not a tissue (the paper's "rare" tail).
RARE = 0.2
# Silverman's rule gives the width of the smoothing of the histogram.
SILVERMAN = 0.9


@operation(
    "enhancement.white_stripe",
    title="WhiteStripe",
    gives="image",
    source="Shinohara et al., Statistical normalization techniques for MRI, NeuroImage Clin. 6, 2014",
)
class WhiteStripe(ImageFilter):
    """Shift and scale the intensities of an MR image of the brain by its normal-appearing white matter.

    White matter is the peak of the brain's histogram at the highest intensities in T1-weighted images, and the highest
    peak in T2-weighted and FLAIR images. The stripe is what lies within a share of the voxels around the peak; its mean
    becomes 0 and its standard deviation 1. Learned in the mask, which should be of the brain; without one in the
    foreground (Otsu's threshold), where scalp and fat disturb. All voxels are mapped.
    """

    contrast: Annotated[Literal["t1", "t2", "flair"], "weighting of the image: which peak is white matter"] = "t1"
    half_width: Annotated[float, Range(0.5, 25, "%"), "share of the voxels to either side of the peak"] = 5.0

    mask_limits = False
    learns_in_foreground = True
    parallel = True

    def learn(self, values, region, grid, progress=SILENT):
        """Mean and standard deviation of the stripe."""
        progress(0.0, "Finding white matter")
        chosen = sample(values, region).astype(np.float64)
        largest = float(np.abs(chosen).max()) or 1.0
        chosen /= largest
        mode, half_bin = white_matter_mode(chosen, last=self.contrast == "t1")
        # in an image of whole numbers many voxels have the mode: it stands for the middle of them
        share = 50 * float(np.mean(chosen < mode - half_bin) + np.mean(chosen <= mode + half_bin))
        low, high = np.percentile(chosen, (max(share - self.half_width, 0), min(share + self.half_width, 100)))
        stripe = chosen[(chosen >= low) & (chosen <= high)]
        mean, sd = float(stripe.mean()), float(stripe.std())
        if not sd > 1e-9:
            raise InputError("White matter has one intensity only here, so it gives no scale; widen the stripe.")
        return mean * largest, sd * largest

    def apply(self, values, region, place, learned, progress=SILENT):
        mean, sd = learned
        return (values - mean) / sd


def white_matter_mode(values: np.ndarray, last: bool) -> tuple[float, float]:
    """Place of the last (or the highest) peak of the smoothed histogram of the values (1D), and half its bin.

    Raises InputError.
    """
    low, high = np.percentile(values, (0.05, 99.95))
    if not high > low:
        raise InputError("The image is constant inside the mask, so it has no peak of white matter.")
    counts, edges = np.histogram(values, BINS, (low, high))
    quartiles = np.percentile(values, (25, 75))
    spread = min(float(values.std()), (quartiles[1] - quartiles[0]) / 1.34) or float(values.std())
    width = SILVERMAN * spread * values.size**-0.2
    # a histogram of whole numbers has holes: one step of them is smoothed over
    step = _step(values)
    smooth = ndimage.gaussian_filter1d(
        counts.astype(float), max(1.0, max(width, step) / (edges[1] - edges[0])), mode="constant"
    )
    centers = (edges[:-1] + edges[1:]) / 2
    half_bin = max(step, float(edges[1] - edges[0])) / 2
    if last:
        inner = smooth[1:-1]
        peaks = 1 + np.flatnonzero((inner > smooth[:-2]) & (inner >= smooth[2:]) & (inner > RARE * smooth.max()))
        if peaks.size:
            return float(centers[peaks[-1]]), half_bin
    return float(centers[np.argmax(smooth)]), half_bin


def _step(values: np.ndarray) -> float:
    """Smallest usual distance between different values."""
    levels = np.unique(values[:: max(1, values.size // 200_000)])
    return float(np.median(np.diff(levels))) if levels.size > 1 else 0.0
