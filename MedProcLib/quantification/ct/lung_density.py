"""Density of lungs in CT: emphysema, trapped air, percentile density, tissue and air."""

import math

import numpy as np

from ...core.measurement import Measurement
from ..figure import Figure, of_values
from ..sample import Sample

LOW_ATTENUATION = tuple(
    (limit, Figure(f"low_attenuation_{-limit:.0f}", "%", meaning, 1, None, {"below_HU": limit}))
    for limit, meaning in (
        (-950.0, "emphysema index (LAA-950): share of the voxels below the limit, in inspiration"),
        (-910.0, "share of the voxels below the limit (LAA-910): mild emphysema, in inspiration"),
        (-856.0, "share of the voxels below the limit: trapped gas, in expiration"),
    )
)
MEAN_DENSITY = of_values("mean_lung_density", "mean density")
PERCENTILE = of_values(
    "percentile_density_15", "15th percentile (Perc15)", 20, None, {"percent": 15, "interpolation": "linear"}
)
MASS = Figure(
    "tissue_mass", "g", "mass, taking the density of a voxel as 1 + HU / 1000 g/ml, at least 0", dimensions=(3,)
)
AIR = Figure(
    "air_volume", "ml", "volume of air, taking a voxel as a mix of air (-1000 HU) and water (0 HU)", dimensions=(3,)
)
LUNG_FIGURES = (*(figure for _, figure in LOW_ATTENUATION), PERCENTILE, MEAN_DENSITY, MASS, AIR)


def lung_measurements(values: np.ndarray | Sample, voxel_mm3: float | None) -> list[Measurement]:
    """Figures of the values (HU, any shape, or a sample) of a lung: LAA-950, -910, -856, Perc15, density, mass and air.

    voxel_mm3: volume of a voxel, None to leave out mass and air. Perc15 + 1000 is the density in g/l that trials give.
    Values that are no numbers are left out, and how many is said. NaN when none is left.
    Source: Gevenois et al., Am J Respir Crit Care Med 154(1), 1996 (-950 HU); Parr et al., Respir Res 9:21, 2008
    (percentile density); Schroeder et al., AJR 201(3), 2013 (-856 HU in expiration); Coxson et al., Am J Respir Crit
    Care Med 159(3), 1999 (mass).
    """
    sample = Sample.of(values)
    left_out = {"voxels_without_number": sample.left_out} if sample.left_out else {}
    found: list[tuple[Figure, float]] = [(figure, 100 * sample.share_below(limit)) for limit, figure in LOW_ATTENUATION]
    found.append((PERCENTILE, sample.restored(sample.percentile(15)) if sample.count else math.nan))
    found.append((MEAN_DENSITY, sample.restored(sample.mean) if sample.count else math.nan))
    if voxel_mm3 is not None:
        # g/ml is mg/mm3; 1000 HU are 1 g/ml
        found.append((MASS, sample.sum_of(lambda hu: np.maximum(hu + 1000, 0)) * 1e-6 * voxel_mm3))
        found.append((AIR, sample.sum_of(lambda hu: np.clip(-hu, 0, 1000)) * 1e-6 * voxel_mm3))
    return [figure.measured(value, sample.count, "HU", **left_out) for figure, value in found]
