"""Regions of gray levels that texture is tried on."""

import numpy as np
from scipy import ndimage

from MedProcLib.quantification.bit_mask import BitMask
from MedProcLib.quantification.radiomics.texture.features import texture_features
from MedProcLib.quantification.radiomics.texture.region import Region, region_of
from MedProcLib.quantification.radiomics.texture.settings import AGGREGATIONS, TextureSettings

ALL = TextureSettings(aggregations=AGGREGATIONS)


def values(levels, settings=ALL, n_levels=None, morphological=None, spacing=(1.0, 1.0, 1.0)) -> dict[str, float]:
    """Tag -> value of the texture features of int levels (z, y, x)."""
    morphological = levels > 0 if morphological is None else morphological
    n_levels = int(levels.max()) if n_levels is None else n_levels
    region = discrete(levels, n_levels, morphological, settings)
    return {f.tag: f.value for f in texture_features(region, spacing, settings)}


def discrete(levels, n_levels, morphological, settings) -> Region:
    """The region of int levels (z, y, x), 0 outside."""
    masks = BitMask.of(levels != 0), BitMask.of(morphological)
    return region_of(levels[levels != 0], n_levels, *masks, settings.reach)


def noise(shape=(4, 5, 6), n_levels=5, seed=0, smooth=0.0, outside=0.2) -> np.ndarray:
    """Random levels 1..n_levels (int32) with a share of voxels outside."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), smooth) if smooth else rng.normal(size=shape)
    ranks = np.argsort(np.argsort(field, axis=None)).reshape(shape)
    levels = 1 + ranks * n_levels // field.size
    return np.where(rng.random(shape) < outside, 0, levels).astype(np.int32)


def lesion(voxels: int, n_levels: int, seed=0) -> np.ndarray:
    """A ball of smooth noise in levels 1..n_levels (int32)."""
    radius = (3 * voxels / 4 / np.pi) ** (1 / 3)
    side = int(2 * radius + 6)
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(side,) * 3), 1.0)
    ball = np.sum((np.indices(field.shape) - side / 2 + 0.5) ** 2, axis=0) < radius**2
    low, high = field[ball].min(), field[ball].max()
    levels = np.minimum(1 + np.floor((field - low) / (high - low) * n_levels), n_levels)
    return np.where(ball, levels, 0).astype(np.int32)
