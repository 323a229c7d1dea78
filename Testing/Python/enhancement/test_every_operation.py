"""What every enhancement keeps: grid, voxels without a number, input, recipe; preview and result agree; it can stop.

A new operation is tested here without being listed. Where its defaults do not suit the small phantom, or it needs more
than an image, say so in SETTINGS or THINGS_NEEDED.
"""

from functools import cache

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core import image_filter
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import ImageFilter, learned_of
from MedProcLib.core.preview import Preview, is_local
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import operations
from MedProcLib.core.regrid import Regrid

from .phantoms import LEFT_HANDED, OBLIQUE, head_like
from .settings import NEEDED_PARAMETERS, SETTINGS, THINGS_NEEDED

ALL = [
    declaration.create(parameters)
    for declaration in operations("enhancement")
    for parameters in SETTINGS.get(declaration.name, [NEEDED_PARAMETERS.get(declaration.name, {})])
]
FILTERS = [op for op in ALL if isinstance(op, ImageFilter)]
LOCAL = [op for op in ALL if is_local(op)]
MASKED = [op for op in ALL if "mask" in op.declaration.optional_inputs]


def _name(op) -> str:
    changed = [f"{k}={v}" for k, v in op.parameters.items() if v != op.declaration.parameter(k).default]
    return " ".join([op.declaration.name.split(".")[1], *changed])


every = pytest.mark.parametrize("enhance", ALL, ids=_name)
every_filter = pytest.mark.parametrize("enhance", FILTERS, ids=_name)
every_masked = pytest.mark.parametrize("enhance", MASKED, ids=_name)
every_limited = pytest.mark.parametrize(
    "enhance", [op for op in MASKED if getattr(op, "mask_limits", False)], ids=_name
)


def run(enhance, image, mask=None, **more):
    needed = {name: make(image) for name, make in THINGS_NEEDED.get(enhance.declaration.name, {}).items()}
    if "mask" in enhance.declaration.optional_inputs:
        more["mask"] = mask
    return enhance(image, **needed, **more)


def values(image):
    return sitk.GetArrayFromImage(image)


def test_every_operation_is_a_filter_or_a_regrid():
    assert {type(op).__name__ for op in ALL if not isinstance(op, (ImageFilter, Regrid))} == set()
    assert len(ALL) > 3


@every_filter
def test_a_filter_that_has_no_preview_says_why(enhance):
    """why_global is shown to the user in place of a preview: a line such as 'Fourier transform of the whole image'."""
    assert is_local(enhance) == (enhance.why_global == "")


@cache
def upright(enhance) -> np.ndarray:
    """What it makes of the head along the patient's axes, once for all directions."""
    return values(run(enhance, head_like(spacing=(1, 1, 2.5))))


@every_filter
@pytest.mark.parametrize("direction", [OBLIQUE, LEFT_HANDED], ids=["oblique", "left-handed"])
def test_the_place_of_the_image_does_not_change_the_values(enhance, direction):
    image, expected = head_like(spacing=(1, 1, 2.5)), upright(enhance)
    image.SetOrigin((-70, 33, 5))
    image.SetDirection(direction)
    result = run(enhance, image)
    assert Geometry.of(result) == Geometry.of(image)
    np.testing.assert_allclose(values(result), expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))


@every
@pytest.mark.parametrize("size", [(32, 28, 1), (32, 28), (1, 28, 32), (32, 28, 5)])
@pytest.mark.parametrize("last", [1.0, 5.0])
def test_slices_and_thick_slices(enhance, size, last):
    image = head_like(size, (1.0,) * (len(size) - 1) + (last,))
    result = run(enhance, image)
    assert result.GetDimension() == len(size)
    assert np.isfinite(values(result)).all() and values(result).std() > 0
    if isinstance(enhance, ImageFilter):
        assert result.GetSize() == size and result.GetPixelID() == sitk.sitkFloat32


@every
def test_nan_and_infinity_stay_where_they_were_and_do_not_spread(enhance):
    image = head_like((32, 28, 20))
    array = values(image)
    array[10, 14, 16], array[3:5, :4, 7], array[0, 0, 0] = np.nan, np.nan, np.inf
    result = values(run(enhance, Geometry.of(image).image_of(array)))
    if isinstance(enhance, ImageFilter):
        np.testing.assert_array_equal(np.isnan(result), np.isnan(array))
        np.testing.assert_array_equal(np.isinf(result), np.isinf(array))
    else:
        grown = result.size / array.size
        assert np.isnan(result).sum() <= max(3 * grown, 3) * np.isnan(array).sum()


