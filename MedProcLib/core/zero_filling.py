"""Images whose k-space was filled with zeros: on how few samples they were measured, and what they look like there."""

import numpy as np

# Frequencies (1: the finest that the voxels hold) are looked at in bands so wide, from this one on.
BAND, FIRST = 0.025, 0.3
# Where nothing was measured there is less than this share of the power that there is so far below, and more than that
# of twice as far below is left there: a blur falls on the way to where it ends, too.
LEFT, KEPT, BELOW = 0.12, 0.22, 0.1
# With fewer voxels than this along an axis the bands hold too few frequencies.
FEWEST = 120


def measured(values: np.ndarray, region: np.ndarray, axes: list[int]) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Values and region on the samples that were measured along these axes; None where all were.

    The last figure is how many times the variance of the noise is of that which is left on these samples: zeros are
    not filled in at once, but after what fades (a window against ringing).
    """
    from scipy import signal  # takes 0.3 s to import, and Slicer imports modules when it starts

    lost, seen = 1.0, values
    for axis in axes:
        limit, fading = _limit(values, axis)
        if limit == 1:
            continue
        count = values.shape[axis]
        fewer = 2 * round(limit * count / 2)
        seen = signal.resample(seen, fewer, axis=axis)
        nearest = np.minimum(np.round(np.arange(fewer) * count / fewer).astype(int), count - 1)
        region = np.take(region, nearest, axis=axis)
        lost *= fading
    return None if seen is values else (seen.astype(values.dtype), region, lost)


def _limit(values: np.ndarray, axis: int) -> tuple[float, float]:
    """Frequency where half of the power is left of what ends there, and its whole power by that below; 1, 1: no end."""
    count = values.shape[axis]
    if count < FEWEST:
        return 1.0, 1.0
    from scipy import signal  # see measured

    along = np.moveaxis(values, axis, -1) / (np.abs(values).max() or 1)
    # the ends of the image are no edge
    spectrum = np.fft.rfft((along - along.mean()) * signal.windows.hann(count, sym=False).astype(along.dtype))
    power = np.mean(np.abs(spectrum) ** 2, axis=tuple(range(values.ndim - 1)))
    bands = round(1 / BAND)
    band = np.minimum(np.arange(power.size) * 2 / count / BAND, bands - 1).astype(int)
    mean = np.bincount(band, power, bands) / np.maximum(np.bincount(band, minlength=bands), 1)
    before = round(BELOW / BAND)
    for end in range(round(FIRST / BAND) + before, bands):
        within = mean[end - before]
        if within > KEPT * mean[end - 2 * before] and np.all(mean[end:] <= LEFT * within):
            half = end - before + int(np.argmax(mean[end - before : end + 1] <= within / 2))
            return half * BAND, 1 + float(mean[half:].sum()) / (within * half)
    return 1.0, 1.0
