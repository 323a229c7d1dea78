"""Active contours without edges."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, foreground, inside, values_of
from ..common.connectivity import connected_components
from ..common.working_grid import on_working_grid
from .moving import working_side
from .start import Patch, each_object
from .two_regions import Regions, divided

# A whole image is divided on no more voxels than this.
MOST_VOXELS = 20_000_000


@operation(
    "segmentation.chan_vese",
    title="Chan-Vese (contours without edges)",
    gives="labels",
    source="Chan & Vese, Active contours without edges, IEEE TIP 10(2), 2001; Esedoglu & Tsai, J. Comput. Phys. "
    "211(1), 2006 (by thresholding); Li et al., IEEE TIP 17(10), 2008 (local means)",
)
class ChanVese:
    """Divide the image into object and surroundings, each of even intensity, with the shortest boundary between them.

    It needs no edges: noise and blur average out over each region. Without seeds and segments it begins with Otsu's
    threshold and gives one segment, in the whole image; with them, each label is an object of its own that begins there
    (seeds grown by the radius) and is what stays connected to its beginning, within the reach. Where objects overlap,
    a voxel goes to the one whose start is nearest.
    """

    smoothness_mm: Annotated[float, Range(0, 50, "mm"), "spots and dents of a smaller radius are smoothed away"] = 2.0
    local_mm: Annotated[
        float, Range(0, 200, "mm"), "SD of the neighborhood whose means are compared, for uneven brightness; 0: all"
    ] = 0.0
    object_is: Annotated[Literal["bright", "dark"], "without seeds and segments: which region is the object"] = "bright"
    start_radius_mm: Annotated[float, Range(0, 100, "mm"), "seeds are grown by this to make the first region"] = 3.0
    reach_mm: Annotated[float, Range(1, 300, "mm"), "the object goes no farther than this from where it starts"] = 30.0

    def __call__(self, image, seeds=None, labels=None, mask=None, progress=SILENT):
        if seeds is None and labels is None:
            return self._whole(image, mask, progress)

        def find(patch: Patch, share: Progress) -> np.ndarray:
            found = _divided(patch, Regions(self.smoothness_mm, self.local_mm, True), share)
            pieces = connected_components(patch.grid.image_of(found), "face", share.part(0.99, 1))[0]
            kept = np.unique(pieces[patch.start])
            return np.isin(pieces, kept[kept > 0])

        return each_object(image, seeds, labels, mask, self.start_radius_mm, self.reach_mm, find, progress)

    def _whole(self, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> sitk.Image:
        values, valid = values_of(image)
        allowed = inside(mask, valid)
        start = foreground(values, allowed)
        if self.object_is == "dark":
            start = allowed & ~start
        patch = Patch(Geometry.of(image), values, start, allowed)
        found = _divided(patch, Regions(self.smoothness_mm, self.local_mm, False), progress) & allowed
        if not found.any():
            raise InputError(
                "No region is large enough for this smoothness: choose less of it, or mark the object with a seed."
            )
        return Geometry.of(image).image_of(found)


def _divided(patch: Patch, settings: Regions, progress: Progress) -> np.ndarray:
    """The object on the patch, divided on cubes."""
    grid = patch.grid
    every = np.ones(patch.values.shape, bool)
    cubes, values, _ = on_working_grid(
        grid.image_of(patch.values), patch.values, every, working_side(grid, MOST_VOXELS), progress.part(0, 0.1)
    )
    start, allowed = (
        sitk.GetArrayFromImage(resample(extended(grid.image_of(region.astype(np.float32))), cubes)) > 0.5
        for region in (patch.start, patch.allowed)
    )
    if not start.any():
        # smaller than a cube
        start = sitk.GetArrayFromImage(resample(extended(grid.image_of(patch.start.astype(np.float32))), cubes)) > 0
    found = divided(values, cubes, start, allowed, settings, progress.part(0.1, 1))
    back = resample(extended(cubes.image_of(found.astype(np.float32))), grid)
    return sitk.GetArrayFromImage(back) > 0.5
