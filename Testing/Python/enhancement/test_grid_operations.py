"""Operations that change the grid: voxels stay where they belong in the patient, values are those of the formula."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.enhancement.geometry.affine import Affine
from MedProcLib.enhancement.geometry.crop import Crop
from MedProcLib.enhancement.geometry.flip import Flip
from MedProcLib.enhancement.geometry.pad import Pad
from MedProcLib.enhancement.geometry.reorient import Reorient
from MedProcLib.enhancement.geometry.resample import Resample
from MedProcLib.enhancement.geometry.straighten import Straighten

from .phantoms import LEFT_HANDED, OBLIQUE, head_like

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
CORONAL = (1, 0, 0, 0, 0, 1, 0, -1, 0)  # columns run to the left, to inferior and to posterior
# size, spacing and direction of images whose voxels are all different
GRIDS = {
    "upright": ((12, 11, 9), (1, 1, 1), UPRIGHT),
    "anisotropic": ((12, 11, 9), (0.7, 0.9, 3.3), UPRIGHT),
    "oblique": ((12, 11, 9), (0.7, 0.9, 3.3), OBLIQUE),
    "left-handed": ((12, 11, 9), (0.7, 0.9, 3.3), LEFT_HANDED),
    "coronal": ((12, 11, 9), (0.7, 0.9, 3.3), CORONAL),
    "one slice": ((12, 11, 1), (0.7, 0.9, 3.3), OBLIQUE),
    "2D": ((12, 11), (0.7, 0.9), (0.8, -0.6, 0.6, 0.8)),
}
every_grid = pytest.mark.parametrize("name", GRIDS)


def numbered(name, kind=sitk.sitkInt16):
    size, spacing, direction = GRIDS[name]
    image = sitk.Cast(sitk.GetImageFromArray(np.arange(1, np.prod(size) + 1).reshape(size[::-1])), kind)
    image.SetSpacing(spacing)
    image.SetOrigin((-31.5, 17, 80.25)[: len(size)])
    image.SetDirection(direction)
    return image


def values(image):
    return sitk.GetArrayFromImage(image)


def at(image, points):
    """Values of the image's voxels at these points (mm), which must be centers of voxels to 1e-6 mm."""
    grid = Geometry.of(image)
    indices = np.round(grid.indices(points)).astype(int)
    assert np.abs(grid.points(indices) - points).max() < 1e-6
    return values(image)[tuple(indices[:, ::-1].T)]


def all_points(image):
    grid = Geometry.of(image)
    return grid.points(np.stack(np.meshgrid(*map(np.arange, grid.size), indexing="ij"), -1).reshape(-1, grid.dimension))


def formula(points, period=25.0):
    """A smooth function of the place in the patient."""
    return 100 + 40 * np.sin(2 * np.pi * points / period + np.arange(points.shape[1])).sum(axis=1)


def formula_on(size, spacing, direction=None, period=25.0):
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin((-31.5, 17, 80.25)[: len(size)])
    if direction:
        image.SetDirection(direction)
    grid = Geometry.of(image)
    array = formula(all_points(image), period).reshape(grid.size).T
    return grid.image_of(array.astype(np.float32))


@every_grid
@pytest.mark.parametrize("axes", ["LPS", "RAS", "LAI", "LIP", "PIR", "ASL"])
def test_reorienting_keeps_each_voxel_in_its_place(name, axes):
    image = numbered(name)
    result = Reorient(axes=axes)(image)
    assert result.GetPixelID() == image.GetPixelID() and result.GetNumberOfPixels() == image.GetNumberOfPixels()
    np.testing.assert_array_equal(at(result, all_points(image)), at(image, all_points(image)))
    back = Reorient(axes="LPS")(result)
    np.testing.assert_array_equal(values(back), values(Reorient(axes="LPS")(image)))
    code = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines
    if image.GetDimension() == 3:
        assert code(result.GetDirection()) == axes
        peer = sitk.DICOMOrient(image, axes)
        np.testing.assert_array_equal(values(result), values(peer))
        assert Geometry.of(result).same_grid(Geometry.of(peer))


