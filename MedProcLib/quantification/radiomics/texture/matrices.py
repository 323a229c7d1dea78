"""The texture matrices of a region by family, and the features of such matrices."""

import numpy as np

from ....core.progress import SILENT, Progress
from .cooccurrence import cooccurrences
from .cooccurrence_features import cooccurrence_features
from .counts import Counts
from .directions import neighborhood, pair_vectors, weights
from .emphasis_features import emphasis_features
from .neighbors import dependences, tone_differences
from .region import Region
from .run_length import run_lengths
from .settings import TextureSettings
from .tone_difference_features import tone_difference_features
from .zones import Zones, zones

DIRECTIONAL = ("cm", "rlm")


class TextureMatrices:
    """Matrices of a region; its zones, which two families share, are linked once and let go with the second."""

    def __init__(self, region: Region, spacing: tuple[float, float, float], settings: TextureSettings) -> None:
        self.region, self._spacing, self._settings = region, spacing, settings
        self._zones: dict[bool, Zones] = {}

    def of(self, family: str, by_slice: bool, progress: Progress = SILENT) -> tuple[list[Counts], np.ndarray]:
        """Matrices of each direction (one for a family without directions), numbered by slice, and their weights."""
        settings, region = self._settings, self.region
        if family in DIRECTIONAL:
            pairs = family == "cm"
            vectors = (
                pair_vectors(settings.distance, settings.norm, by_slice)
                if pairs
                else neighborhood(1, settings.norm, by_slice)
            )
            parts = []
            for number, vector in enumerate(vectors):
                progress(number / len(vectors), "Counting along directions")
                parts.append((cooccurrences if pairs else run_lengths)(region, vector, by_slice))
            return parts, weights(vectors, self._spacing, settings.distance_weighting)
        if family == "ngt":
            vectors = neighborhood(settings.ngtdm_distance, settings.norm, by_slice)
            part = tone_differences(region, vectors, by_slice, progress)
        elif family == "ngl":
            vectors = neighborhood(settings.ngldm_distance, settings.norm, by_slice)
            part = dependences(region, vectors, settings.ngldm_alpha, by_slice, progress)
        else:
            linked = self._zones.pop(by_slice, None) or zones(region, by_slice, settings.norm, progress)
            if family == "szm" and "dzm" in settings.families:
                self._zones[by_slice] = linked
            part = linked.size_zone() if family == "szm" else linked.distance_zone()
        return [part], np.ones(1)

    def features(self, family: str, counts: Counts, voxels: np.ndarray) -> np.ndarray:
        """Features (number, matrices) of a family's matrices; voxels: N_v of each (matrices,)."""
        levels = self.region.levels
        if family == "cm":
            return cooccurrence_features(counts, levels, self.region.n_levels, voxels.size)
        if family == "ngt":
            return tone_difference_features(counts, levels, voxels.size)
        return emphasis_features(counts, levels, voxels)
