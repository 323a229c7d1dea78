"""Grids, images and transforms that the tests of the scene floor draw from."""

import numpy as np
import SimpleITK as sitk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from MedProcLib.core.geometry import Geometry

# The scene fixture is emptied per test, not per example: the tests remove what they add.
in_one_scene = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

spacings = st.floats(0.1, 10)
coordinates = st.floats(-500, 500)
angles = st.floats(-180, 180)


@st.composite
def directions(draw) -> np.ndarray:
    """Oblique axes, in half of the cases mirrored (left-handed), sometimes along the patient's."""
    turned = Rotation.from_euler("xyz", [draw(angles) for _ in range(3)], degrees=True).as_matrix()
    axes = draw(st.sampled_from([turned, np.eye(3)[:, [2, 0, 1]], np.eye(3)]))
    return axes * [draw(st.sampled_from([1.0, -1.0])) for _ in range(3)]


@st.composite
def geometries(draw, smallest: int = 1, largest: int = 6) -> Geometry:
    size = tuple(draw(st.integers(smallest, largest)) for _ in range(3))
    spacing = tuple(draw(spacings) for _ in range(3))
    origin = tuple(draw(coordinates) for _ in range(3))
    return Geometry(size, spacing, origin, tuple(draw(directions()).ravel().tolist()))


@st.composite
def rigid_transforms(draw) -> sitk.Euler3DTransform:
    radians = [np.deg2rad(draw(angles)) for _ in range(3)]
    shift = [draw(coordinates) for _ in range(3)]
    return sitk.Euler3DTransform([draw(coordinates) for _ in range(3)], *radians, shift)


def numbered(geometry: Geometry, dtype=np.int16) -> sitk.Image:
    """Every voxel has another value."""
    return geometry.image_of(np.arange(np.prod(geometry.size)).reshape(geometry.size[::-1]).astype(dtype))


def ball(geometry: Geometry, center, radius_mm: float) -> sitk.Image:
    """Mask of a ball at an LPS position."""
    return geometry.image_of((distances(geometry, center) <= radius_mm).astype(np.uint8))


def distances(geometry: Geometry, center) -> np.ndarray:
    """Distance in mm of every voxel from an LPS position, in z, y, x order."""
    indices = np.indices(geometry.size[::-1]).reshape(3, -1)[::-1].T
    return np.linalg.norm(geometry.points(indices) - center, axis=1).reshape(geometry.size[::-1])


def turned_grid(size=(40, 36, 20), spacing=(1.0, 1.2, 2.0), degrees=(10, -20, 35), center=(0.0, 0.0, 0.0)) -> Geometry:
    """An oblique grid around an LPS position."""
    axes = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    origin = np.asarray(center) - axes @ (np.asarray(spacing) * (np.asarray(size) - 1) / 2)
    return Geometry(tuple(size), tuple(spacing), tuple(origin.tolist()), tuple(axes.ravel().tolist()))


def bspline_transform(seed: int = 0) -> sitk.Transform:
    """Smooth displacements of some millimeters within 30 mm around the origin."""
    domain = sitk.Image([61, 61, 61], sitk.sitkUInt8)
    domain.SetOrigin((-30.0, -30.0, -30.0))
    transform = sitk.BSplineTransformInitializer(domain, [4, 4, 4])
    numbers = np.random.default_rng(seed).normal(scale=1.5, size=len(transform.GetParameters()))
    transform.SetParameters(numbers.tolist())
    return transform


def displacement_transform(seed: int = 0) -> sitk.Transform:
    grid = Geometry((31, 31, 31), (2.0,) * 3, (-30.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    spline = bspline_transform(seed)
    field = sitk.TransformToDisplacementField(
        spline, sitk.sitkVectorFloat64, grid.size, grid.origin, grid.spacing, grid.direction
    )
    return sitk.DisplacementFieldTransform(field)