@every_grid
def test_crop_and_pad_keep_places_and_values_and_undo_each_other(name):
    image = numbered(name)
    mask = np.zeros(values(image).shape, np.uint8)
    mask[..., 3:9, 4:8] = 1
    if mask.ndim == 3 and mask.shape[0] > 1:
        mask[:2] = mask[5:] = 0
    mask = Geometry.of(image).image_of(mask)
    part = Crop(margin_mm=0)(image, mask)
    assert part.GetSize() == tuple(4 if k == 0 else 6 if k == 1 else min(3, n) for k, n in enumerate(image.GetSize()))
    assert part.GetPixelID() == image.GetPixelID()
    np.testing.assert_array_equal(at(part, all_points(part)), at(image, all_points(part)))
    padded = Pad(side_mm=2.0, slices_mm=4.0)(image)
    grown = [2 * round((4.0 if axis == 2 else 2.0) / s) for axis, s in enumerate(image.GetSpacing())]
    assert padded.GetSize() == tuple(n + more for n, more in zip(image.GetSize(), grown, strict=True))
    np.testing.assert_array_equal(at(padded, all_points(image)), at(image, all_points(image)))
    added = values(padded).size - values(image).size
    assert (values(padded) == 1).sum() == added + 1  # the smallest value is 1
    whole = Pad.carry(Pad(side_mm=2.0, slices_mm=4.0), image, None, sitk.Cast(image * 0 + 1, sitk.sitkUInt8))
    again = Crop(margin_mm=0)(padded, whole)
    assert Geometry.of(again).same_grid(Geometry.of(image))
    np.testing.assert_array_equal(values(again), values(image))


def test_crop_adds_the_margin_within_the_image_only():
    image = numbered("anisotropic")
    mask = np.zeros((9, 11, 12), np.uint8)
    mask[4, 5, 6] = 1
    part = Crop(margin_mm=3.0)(image, Geometry.of(image).image_of(mask))
    # 3 mm are 4.3 voxels of 0.7 mm, 3.3 of 0.9 and 0.9 of 3.3: whole ones that hold the margin
    assert part.GetSize() == (5 + 1 + 5, 4 + 1 + 4, 3)
    assert part.TransformPhysicalPointToIndex(image.TransformIndexToPhysicalPoint((6, 5, 4))) == (5, 4, 1)
    mask[4, 5, 6], mask[0, 0, 0] = 0, 1
    assert Crop(margin_mm=3.0)(image, Geometry.of(image).image_of(mask)).GetSize() == (6, 5, 2)


def test_crop_finds_the_content_and_leaves_specks_out():
    array = np.random.default_rng(0).normal(0, 3, (30, 60, 70))
    array[8:20, 15:40, 22:61] += 100
    array[2, 3, 4] = 400
    image = sitk.GetImageFromArray(array.astype(np.float32))
    part = Crop(margin_mm=2)(image)
    assert part.GetOrigin() == (20, 13, 6) and part.GetSize() == (43, 29, 16)
    array[10:13, 20:24, 30:35] = 1500  # a bladder in PET
    assert Crop(margin_mm=2)(sitk.GetImageFromArray(array.astype(np.float32))).GetSize() == part.GetSize()
    scan = np.full((10, 40, 50), -1000, np.int16)
    scan[:, 10:30, 12:40] = 30
    scan[:, :3] = -3024  # beyond the circle that is reconstructed
    assert Crop(margin_mm=0)(sitk.GetImageFromArray(scan)).GetSize() == (28, 20, 10)
    with pytest.raises(InputError, match="constant"):
        Crop()(image * 0)


def test_crop_of_a_large_image_misses_nothing():
    array = np.zeros((100, 260, 260), np.uint8)
    array[33:71, 51:202, 77:223] = 9
    part = Crop(margin_mm=0)(sitk.GetImageFromArray(array))
    start, size = np.array(part.GetOrigin()), np.array(part.GetSize())
    inner, end = np.array((77, 51, 33)), np.array((223, 202, 71))
    assert (start <= inner).all() and (start > inner - 3).all()
    assert (start + size >= end).all() and (start + size < end + 3).all()


