"""Where tissue is when there is no mask."""

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress
from ...core.voxels import foreground

# Share of the voxels with the lowest value from which on that is background which was set so.
BACKGROUND = 0.1


def tissue_region(values: np.ndarray, valid: np.ndarray, progress: Progress = SILENT) -> np.ndarray:
    """What is above the lowest value where many voxels have it, or else above Otsu's threshold, with its holes filled.

    Holes are ventricles and sulci that are as dark as the background: what is enclosed in a slice along any axis, for
    in a volume they are open to the outside. Raises InputError for a constant image.
    """
    lowest = values[valid].min()
    above = valid & (values > lowest)
    set_so = np.count_nonzero(valid & ~above) >= BACKGROUND * np.count_nonzero(valid) and above.any()
    region = above if set_so else foreground(values, valid)
    result = region.copy()
    thin = values.ndim == 3 and min(values.shape) == 1
    axes = [int(np.argmin(values.shape))] if thin else range(3) if values.ndim == 3 else []
    for axis in axes:
        planes, target = np.moveaxis(region, axis, 0), np.moveaxis(result, axis, 0)
        for number, plane in enumerate(planes):
            target[number] |= ndimage.binary_fill_holes(plane)
        progress.check()
    if values.ndim == 2:
        result = ndimage.binary_fill_holes(region)
    return result & valid