@every_filter
@pytest.mark.parametrize("kind", [sitk.sitkInt8, sitk.sitkUInt16, sitk.sitkFloat64])
def test_pixel_types_agree_and_the_input_is_left_alone(enhance, kind):
    whole = sitk.Cast(sitk.Clamp(head_like((24, 22, 14)), lowerBound=0, upperBound=127), sitk.sitkInt8)
    expected = values(run(enhance, sitk.Cast(whole, sitk.sitkFloat32)))
    image = sitk.Cast(whole, kind)
    before = values(image)
    result = values(run(enhance, image))
    np.testing.assert_array_equal(values(image), before)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.ptp(expected))


@every_filter
def test_huge_values_work_or_are_refused(enhance):
    array = values(head_like((24, 22, 14)))
    try:
        result = values(run(enhance, sitk.GetImageFromArray(array.astype(np.float32) * np.float32(1e28))))
    except InputError as error:
        assert len(str(error)) > 20
    else:
        assert np.isfinite(result).all() and result.std() > 0
    with pytest.raises(InputError, match="large"):
        run(enhance, sitk.GetImageFromArray(array.astype(np.float64) * 1e300))


@every
@pytest.mark.parametrize("size", [(12, 12, 12), (12, 12), (1, 1, 1), (2, 3, 1)])
def test_constant_and_tiny_images_give_numbers_or_a_reason(enhance, size):
    image = sitk.Image(size, sitk.sitkInt16) + 7
    try:
        result = values(run(enhance, image))
    except InputError as error:
        assert len(str(error)) > 20
    else:
        assert np.isfinite(result).all() and result.size > 0


def test_the_voxels_of_a_microscope_are_refused_where_they_would_take_days():
    """0.0005 mm, for which a radius of 1 mm is thousands of voxels."""
    image = head_like((32, 28))
    image.SetSpacing((0.0005, 0.0005))
    slow = {op.declaration for op in FILTERS if op.farthest < ImageFilter.farthest}
    assert len(slow) == 7
    for enhance in (declaration.create({}) for declaration in slow):
        with pytest.raises(InputError, match=r"voxels on each side of a voxel, as these measure 0[.]0005 mm"):
            run(enhance, image)


@every_filter
def test_an_image_without_numbers_is_refused(enhance):
    with pytest.raises(InputError, match="no number"):
        run(enhance, sitk.Image(12, 12, 12, sitk.sitkFloat32) + float("nan"))


@every
def test_the_same_twice_and_through_a_recipe_file(enhance):
    image = head_like((24, 20, 12))
    recipe = Recipe.from_json(Recipe.of(enhance).to_json())
    assert recipe == Recipe.of(enhance)
    needed = {name: make(image) for name, make in THINGS_NEEDED.get(enhance.declaration.name, {}).items()}
    again = recipe.run(image=image, **needed)["image"]
    once = run(enhance, image)
    np.testing.assert_array_equal(values(once), values(again))
    assert Geometry.of(once) == Geometry.of(again)


@every_masked
def test_masks_that_cannot_be_used_are_refused(enhance):
    image = head_like((24, 20, 12))
    with pytest.raises(InputError, match="geometry"):
        run(enhance, image, sitk.Image(12, 10, 6, sitk.sitkUInt8) + 1)
    with pytest.raises(InputError, match="empty"):
        run(enhance, image, Geometry.of(image).empty_image())
    if isinstance(enhance, ImageFilter):
        array, mask = values(image), np.zeros((12, 20, 24), np.uint8)
        array[4], mask[4] = np.nan, 1
        with pytest.raises(InputError, match="no voxel that holds a number"):
            run(enhance, Geometry.of(image).image_of(array), Geometry.of(image).image_of(mask))


@every_limited
def test_outside_the_mask_nothing_changes_where_the_mask_limits(enhance):
    image = head_like((24, 20, 12))
    mask = np.zeros((12, 20, 24), np.uint8)
    mask[3:9, 4:16, 5:19] = 1
    result = values(run(enhance, image, Geometry.of(image).image_of(mask)))
    np.testing.assert_array_equal(result[mask == 0], values(image)[mask == 0])
    assert np.any(result[mask == 1] != values(image)[mask == 1])