def test_pad_with_a_value_that_the_pixels_do_not_hold_is_refused():
    image = numbered("upright", sitk.sitkUInt16)
    with pytest.raises(InputError, match="0 to 65535"):
        Pad(fill="fixed value", value=-5)(image)
    padded = Pad(fill="fixed value", value=7, side_mm=3, slices_mm=0)(image)
    assert padded.GetSize() == (18, 17, 9) and values(padded)[0, 0, 0] == 7
    assert padded.GetPixelID() == sitk.sitkUInt16


@every_grid
@pytest.mark.parametrize("axis", ["left-right", "anterior-posterior", "superior-inferior"])
def test_flip_mirrors_along_the_nearest_axis(name, axis):
    image = numbered(name)
    number = ["left-right", "anterior-posterior", "superior-inferior"].index(axis)
    if number >= image.GetDimension():
        with pytest.raises(InputError, match="2D"):
            Flip(axis=axis)(image)
        return
    result = Flip(axis=axis)(image)
    assert Geometry.of(result) == Geometry.of(image)
    along = int(np.argmax(np.abs(np.reshape(image.GetDirection(), (image.GetDimension(),) * 2)[number])))
    np.testing.assert_array_equal(values(result), np.flip(values(image), image.GetDimension() - 1 - along))


def test_mask_and_labels_follow():
    image = head_like((30, 28, 24), (1, 1, 2))
    image.SetDirection(OBLIQUE)
    marked = sitk.Cast(image > 50, sitk.sitkUInt8) * 3
    for operation in (Flip(), Reorient(axes="PIR"), Pad(), Crop(), Straighten(), Affine(about_left_right_deg=30),
                      Resample(spacing_mm=1.4)):  # fmt: skip
        carried = operation.carry(image, None, marked)
        result = operation(image)
        assert Geometry.of(carried) == Geometry.of(result) and carried.GetPixelID() == sitk.sitkUInt8
        assert set(np.unique(values(carried))) <= {0, 3}
        thresholded = values(result) > 50
        both = (thresholded & (values(carried) == 3)).sum()
        # interpolation smooths the noise at the border of the threshold
        assert 2 * both / (thresholded.sum() + (values(carried) == 3).sum()) > 0.93


@pytest.mark.parametrize("direction", [UPRIGHT, OBLIQUE, LEFT_HANDED])
@pytest.mark.parametrize("interpolation, bound", [("linear", 2.5), ("cubic", 0.12), ("Lanczos", 0.6)])
def test_resampled_values_are_those_of_the_formula(direction, interpolation, bound):
    image = formula_on((40, 36, 20), (1, 1.2, 2), direction)
    result = Resample(interpolation=interpolation)(image)
    assert result.GetSpacing() == (1, 1, 1) and result.GetSize() == (40, 44, 40)
    np.testing.assert_allclose(Geometry.of(result).center, Geometry.of(image).center, atol=1e-9)
    expected = formula(all_points(result)).reshape(result.GetSize()).T
    error = np.abs(values(result) - expected)[10:-10, 10:-10, 10:-10].max()
    assert error < bound
    # a grid this fine has an error of linear interpolation: (h^2 / 8) (2 pi / 25)^2 40 for 1.2 and 2 mm
    if interpolation == "linear":
        assert error > 0.5


def test_resampling_to_the_same_spacing_changes_nothing():
    image = formula_on((20, 18, 12), (1, 1, 1), OBLIQUE)
    for interpolation in ("linear", "nearest"):
        result = Resample(interpolation=interpolation)(image)
        assert Geometry.of(result) == Geometry.of(image)
        np.testing.assert_array_equal(values(result), values(image))
    for interpolation in ("cubic", "Lanczos"):
        np.testing.assert_allclose(values(Resample(interpolation=interpolation)(image)), values(image), atol=1e-3)


