"""A rigid transform between two images from what they show alike: a start for a registration, wherever they lie."""

import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from .detect import detect_key_points, finest_scale
from .match import match
from .rigid_fit import RigidFit, fit_rigid

# longer points than usual, too: where they slide along their length they do not agree with the others
CURVATURES = 20.0


def rigid_start(
    fixed: sitk.Image,
    moving: sitk.Image,
    smallest_mm: float = 0.0,
    tolerance_mm: float = 0.0,
    largest_ratio: float = 0.9,
    progress: Progress = SILENT,
) -> RigidFit:
    """The rigid transform from points of `fixed` to points of `moving` (LPS, mm) that matching key points agree on.

    It needs no start of its own and finds any rotation, but not other modalities; a registration refines it.
    smallest_mm: scale of the smallest points (0: what both images allow); tolerance_mm: distance of partners (0: twice
    that scale). Both images 2D or both 3D. Raises InputError when too few pairs agree.
    """
    if fixed.GetDimension() != moving.GetDimension():
        raise InputError("Both images must be 2D, or both 3D.")
    smallest = smallest_mm or max(finest_scale(Geometry.of(image)) for image in (fixed, moving))
    parts = progress.parts(4.0, 4.0, 1.0)
    found = [
        detect_key_points(
            image, smallest_mm=smallest, largest_mm=max(20.0, 4 * smallest), largest_ratio=CURVATURES, progress=part
        )
        for image, part in zip((fixed, moving), parts, strict=False)
    ]
    pairs = match(found[0], found[1], largest_ratio, progress=parts[2])
    return fit_rigid(found[0].points[pairs.first], found[1].points[pairs.other], tolerance_mm or 2 * smallest)
