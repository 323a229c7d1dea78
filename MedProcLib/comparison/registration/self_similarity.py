"""Self-similarity context: what a place looks like by how its neighbors resemble each other, whatever the modality."""

import itertools

import numpy as np
from scipy import ndimage

# side of the patches that are compared, in voxels
PATCH = 3
# differences between patches below this share of the image's usual ones are noise, and tell nothing
FLOOR = 0.05


def self_similarity(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Descriptors (*shape, channels), 0..1, float32, of an image (z, y, x or y, x): 12 channels in 3D, 4 in 2D.

    Each channel compares two of the patches around a voxel that are not opposite each other: near 1 where they
    resemble each other more than those of the other channels. Inverted contrast gives the same descriptor.
    inside: where the image has values; the usual difference is taken from there.
    Source: Heinrich et al., MIND, Medical Image Analysis 16(7), 2012; Heinrich et al., Towards realtime multimodal
    fusion (self-similarity context), MICCAI 2013. The floor of the variance is raised, so that noise stays silent.
    """
    axes = [axis for axis in range(values.ndim) if values.shape[axis] > 1]
    places = [(axis, side) for axis in axes for side in (-1, 1)]
    moved = {place: _shifted(values, *place) for place in places}
    pairs = [(a, b) for a, b in itertools.combinations(places, 2) if a[0] != b[0]]
    found = np.empty((*values.shape, len(pairs)), np.float32)
    for channel, (a, b) in enumerate(pairs):
        found[..., channel] = ndimage.uniform_filter((moved[a] - moved[b]) ** 2, PATCH, mode="nearest")
    found -= found.min(axis=-1, keepdims=True)
    spread = found.mean(axis=-1)
    usual = float(spread[inside].mean()) if inside.any() else 0.0
    return np.exp(-found / np.clip(spread, FLOOR * usual + 1e-12, None)[..., None], out=found)


def _shifted(values: np.ndarray, axis: int, side: int) -> np.ndarray:
    index = np.clip(np.arange(values.shape[axis]) + side, 0, values.shape[axis] - 1)
    return np.take(values, index, axis=axis)
