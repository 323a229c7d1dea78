"""Fat and muscle in CT, for body composition."""

from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.hounsfield import FAT_HU, MUSCLE_HU
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.hounsfield import AIR_HU, hounsfield
from ..common.morphology import closed, dilated, eroded
from ..common.patient_grid import on_patient_grid
from ..common.slice_by_slice import filled_slices
from ..common.upright import upright
from ..common.working_grid import mask_on_image
from .body_mask import CONTENT_HU
from .ct_body import body_region
from .muscle import muscle_of

SUBCUTANEOUS, VISCERAL, MUSCLE, OTHER = 1, 2, 3, 4
WORKING_MM, BODY_HU, OPENING_MM, CLOSING_MM = 2.0, -300.0, 4.0, 6.0
# Skin is no part of the wall; gaps of the wall between muscles are closed up to twice this radius.
SKIN_MM, GAP_MM = 5.0, 10.0


@operation(
    "segmentation.ct_fat_muscle",
    title="Fat and muscle in CT",
    gives="labels",
    source="Mitsiopoulos et al., Cadaver validation of skeletal muscle measurement by MRI and CT, J. Appl. Physiol. "
    "85(1), 1998 (ranges in HU)",
)
class CtFatMuscle:
    """Part the body into fat under the skin (1) and inside the wall (2), muscle (3) and other lean tissue (4).

    Fat is -190 to -30 HU, lean tissue -29 to 150 HU; bone is left out by its density. Muscle is the wall of the trunk,
    the back, the psoas, and the limbs beside the trunk; organs, bowel, vessels and skin are the other lean tissue. They
    have the same density: muscle is told by place. Where organs abut the wall its thickness is interpolated, so some mm
    of one may be called the other; muscle wasted to a film, and organs in a hernia, go wrong. Cartilage of ribs, glands
    of the breast, and vessels of groin and limbs count as muscle, the diaphragm and part of the pelvic floor as other.
    In neck and head muscle is not told from the rest. Where no spine is seen, all lean tissue is muscle in limbs (only
    shafts of bones are there) and other (4) elsewhere; a single slice shows less than a slab of some cm around it. Look
    at the result before its areas are used. In the whole image, or in a slab: around seeds, or at a level.
    """

    slab_mm: Annotated[
        float,
        Range(0, 500, "mm"),
        "thickness of the slab around seeds or level; 0: the whole image, or a slice at seeds",
    ] = 0.0
    level_mm: Annotated[float, Range(-1e5, 1e5, "mm"), "S coordinate of the slab's middle, when there are no seeds"] = (
        0.0
    )

    @property
    def structures(self) -> dict[int, str]:
        return {
            SUBCUTANEOUS: "fat_subcutaneous",
            VISCERAL: "fat_visceral",
            MUSCLE: "muscle",
            OTHER: "lean_other",
        }

    def __call__(self, image, mask=None, seeds=None, progress=SILENT):
        read, sample, outline, within, back = progress.parts(1, 1, 5, 8, 3)
        hu = upright(hounsfield(image, read), CONTENT_HU)
        grid, work = on_patient_grid(hu, WORKING_MM, AIR_HU, CONTENT_HU, progress=sample)
        body = body_region(work, grid, BODY_HU, OPENING_MM, CLOSING_MM, outline)
        if not body.any():
            raise InputError(f"No body was found: the largest value is {work.max():.0f} HU. Choose a CT image.")
        inside, muscle = _compartments(work, body, grid, within)
        first, second, third = back.parts(1, 1, 1)
        whole = _on_image(body, grid, hu, first) & _slab(self, image, seeds)
        if mask is not None:
            whole &= sitk.GetArrayViewFromImage(mask) != 0
        values = sitk.GetArrayViewFromImage(hu)
        fat, lean = ((values >= low) & (values <= high) & whole for low, high in (FAT_HU, MUSCLE_HU))
        labels = np.zeros(values.shape, np.uint8)
        labels[fat] = np.where(_on_image(inside, grid, hu, second)[fat], VISCERAL, SUBCUTANEOUS)
        labels[lean] = np.where(_on_image(muscle, grid, hu, third)[lean], MUSCLE, OTHER)
        if not labels.any():
            raise InputError("There is no fat or muscle there: choose another level, or a larger mask.")
        return Geometry.of(image).image_of(labels)


def _compartments(
    work: np.ndarray, body: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """What the wall of muscle and bone encloses in each transverse slice, and what is nearest to muscle."""
    first, second = progress.parts(1, 4)
    if work.ndim == 2:
        spacing = (*grid.spacing, WORKING_MM)
        flat = Geometry((*grid.size, 1), spacing, (0.0,) * 3, tuple(np.eye(3).ravel()))
        inside, muscle = _compartments(work[None], body[None], flat, progress)
        return inside[0], muscle[0]
    lean = eroded(body, grid, SKIN_MM) & ((work > MUSCLE_HU[0]) | (work < FAT_HU[0]))
    # strands in fat and vessels under the skin are thin
    core = eroded(lean, grid, WORKING_MM)
    wall = dilated(core, grid, 1.5 * WORKING_MM) & lean
    inside = filled_slices(closed(wall, grid, GAP_MM, first)) & body
    found = muscle_of(work, body, wall, grid, second)
    if found is None:
        return inside, np.zeros_like(body)
    # what is between the muscles of a limb is not inside the trunk; where the wall is a film, its inside still is
    return (inside & found.trunk) | found.cavity, found.near


def _on_image(region: np.ndarray, grid: Geometry, image: sitk.Image, progress: Progress) -> np.ndarray:
    if not region.any():
        return np.zeros(tuple(reversed(image.GetSize())), bool)
    return sitk.GetArrayFromImage(mask_on_image(region, grid, image, progress)) != 0


def _slab(settings: CtFatMuscle, image: sitk.Image, seeds: sitk.Image | None) -> np.ndarray:
    """Where (z, y, x; broadcast) the image lies within the slab."""
    grid = Geometry.of(image)
    if grid.dimension == 2 or (seeds is None and not settings.slab_mm):
        return np.ones((1,) * grid.dimension, bool)
    rows = np.reshape(grid.direction, (3, 3))[2] * np.asarray(grid.spacing)
    heights = grid.origin[2] + sum(
        (np.arange(n) * step).reshape([-1 if axis == 2 - i else 1 for axis in range(3)])
        for i, (n, step) in enumerate(zip(grid.size, rows, strict=True))
    )
    low = high = settings.level_mm
    if seeds is not None:
        marked = np.broadcast_to(heights, tuple(reversed(grid.size)))[sitk.GetArrayViewFromImage(seeds) != 0]
        if not marked.size:
            raise InputError("The seeds are empty: mark a point at the level wanted.")
        low, high = float(marked.min()), float(marked.max())
    # the slice at the level belongs to it, however thin the slab
    half = max(settings.slab_mm, float(np.abs(rows).max()) * 1.001) / 2
    return (heights >= low - half) & (heights <= high + half)
