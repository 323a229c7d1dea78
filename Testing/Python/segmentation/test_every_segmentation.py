"""What every segmentation operation keeps, whatever it does: the grid, the input, its recipe; and it can be stopped.

A new operation is tried without being listed here; where its defaults do not suit a bright ball, give it a Case in a
cases_*.py beside this file.
"""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import ImageFilter
from MedProcLib.core.preview import Preview, is_local
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import operations

from .case import BOTH, LEFT_HANDED, OBLIQUE, Case
from .cases import WITHOUT_PHANTOM, all_cases

CASES = all_cases()
ALL = [
    (declaration.create(case.parameters), case)
    for declaration in operations("segmentation")
    if declaration.name not in WITHOUT_PHANTOM
    for case in CASES.get(declaration.name, [Case()])
]


def _name(value) -> str:
    if isinstance(value, Case):
        return ""
    changed = [f"{k}={v}" for k, v in value.parameters.items() if v != value.declaration.parameter(k).default]
    return " ".join([value.declaration.name.split(".")[1], *changed])


def _pairs(wanted):
    return pytest.mark.parametrize("segment, case", [pair for pair in ALL if wanted(*pair)], ids=_name)


every = _pairs(lambda op, case: True)
other_types = _pairs(lambda op, case: "image" in op.declaration.inputs and not case.slow)
of_images = _pairs(lambda op, case: "image" in op.declaration.inputs)
flat = _pairs(lambda op, case: case.flat and 2 in op.declaration.dimensions)
of_free_scale = _pairs(lambda op, case: "image" in op.declaration.inputs and case.scale_free)


def results(segment, case, image, **more) -> dict:
    """What the operation gives, by name, for its case."""
    return named(segment, segment(**case.inputs(segment, image), **more))


def named(segment, made) -> dict:
    """What a run of the operation gave, by name."""
    gives = segment.declaration.gives
    return dict(zip(gives, made if len(gives) > 1 else (made,), strict=True))


DRAWN: dict[tuple, sitk.Image] = {}


def usual_image(case) -> sitk.Image:
    """The image of a case, drawn once for all tests; a copy that may be changed."""
    key = (case.image, case.size, case.spacing)
    if key not in DRAWN:
        DRAWN[key] = case.image(case.size, case.spacing)
    return sitk.Image(DRAWN[key])


KNOWN: dict[tuple, dict] = {}


def usual_results(segment, case) -> dict:
    """What the operation gives for its case, computed once for all tests."""
    key = (segment.declaration.name, id(case))
    if key not in KNOWN:
        KNOWN[key] = results(segment, case, usual_image(case))
    return KNOWN[key]


def images(things: dict) -> dict[str, sitk.Image]:
    """The images among the results, those of maps too."""
    found = {name: value for name, value in things.items() if isinstance(value, sitk.Image)}
    return found | {f"map {name}": image for name, image in things.get("maps", {}).items()}


