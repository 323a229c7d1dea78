"""The plane about which a head (or another body part) is most symmetric, wherever it lies in the image."""

import itertools
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, optimize

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from .patient_grid import on_patient_grid

GRID_MM, BLUR_MM = 4.0, 4.0
# Tilts tried about the two axes in the plane, and shifts of it.
TILTS_DEG, SHIFTS_MM = (-40.0, -20.0, 0.0, 20.0, 40.0), (-10.0, 0.0, 10.0)
FEW_POINTS, MANY_POINTS, REFINED = 3000, 20_000, 4


@dataclass(frozen=True)
class SymmetryPlane:
    """point: on the plane (LPS, mm); normal: unit vector, to the patient's left; likeness: correlation of the sides."""

    point: np.ndarray
    normal: np.ndarray
    likeness: float

    def mirrored(self, points: np.ndarray) -> np.ndarray:
        """The points (n, 3; LPS, mm) on the other side."""
        return points - 2 * ((points - self.point) @ self.normal)[:, None] * self.normal

    def transform(self) -> sitk.AffineTransform:
        """Maps each point to its mirror image (its own inverse)."""
        matrix = np.eye(3) - 2 * np.outer(self.normal, self.normal)
        result = sitk.AffineTransform(3)
        result.SetMatrix(matrix.ravel().tolist())
        result.SetTranslation((2 * (self.point @ self.normal) * self.normal).tolist())
        return result


def symmetry_plane(image: sitk.Image, region: sitk.Image | None = None, progress: Progress = SILENT) -> SymmetryPlane:
    """The plane for which an image (3D, no NaN) inside a region resembles its mirror image most.

    Sought from the patient's left-right axis on, tilted by up to about 50 degrees. Resemblance: correlation of values
    on a blurred 4 mm grid, as in Volkau et al., Extracting the midsagittal plane, NeuroImage 33(4), 2006 (there: local
    symmetry). Raises InputError for an image without content.
    """
    grid, values = on_patient_grid(image, GRID_MM, 0.0, progress=progress.part(0, 0.3))
    inside = values > np.percentile(values, 5)
    if region is not None:
        inside = on_patient_grid(sitk.Cast(region != 0, sitk.sitkFloat32), GRID_MM, 0.0)[1] > 0.5
        if inside.shape != values.shape:
            raise InputError("The region and the image lie on different grids.")
    places = np.argwhere(inside)
    if len(places) < 100 or not np.ptp(values[inside]) > 0:
        raise InputError("There is too little in the image to tell its sides: choose a larger region.")
    values = gaussian(values, grid, [BLUR_MM] * 3)
    # outside the region nothing counts, on either side
    weights = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
    points = grid.points(places[:, ::-1])
    middle = points.mean(axis=0)
    rng = np.random.default_rng(0)
    few, many = (points[rng.permutation(len(points))[:n]] for n in (FEW_POINTS, MANY_POINTS))

    def unlike(parameters: np.ndarray, sample: np.ndarray) -> float:
        return -_likeness(_plane(parameters, middle), sample, values, weights, grid)

    starts = [
        np.array([np.deg2rad(a), np.deg2rad(b), shift])
        for a, b, shift in itertools.product(TILTS_DEG, TILTS_DEG, SHIFTS_MM)
    ]
    starts.sort(key=lambda start: unlike(start, few))
    best = None
    for turn, start in enumerate(starts[:REFINED]):
        progress(0.4 + 0.6 * turn / REFINED, "Finding the plane of symmetry")
        simplex = start + np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 4.0]])
        found = optimize.minimize(
            unlike,
            start,
            (many if turn == 0 else few,),
            method="Nelder-Mead",
            options={"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-6, "maxiter": 120},
        )
        if best is None or unlike(found.x, many) < best[0]:
            best = (unlike(found.x, many), found.x)
    assert best is not None
    plane = _plane(best[1], middle)
    return SymmetryPlane(plane.point, plane.normal, -best[0])


def _plane(parameters: np.ndarray, middle: np.ndarray) -> SymmetryPlane:
    """Tilts about the S and the P axis (radians) and the shift along the normal (mm) as a plane."""
    yaw, roll, shift = parameters
    normal = np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])
    return SymmetryPlane(middle + shift * normal, normal, 0.0)


def _likeness(
    plane: SymmetryPlane, points: np.ndarray, values: np.ndarray, weights: np.ndarray, grid: Geometry
) -> float:
    here, there = (grid.indices(p)[:, ::-1].T for p in (points, plane.mirrored(points)))
    weight = ndimage.map_coordinates(weights, there, order=1, mode="constant")
    first, other = (ndimage.map_coordinates(values, p, order=1, mode="constant") for p in (here, there))
    total = weight.sum()
    # a plane beside the body would compare next to nothing
    if total < 0.3 * len(points):
        return -1.0
    a, b = (side - (weight * side).sum() / total for side in (first, other))
    spread = np.sqrt((weight * a * a).sum() * (weight * b * b).sum())
    overlap = total / len(points)
    return float((weight * a * b).sum() / spread) * min(1.0, overlap / 0.8) if spread > 0 else -1.0
