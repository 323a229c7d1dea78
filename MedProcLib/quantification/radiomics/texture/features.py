"""Texture features of a discretized region (IBSI, arXiv 1612.07003, 3.6 to 3.11)."""

import numpy as np

from ....core.progress import SILENT, Progress
from ..feature import Feature
from .counts import Counts
from .definitions import DEFINITIONS, FAMILY_NAMES
from .matrices import DIRECTIONAL, TextureMatrices
from .region import Region
from .settings import TextureSettings


def texture_features(
    region: Region, spacing: tuple[float, float, float], settings: TextureSettings, progress: Progress = SILENT
) -> list[Feature]:
    """Features of the families and aggregations of the settings, by family, then aggregation, in the manual's order.

    region: by region_of, with a margin of the settings' reach; spacing: x, y, z in mm, for distance weighting only.
    Averages are over the directions and slices where a feature is defined; it is NaN where it is in none. Raises
    Cancelled.
    """
    matrices = TextureMatrices(region, spacing, settings)
    features: list[Feature] = []
    for family, share in zip(settings.families, progress.parts(*[1.0] * len(settings.families)), strict=True):
        share(0.0, f"Texture: {FAMILY_NAMES[family]}")
        chosen = settings.aggregations if family in DIRECTIONAL else settings.spaces
        for by_slice, part in zip((True, False), share.parts(1, 1), strict=True):
            wanted = [name for name in chosen if name.startswith("2") == by_slice]
            if wanted:
                features += _family_features(matrices, family, by_slice, wanted, part)
    return features


def _family_features(
    matrices: TextureMatrices, family: str, by_slice: bool, aggregations: list[str], progress: Progress
) -> list[Feature]:
    parts, weights = matrices.of(family, by_slice, progress)
    region = matrices.region
    voxels = region.voxels_by_slice if by_slice else np.array([region.count])
    features: list[Feature] = []
    for name in aggregations:
        chosen, n_voxels = parts, voxels
        if name.startswith("2_5D"):
            chosen, n_voxels = [part.as_one() for part in parts], voxels.sum(keepdims=True)
        if name.endswith("avg"):
            side_by_side = [part.shifted(number * n_voxels.size) for number, part in enumerate(chosen)]
            counts, n_voxels = Counts.joined(side_by_side), np.tile(n_voxels, len(chosen))
        else:
            weighted = [part.times(weight) for part, weight in zip(chosen, weights, strict=True) if weight]
            counts, n_voxels = Counts.joined(weighted).merged(), n_voxels * weights.sum()
        features += _averaged(family, name, matrices.features(family, counts, n_voxels))
    return features


def _averaged(family: str, aggregation: str, values: np.ndarray) -> list[Feature]:
    """Features of an aggregation from those of its matrices (number, matrices)."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        means = np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
    # the last of the emphasis features belongs to one family only, so there may be a value too many
    return [
        Feature(f"{d.tag}_{aggregation}", d.name, float(value), "", FAMILY_NAMES[family], aggregation, d.code)
        for d, value in zip(DEFINITIONS[family], means, strict=False)
    ]
