"""The directions of a key point in a plane: peaks of the histogram of gradient directions around it."""

import numpy as np

from .patches import gradients, patch_offsets

BINS = 36
PEAK_SHARE = 0.8
COUNT = 17
# side of the window in scales: samples up to three SD of a weight of 1.5 scales
STEP = 2 * 4.5 / (COUNT - 1)
WEIGHT_SD = 1.5
MOST = 3


def frames_2d(patches: np.ndarray) -> list[np.ndarray]:
    """Of each patch (n, y, x), sampled along LPS axes, the right-handed frames (k, 2, 2) of its directions.

    Source: Lowe, IJCV 60(2), 2004, section 5: all peaks within 80 % of the highest.
    """
    slopes = gradients(patches)
    weight = np.exp(-((patch_offsets(COUNT, 2) * STEP) ** 2).sum(axis=1) / (2 * WEIGHT_SD**2))
    angle = np.arctan2(slopes[..., 1], slopes[..., 0])
    votes = np.hypot(slopes[..., 0], slopes[..., 1]) * weight
    return [_frames(histogram_peaks(a, v)) for a, v in zip(angle, votes, strict=True)]


def histogram_peaks(angle: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Angles of the peaks of the smoothed histogram, the highest first; none where there is no vote."""
    place = (angle / (2 * np.pi) * BINS) % BINS
    low = np.floor(place).astype(int)
    part = place - low
    histogram = np.bincount(low % BINS, votes * (1 - part), BINS) + np.bincount((low + 1) % BINS, votes * part, BINS)
    for _ in range(3):
        histogram = (np.roll(histogram, 1) + histogram + np.roll(histogram, -1)) / 3
    before, after = np.roll(histogram, 1), np.roll(histogram, -1)
    top = (histogram > before) & (histogram >= after) & (histogram >= PEAK_SHARE * histogram.max())
    bins = np.flatnonzero(top)
    bins = bins[np.argsort(-histogram[bins], kind="stable")][:MOST]
    bend = before[bins] - 2 * histogram[bins] + after[bins]
    shift = np.divide(before[bins] - after[bins], 2 * bend, out=np.zeros(len(bins)), where=bend < 0)
    return 2 * np.pi * (bins + shift) / BINS


def _frames(angles: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)