@every
def test_a_wish_to_stop_is_heard(enhance):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        run(enhance, head_like((24, 20, 12)), progress=progress)


PARTS = {
    "axial": lambda n: [(0, 0, n[2] // 2), (n[0] - 1, n[1] - 1, n[2] // 2)],
    "first sagittal": lambda n: [(0, 0, 0), (0, n[1] - 1, n[2] - 1)],
    "last coronal": lambda n: [(0, n[1] - 1, 0), (n[0] - 1, n[1] - 1, n[2] - 1)],
    "a few voxels": lambda n: [(n[0] // 3, n[1] // 3, n[2] // 3), (n[0] // 3 + 2, n[1] // 3 + 1, n[2] // 3)],
}


@pytest.mark.parametrize(
    "enhance, masked",
    [(op, masked) for op in LOCAL for masked in (False, True) if op in MASKED or not masked],
    ids=lambda value: {False: "whole", True: "masked"}[value] if isinstance(value, bool) else _name(value),
)
def test_preview_and_result_agree(enhance, masked):
    image = head_like((44, 40, 34), spacing=(1, 0.8, 1.5))
    image.SetDirection(OBLIQUE)
    image.SetOrigin((10, -20, 30))
    mask = None
    if masked:
        inside = np.zeros((34, 40, 44), np.uint8)
        inside[5:30, 5:33, 6:40] = 1
        mask = Geometry.of(image).image_of(inside)
    needed = {name: make(image) for name, make in THINGS_NEEDED.get(enhance.declaration.name, {}).items()}
    result = run(enhance, image, mask)
    preview = Preview(image, mask, **needed)
    whole, grid = values(result), Geometry.of(result)
    for name, corners in PARTS.items():
        part = preview.part([enhance], grid.points(np.array(corners(result.GetSize()), float)))
        first = np.round(grid.indices(np.array([part.GetOrigin()]))[0]).astype(int)[::-1]
        box = tuple(slice(a, a + n) for a, n in zip(first, part.GetSize()[::-1], strict=True))
        assert part.GetNumberOfPixels() < whole.size / 3, name
        np.testing.assert_allclose(values(part), whole[box], rtol=1e-4, atol=1e-4 * np.ptp(whole), err_msg=name)


def _other(parameter, value):
    """Another value that the parameter may have."""
    if parameter.kind == "choice":
        return next(choice for choice in parameter.choices if choice != value)
    if parameter.kind == "bool":
        return not value
    middle = (parameter.minimum + parameter.maximum) / 2
    near = value * 1.3 if value * 1.3 <= parameter.maximum and value else min(middle, value + 1)
    return max(int(near), value + 1) if parameter.kind == "int" else near


@pytest.mark.parametrize("enhance", [op for op in FILTERS if op.learns_from is not None], ids=_name)
def test_what_is_learned_depends_on_nothing_but_what_is_declared(enhance):
    image = head_like((30, 28, 20))
    first = learned_of(enhance, image, None)
    assert set(enhance.learns_from) <= set(enhance.parameters)
    for parameter in enhance.declaration.parameters:
        if parameter.name not in enhance.learns_from:
            value = _other(parameter, getattr(enhance, parameter.name))
            changed = enhance.declaration.create(enhance.parameters | {parameter.name: value})
            assert str(learned_of(changed, image, None)) == str(first), parameter.name


@pytest.mark.parametrize("enhance", [op for op in LOCAL if isinstance(op, ImageFilter)], ids=_name)
def test_slabs_agree_with_the_whole(enhance, monkeypatch):
    image = head_like((26, 24, 48))
    monkeypatch.setattr(image_filter, "SLAB_MARGINS", 0)
    monkeypatch.setattr(image_filter, "SLAB_VOXELS", 10**9)
    whole = values(run(enhance, image))
    monkeypatch.setattr(image_filter, "SLAB_VOXELS", 26 * 24 * 5)
    np.testing.assert_allclose(values(run(enhance, image)), whole, rtol=1e-4, atol=1e-4 * np.ptp(whole))
