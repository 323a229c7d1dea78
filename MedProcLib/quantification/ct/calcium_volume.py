"""Volume of calcium with values interpolated between slices."""

import numpy as np


def interpolated_volume(values: np.ndarray, lesions: np.ndarray, threshold: float, spacing: tuple[float, ...]) -> float:
    """Volume (mm3) of lesions where the values, linear between the slices, are at or above a threshold.

    values (HU), lesions: (z, y, x), with a slice more on either side as far as the volume goes; spacing: (x, y, z), mm.
    It is what isotropic voxels tend to as they get small. What lies as high but is no lesion, such as bone, has its
    half of the way between two slices; so has the end of the volume.
    Source: Callister et al., Coronary artery disease: improved reproducibility of calcium scoring with an electron-beam
    CT volumetric method, Radiology 208(3), 1998.
    """
    slices = 0.0
    for here, there in ((np.s_[:-1], np.s_[1:]), (np.s_[1:], np.s_[:-1])):
        inside = lesions[here]
        value, other = (values[side][inside].astype(np.float64) for side in (here, there))
        below = other < threshold  # not of a missing value
        way = np.full(value.shape, 0.5)
        way[below] = (value[below] - threshold) / (value[below] - other[below])
        slices += way.sum()
    slices += 0.5 * (lesions[0].sum() + lesions[-1].sum())
    return float(slices * np.prod(spacing))
