"""An image and a region as they might have come out of another scan, read by another reader."""

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.geometry import Geometry, resample
from ...core.image_filter import Box, grid_of_box
from ...core.noise import fine_noise_sd
from ...core.voxels import near_values

# mm around the region that the features may depend on
MARGIN_MM = 12.0
# voxels around it that interpolation depends on, twice
MARGIN_VOXELS = 6
# share of a voxel
TIE = 1e-3
# voxels beyond a place that interpolation reads
NEIGHBORS = 3
# width in mm of the bulges of a contour drawn anew
BULGE_MM = 4.0


@dataclass(frozen=True)
class Extent:
    """Largest perturbations, drawn evenly up to them (noise and contour: standard deviations).

    rotation_deg: about the third axis; translation: share of a voxel along each axis; growth: share of the volume;
    contour: of the contour's place, in voxels' smallest side; noise: of the image's own noise.
    """

    rotation_deg: float = 5.0
    translation: float = 0.5
    growth: float = 0.1
    contour: float = 0.5
    noise: float = 1.0


@dataclass(frozen=True)
class Source:
    """A region and what lies around it: image (float), distance from the surface (mm, positive inside), noise's SD."""

    image: sitk.Image
    distance: sitk.Image
    volume: int
    noise: float


def source_of(image: sitk.Image, labels: sitk.Image, label: int, box: Box) -> Source:
    """What perturbations of a label (in its box z, y, x of a 3D image) start from."""
    grid = Geometry.of(image)
    spacing = tuple(reversed(grid.spacing))
    around = tuple(
        slice(max(0, b.start - m), min(n, b.stop + m))
        for b, n, m in zip(
            box, reversed(grid.size), (math.ceil(MARGIN_MM / s) + MARGIN_VOXELS for s in spacing), strict=True
        )
    )
    values = sitk.GetArrayViewFromImage(image)[around].astype(np.float64)
    valid = np.isfinite(values)
    if not valid.all() and valid.any():
        values = near_values(values, valid)
    inside = sitk.GetArrayViewFromImage(labels)[around] == label
    part = grid_of_box(grid, around)
    return Source(
        part.image_of(values),
        part.image_of(_depth(inside, spacing)),
        int(np.count_nonzero(inside)),
        fine_noise_sd(values, spacing, np.ones(values.shape, bool)),
    )


def perturbed(source: Source, extent: Extent, random: np.random.Generator) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask (0 and 1), drawn anew: rotated, shifted, noisier, grown or shrunk, its contour drawn otherwise.

    The perturbations of Zwanenburg et al., Sci Rep 9:614, 2019, all at once; the contour is moved in and out by a
    smooth random field, where they recombine supervoxels. The mask may be empty.
    """
    grid = Geometry.of(source.image)
    place = sitk.Euler3DTransform()
    place.SetCenter([float(x) for x in grid.center])
    axis = np.reshape(grid.direction, (3, 3))[:, 2]
    angle = math.radians(random.uniform(-1, 1) * extent.rotation_deg)
    place.SetMatrix(_rotation(axis, angle).ravel().tolist())
    shift = np.reshape(grid.direction, (3, 3)) @ (random.uniform(-1, 1, 3) * extent.translation * grid.spacing)
    place.SetTranslation([float(x) for x in shift])
    values = sitk.GetArrayFromImage(_moved(source.image, grid, place, sitk.sitkBSpline3))
    values += random.normal(0, 1, values.shape) * extent.noise * source.noise
    distance = sitk.GetArrayFromImage(_moved(source.distance, grid, place, sitk.sitkLinear))
    distance += _smooth_field(random, distance.shape, grid.spacing) * extent.contour * min(grid.spacing)
    # many voxels are as deep as others: chance, not their order, decides between them
    distance += random.uniform(-TIE, TIE, distance.shape) * min(grid.spacing)
    wanted = round(source.volume * (1 + random.uniform(-1, 1) * extent.growth))
    return grid.image_of(values), grid.image_of(_with_volume(distance, wanted))


def _depth(inside: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance from the region's surface in mm, positive inside.

    The border of the image is none, as the region goes on beyond it, but for one that fills the image: it has no other.
    """
    border = int(inside.all())
    padded = np.pad(inside, border)
    depth = ndimage.distance_transform_edt(padded, spacing) - ndimage.distance_transform_edt(~padded, spacing)
    return depth[(slice(border, -border or None),) * 3]


def _moved(image: sitk.Image, grid: Geometry, place: sitk.Transform, how: int) -> sitk.Image:
    """Values at the moved grid; beyond the border those of the border."""
    if how == sitk.sitkBSpline3 and min(grid.size) < 4:
        how = sitk.sitkLinear
    corners = grid.corners()
    moved = np.array([place.TransformPoint(corner.tolist()) for corner in corners])
    steps = np.abs(grid.indices(moved) - grid.indices(corners)).max(axis=0)
    margin = [math.ceil(step) + NEIGHBORS for step in steps]
    return resample(sitk.ZeroFluxNeumannPad(image, margin, margin), grid, place, how)


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rodrigues' matrix of a turn about a unit vector."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _smooth_field(random: np.random.Generator, shape: tuple[int, ...], spacing: tuple[float, ...]) -> np.ndarray:
    """Random field of unit standard deviation."""
    field = ndimage.gaussian_filter(random.normal(size=shape), [BULGE_MM / s for s in reversed(spacing)], mode="wrap")
    return field / (field.std() or 1.0)


def _with_volume(distance: np.ndarray, voxels: int) -> np.ndarray:
    """The voxels deepest inside, this many of them; all where there are fewer."""
    if voxels < 1:
        return np.zeros(distance.shape, bool)
    last = min(voxels, distance.size)
    level = np.partition(distance.ravel(), -last)[-last]
    return distance >= level
