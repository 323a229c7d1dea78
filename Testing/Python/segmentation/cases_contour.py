"""Cases of contours and edges."""

import numpy as np
import SimpleITK as sitk

from .case import Case, ball_image


def small_ball(size=(32, 30, 24), spacing=None) -> sitk.Image:
    """A bright ball (100 on 20, noise 3) of a quarter of the smallest side, all around which there is room."""
    spacing = spacing or (1.0,) * len(size)
    wide = [n if n == 1 else int(n * 0.6) for n in size]
    inner = ball_image(tuple(wide), spacing)
    low = [(n - w) // 2 for n, w in zip(size, wide, strict=True)]
    high = [n - w - a for n, w, a in zip(size, wide, low, strict=True)]
    image = sitk.ConstantPad(inner, low, high, 20.0)
    around = np.random.default_rng(1).normal(0, 3, tuple(reversed(size))).astype(np.float32)
    values = sitk.GetArrayFromImage(image)
    values = np.where(values == 20, values + around, values)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    return image


# a contour is where its level crosses between voxels: rounding moves a voxel here and there
GROWING = Case(optional=("seeds",), share=0.01)

CASES = {
    "segmentation.canny_regions": [
        Case(image=small_ball),
        Case(image=small_ball, parameters={"brightness": "bright", "gap_mm": 0.0}, flat=False),
    ],
    "segmentation.geodesic_active_contour": [GROWING],
    "segmentation.threshold_level_set": [
        GROWING,
        Case(optional=("labels",), parameters={"limits": "given", "lower": 60, "upper": 200}, scale_free=False),
    ],
    "segmentation.laplacian_level_set": [Case(optional=("labels",), share=0.01)],
    "segmentation.hough_circles": [Case(parameters={"largest_radius_mm": 16.0})],
    "segmentation.hough_spheres": [Case()],
    "segmentation.chan_vese": [Case(), GROWING, Case(parameters={"local_mm": 8.0})],
}