def test_spacing_within_slices_and_between_them():
    image = formula_on((40, 36, 10), (1, 1, 3))
    result = Resample(spacing_mm=2, slice_spacing_mm=5)(image)
    assert result.GetSpacing() == (2, 2, 5) and result.GetSize() == (20, 18, 6)
    one = Resample(spacing_mm=0.5)(formula_on((20, 18, 1), (1, 1, 4)))
    assert one.GetSpacing() == (0.5, 0.5, 4) and one.GetSize() == (40, 36, 1)
    flat = Resample(spacing_mm=0.5, interpolation="Lanczos")(formula_on((30, 28), (1, 1)))
    expected = formula(all_points(flat)).reshape(flat.GetSize()).T
    assert np.abs(values(flat) - expected)[8:-8, 8:-8].max() < 0.6


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "Lanczos"])
@pytest.mark.parametrize("size", [(48, 48), (36, 36, 36)])
@pytest.mark.parametrize("spacing", [2.0, 3.1])
def test_a_fine_checkerboard_becomes_flat(interpolation, size, spacing):
    board = np.indices(size).sum(axis=0) % 2 * 200.0
    image = sitk.GetImageFromArray(board.astype(np.float32))
    inner = (slice(3, -3),) * len(size)
    flat = values(Resample(spacing_mm=spacing, interpolation=interpolation)(image))[inner]
    assert np.abs(flat - 100).max() < 2
    pattern = values(Resample(spacing_mm=spacing, interpolation=interpolation, antialias=False)(image))[inner]
    if spacing == 3.1:
        assert np.abs(pattern - 100).max() > 20


def test_what_larger_voxels_can_show_survives_the_blur():
    image = formula_on((60, 60, 60), (1, 1, 1), period=30.0)
    for interpolation in ("linear", "cubic", "Lanczos"):
        result = Resample(spacing_mm=2.5, interpolation=interpolation)(image)
        expected = formula(all_points(result), 30.0).reshape(result.GetSize()).T
        # a Gaussian of SD 0.97 mm takes 2 % of a wave of 30 mm
        assert np.abs(values(result) - expected)[2:-2, 2:-2, 2:-2].max() < 0.04 * 120


def test_lanczos_keeps_a_constant_and_the_mean():
    image = sitk.Image(20, 18, 16, sitk.sitkFloat32) + 37
    for spacing in (0.37, 1.9):
        np.testing.assert_allclose(values(Resample(spacing_mm=spacing, interpolation="Lanczos")(image)), 37, rtol=1e-6)
    noise = sitk.GetImageFromArray(np.random.default_rng(1).normal(50, 10, (32, 32, 32)).astype(np.float32))
    result = values(Resample(spacing_mm=2, interpolation="Lanczos")(noise))
    assert result.mean() == pytest.approx(values(noise).mean(), abs=0.2)
    # the band that is left has an eighth of the noise's power
    assert result.std() == pytest.approx(10 / np.sqrt(8), rel=0.15)


@pytest.mark.parametrize("direction", [OBLIQUE, tuple(np.reshape(OBLIQUE, (3, 3))[:, [2, 0, 1]].ravel())])
@pytest.mark.parametrize("interpolation, bound", [("linear", 5.0), ("cubic", 0.6)])
def test_straightening_covers_the_image_and_keeps_places(direction, interpolation, bound):
    image = formula_on((30, 28, 20), (1, 1.2, 2), direction)
    result = Straighten(interpolation=interpolation)(image)
    matrix = np.reshape(result.GetDirection(), (3, 3))
    assert np.array_equal(np.abs(matrix).sum(axis=0), [1, 1, 1]) and result.GetSpacing() == image.GetSpacing()
    assert np.linalg.det(matrix) == pytest.approx(np.linalg.det(np.reshape(direction, (3, 3))))
    # no axis is turned by more than it must
    assert (np.diag(matrix.T @ np.reshape(direction, (3, 3))) > 0.5).all()
    grid = Geometry.of(result)
    corners = grid.indices(Geometry.of(image).corners())
    assert corners.min() > -0.5 and (corners < np.array(grid.size) - 0.5).all()
    points = all_points(result)
    deep = Geometry.of(image).indices(points)
    deep = ((deep > 3) & (deep < np.array(image.GetSize()) - 4)).all(axis=1)
    found = values(result).T.reshape(-1)
    assert deep.sum() > 1000 and np.abs(found - formula(points))[deep].max() < bound
    far = (Geometry.of(image).indices(points) < -1).any(axis=1)
    np.testing.assert_allclose(found[far], values(image).min(), rtol=1e-6)


