"""The brain on an isotropic grid along the head's axes."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian
from ..common.patient_grid import patient_grid
from ..common.symmetry import mirror_plane
from ..common.upright import nearest_axes

FWHM_PER_SD = 2.3548
# Around the brain, so much is kept.
MARGIN_MM = 6.0
# Axes with a larger cosine between them are the same: then it does not matter along which of them a head lies.
OBLIQUE = 0.97


@dataclass(frozen=True)
class BrainGrid:
    """grid: isotropic, along the head's left, back and up, which are L, P and S unless it lies turned (3D).

    values, brain: of the image and of the mask on it (z, y, x).
    """

    grid: Geometry
    values: np.ndarray
    brain: np.ndarray

    @property
    def center(self) -> np.ndarray:
        """LPS position (mm) of the brain's center of mass."""
        return self.grid.points(np.argwhere(self.brain).mean(axis=0)[::-1])[0]

    @property
    def left(self) -> np.ndarray:
        """Unit vector (LPS) to the head's left."""
        return np.reshape(self.grid.direction, (self.grid.dimension,) * 2)[:, 0]

    def offsets(self, index: np.ndarray) -> np.ndarray:
        """mm to the left, back and up (n, dimension) from the brain's center of mass of voxels (n, z y x)."""
        axes = np.reshape(self.grid.direction, (self.grid.dimension,) * 2)
        return (self.grid.points(index[:, ::-1]) - self.center) @ axes


def on_brain_grid(
    image: sitk.Image, values: np.ndarray, region: np.ndarray, spacing_mm: float, progress: Progress = SILENT
) -> BrainGrid:
    """An image's values (z, y, x) in a region, which is the brain, on voxels of this side.

    Voxels that the image does not reach are outside the brain. What lies outside the region enters nowhere: a voxel
    of the grid is the mean of what it covers of the region. Raises InputError for a region too small to be seen on it,
    and for all of an image: how deep something lies in the brain is measured from what is outside.
    """
    source = Geometry.of(image)
    around = box_of(region)
    # the rest of the image would be blurred and searched for nothing
    around = grown(around, source, MARGIN_MM)
    values, region, part = values[around], region[around], grid_of_box(source, around)
    axes = _head_axes(part, values, region, progress)
    low, high = _reach(region, part, axes)
    # the grid of the scene turned so that the head is upright, turned back
    grid = _turned(patient_grid(_turned(source, axes.T), spacing_mm, (low - MARGIN_MM, high + MARGIN_MM)), axes)
    # blurred to the coarser voxel first, so that fine detail does not turn into noise
    widths = [np.sqrt(max(spacing_mm**2 - side**2, 0)) / FWHM_PER_SD for side in source.spacing]
    first, second, third, fourth = progress.parts(1, 1, 1, 1)
    scale = float(np.abs(values[region]).max()) or 1.0
    weight = part.image_of(gaussian(region, part, widths, first))
    total = part.image_of(gaussian(np.where(region, values / scale, 0), part, widths, second))
    share, mean = (
        sitk.GetArrayFromImage(resample(extended(blurred), grid, progress=step))
        for blurred, step in ((weight, third), (total, fourth))
    )
    brain = share > 0.5
    if not brain.any():
        raise InputError(f"The mask has nothing left at voxels of {spacing_mm:g} mm: choose a mask of the whole brain.")
    if brain.all():
        raise InputError(
            "All of the image is taken for brain, so nothing shows where the brain ends: choose a mask of the brain, "
            "as 'Brain mask' makes it."
        )
    return BrainGrid(grid, np.divide(mean, share, out=np.zeros_like(mean), where=brain), brain)


def _head_axes(source: Geometry, values: np.ndarray, region: np.ndarray, progress: Progress) -> np.ndarray:
    """The head's left, back and up (columns): L, P and S, or the image's own axes where the head lies along these.

    The plane of symmetry tells: it is across the head's left.
    """
    dimension = source.dimension
    direction = np.reshape(source.direction, (dimension,) * 2)
    if dimension != 3 or 1 in source.size:
        return np.eye(dimension)
    nearest = nearest_axes(direction)
    own = direction @ nearest.T
    if own[0, 0] > OBLIQUE:
        return np.eye(3)
    normal = mirror_plane(np.where(region, values, 0), region, source, progress.quiet()).normal
    return own if abs(normal @ own[:, 0]) > abs(normal[0]) else np.eye(3)


def _reach(region: np.ndarray, grid: Geometry, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far (mm) a region's voxels reach along each axis (columns), down and up: a box turned with it is larger."""
    rows = np.argwhere(region.any(axis=-1))
    within = region[tuple(rows.T)]
    size = region.shape[-1]
    ends = [np.column_stack([x, rows[:, ::-1]]) for x in (within.argmax(-1), size - 1 - within[:, ::-1].argmax(-1))]
    along = grid.points(np.concatenate(ends)) @ axes
    half = np.abs(axes.T @ np.reshape(grid.direction, axes.shape)) @ np.asarray(grid.spacing) / 2
    return along.min(axis=0) - half, along.max(axis=0) + half


def _turned(grid: Geometry, turn: np.ndarray) -> Geometry:
    """A grid turned about the origin of space."""
    direction = turn @ np.reshape(grid.direction, (grid.dimension,) * 2)
    return Geometry(
        grid.size,
        grid.spacing,
        tuple(float(x) for x in turn @ np.asarray(grid.origin)),
        tuple(float(x) for x in direction.ravel()),
    )
