"""The plane that mirrors a head or brain onto itself, found in any orientation, and the image seen in that mirror."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, optimize

from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ...core.voxels import extended, gaussian, isotropic_grid
from .sphere_mesh import SphereMesh

# The plane is looked for on voxels of this side, blurred to it: finer ones move it by less than half a millimeter.
COARSE_MM = 4.0
# Of more voxels than these, which a head does not have, some are enough.
ENOUGH_VOXELS = 100_000
# So many of the directions tried are followed further, so far apart: neighbors would lead to one place.
FOLLOWED, APART_DEG = 6, 20.0
# A head lies no farther from the axes it is said to lie along.
MOST_TURNED_DEG = 45.0
# First steps of the search: of the direction (as a tangent) and of the place.
TILT, SHIFT_MM = 0.15, 6.0


@dataclass(frozen=True)
class MirrorPlane:
    """Points x (LPS, mm) with normal . x = offset. likeness: correlation of the image with its mirror image."""

    normal: np.ndarray
    offset: float
    likeness: float

    def mirrored(self, points: np.ndarray) -> np.ndarray:
        """The points (n, dimension; LPS mm) on the other side."""
        return points - 2 * (points @ self.normal - self.offset)[:, None] * self.normal

    @property
    def transform(self) -> sitk.Transform:
        """Maps points to the other side (LPS, mm); for resample."""
        dimension = len(self.normal)
        affine = sitk.AffineTransform(dimension)
        affine.SetMatrix((np.eye(dimension) - 2 * np.outer(self.normal, self.normal)).ravel().tolist())
        affine.SetTranslation((2 * self.offset * self.normal).tolist())
        return affine


def mirror_plane(
    values: np.ndarray,
    region: np.ndarray,
    grid: Geometry,
    progress: Progress = SILENT,
    left: np.ndarray | None = None,
) -> MirrorPlane:
    """The plane (line in 2D) for which the region's values are most like those on its other side.

    values, region: z, y, x order; region: the head or brain (bool), not empty; left: about the head's left (unit
    vector), within 45 degrees of which the normal lies: else a brain with a large lesion on one side may seem more
    alike in front and behind. Directions all around are tried for planes through the middle of the region, and the
    most alike are moved and tilted until they are best.
    Ardekani et al., Automatic detection of the mid-sagittal plane in 3-D brain images, IEEE TMI 16(6), 1997.
    """
    blur, search = progress.parts(1, 4)
    coarse, values, weight = _coarse(values, region, grid, blur)
    inside = weight > 0.5
    centered = np.where(inside, values - values[inside].mean(), 0)
    every = max(1, int(np.count_nonzero(inside)) // ENOUGH_VOXELS)
    points = coarse.points(np.argwhere(inside)[::every, ::-1])
    here = centered[inside][::every]
    middle = points.mean(axis=0)

    def likeness(normal: np.ndarray, offset: float) -> float:
        progress.check()
        if left is not None and abs(float(normal @ left)) < np.cos(np.radians(MOST_TURNED_DEG)):
            return -1.0
        other = MirrorPlane(normal, offset, 0).mirrored(points)
        index = coarse.indices(other)[:, ::-1].T
        seen = ndimage.map_coordinates(centered, index, order=1, mode="constant")
        norm = np.sqrt(np.sum(here**2) * np.sum(seen**2))
        return float(np.sum(here * seen) / norm) if norm > 0 else -1.0

    directions = _directions(grid.dimension, points - middle)
    trying, search = search.parts(1, 9)
    first = []
    for number, normal in enumerate(directions):
        trying(number / len(directions), "Looking for the plane of symmetry")
        first.append(likeness(normal, float(normal @ middle)))
    best = MirrorPlane(directions[0], float(directions[0] @ middle), -1.0)
    followed = _apart(directions, np.argsort(first, kind="stable")[::-1])
    for number, direction in enumerate(followed):
        search(number / len(followed), "Looking for the plane of symmetry")
        best = max(best, _followed(direction, middle, likeness), key=lambda plane: plane.likeness)
    return best


def seen_in_mirror(values: np.ndarray, grid: Geometry, plane: MirrorPlane, outside: float) -> np.ndarray:
    """Values (float32, z, y, x) at the mirrored places; outside: where those are not on the grid."""
    image = extended(grid.image_of(values.astype(np.float32)))
    return sitk.GetArrayFromImage(resample(image, grid, plane.transform, default_value=outside))


def _coarse(
    values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress
) -> tuple[Geometry, np.ndarray, np.ndarray]:
    """Coarse grid, means of the region's values on it, and the share of the region in each voxel."""
    coarse = isotropic_grid(grid, COARSE_MM)
    scale = float(np.abs(values[region]).max()) or 1.0
    parts = []
    for array, step in zip((region, np.where(region, values / scale, 0)), progress.parts(1, 1), strict=True):
        blurred = grid.image_of(gaussian(array, grid, [COARSE_MM / 2] * grid.dimension, step))
        parts.append(sitk.GetArrayFromImage(resample(extended(blurred), coarse)))
    share, total = parts
    if not (share > 0.5).any():
        share = share / share.max()
    return coarse, np.divide(total, share, out=np.zeros_like(total), where=share > 0.1), share


def _directions(dimension: int, offsets: np.ndarray) -> np.ndarray:
    """Unit vectors (n, dimension) all around a half circle or half ball, and the principal axes of the region."""
    principal = np.linalg.eigh(offsets.T @ offsets)[1].T
    if dimension == 2:
        angles = np.arange(36) * np.pi / 36
        return np.concatenate([np.stack([np.cos(angles), np.sin(angles)], axis=1), principal])
    around = SphereMesh.of_level(2).points
    half = around[around @ np.array([1.0, 1e-3, 1e-6]) > 0]
    return np.concatenate([half, np.eye(3), principal])


def _apart(directions: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """The first directions in this order that are well apart."""
    chosen: list[np.ndarray] = []
    for direction in directions[order]:
        if all(abs(float(direction @ other)) < np.cos(np.radians(APART_DEG)) for other in chosen):
            chosen.append(direction)
        if len(chosen) == FOLLOWED:
            break
    return chosen


def _followed(normal, middle, likeness) -> MirrorPlane:
    """The best plane near one through the middle (Nelder & Mead, Computer Journal 7, 1965)."""
    across = np.linalg.svd(normal[None])[2][1:]

    def plane_of(move: np.ndarray) -> tuple[np.ndarray, float]:
        tilted = normal + move[:-1] @ across
        tilted = tilted / np.linalg.norm(tilted)
        return tilted, float(tilted @ middle + move[-1])

    size = len(normal)
    start = np.concatenate([np.zeros((1, size)), np.diag([TILT] * (size - 1) + [SHIFT_MM])])
    found = optimize.minimize(
        lambda move: -likeness(*plane_of(move)),
        np.zeros(size),
        method="Nelder-Mead",
        options={"initial_simplex": start, "xatol": 1e-3, "fatol": 1e-6, "maxiter": 150},
    )
    tilted, offset = plane_of(found.x)
    return MirrorPlane(tilted, offset, -float(found.fun))
