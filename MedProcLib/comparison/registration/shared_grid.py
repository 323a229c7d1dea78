"""The grids between two images, coarse to fine over one box, on which their features are compared."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry, resample
from ..alignment.volume import Volume
from ..halfway import half, transform_of
from .matching import Pair
from .self_similarity import self_similarity

LEVELS = 3
MOST_VOXELS = 400_000
LEAST_VOXELS = 8  # along the shortest side at the finest level
MOST_OF_THIN = 4 * MOST_VOXELS  # that this may lead to: what is thinner cannot be told from a plane
MARGIN_VOXELS = 2  # of the coarsest level, around what both images show: there the deformation fades
NEAR_MASK_VOXELS = 2.0


@dataclass(frozen=True)
class SharedGrid:
    """A box in the half-way space of a matrix first -> other (homogeneous, LPS, mm), axes along the patient's.

    low: its corner in mm; count: voxels of the coarsest level along x, y, z (even); spacing: mm at the coarsest level,
    halved from level to level.
    """

    first: Volume
    other: Volume
    matrix: np.ndarray
    low: np.ndarray
    count: np.ndarray
    spacing: float
    masked: tuple[bool, bool] = (False, False)

    @classmethod
    def between(
        cls, first: Volume, other: Volume, matrix: np.ndarray, masked: tuple[bool, bool] = (False, False)
    ) -> "SharedGrid | None":
        """Over the part that both images show, at most about 400,000 voxels fine (four times that where it is thin).

        None where they show none, or one that is too thin.
        """
        root = half(matrix)
        lows, highs = [], []
        for volume, to_half in ((first, root), (other, np.linalg.inv(root))):
            grid = volume.geometry
            # to the edges of the voxels, so that a single slice has a thickness
            ends = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in grid.size], indexing="ij"))
            corners = grid.points(ends.reshape(grid.dimension, -1).T) @ to_half[:-1, :-1].T + to_half[:-1, -1]
            lows.append(corners.min(axis=0))
            highs.append(corners.max(axis=0))
        low, high = np.max(lows, axis=0), np.min(highs, axis=0)
        side = high - low
        native = max(min(v.geometry.spacing) for v in (first, other))
        if (side <= native).any():
            return None
        fine = max(native, float(np.prod(side) / MOST_VOXELS) ** (1 / len(side)))
        fine = min(fine, float(side.min()) / LEAST_VOXELS)
        if np.prod(side / fine) > MOST_OF_THIN:
            return None
        coarse = fine * 2 ** (LEVELS - 1)
        count = 2 * np.ceil((side / coarse + 2 * MARGIN_VOXELS) / 2).astype(int)
        return cls(first, other, matrix, (low + high) / 2 - count * coarse / 2, count, coarse, masked)

    def geometry(self, level: int) -> Geometry:
        """The voxel grid of a level, 0 the coarsest; level -1 is twice as coarse as that."""
        spacing = self.spacing / 2**level
        size = self.count * 2**level if level >= 0 else self.count // 2
        dimension = len(self.low)
        return Geometry(
            tuple(int(n) for n in size),
            (spacing,) * dimension,
            tuple((self.low + spacing / 2).tolist()),
            tuple(np.eye(dimension).ravel().tolist()),
        )

    def pair(self, level: int) -> Pair:
        """Both images' features at a level."""
        grid, root = self.geometry(level), half(self.matrix)
        f, wf = _features(self.first, grid, np.linalg.inv(root), self.masked[0])
        m, wm = _features(self.other, grid, root, self.masked[1])
        return Pair(f, m, wf, wm, grid.spacing[0])

    def values(self, level: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(gray values, share of the foreground, 1 inside the image) of both images at a level."""
        grid, root = self.geometry(level), half(self.matrix)
        return [
            (
                _sampled(volume, volume.image, grid, matrix),
                _sampled(volume, volume.foreground, grid, matrix),
                _inside(volume, grid, matrix),
            )
            for volume, matrix in ((self.first, np.linalg.inv(root)), (self.other, root))
        ]


def _features(volume: Volume, grid: Geometry, matrix: np.ndarray, masked: bool) -> tuple[np.ndarray, np.ndarray]:
    values = _sampled(volume, volume.image, grid, matrix)
    weight = _inside(volume, grid, matrix)
    foreground = _sampled(volume, volume.foreground, grid, matrix) > 0.5
    if masked:
        weight *= ndimage.distance_transform_edt(~foreground) <= NEAR_MASK_VOXELS
    return self_similarity(values, foreground & (weight > 0)), weight


def _inside(volume: Volume, grid: Geometry, matrix: np.ndarray) -> np.ndarray:
    inside = sitk.GetArrayFromImage(resample(volume.inside, grid, transform_of(matrix)))
    return (inside > 0.99).astype(np.float32)


def _sampled(volume: Volume, image: sitk.Image, grid: Geometry, matrix: np.ndarray) -> np.ndarray:
    """Values smoothed for the spacing of the grid."""
    spacing = np.asarray(volume.geometry.spacing)
    sigma = np.sqrt(np.clip((0.5 * grid.spacing[0]) ** 2 - (0.4 * spacing) ** 2, 0, None)) / spacing
    values = sitk.GetArrayViewFromImage(image)
    if sigma.any():
        values = ndimage.gaussian_filter(values, sigma[::-1], mode="nearest", truncate=3)
    return sitk.GetArrayFromImage(resample(volume.geometry.image_of(values), grid, transform_of(matrix)))
