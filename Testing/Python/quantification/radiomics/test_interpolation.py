import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.quantification.radiomics.interpolation import Axis, Interpolated


def axes_of(shape, spacing, new_spacing):
    return [Axis.of(n, s, t) for n, s, t in zip(shape, spacing, new_spacing, strict=True)]


def interpolated(*settings):
    found = Interpolated(*settings)
    return found[tuple(slice(0, n) for n in found.shape)]


def whole(axes):
    return tuple(slice(0, axis.new_count) for axis in axes)


@pytest.mark.parametrize(
    ("count", "spacing", "new", "expected"),
    [
        (198, 0.9766, 1, 194),
        (59, 3.27, 1, 193),
        (4, 2, 2, 4),
        (4, 2, 0, 4),
        (10, 1, 2, 5),
        (3, 1, 10, 1),
        (10, 0.3, 0.1, 30),
    ],
)
def test_new_grid_covers_the_old_one_and_shares_its_center(count, spacing, new, expected):
    axis = Axis.of(count, spacing, new)
    assert axis.new_count == expected
    assert axis.old_index(np.arange(axis.new_count)).mean() == pytest.approx((count - 1) / 2)
    assert axis.new_index(float(axis.old_index(np.array(0.0)))) == pytest.approx(0)


@pytest.mark.parametrize("how", ["linear", "cubic"])
def test_same_as_simpleitk_within_the_image(how):
    values = np.random.default_rng(0).normal(size=(12, 14, 16))
    axes = axes_of(values.shape, (3.0, 0.9, 1.1), (1.3, 1.0, 1.0))
    found = interpolated(lambda box: values[box], axes, whole(axes), how)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((1.1, 0.9, 3.0))
    grid = sitk.ResampleImageFilter()
    grid.SetSize([axis.new_count for axis in reversed(axes)])
    grid.SetOutputSpacing([axis.new_spacing for axis in reversed(axes)])
    grid.SetOutputOrigin([float(axis.old_index(np.array(0.0))) * axis.spacing for axis in reversed(axes)])
    grid.SetInterpolator(sitk.sitkLinear if how == "linear" else sitk.sitkBSpline3)
    expected = sitk.GetArrayFromImage(grid.Execute(image))
    # at the border SimpleITK's spline mirrors the image where this one goes on with its last value
    inner = tuple(
        slice(*np.searchsorted(axis.old_index(np.arange(axis.new_count)), (0, axis.count - 1)))
        if how == "linear"
        else slice(axis.new_count // 2 - 2, axis.new_count // 2 + 2)
        for axis in axes
    )
    assert found[inner] == pytest.approx(expected[inner], abs=1e-9 if how == "linear" else 2e-3)


@pytest.mark.parametrize("how", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_a_box_is_the_same_as_in_the_whole(how, antialias):
    values = np.random.default_rng(1).normal(size=(40, 50, 60))
    axes = axes_of(values.shape, (1.0, 1.0, 1.0), (0.7, 2.3, 1.0))
    box = (slice(20, 31), slice(3, 12), slice(25, 40))
    part = interpolated(lambda b: values[b], axes, box, how, antialias)
    assert part == pytest.approx(interpolated(lambda b: values[b], axes, whole(axes), how, antialias)[box], abs=1e-8)


def test_cubic_spline_is_exact_for_cubic_polynomials_and_at_old_voxels():
    x = np.arange(60.0)
    polynomial = 1 + x - 0.3 * x**2 + 0.01 * x**3
    axes = axes_of((1, 1, 60), (1, 1, 1), (1, 1, 0.5))
    found = interpolated(lambda b: polynomial[None, None][b], axes, whole(axes), "cubic")[0, 0]
    at = axes[2].old_index(np.arange(axes[2].new_count))
    inner = (at > 20) & (at < 40)
    assert found[inner] == pytest.approx((1 + at - 0.3 * at**2 + 0.01 * at**3)[inner], rel=1e-7)


def test_beyond_the_border_the_image_goes_on():
    axes = axes_of((1, 1, 4), (1, 1, 2), (1, 1, 0.5))
    for how in ("nearest", "linear", "cubic"):
        found = interpolated(lambda b: np.full((1, 1, 4), 7.0)[b], axes, whole(axes), how)
        assert found == pytest.approx(np.full((1, 1, 16), 7.0))
    step = interpolated(lambda b: np.array([[[1.0, 1, 5, 5]]])[b], axes, whole(axes), "linear")[0, 0]
    assert list(step[[0, 1, -1]]) == [1, 1, 5]


def test_antialias_takes_away_what_the_new_grid_cannot_show():
    values = np.where(np.arange(64) % 2, 1.0, -1.0)[None, None]
    axes = axes_of((1, 1, 64), (1, 1, 1), (1, 1, 3))
    inner = (slice(None), slice(None), slice(4, -4))
    plain, blurred = (
        interpolated(lambda b: values[b], axes, whole(axes), "linear", antialias)[inner] for antialias in (False, True)
    )
    assert np.abs(blurred).max() < 0.05 < 0.5 < np.abs(plain).max()


@pytest.mark.parametrize("new", [(0.7, 1.0, 1.0), (1.0, 0.6, 2.0), (1.0, 1.0, 1.0), (2.0, 1.3, 0.5)])
@pytest.mark.parametrize("how", ["nearest", "linear", "cubic"])
def test_read_in_parts_it_is_the_same_to_the_last_bit(new, how):
    values = np.random.default_rng(2).integers(-1000, 400, (12, 14, 16)).astype(np.int16)
    axes = axes_of(values.shape, (1.0, 1.0, 1.0), new)
    box = tuple(slice(1, axis.new_count - 1) for axis in axes)
    found = Interpolated(lambda b: values[b], axes, box, how)
    whole_box = found[tuple(slice(0, n) for n in found.shape)]
    again = np.full(found.shape, np.nan)
    parts = list(found.parts(voxels=150))
    for part in parts:
        again[part] = found[part]
    assert len(parts) > 2 and again.dtype == np.float64
    assert (again == whole_box).all()
    inner = (slice(2, 5), slice(1, 4), slice(3, 6))
    assert (found[inner] == whole_box[inner]).all()
