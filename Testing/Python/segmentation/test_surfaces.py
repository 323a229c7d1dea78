"""Surfaces of segments: closed, turned outward, on the place, and of the right volume and area."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.cleanup.surface import MakeSurface

from .case import LEFT_HANDED, OBLIQUE
from .phantoms import UNEVEN, ball, label_map

SHAPE = (30, 60, 75)


def open_edges(triangles):
    """Edges (n, 2) that are not passed as often one way as the other, so that the surface has a hole there."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    ways = edges[:, 0] * (triangles.max() + 1) + edges[:, 1]
    back = edges[:, 1] * (triangles.max() + 1) + edges[:, 0]
    return np.setxor1d(ways, back)


@pytest.mark.parametrize("spacing, shape", [((1.0, 1.0, 1.0), (56, 56, 56)), (UNEVEN, (28, 56, 70))])
@pytest.mark.parametrize("radius", [10, 20])
def test_volume_and_area_of_a_ball(spacing, shape, radius):
    surface = MakeSurface()(label_map(ball(shape, spacing, (28.3, 27.8, 28.1), radius).astype(np.uint8) * 7, spacing))
    assert surface.volume(7) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.015)
    assert surface.area(7) == pytest.approx(4 * np.pi * radius**2, rel=0.02)
    away = np.linalg.norm(surface.points - (28.3, 27.8, 28.1), axis=1)
    assert np.abs(away - radius).max() < 0.7 * max(spacing)
    assert open_edges(surface.triangles).size == 0


def test_without_smoothing_the_volume_is_that_of_the_voxels():
    values = (np.random.default_rng(0).random((9, 10, 11)) > 0.6).astype(np.uint8)
    values[0] = values[:, :, -1] = 1  # at the border of the image it is closed
    surface = MakeSurface(0)(label_map(values, UNEVEN))
    single = np.zeros((5, 5, 5), np.uint8)
    single[2, 2, 2] = 1
    assert MakeSurface(0)(label_map(single, UNEVEN)).volume(1) == pytest.approx(np.prod(UNEVEN))
    assert open_edges(surface.triangles).size == 0
    assert surface.volume(1) == pytest.approx(values.sum() * np.prod(UNEVEN), rel=0.05)


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), OBLIQUE, LEFT_HANDED])
def test_turned_and_mirrored_images_have_the_same_surface_turned_outward(direction):
    labels = label_map(ball(SHAPE, UNEVEN, (28, 30, 30), 14).astype(np.uint8), UNEVEN)
    labels.SetOrigin((-70, 33, 500))
    labels.SetDirection(direction)
    surface = MakeSurface()(labels)
    center = labels.TransformContinuousIndexToPhysicalPoint((28 / 0.8, 30, 15))
    np.testing.assert_allclose(surface.points.mean(axis=0), center, atol=0.2)
    assert surface.volume(1) == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.015)


def test_segments_that_touch_share_points_and_each_is_closed():
    values = ball(SHAPE, UNEVEN, (28, 30, 30), 20).astype(np.uint8)
    values[..., 35:] *= 4
    values[15:, :, :] *= 3
    values[2:5, 50:55, 5:10] = 200
    surface = MakeSurface()(label_map(values, UNEVEN))
    present = np.unique(values[values > 0]).tolist()
    assert np.unique(surface.segments).tolist() == present
    for segment in present:
        own = surface.of(segment)
        assert open_edges(own.triangles).size == 0
        voxels = np.count_nonzero(values == segment) * np.prod(UNEVEN)
        assert surface.volume(segment) == pytest.approx(voxels, rel=0.04) == own.volume(segment)
    # the plane between two of them stays flat
    between = np.intersect1d(*(surface.triangles[surface.segments == s] for s in (1, 4)))
    inner = surface.points[between][np.linalg.norm(surface.points[between] - (28, 30, 30), axis=1) < 12]
    assert np.abs(inner[:, 0] - 34.5 * 0.8).max() < 0.01
    only = MakeSurface(segments="200")(label_map(values, UNEVEN))
    assert np.unique(only.segments).tolist() == [200]


def test_tiny_and_empty():
    assert MakeSurface()(label_map(np.ones((1, 1, 1), np.uint8))).volume(1) > 0
    thin = MakeSurface()(label_map(np.ones((1, 20, 20), np.uint8)))
    assert open_edges(thin.triangles).size == 0
    with pytest.raises(InputError, match="empty"):
        MakeSurface()(sitk.Image(4, 4, 4, sitk.sitkUInt8))