def values(image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def test_cases_are_of_operations_that_exist():
    assert set(CASES) <= {declaration.name for declaration in operations("segmentation")}


@every
def test_results_lie_on_the_grid_and_the_inputs_are_left_alone(segment, case):
    image = usual_image(case)
    given = case.inputs(segment, image)
    before = {name: values(thing) for name, thing in given.items() if isinstance(thing, sitk.Image)}
    things = named(segment, segment(**given))
    KNOWN[segment.declaration.name, id(case)] = things
    for name, array in before.items():
        np.testing.assert_array_equal(values(given[name]), array)
    for name, result in images(things).items():
        assert Geometry.of(result).same_grid(Geometry.of(image)), name
        if name in ("labels", "mask"):
            assert result.GetPixelID() not in (sitk.sitkFloat32, sitk.sitkFloat64)
            assert values(result).any() and not values(result).all(), f"{name} is trivial: choose a better Case"


@every
@pytest.mark.parametrize("direction", [OBLIQUE, LEFT_HANDED], ids=["oblique", "left-handed"])
def test_the_place_of_the_image_does_not_change_the_result(segment, case, direction):
    if case.slow and direction == LEFT_HANDED:
        pytest.skip("slow: tried where it is oblique and left-handed at once")
    image = usual_image(case)
    expected = images(usual_results(segment, case))
    image.SetOrigin((-70, 33, 5))
    image.SetDirection(BOTH if case.slow else direction)
    # through a recipe file, which for slow ones is tried here alone
    again = Recipe.from_json(Recipe.of(segment).to_json())
    moved = images(again.run(**case.inputs(segment, image)) if case.slow else results(segment, case, image))
    for name in expected:
        result = moved[name]
        assert Geometry.of(result).same_grid(Geometry.of(image))
        a, b = values(result).astype(float), values(expected[name]).astype(float)
        differing = np.count_nonzero(np.abs(a - b) > 1e-3 * max(np.ptp(b), 1e-9))
        assert differing <= case.share * max(np.count_nonzero(b), 1), name


@flat
@pytest.mark.parametrize("size", [(32, 30, 1), (32, 30), (1, 30, 32), (32, 30, 5)])
def test_slices_and_thick_slices(segment, case, size):
    if len(size) == 3 and 3 not in segment.declaration.dimensions:
        pytest.skip("2D only")
    image = case.image(size, (1.0, 1.0) if len(size) == 2 else (1.0, 1.0, 4.0) if size[2] < 32 else (4.0, 1.0, 1.0))
    for name, result in images(results(segment, case, image)).items():
        assert Geometry.of(result).same_grid(Geometry.of(image)), name
        assert values(result).any(), name


def with_voxels_without_a_number(image) -> sitk.Image:
    array = values(sitk.Cast(image, sitk.sitkFloat32))
    array[0, :2, :3], array[-1, -1, -1] = np.nan, np.inf
    return Geometry.of(image).image_of(array)


@of_images
def test_voxels_without_a_number_are_left_out(segment, case):
    if case.slow and "mask" in segment.declaration.optional_inputs:
        pytest.skip("slow: tried together with a mask")
    image = usual_image(case)
    given = case.inputs(segment, image)
    given["image"] = with_voxels_without_a_number(image)
    try:
        things = named(segment, segment(**given))
    except InputError as error:
        pytest.fail(f"a few voxels without a number are no reason to refuse: {error}")
    for name in ("labels", "mask"):
        if name in things:
            assert values(things[name]).any()


@other_types
def test_pixel_types_agree(segment, case):
    whole = sitk.Cast(usual_image(case), sitk.sitkInt16)
    first = sitk.Cast(whole, sitk.sitkFloat32)
    given = case.inputs(segment, first)

    def run(image):
        return images(named(segment, segment(**{**given, "image": image})))

    expected = run(first)
    for kind in (sitk.sitkInt16, sitk.sitkFloat64):
        for name, result in run(sitk.Cast(whole, kind)).items():
            a, b = values(result).astype(float), values(expected[name]).astype(float)
            differing = np.count_nonzero(np.abs(a - b) > 1e-3 * max(np.ptp(b), 1e-9))
            assert differing <= case.share * max(np.count_nonzero(b), 1), (name, kind)


@of_free_scale
def test_huge_values_work_or_are_refused(segment, case):
    image = usual_image(case)
    given = case.inputs(segment, image)
    given["image"] = Geometry.of(image).image_of(values(image).astype(np.float32) * np.float32(1e28))
    try:
        made = segment(**given)
    except InputError as error:
        assert len(str(error)) > 20
        return
    for name, result in images(named(segment, made)).items():
        assert np.isfinite(values(result)).all(), name


@of_images
@pytest.mark.parametrize("size", [(12, 12, 12), (12, 12), (1, 1, 1), (2, 3, 1)])
def test_constant_and_tiny_images_give_a_result_or_a_reason(segment, case, size):
    if len(size) not in segment.declaration.dimensions:
        pytest.skip("another dimension")
    image = sitk.Image(size, sitk.sitkInt16) + 7
    ones = sitk.Image(size, sitk.sitkUInt8) + 1
    given = {
        name: [ones] * 3 if name == "raters" else ones if name != "image" else image
        for name in case.inputs(segment, image)
    }
    try:
        made = segment(**given)
    except InputError as error:
        assert len(str(error)) > 20
        return
    for name, result in images(named(segment, made)).items():
        assert result.GetSize() == size and np.isfinite(values(result)).all(), name


@of_images
def test_an_image_without_numbers_is_refused(segment, case):
    image = usual_image(case)
    given = case.inputs(segment, image)
    given["image"] = Geometry.of(image).image_of(np.full(values(image).shape, np.nan, np.float32))
    with pytest.raises(InputError, match=r"no number|NaN"):
        segment(**given)


@_pairs(lambda op, case: {"labels", "seeds"} & set(op.declaration.inputs))
def test_empty_labels_give_a_result_or_a_reason(segment, case):
    image = usual_image(case)
    given = case.inputs(segment, image)
    for name in ("labels", "seeds"):
        if name in given:
            given[name] = Geometry.of(image).empty_image()
    try:
        made = segment(**given)
    except InputError as error:
        assert len(str(error)) > 20
        return
    for name, result in images(named(segment, made)).items():
        assert Geometry.of(result).same_grid(Geometry.of(image)), name


@every
def test_the_same_twice_and_through_a_recipe_file(segment, case):
    recipe = Recipe.from_json(Recipe.of(segment).to_json())
    assert recipe == Recipe.of(segment)
    if case.slow:
        pytest.skip("slow: run through its recipe where it lies elsewhere")
    image = usual_image(case)
    once = images(usual_results(segment, case))
    again = images(recipe.run(**case.inputs(segment, image)))
    for name, result in once.items():
        np.testing.assert_array_equal(values(result), values(again[name]))


@every
def test_a_wish_to_stop_is_heard(segment, case):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        results(segment, case, usual_image(case), progress=progress)


@_pairs(lambda op, case: "image" in op.declaration.inputs and "mask" in op.declaration.optional_inputs)
def test_nothing_is_found_outside_a_mask(segment, case):
    image = usual_image(case)
    given = case.inputs(segment, image)
    array = np.zeros(tuple(reversed(image.GetSize())), np.uint8)
    array[tuple(slice(n // 8, n - n // 8) for n in array.shape)] = 1
    if "seeds" in given:
        array[values(given["seeds"]) != 0] = 1
    mask = Geometry.of(image).image_of(array)
    given["image"] = with_voxels_without_a_number(image) if case.slow else image
    things = named(segment, segment(**{**given, "mask": mask}))
    if "labels" in things:
        assert not values(things["labels"])[array == 0].any()
        assert values(things["labels"]).any() or not case.slow
    with pytest.raises(InputError, match="geometry"):
        segment(**{**given, "mask": sitk.Image([3] * image.GetDimension(), sitk.sitkUInt8) + 1})
    with pytest.raises(InputError, match="empty"):
        segment(**{**given, "mask": Geometry.of(image).empty_image()})


@_pairs(lambda op, case: isinstance(op, ImageFilter) and is_local(op))
def test_preview_and_result_agree(segment, case):
    image = usual_image(case)
    image.SetDirection(OBLIQUE)
    image.SetOrigin((10, -20, 30))
    given = case.inputs(segment, image)
    whole = values(results(segment, case, image)["labels"])
    others = {name: thing for name, thing in given.items() if name not in ("image", "mask")}
    preview = Preview(image, given.get("mask"), **others)
    x, y, z = case.size
    corners = Geometry.of(image).points(np.array([(0, 0, z // 2), (x - 1, y - 1, z // 2)], float))
    part = preview.part([segment], corners)
    first = np.round(Geometry.of(image).indices(np.array([part.GetOrigin()]))[0]).astype(int)[::-1]
    box = tuple(slice(a, a + n) for a, n in zip(first, part.GetSize()[::-1], strict=True))
    assert part.GetNumberOfPixels() < whole.size / 3
    assert np.count_nonzero(values(part) != whole[box]) <= case.share * max(np.count_nonzero(whole[box]), 1)
