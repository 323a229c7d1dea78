"""What of an image the scan did not reach: corners that hold one value, as in an image resampled to a turned grid."""

import numpy as np
import SimpleITK as sitk


def outside_field(image: sitk.Image) -> np.ndarray | None:
    """Voxels (z, y, x) of the one value that all corners of the image hold and that are connected to these.

    None where the corners differ: then the scan fills the image.
    """
    last = [n - 1 for n in image.GetSize()]
    corners = [tuple(n if i >> axis & 1 else 0 for axis, n in enumerate(last)) for i in range(1 << len(last))]
    found = {image.GetPixel(corner) for corner in corners}
    if len(found) > 1:
        return None
    value = found.pop()
    return sitk.GetArrayFromImage(sitk.ConnectedThreshold(image, corners, value, value)) != 0


def continued(values: np.ndarray, outside: np.ndarray, voxels: int) -> np.ndarray:
    """Values (z, y, x) with those at the edge of the field repeated so many voxels beyond it.

    What is interpolated up to the edge is then not mixed with what stands outside.
    """
    result, left = values.copy(), outside.copy()
    for _ in range(voxels):
        known = ~left
        for axis in range(values.ndim):
            for step in (1, -1):
                here, beside = ([slice(None)] * values.ndim for _ in range(2))
                here[axis], beside[axis] = (slice(1, None), slice(-1)) if step > 0 else (slice(-1), slice(1, None))
                to, of = tuple(here), tuple(beside)
                taken = left[to] & known[of]
                result[to][taken] = result[of][taken]
                left[to][taken] = False
    return result
