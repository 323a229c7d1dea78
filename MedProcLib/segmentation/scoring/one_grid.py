"""Bring two label maps onto one grid, the reference's."""

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, require_scalar, resample
from ...core.progress import SILENT, Progress


def on_grid_of(reference: sitk.Image, test: sitk.Image, progress: Progress = SILENT) -> tuple[sitk.Image, list[str]]:
    """The test's labels at the reference's voxels (nearest neighbor), and what there is to say about it.

    Raises InputError when the two have no place in common, or one is 2D and the other 3D.
    """
    for what, image in (("The reference", reference), ("The test", test)):
        require_scalar(image, what)
        if image.GetPixelID() in (sitk.sitkFloat32, sitk.sitkFloat64):
            raise InputError(f"{what} must be a label map of whole numbers, not {image.GetPixelIDTypeAsString()}.")
    if reference.GetDimension() != test.GetDimension():
        raise InputError(
            f"The reference is {reference.GetDimension()}D and the test {test.GetDimension()}D: "
            "give two segmentations of one image."
        )
    grid, other = Geometry.of(reference), Geometry.of(test)
    if grid.same_grid(other):
        return test, []
    covering, covered, moving = progress.parts(1, 1, 2)
    reached = resample(grid.empty_image() + 1, other, interpolator=sitk.sitkNearestNeighbor, progress=covering)
    inside = sitk.GetArrayViewFromImage(reached) != 0
    if not inside.any():
        reached_too = resample(other.empty_image() + 1, grid, interpolator=sitk.sitkNearestNeighbor, progress=covered)
        if not sitk.GetArrayViewFromImage(reached_too).any():
            raise InputError(
                "The reference and the test lie at different places: their images have no voxel in common. Check that "
                "they are of one study, or apply the transform between them first."
            )
    notes = ["The test has another voxel grid: its labels were resampled onto the reference's (nearest neighbor)."]
    marked = sitk.GetArrayViewFromImage(test) != 0
    lost, total = int(np.count_nonzero(marked & ~inside)), int(np.count_nonzero(marked))
    if lost:
        notes.append(
            f"{100 * lost / total:.3g} % of the test's segmentation lies outside the reference's image: not scored."
        )
    return resample(test, grid, interpolator=sitk.sitkNearestNeighbor, progress=moving), notes