@pytest.mark.parametrize("direction", [UPRIGHT, LEFT_HANDED, CORONAL])
def test_a_straight_image_stays_as_it_is(direction):
    image = formula_on((12, 11, 9), (1, 1.2, 2), direction)
    result = Straighten()(image)
    assert Geometry.of(result) == Geometry.of(image)
    np.testing.assert_array_equal(values(result), values(image))


@every_grid
def test_affine_moves_the_content_as_it_says(name):
    size, spacing, direction = GRIDS[name]
    direction = UPRIGHT if name == "one slice" else direction
    image = formula_on(tuple(2 * n if n > 1 else 1 for n in size), spacing, direction, period=60.0)
    n = image.GetDimension()
    if name in ("2D", "one slice"):
        operation = Affine(about_superior_inferior_deg=25, to_left_mm=1.5, scale=1.1, interpolation="cubic")
        angles, move = (0, 0, 25), (1.5, 0, 0)
    else:
        turned = {"about_left_right_deg": 10, "about_anterior_posterior_deg": -15, "about_superior_inferior_deg": 20}
        moved = {"to_left_mm": 2, "to_posterior_mm": -1, "to_superior_mm": 3}
        operation = Affine(**turned, **moved, scale=1.1, interpolation="cubic")
        angles, move = (10, -15, 20), (2, -1, 3)
    result = operation(image)
    assert Geometry.of(result) == Geometry.of(image)
    peer = sitk.Euler3DTransform()
    peer.SetComputeZYX(True)  # about x first
    peer.SetRotation(*np.radians(angles))
    turn = np.reshape(peer.GetMatrix(), (3, 3))[:n, :n]
    center = Geometry.of(image).center
    points = all_points(result)
    came_from = (points - center - np.array(move)[:n]) @ turn / 1.1 + center
    indices = Geometry.of(image).indices(came_from)
    size = np.array(image.GetSize())
    deep = ((indices >= 3 * (size > 1)) & (indices <= size - 1 - 3 * (size > 1))).all(axis=1)
    found = values(result).T.reshape(-1)
    assert deep.sum() > 100
    np.testing.assert_allclose(found[deep], formula(came_from, 60.0)[deep], atol=0.5)


def test_affine_turns_as_its_meanings_say():
    image = sitk.Image(21, 21, 21, sitk.sitkUInt8)
    start, ends = {"S": (10, 10, 15), "P": (10, 15, 10), "L": (15, 10, 10)}, {}
    for axis, (one, other) in {"about_left_right_deg": "PS", "about_anterior_posterior_deg": "SL",
                               "about_superior_inferior_deg": "LP"}.items():  # fmt: skip
        dot = sitk.Image(image)
        dot[start[one]] = 9
        ends[axis] = Affine(**{axis: 90}, interpolation="nearest")(dot)
        assert ends[axis][start[other]] == 9, axis


def test_without_change_the_affine_image_is_the_same_and_2d_images_turn_in_their_plane_only():
    image = formula_on((12, 11, 9), (1, 1.2, 2), OBLIQUE)
    np.testing.assert_array_equal(values(Affine()(image)), values(image))
    with pytest.raises(InputError, match="2D"):
        Affine(to_superior_mm=3)(formula_on((12, 11), (1, 1)))


@pytest.mark.parametrize("slices", [1, 2, 3, 4])
def test_cubic_interpolation_of_few_slices(slices):
    image = formula_on((30, 30, slices), (1, 1, 2))
    result = values(Resample(spacing_mm=0.8, interpolation="cubic")(image))
    assert values(image).min() - 20 < result.min() and result.max() < values(image).max() + 20
