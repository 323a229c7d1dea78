"""Positions of voxels: the same as ITK's for any spacing, origin and direction, mirrored ones too."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, require_3d, require_same_grid, resample


@st.composite
def geometries(draw):
    size = draw(st.tuples(*[st.integers(1, 12)] * 3))
    spacing = draw(st.tuples(*[st.floats(0.2, 8)] * 3))
    origin = draw(st.tuples(*[st.floats(-300, 300)] * 3))
    # no angle below a millionth: products of tiny ones are of 1e-290, on which ITK's decomposition gives NaN
    angles = [round(draw(st.floats(-3.1, 3.1)), 6) for _ in range(3)]
    rotation = sitk.Euler3DTransform((0, 0, 0), *angles)
    mirror = np.diag(draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)))
    direction = np.reshape(rotation.GetMatrix(), (3, 3)) @ mirror
    return Geometry(size, spacing, origin, tuple(direction.ravel()))


def rotated(degrees, **changes):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    given = {
        "size": (10, 12, 8),
        "spacing": (1.0, 0.5, 3.0),
        "origin": (-5.0, 20.0, 7.0),
        "direction": (c, -s, 0, s, c, 0, 0, 0, 1),
    }
    return Geometry(**{**given, **changes})


@given(geometries())
def test_points_are_where_itk_has_them_and_come_back(geometry):
    image = geometry.empty_image()
    assert Geometry.of(image) == geometry
    indices = np.array([(0, 0, 0), np.array(geometry.size) - 1])
    points = geometry.points(indices)
    expected = [image.TransformIndexToPhysicalPoint([int(i) for i in index]) for index in indices]
    assert np.allclose(points, expected, atol=1e-9)
    assert np.allclose(geometry.indices(points), indices, atol=1e-9)


@given(geometries())
def test_center_corners_and_volume(geometry):
    assert np.allclose(geometry.corners().mean(axis=0), geometry.center)
    assert len(geometry.corners()) == 8
    assert np.prod(geometry.extent) == pytest.approx(geometry.voxel_volume * np.prod(geometry.size))


def test_a_grid_is_the_same_until_a_corner_moves_by_a_thousandth_of_a_voxel():
    assert rotated(30).same_grid(rotated(30, origin=(-5.0 + 4e-4, 20.0, 7.0)))
    assert not rotated(30).same_grid(rotated(30, origin=(-5.0 + 6e-4, 20.0, 7.0)))
    assert not rotated(30).same_grid(rotated(30.01))
    assert not rotated(30).same_grid(rotated(30, size=(10, 12, 9)))


def test_a_mirrored_grid_is_another_grid():
    assert not rotated(0).same_grid(rotated(0, direction=(-1, 0, 0, 0, 1, 0, 0, 0, 1)))


def test_the_error_for_two_grids_names_both():
    with pytest.raises(InputError, match=r"geometry of the pair differs .*1 x 0.5 x 3 and 1 x 0.5 x 2 mm.*resample"):
        require_same_grid(rotated(0).empty_image(), rotated(0, spacing=(1.0, 0.5, 2.0)).empty_image(), "the pair")


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"shape \(1, 2, 3\) does not fit"):
        rotated(0).image_of(np.zeros((1, 2, 3)))


def test_a_boolean_array_becomes_a_mask_on_the_grid():
    inside = np.zeros((8, 12, 10), bool)
    inside[1, 2, 3] = True
    image = rotated(10).image_of(inside)
    assert image[3, 2, 1] == 1 and image.GetPixelID() == sitk.sitkUInt8 and Geometry.of(image) == rotated(10)


def test_2d_where_3d_is_needed():
    with pytest.raises(InputError, match="The study is 2D; a 3D volume is needed"):
        require_3d(sitk.Image([4, 4], sitk.sitkFloat32), "The study")


@settings(max_examples=25, deadline=None)
@given(geometries(), geometries())
def test_a_linear_pattern_is_resampled_exactly_inside(source, target):
    """Values that grow linearly in space are kept by linear interpolation, whatever the two grids."""
    source = Geometry((14, 14, 14), source.spacing, source.origin, source.direction)
    slope, offset = np.array([0.3, -0.2, 0.5]), 10.0
    grid = np.stack(np.meshgrid(*[np.arange(14)] * 3, indexing="ij"), -1).reshape(-1, 3)
    values = (source.points(grid) @ slope + offset).reshape(14, 14, 14).T
    center = source.center - target.center
    target = Geometry(target.size, target.spacing, tuple(np.add(target.origin, center)), target.direction)
    found = sitk.GetArrayFromImage(resample(source.image_of(values), target, default_value=np.nan)).T
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in target.size], indexing="ij"), -1).reshape(-1, 3)
    points = target.points(indices)
    inside = np.all((source.indices(points) > 0.01) & (source.indices(points) < 12.99), axis=1)
    assert np.allclose(found.reshape(-1)[inside], (points @ slope + offset)[inside], atol=1e-6)


def test_the_transform_goes_from_the_grid_to_the_image():
    """SimpleITK's convention: a shift of +10 mm in L shows what lies 10 mm further left in the image."""
    image = Geometry((40, 5, 5), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1)).empty_image()
    image[30, 2, 2] = 1
    moved = resample(image, Geometry.of(image), sitk.TranslationTransform(3, (10.0, 0.0, 0.0)))
    assert moved[20, 2, 2] == 1 and moved[30, 2, 2] == 0


@pytest.mark.parametrize("kind", [sitk.sitkInt16, sitk.sitkUInt8, sitk.sitkInt32])
def test_whole_numbers_are_rounded_not_cut_off(kind):
    """ITK cuts fractions off, which brings HU towards zero by half a unit; the range of the type holds."""
    rng = np.random.default_rng(5)
    low, high = (0, 255) if kind == sitk.sitkUInt8 else (-1000, 900)
    image = sitk.Cast(sitk.GetImageFromArray(rng.uniform(low, high, (20, 20, 20))), kind)
    shift = sitk.TranslationTransform(3, (0.3, 0.45, 0.2))
    exact = sitk.GetArrayFromImage(resample(image, Geometry.of(image), shift, pixel_type=sitk.sitkFloat64))
    for how, off in ((sitk.sitkLinear, 0.5), (sitk.sitkBSpline3, None)):
        made = resample(image, Geometry.of(image), shift, how)
        assert made.GetPixelID() == kind
        if off is not None:
            assert np.abs(sitk.GetArrayFromImage(made) - exact).max() <= off + 1e-3
        elif kind == sitk.sitkUInt8:
            assert (sitk.GetArrayFromImage(made).max(), sitk.GetArrayFromImage(made).min()) == (255, 0)
